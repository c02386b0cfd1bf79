//! Speaks to GitHub: events, reading a snapshot, publishing a plan.
//!
//! The only room that talks to the network. A run is: [`Environment::from_process`],
//! [`Target::from_environment`], [`Session::connect`], [`Session::snapshot`], [`Session::fetch`] while rules
//! miss files, [`Session::publish`], then [`write_outputs`] and [`append_summary`].
//!
//! A comment is answered by [`Session::standing`], [`Session::conversation`], then what the command asks for
//! ([`Session::edit`], [`Session::commit`]) and [`Session::answer`].
//!
//! A whole repository is read by a [`Depot`]: [`Depot::open`], [`Depot::fetch`] while rules miss files, then what
//! the audit writes ([`Depot::upload_sarif`], [`Depot::keep_issue`], [`Depot::propose_fixes`]).

mod answer;
mod branch;
mod client;
mod clock;
mod code_scanning;
mod commit;
mod content;
mod depot;
mod environment;
mod error;
mod event;
mod files;
mod finished;
mod fix_pull;
mod issue;
mod listing;
mod output;
mod plan_file;
mod publish;
mod query;
mod reference;
mod refusal;
mod session;
mod sharing;
mod snapshot;
mod update;

pub use answer::{Conversation, Standing, Thread};
pub use client::{Client, Patience};
pub use clock::{Clock, SystemClock};
pub use code_scanning::{MAX_SARIF_BYTES, Upload};
pub use commit::{CommitOutcome, NewCommit};
pub use depot::{Checkout, Depot, MAX_AUDITED};
pub use environment::{Environment, EnvironmentError, Repository, RepositoryError};
pub use error::GithubError;
pub use event::{EventError, Said, Target};
pub use files::{ChangedFile, MAX_FILES, Status};
pub use finished::{FinishedRun, Found};
pub use fix_pull::{FixPull, NewFile, Proposal};
pub use issue::{IssueOutcome, IssueText, Place};
pub use output::{MAX_SUMMARY_BYTES, OutputError, append_summary, write_outputs};
pub use plan_file::{Confirmed, MAX_PLAN_BYTES, PLAN_VERSION, PlanFile, PlanFileError, Tool};
pub use publish::{MAX_BODY_CHARS, Published, Receipt};
pub use session::Session;
pub use snapshot::{MARKER, MAX_DOCKERFILES, Snapshot};
