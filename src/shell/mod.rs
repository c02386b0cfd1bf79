//! RUN bodies as commands with byte spans into the file.
//!
//! [`parse`] reads POSIX shell and the parts of bash that people write in Dockerfiles and start scripts:
//! words with quotes and expansions, simple commands, pipes, lists, groups, compound commands,
//! substitutions, here-documents. It never fails: what cannot be read becomes a [`Problem`] and the rest
//! is read. Cost is linear in the text, nesting is bounded.
//!
//! Most rules ask the flat view, [`Script::commands`]: every simple command anywhere, in order of place,
//! also in substitutions and in strings that another shell runs (`sh -c '…'`), each with its [`Context`].
//! [`packages`] turns a command into what it does with a package manager.

mod accounts;
mod archives;
mod ast;
mod command;
mod compound;
mod dialect;
mod dir;
mod download;
mod expansion;
mod flow;
mod mode;
mod nested;
pub mod packages;
mod parser;
mod permissions;
mod posix;
mod run;
mod scan;
mod script;
mod simple;
mod verify;
mod walk;
mod word;

#[cfg(test)]
mod proptests;
#[cfg(test)]
mod tests;

pub use accounts::{AccountTool, NewAccount, new_account};
pub use archives::{DownloadFile, downloaded, unpacked};
pub use ast::{
    AndOr, CaseArm, CommandId, Compound, CompoundKind, Connector, Element, HereDoc, List, Node, Pipeline,
    Place, Problem, ProblemKind, Redirect, RedirectOperator,
};
pub use command::{Assignment, Command, Context, Inside};
pub use dialect::{Dialect, ShellCall};
pub use dir::Dir;
pub use download::{Download, Downloader, Output, Switch, Written, download};
pub use mode::WorldWritable;
pub use permissions::{PermissionChange, PermissionKind, permission_change};
pub use run::{Interpreter, RunBody, RunHeredoc, interpreter_of};
pub use script::{Ending, Options, Script, Trailing, parse, split_words};
pub use verify::{checksum_tool, may_verify, verifies};
pub use walk::Seen;
pub use word::{Part, PartKind, Word, only_variable};
