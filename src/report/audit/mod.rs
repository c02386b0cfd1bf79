//! A whole repository at a glance: a table for the terminal, the job summary, the text of an issue, and the text of a
//! pull request that fixes what can be fixed.

mod files;
mod pull;
mod summary;
#[cfg(test)]
mod tests;

pub use pull::fix_pull_body;
pub use summary::{issue_body, summary, table};
