//! The registry and one file per rule, in a folder per chapter.

mod finding;
mod rule;

pub use finding::{Finding, Fix, Related, Safety};
pub use rule::{Chapter, Check, Default, FixKind, Refine, Report, Rule, Scope};
