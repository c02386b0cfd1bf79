//! Configuration: levels, exclusions, review settings.

mod level;

pub use level::Level;
