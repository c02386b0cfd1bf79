//! Who a command runs as, by name or number.

use super::{FileFacts, StageFacts, User};
use crate::image;

/// Whether `USER` with this value means root: `root`, `0`, with any group.
pub fn is_root_name(user: &str) -> bool {
    matches!(user.split(':').next().map(str::trim), Some("root" | "0"))
}

impl FileFacts<'_> {
    /// The user of a state of a stage as `USER` has it (`app`, `app:app`, `10001`); what the base image says where
    /// no `USER` came before. `None` where that is not known.
    pub fn user_name<'u>(&self, stage: &StageFacts<'_>, user: &'u User) -> Option<&'u str> {
        match user {
            User::Set { value, .. } => value.as_deref().filter(|value| !value.is_empty()),
            User::Base => match self.defaults(stage)?.user {
                image::User::Root => Some("root"),
                image::User::NonRoot(name) => name,
                image::User::Unknown => None,
            },
        }
    }

    /// Whether a state of a stage is root's; `None` where that is not known.
    pub fn is_root(&self, stage: &StageFacts<'_>, user: &User) -> Option<bool> {
        match user {
            User::Base => match self.defaults(stage)?.user {
                image::User::Root => Some(true),
                image::User::NonRoot(_) => Some(false),
                image::User::Unknown => None,
            },
            User::Set { .. } => self.user_name(stage, user).map(is_root_name),
        }
    }
}
