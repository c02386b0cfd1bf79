//! Home directories of the users of a stage.

use super::{FileFacts, StageFacts, User, is_absolute};
use crate::dockerfile::Keyword;
use crate::dockerfile::expand::Value;
use crate::image;
use crate::shell::Word;

/// Who runs a command, with the home directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The name; `root` for user 0.
    pub name: String,
    /// The absolute path of the home directory.
    pub home: String,
}

/// The account behind a user of a stage, as far as the file and the base image tell: root, a user that the stage
/// makes, a user that the base image is known to have. `None` for other names and for numbers.
pub fn account(file: &FileFacts<'_>, stage: &StageFacts<'_>, user: &User) -> Option<Account> {
    if let Some(value) = stage.end.env("HOME") {
        let Value::Set(home) = value else { return None };
        let name = match user {
            User::Set { value, .. } => value.as_deref()?.split(':').next()?.to_owned(),
            User::Base => String::new(),
        };
        return is_absolute(&home).then(|| Account { name, home: home.trim_end_matches('/').to_owned() });
    }
    let root = || Some(Account { name: "root".to_owned(), home: "/root".to_owned() });
    let name = match user {
        User::Base => {
            let defaults = file.defaults(stage)?;
            return if defaults.user == image::User::Root { root() } else { None };
        }
        User::Set { value, .. } => value.as_deref()?.split(':').next()?,
    };
    if matches!(name, "root" | "0") {
        return root();
    }
    match made_home(file, stage, name) {
        Made::At(home) => return Some(Account { name: name.to_owned(), home }),
        Made::Somewhere => return None,
        Made::Nowhere => {}
    }
    let existing = file.defaults(stage).and_then(|defaults| defaults.existing_user)?;
    (existing.name == name || existing.uid.to_string() == name)
        .then(|| Account { name: existing.name.to_owned(), home: format!("/home/{}", existing.name) })
}

/// What a stage says about the home directory of a user.
enum Made {
    /// It makes the user with this directory.
    At(String),
    /// It makes the user, with no directory or with one that cannot be told.
    Somewhere,
    /// It makes no such user.
    Nowhere,
}

/// The home directory that `useradd` or `adduser` of the stage gives a user.
fn made_home(file: &FileFacts<'_>, stage: &StageFacts<'_>, name: &str) -> Made {
    let history = file.history(stage);
    let commands = history
        .iter()
        .filter(|(_, facts)| facts.is(Keyword::Run))
        .flat_map(|(_, facts)| facts.scripts())
        .flat_map(crate::shell::Script::commands);
    for command in commands {
        let short = match command.name() {
            Some("useradd") => "-d",
            // Debian's adduser has long options only; BusyBox takes `-h` for the home directory.
            Some("adduser") => "-h",
            _ => continue,
        };
        let words: Vec<&str> = command.args().iter().map(Word::text).collect();
        if !words.contains(&name) {
            continue;
        }
        let mut home = Some(format!("/home/{name}"));
        for (at, word) in words.iter().enumerate() {
            let value = if *word == short || matches!(*word, "--home" | "--home-dir") {
                words.get(at + 1).copied()
            } else {
                word.strip_prefix("--home-dir=").or_else(|| word.strip_prefix("--home="))
            };
            if let Some(value) = value {
                let known = is_absolute(value) && !value.contains('$');
                home = known.then(|| value.trim_end_matches('/').to_owned());
            }
            // A system user of useradd has no home directory unless it is asked for; of adduser in Debian /home.
            if matches!(*word, "--no-create-home" | "-M" | "-H") {
                home = None;
            }
        }
        return home.map_or(Made::Somewhere, Made::At);
    }
    Made::Nowhere
}
