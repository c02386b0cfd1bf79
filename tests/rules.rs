//! Runs the fixture folders of the rules.

fn main() {}
