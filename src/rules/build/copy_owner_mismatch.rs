//! `copy-owner-mismatch`.

use crate::config::Level;
use crate::declare_rule;
use crate::dockerfile::{Item, Keyword};
use crate::facts::{
    DirOwner, FileFacts, InstructionFacts, StageFacts, User, Writer, dir_owner, is_in, non_root_user, writer,
};
use crate::repository::Lookup;
use crate::rules::{Check, Fix, Report};
use crate::shell::Word;
use crate::text::Edit;

declare_rule! {
    /// Files copied after USER belong to root although a later step must write them.
    ///
    /// ## What it does
    ///
    /// Finds `COPY` and `ADD` without `--chown` behind a `USER` that is not root, when a later `RUN` of that user
    /// writes between the copied files: `npm ci`, `composer install`, `cargo build`, `pip install .` of a setuptools
    /// project, `mkdir`, and builds that usually write beside their source. Also a Rails application that is copied so:
    /// it writes in `tmp` and `log` when it starts.
    ///
    /// Silent when nothing writes there: code that the running program cannot change is the safer state.
    ///
    /// ## Why is this bad?
    ///
    /// `COPY` gives the files to root, whatever `USER` says. The step stops with "permission denied".
    ///
    /// ## Example
    ///
    /// ```dockerfile
    /// FROM python:3.13-slim-trixie
    /// ENV PYTHONUNBUFFERED=1 PYTHONFAULTHANDLER=1
    /// RUN useradd --create-home app && python -m venv /opt/venv && chown -R app:app /opt/venv
    /// ENV PATH=/opt/venv/bin:$PATH
    /// USER app
    /// WORKDIR /srv/app
    /// COPY . .
    /// RUN pip install --no-cache-dir --no-deps .
    /// CMD ["app"]
    /// ```
    ///
    /// ```toml pyproject.toml
    /// [project]
    /// name = "app"
    /// version = "1"
    /// ```
    ///
    /// ```python src/app/__init__.py
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```dockerfile
    /// FROM python:3.13-slim-trixie
    /// ENV PYTHONUNBUFFERED=1 PYTHONFAULTHANDLER=1
    /// RUN useradd --create-home app && python -m venv /opt/venv && chown -R app:app /opt/venv
    /// ENV PATH=/opt/venv/bin:$PATH
    /// USER app
    /// WORKDIR /srv/app
    /// COPY --chown=app:app . .
    /// RUN pip install --no-cache-dir --no-deps .
    /// CMD ["app"]
    /// ```
    ///
    /// ```toml pyproject.toml
    /// [project]
    /// name = "app"
    /// version = "1"
    /// ```
    ///
    /// ```python src/app/__init__.py
    /// ```
    ///
    /// ## Fix safety
    ///
    /// Safe: the files belong to the user of the image, and are the same otherwise. Where the directory itself was
    /// made by root, it is given to the user, too. Installing as root into a virtual environment before `USER` keeps
    /// the code unchangeable and is better still.
    ///
    /// ## References
    ///
    /// - [Dockerfile reference: COPY --chown](https://docs.docker.com/reference/dockerfile/#copy---chown---chmod)
    /// - [OWASP: NodeJS Docker Cheat Sheet](https://cheatsheetseries.owasp.org/cheatsheets/NodeJS_Docker_Cheat_Sheet.html)
    pub(super) RULE = "copy-owner-mismatch" {
        chapter: Build, level: Info, default: On, scope: Stage, fix: Safe,
        aliases: ["tally/copy-after-user-without-chown", "tally/ruby/state-paths-not-writable-as-non-root"],
        check: Check::Stage(check),
    }
}

/// Steps behind a copy that are looked at: each asks what came before.
const MAX_STEPS: usize = 100;

