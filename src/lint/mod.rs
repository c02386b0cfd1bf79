//! Runs rules, honours ignore comments, proves fixes.

mod model;

pub use model::FileReport;
