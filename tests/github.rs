//! Talks with a GitHub made of canned answers: single calls and their failures.
//!
//! What GitHub itself would accept is the business of the stand-in suite; here it is about what the client
//! does with answers that are hard to get from anything that behaves.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests are no tests to clippy")]

#[path = "github/depot.rs"]
mod depot;
#[path = "github/fake.rs"]
mod fake;
#[path = "github/publish.rs"]
mod publish;
#[path = "github/read.rs"]
mod read;