fn check(file: &FileFacts<'_>, stage: &StageFacts<'_>, report: &mut Report) {
    // GitHub runs Docker actions as root.
    if file.docker_action {
        return;
    }
    let mut copies: Vec<(&InstructionFacts<'_>, String, bool)> = Vec::new();
    let mut steps = 0;
    for facts in &stage.instructions {
        if is_owned_by_root(file, stage, facts) {
            if let Some((place, broad)) = landing(file, stage, facts) {
                copies.push((facts, place, broad));
            }
        } else if !copies.is_empty() && facts.is(Keyword::Run) {
            steps += 1;
            if steps > MAX_STEPS {
                return;
            }
            if changes_owner(facts) {
                copies.clear();
            } else if let Some(writer) = writer(file, stage, facts)
                && let Some(writer) = settled(file, &copies, writer)
                && say(file, stage, &copies, &writer, report)
            {
                return;
            }
        }
    }
    rails(file, stage, &copies, report);
}

/// Rails writes below `db`, `log`, `storage` and `tmp` when it starts.
fn rails(
    file: &FileFacts<'_>,
    stage: &StageFacts<'_>,
    copies: &[(&InstructionFacts<'_>, String, bool)],
    report: &mut Report,
) {
    let Some((copy, place, _)) = copies.iter().find(|(copy, ..)| copy.whole_context().is_some()) else {
        return;
    };
    let there = |name: &str| file.tree.entry(&file.context.join(name)).found().is_some();
    let starts = stage.last && stage.start.main().is_some();
    if !starts || !there("config/application.rb") || !there("bin/rails") {
        return;
    }
    let Some(user) = non_root_user(file, stage, copy) else { return };
    let message = format!(
        "This `{}` gives the files to root, so Rails as `{}` cannot write in `tmp` and `log` below `{}` when it starts.",
        copy.instruction.keyword.name(),
        plain(&user),
        plain(place)
    );
    let owner = owner_word(file, stage, copy, &user);
    let edit = Edit::insert(copy.instruction.name.span.end, format!(" --chown={owner}"));
    report
        .add(copy.instruction.name.span, message)
        .level(Level::Error)
        .note(
            "Better still: give only `db`, `log`, `storage` and `tmp` to the user, in a `RUN` before `USER`.",
        )
        .fix(Fix::safe(format!("Copy with `--chown={}`", plain(&owner)), vec![edit]));
}

/// Whether a COPY or ADD puts files of the context there that a user other than root cannot change.
fn is_owned_by_root(file: &FileFacts<'_>, stage: &StageFacts<'_>, facts: &InstructionFacts<'_>) -> bool {
    let open = |mode: &str| {
        mode.bytes().last().is_none_or(|b| matches!(b, b'2' | b'3' | b'6' | b'7')) || mode.contains('w')
    };
    let node = facts.instruction;
    !facts.context_sources().is_empty()
        && node.flag("chown").is_none()
        && node.flag("chmod").is_none_or(|flag| flag.value.as_ref().is_some_and(|mode| !open(&mode.text)))
        && non_root_user(file, stage, facts).is_some()
}

/// The directory that the copied files are in, and whether folders are among them.
fn landing(
    file: &FileFacts<'_>,
    stage: &StageFacts<'_>,
    facts: &InstructionFacts<'_>,
) -> Option<(String, bool)> {
    let (place, folder) = facts.destination(file, stage)?;
    if facts.whole_context().is_some() {
        return Some((place, true));
    }
    if folder {
        return Some((place, false));
    }
    // `COPY src /app` makes `/app`, `COPY a.txt /app` too, but as a file.
    let source = facts.context_sources().first()?;
    let path = crate::repository::normalize(source.text.as_str().trim_start_matches('/').into())?;
    match file.tree.entry(&file.context.join(path)) {
        Lookup::Found(entry) if entry.kind == crate::repository::Kind::Directory => Some((place, true)),
        Lookup::Found(_) => place.rsplit_once('/').map(|(parent, _)| (parent.to_owned(), false)),
        Lookup::Absent | Lookup::Unknown => None,
    }
}

/// The writer with the directory that is there already: `mkdir -p a/b` makes `a` first. `None` where what it makes came
/// along with the copied files.
fn settled(
    file: &FileFacts<'_>,
    copies: &[(&InstructionFacts<'_>, String, bool)],
    mut writer: Writer,
) -> Option<Writer> {
    let Some(made) = &writer.makes else { return Some(writer) };
    let (copy, place, _) = copies.iter().rev().find(|(_, place, broad)| *broad && is_in(made, place))?;
    let [source] = copy.context_sources() else { return None };
    let source = crate::repository::normalize(source.text.trim_start_matches('/').into())?;
    let entry = |path: &str| {
        let below = path.strip_prefix(place.as_str()).unwrap_or("").trim_start_matches('/');
        file.tree.entry(&file.context.join(&source).join(below))
    };
    if entry(made) != Lookup::Absent {
        return None;
    }
    while writer.dir != *place && entry(&writer.dir) == Lookup::Absent {
        writer.dir = writer.dir.rsplit_once('/').map(|(parent, _)| parent.to_owned())?;
    }
    Some(writer)
}

/// Whether a RUN gives files to somebody else.
fn changes_owner(facts: &InstructionFacts<'_>) -> bool {
    let names = ["chown", "chmod", "setfacl", "usermod"];
    facts.scripts().flat_map(crate::shell::Script::commands).any(|command| {
        names.iter().any(|name| command.words.iter().any(|word| word.text().ends_with(name)))
            || command.args().iter().map(Word::text).any(|text| text.contains("chown "))
    })
}

fn say(
    file: &FileFacts<'_>,
    stage: &StageFacts<'_>,
    copies: &[(&InstructionFacts<'_>, String, bool)],
    writer: &Writer,
    report: &mut Report,
) -> bool {
    let hit: Vec<_> = copies
        .iter()
        .filter(|(_, place, broad)| writer.dir == *place || (*broad && is_in(&writer.dir, place)))
        .collect();
    let Some((first, place, _)) = hit.first() else { return false };
    // The folder of the copied files may be the user's own, although the files are not.
    let owner =
        if writer.dir == *place { dir_owner(file, stage, first.index, place) } else { DirOwner::Nobody };
    if matches!(owner, DirOwner::User | DirOwner::Unknown) {
        return false;
    }
    let Some(user) = non_root_user(file, stage, first) else { return false };
    let (keyword, shown) = (first.instruction.keyword.name(), plain(&user));
    let (name, dir) = (plain(&writer.name), plain(&writer.dir));
    let message = if writer.certain {
        format!(
            "This `{keyword}` gives the files to root, so `{name}` as `{shown}` cannot write in `{dir}` and the build fails."
        )
    } else {
        format!(
            "This `{keyword}` gives the files to root, and `{name}` as `{shown}` probably writes in `{dir}`."
        )
    };
    let mut finding = report
        .add(first.instruction.name.span, message)
        .level(if writer.certain { Level::Error } else { Level::Info })
        .related(writer.span, format!("writes in `{dir}`"))
        .note("Better still: install as root into a place of its own (a virtual environment), then switch with `USER`.");
    for (other, ..) in hit.iter().skip(1) {
        finding = finding.related(other.instruction.name.span, "gives its files to root, too");
    }
    let owner_word = owner_word(file, stage, first, &user);
    let mut edits: Vec<Edit> = hit
        .iter()
        .map(|(facts, ..)| Edit::insert(facts.instruction.name.span.end, format!(" --chown={owner_word}")))
        .collect();
    if owner == DirOwner::Root {
        let Some(edit) = give_directory(file, stage, first, place, &owner_word) else { return true };
        edits.push(edit);
        finding.fix(Fix::safe(format!("Give `{dir}` and the copied files to `{shown}`"), edits));
    } else {
        finding.fix(Fix::safe(format!("Copy with `--chown={}`", plain(&owner_word)), edits));
    }
    true
}

/// A RUN above the USER that gives a directory to that user.
fn give_directory(
    file: &FileFacts<'_>,
    stage: &StageFacts<'_>,
    copy: &InstructionFacts<'_>,
    dir: &str,
    owner: &str,
) -> Option<Edit> {
    let simple = dir.bytes().all(|b| b.is_ascii_alphanumeric() || b"/._-".contains(&b)) && dir.len() > 1;
    let before = stage.instructions.iter().rev().filter(|facts| facts.index < copy.index);
    let switch = before.into_iter().find(|facts| facts.is(Keyword::User))?;
    // Root has to be the user there, and the directory has to be there already.
    if !simple
        || non_root_user(file, stage, switch).is_some()
        || dir_owner(file, stage, switch.index, dir) != DirOwner::Root
    {
        return None;
    }
    let mut at = switch.instruction.span.start;
    for item in file.dockerfile.items.iter().rev() {
        match item {
            Item::Comment(span) if span.end == at => at = span.start,
            _ => {}
        }
    }
    let newline = file.dockerfile.source.newline_at(at);
    let keyword = file.keyword_case().write("run");
    Some(Edit::insert(at, format!("{keyword} chown {owner} {dir}{newline}")))
}

/// What `--chown` should say for the user that USER names.
fn owner_word(
    file: &FileFacts<'_>,
    stage: &StageFacts<'_>,
    facts: &InstructionFacts<'_>,
    user: &str,
) -> String {
    // As it is written, with its variables, where it is written in this stage.
    let written = match &facts.state.user {
        User::Set { span, .. } => stage.of(Keyword::User).find(|other| other.instruction.body == *span),
        User::Base => None,
    };
    let word =
        written.and_then(|other| other.instruction.args.first()).map_or(user, |word| word.text.as_str());
    let word = if word.contains(char::is_whitespace) { user } else { word };
    if word.contains(':') || word.contains('$') || !has_own_group(file, stage, word) {
        return word.to_owned();
    }
    format!("{word}:{word}")
}

/// Whether a group of the same name is made with a user, or comes with the base image.
fn has_own_group(file: &FileFacts<'_>, stage: &StageFacts<'_>, name: &str) -> bool {
    if file
        .defaults(stage)
        .and_then(|defaults| defaults.existing_user)
        .is_some_and(|known| known.name == name)
    {
        return true;
    }
    file.history(stage)
        .iter()
        .flat_map(|(_, facts)| facts.scripts())
        .flat_map(crate::shell::Script::commands)
        .any(|command| {
            let words = || command.args().iter().map(Word::text);
            let named = words().any(|text| text == name);
            match command.name() {
                Some("groupadd" | "addgroup") => named,
                Some("useradd") => {
                    named && !words().any(|text| matches!(text, "-N" | "-g" | "--gid" | "--no-user-group"))
                }
                _ => false,
            }
        })
}

/// Text of the repository for a message.
fn plain(text: &str) -> String {
    text.chars().filter(|c| *c != '`' && !c.is_control()).collect()
}
