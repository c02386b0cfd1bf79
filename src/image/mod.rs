//! Knowledge of base images, embedded at build time: end of life, retired tags, what is inside.
//!
//! The data are sorted text tables searched by bisection (`data/README.md`); nothing is read at start and no
//! status is stored: every answer about time takes the day of the run. What no table says is unknown, and an
//! unknown image gives empty answers.

mod defaults;
mod defaults_model;
mod environment;
mod explicit_os;
mod lifecycle;
mod memo;
mod name;
mod official;
mod os;
mod retired;
mod said;
mod table;
mod within;

pub use defaults::{defaults, operating_system};
pub use defaults_model::{
    Account, Defaults, Entrypoint, Language, PackageManager, Shell, ShellKind, User, Workdir,
};
pub use environment::{Environment, environment, is_likely_set};
pub use explicit_os::with_os;
pub use lifecycle::{Eol, Part, State, end_of_life, supported_releases};
pub use name::Image;
pub use official::{TagStatus, is_floating, newest_os_variant, pinned_tag, tag_status};
pub use os::{Distribution, Family};
pub use retired::{is_given_up, retired_since, successor};
pub use said::{Said, said};
pub use within::newest_tag_within;

/// Day of the data: end-of-life dates of this day, official tags of the day before.
pub const SNAPSHOT: jiff::civil::Date = jiff::civil::date(2026, 8, 22);

#[cfg(test)]
mod tests;
