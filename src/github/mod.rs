//! Speaks to GitHub: events, reading a snapshot, publishing a plan.
//!
//! The only room that talks to the network. A run is: [`Environment::from_process`],
//! [`Target::from_environment`], [`Session::connect`], [`Session::snapshot`], [`Session::fetch`] while rules
//! miss files, [`Session::publish`], then [`write_outputs`] and [`append_summary`].

mod client;
mod clock;
mod content;
mod environment;
mod error;
mod event;
mod files;
mod output;
mod publish;
mod query;
mod refusal;
mod session;
mod snapshot;
mod update;

pub use client::{Client, Patience};
pub use clock::{Clock, SystemClock};
pub use environment::{Environment, EnvironmentError, Repository, RepositoryError};
pub use error::GithubError;
pub use event::{EventError, Target};
pub use files::{ChangedFile, MAX_FILES, Status};
pub use output::{MAX_SUMMARY_BYTES, OutputError, append_summary, write_outputs};
pub use publish::{MAX_BODY_CHARS, Published, Receipt};
pub use session::Session;
pub use snapshot::{MARKER, MAX_DOCKERFILES, Snapshot};
