//! The command line.

pub mod syntax;
