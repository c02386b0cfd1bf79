//! Who has to write to the files of an image, and whether they can be given to that user.

use crate::dockerfile::Keyword;
use crate::facts::{FileFacts, InstructionFacts, StageFacts, is_root_name};
use crate::image;
use crate::shell::{Command, Script};

/// Who runs the image.
pub(super) enum Owner {
    /// Root, who may write everywhere.
    Root,
    /// Not known.
    Unknown,
    /// A user that exists when the command runs, which root runs.
    Other(String),
    /// A user that may not exist then, or a command that cannot give files away.
    Later(String),
}

/// Who runs the image, seen from a command that changes permissions.
pub(super) fn owner(
    file: &FileFacts<'_>,
    stage: &StageFacts<'_>,
    facts: &InstructionFacts<'_>,
    command: &Command,
) -> Owner {
    let Some(user) = final_user(file, stage) else { return Owner::Unknown };
    if is_root_name(&user) {
        return Owner::Root;
    }
    let root = file.is_root(stage, &facts.state.user) == Some(true);
    if root && !command.runs_as_other_user() && exists(file, stage, facts, command, &user) {
        Owner::Other(user)
    } else {
        Owner::Later(user)
    }
}

/// The user at the end of a stage; `None` where that is not known.
pub(super) fn final_user(file: &FileFacts<'_>, stage: &StageFacts<'_>) -> Option<String> {
    if stage.built_on {
        return None;
    }
    let user = file.user_name(stage, &stage.end.user)?;
    let valid = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | ':');
    user.chars().all(valid).then(|| user.to_owned())
}

/// Whether a user is known before a command runs: a number, one of the base image, one that was made before.
fn exists(
    file: &FileFacts<'_>,
    stage: &StageFacts<'_>,
    facts: &InstructionFacts<'_>,
    command: &Command,
    user: &str,
) -> bool {
    let (name, group) = user.split_once(':').unwrap_or((user, ""));
    let number = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    let base = file.defaults(stage);
    let known = base.and_then(|base| base.existing_user).is_some_and(|account| account.name == name)
        || base.is_some_and(|base| matches!(base.user, image::User::NonRoot(Some(known)) if known == name));
    let made = |text: &str| {
        file.history(stage)
            .iter()
            .filter(|(_, other)| other.is(Keyword::Run) && other.index <= facts.index)
            .flat_map(|(_, other)| other.scripts().flat_map(Script::commands).map(move |c| (other.index, c)))
            .take_while(|(index, other)| *index < facts.index || !std::ptr::eq(*other, command))
            .any(|(_, other)| {
                matches!(other.name(), Some("useradd" | "adduser" | "groupadd" | "addgroup"))
                    && other.args().iter().any(|word| word.text() == text)
            })
    };
    (number(name) || known || made(name)) && (number(group) || (group == name && known) || made(group))
}
