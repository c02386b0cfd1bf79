//! `dockerignore-incomplete`.

use crate::config::Level;
use crate::declare_rule;
use crate::facts::{Clutter, ContextRoot, FileFacts, InstructionFacts, StageFacts};
use crate::repository::Lookup;
use crate::repository::ignore::FoundIgnoreFile;
use crate::rules::{Check, Fix, Report};
use crate::text::Edit;

declare_rule! {
    /// The whole context is copied without a .dockerignore that keeps junk and secrets out.
    ///
    /// ## What it does
    ///
    /// Finds `COPY . .` where the ignore file of the build (`Dockerfile.dockerignore`, else `.dockerignore`) is
    /// missing or does not keep out what the tools of the project leave beside the source: `.git`,
    /// `node_modules`, a `.env` that git ignores, virtual environments, `__pycache__`, `target`, `.terraform`.
    ///
    /// Silent about `.git` where the build asks git for a version (setuptools-scm, `git describe`, a Makefile that
    /// calls git), about what an instruction copies by name, and about what the ignore file brings back with `!`.
    ///
    /// ## Why is this bad?
    ///
    /// The files make the image larger, and whoever pulls it can read them: the whole history, and the passwords
    /// of a local `.env`. They change without any change of the source, so that the build cache is lost for
    /// nothing, and packages that were installed on another system overwrite those of the image.
    ///
    /// ## Example
    ///
    /// ```dockerfile
    /// FROM node:24-slim
    /// WORKDIR /app
    /// COPY package.json package-lock.json ./
    /// RUN npm ci && npm cache clean --force
    /// COPY . .
    /// CMD ["node", "server.js"]
    /// ```
    ///
    /// ```text .dockerignore
    /// .git
    /// ```
    ///
    /// ```json package.json
    /// {}
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```dockerfile
    /// FROM node:24-slim
    /// WORKDIR /app
    /// COPY package.json package-lock.json ./
    /// RUN npm ci && npm cache clean --force
    /// COPY . .
    /// CMD ["node", "server.js"]
    /// ```
    ///
    /// ```text .dockerignore
    /// .git
    /// **/node_modules
    /// ```
    ///
    /// ```json package.json
    /// {}
    /// ```
    ///
    /// ## Fix safety
    ///
    /// To be confirmed: check that no step of the build reads the files. Where there is no ignore file, its content
    /// is given in words.
    ///
    /// ## References
    ///
    /// - [Docker: Building best practices, Exclude with .dockerignore](https://docs.docker.com/build/building/best-practices/#exclude-with-dockerignore)
    /// - [Docker: Optimize cache usage in builds](https://docs.docker.com/build/cache/optimize/)
    /// - [OWASP: NodeJS Docker Cheat Sheet](https://cheatsheetseries.owasp.org/cheatsheets/NodeJS_Docker_Cheat_Sheet.html)
    pub(super) RULE = "dockerignore-incomplete" {
        chapter: Efficiency, level: Warning, default: On, scope: Repository, fix: Confirm,
        aliases: ["DF007", "DF033"],
        check: Check::File(check),
    }
}

fn check(file: &FileFacts<'_>, report: &mut Report) {
    let Some((stage, copy)) = broad_copy(file) else { return };
    let Some(word) = copy.whole_context() else { return };
    // Which folder is copied must be known.
    let Some(root) = file.context_roots().first().filter(|root| root.likely) else { return };
    let clutter = match &root.ignore {
        Lookup::Unknown => return,
        Lookup::Found(_) | Lookup::Absent => file.clutter(root),
    };
    if clutter.is_empty() {
        return;
    }
    let grave = clutter.iter().any(|one| one.grave);
    let level = if grave && stage.shipped { Level::Warning } else { Level::Info };
    let names = list(clutter.iter().map(|one| one.name));
    let missing = match &root.ignore {
        Lookup::Found(found) => format!("`{}` does not keep {names} out", plain(found.path.as_str())),
        Lookup::Absent | Lookup::Unknown => format!("No `.dockerignore` keeps {names} out"),
    };
    let harm = if !stage.shipped {
        "every change there undoes the build cache"
    } else if grave {
        "the image gets larger, and whoever pulls it can read what is in there"
    } else {
        "the image gets larger, and every change there undoes the build cache"
    };
    let mut finding =
        report.add(word.span, format!("{missing} of this `{}`: {harm}.", copy.instruction.keyword.name()));
    finding = finding.level(level).about(".dockerignore");
    match &root.ignore {
        Lookup::Found(found) => {
            finding = finding.note("Check that no step of the build reads what is left out.");
            if let Some(fix) = fix(file, found, &clutter) {
                finding.fix(fix);
            }
        }
        Lookup::Absent | Lookup::Unknown => {
            finding.note(body(root, &clutter));
        }
    }
}

/// The first COPY of the whole context in a shipped stage, else in another one.
fn broad_copy<'f, 'a>(file: &'f FileFacts<'a>) -> Option<(&'f StageFacts<'a>, &'f InstructionFacts<'a>)> {
    let copies = |stage: &'f StageFacts<'a>| {
        stage.instructions.iter().find(|facts| facts.whole_context().is_some()).map(|facts| (stage, facts))
    };
    let stages = || file.stages.iter().filter(|stage| !stage.dev);
    stages().filter(|stage| stage.shipped).find_map(copies).or_else(|| stages().find_map(copies))
}

/// The content of an ignore file that is not there.
fn body(root: &ContextRoot, clutter: &[Clutter]) -> String {
    let dir = plain(root.dir.as_str());
    let path = if dir.is_empty() { ".dockerignore".to_owned() } else { format!("{dir}/.dockerignore") };
    let lines = list(clutter.iter().map(|one| one.line));
    let word = if clutter.len() == 1 { "line" } else { "lines" };
    format!(
        "Make a file `{path}` with the {word} {lines}. Check that no step of the build reads what is left out."
    )
}

fn fix(file: &FileFacts<'_>, found: &FoundIgnoreFile, clutter: &[Clutter]) -> Option<Fix> {
    let text = file.tree.read(&found.path).found()?;
    let newline = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let mut added = String::new();
    if !text.is_empty() && !text.ends_with('\n') {
        added.push_str(newline);
    }
    for one in clutter {
        added.push_str(one.line);
        added.push_str(newline);
    }
    let at = u32::try_from(text.len()).ok()?;
    let title = format!("Add {} to the ignore file", list(clutter.iter().map(|one| one.line)));
    Some(Fix::confirm(title, vec![Edit::insert(at, added)]).in_file(found.path.clone()))
}

/// `a`, `b` and `c`.
fn list<'n>(names: impl Iterator<Item = &'n str>) -> String {
    let names: Vec<String> = names.map(|name| format!("`{name}`")).collect();
    match names.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, before)) => format!("{} and {last}", before.join(", ")),
        None => String::new(),
    }
}

/// Text of the repository for a message.
fn plain(text: &str) -> String {
    text.chars().filter(|c| *c != '`' && !c.is_control()).collect()
}
