//! What is said in a review, and where. Pure: no network, no clock, no disk.

mod plan;

pub use plan::{Annotation, Comment, Outcome, OwnThread, Plan, Review, Update};
