//! What stands around a Dockerfile and builds, runs or updates its image.

pub mod compose;
pub mod docker;
pub mod expression;
pub mod value;
pub mod workflow;
pub mod yaml;
