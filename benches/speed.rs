//! Speed of the linter on many files.

fn main() {}
