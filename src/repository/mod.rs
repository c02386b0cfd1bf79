//! The repository around a Dockerfile, read through one trait.
//!
//! On disk and in git it is read lazily, over GitHub from what was fetched; rules do not see the difference.

mod changed;
pub mod declared;
pub mod development;
mod discover;
mod disk;
mod generated;
mod git;
pub mod ignore;
pub mod locks;
pub mod package_json;
pub mod project;
pub mod python;
mod related;
mod toml_file;
mod tree;
pub mod unpinned;
pub mod version;
mod wanted;

pub use changed::{ChangedFile, Status};
pub use discover::{Discovered, dockerfiles, is_dockerfile};
pub use disk::{DiskTree, changed_folders};
pub use generated::{is_written_by_hand, may_be_generated};
pub use git::{GitError, GitTree, changed_files, commit_of, merge_base};
pub use project::Project;
pub use related::{Related, likely_dockerfiles, matters, related, related_first};
pub use tree::{Entry, Kind, Listing, Lookup, MemoryTree, Names, Overlay, Remembered, Tree, normalize};
pub use wanted::{likely_next, wanted_files};

#[cfg(test)]
mod tests;
