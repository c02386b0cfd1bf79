//! Every Dockerfile of a repository, and everything around them, in one go.
//!
//! The same for a folder, a git revision and a repository that was read over GitHub's API: all are a [`Tree`].

use super::{FileReport, Named, Settings, Step, fix, fix_repository, lint_in, lint_repository_in};
use crate::config::Level;
use crate::repository::{Lookup, Overlay, Project, Remembered, Tree};
use crate::rules::{Finding, Safety};
use crate::text::{Source, diff};
use camino::{Utf8Path, Utf8PathBuf};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// A file that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unread {
    /// Its path.
    pub path: Utf8PathBuf,
    /// Why, as a sentence without a final full stop.
    pub message: String,
}

/// What is found in a repository.
#[derive(Debug, Clone, Default)]
pub struct Audit {
    /// The Dockerfiles that were read, in order of path.
    pub files: Vec<FileReport>,
    /// Findings about the repository around them, by the file that they are in. It may be a Dockerfile too.
    pub repository: Vec<FileReport>,
    /// The Dockerfiles that could not be read.
    pub unread: Vec<Unread>,
    /// Texts of other files that findings and fixes point into.
    pub texts: BTreeMap<Utf8PathBuf, Source>,
}

impl Audit {
    /// The reports of the Dockerfiles, then those of the files around them.
    pub fn reports(&self) -> impl Iterator<Item = &FileReport> {
        self.files.iter().chain(&self.repository)
    }

    /// All findings.
    pub fn findings(&self) -> impl Iterator<Item = &Finding> {
        self.reports().flat_map(|report| &report.findings)
    }

    /// Leaves out what is below a level.
    pub fn keep_from(&mut self, least: Level) {
        for report in self.files.iter_mut().chain(&mut self.repository) {
            report.findings.retain(|finding| finding.level >= least);
        }
    }
}

/// Lints these Dockerfiles of a tree, and the repository around them. Every fix that is offered has been proven.
///
/// Paths are relative to the root of the tree. Those that `exclude:` of the configuration names are left out.
pub fn audit(tree: &dyn Tree, dockerfiles: Vec<Utf8PathBuf>, settings: &Settings) -> Audit {
    let mut files = Vec::new();
    let mut unread = Vec::new();
    for path in dockerfiles {
        if settings.config.exclude.matches(&path) {
            continue;
        }
        let message = match tree.read(&path) {
            Lookup::Found(text) if text.is_empty() => "the file is empty",
            Lookup::Found(text) => {
                files.push((path, Source::new(text)));
                continue;
            }
            Lookup::Absent => "it is not there",
            Lookup::Unknown => "it cannot be read: it is a link, too large, or no UTF-8 text",
        };
        unread.push(Unread { path, message: message.to_owned() });
    }
    Audit { unread, ..audit_sources(tree, files, settings) }
}

/// [`audit`] of Dockerfiles whose texts are known; all of them are looked at.
pub fn audit_sources(tree: &dyn Tree, mut files: Vec<Named>, settings: &Settings) -> Audit {
    if files.is_empty() {
        return Audit::default();
    }
    files.sort_by(|a, b| a.0.cmp(&b.0));
    files.dedup_by(|a, b| a.0 == b.0);
    let tree = Remembered::new(tree);
    let paths: Vec<Utf8PathBuf> = files.iter().map(|(path, _)| path.clone()).collect();
    let project = Project::read(&tree, &paths);
    let mut audit = Audit {
        files: files.iter().map(|(path, source)| lint_in(path, source, &tree, &project, settings)).collect(),
        repository: lint_repository_in(&files, &tree, &project, settings),
        ..Audit::default()
    };
    audit.texts = texts(&audit, &tree);
    audit
}

/// Texts of the files that findings name beside their own.
fn texts(audit: &Audit, tree: &dyn Tree) -> BTreeMap<Utf8PathBuf, Source> {
    let mut texts = BTreeMap::new();
    for finding in audit.findings() {
        let related = finding.related.iter().filter_map(|related| related.path.as_deref());
        let fix = finding.fix.iter().filter_map(|fix| fix.path.as_deref());
        for path in related.chain(fix).filter(|path| *path != finding.path) {
            if !texts.contains_key(path)
                && let Lookup::Found(text) = tree.read(path)
            {
                texts.insert(path.to_owned(), Source::new(text));
            }
        }
    }
    texts
}

/// A file with its fixes applied.
#[derive(Debug, Clone)]
pub struct FixedFile {
    /// Its path.
    pub path: Utf8PathBuf,
    /// The text before; `None` for a file that a fix makes.
    pub before: Option<Arc<str>>,
    /// The text after.
    pub text: String,
    /// What was applied, in order.
    pub applied: Vec<Applied>,
}

/// A fix that was applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    /// The rule.
    pub rule: &'static str,
    /// How much the finding matters.
    pub level: Level,
    /// The file with the finding; the fix may be in another one.
    pub path: Utf8PathBuf,
    /// The line of the finding in that file before all fixes, from 1.
    pub line: u32,
    /// What the fix does, as an imperative. As the texts below plain text with code between single backticks.
    pub title: String,
    /// What was wrong and why it matters.
    pub message: String,
    /// What to check or to know.
    pub notes: Vec<String>,
    /// Whether it needs a look.
    pub safety: Safety,
}

/// Applies every proven fix to a fixed point, as `check --fix` does: file after file, each seeing what was changed
/// before, then the repository around them. Fixes that must be confirmed are applied only when `confirm` is set.
///
/// Gives the files that change, in order of path. `tree` and `settings` are those of the audit.
pub fn fixes(audit: &Audit, tree: &dyn Tree, settings: &Settings, confirm: bool) -> Vec<FixedFile> {
    let tree = Remembered::new(tree);
    let mut changed: BTreeMap<Utf8PathBuf, String> = BTreeMap::new();
    let mut steps = Vec::new();
    let offered = |report: &FileReport| {
        let fixes = report.findings.iter().filter_map(|finding| finding.fix.as_ref());
        fixes.into_iter().any(|fix| confirm || fix.safety == Safety::Safe)
    };
    let mut now = Overlay::new(&tree);
    for report in audit.files.iter().filter(|report| offered(report)) {
        let source = current(report, &changed);
        let fixed = fix(&report.path, &source, &now, settings, confirm);
        for (path, text) in &fixed.files {
            now.replace(path, text.as_str());
        }
        changed.extend(fixed.files);
        steps.extend(fixed.steps);
    }
    if audit.repository.iter().any(offered) {
        let files: Vec<Named> =
            audit.files.iter().map(|report| (report.path.clone(), current(report, &changed))).collect();
        let (fixed, more, _) = fix_repository(&files, &now, settings, confirm);
        changed.extend(fixed);
        steps.extend(more);
    }
    fixed_files(audit, &tree, changed, steps)
}

fn current(report: &FileReport, changed: &BTreeMap<Utf8PathBuf, String>) -> Source {
    changed.get(&report.path).map_or_else(|| report.source.clone(), |text| Source::new(text.as_str()))
}

fn fixed_files(
    audit: &Audit,
    tree: &dyn Tree,
    changed: BTreeMap<Utf8PathBuf, String>,
    steps: Vec<Step>,
) -> Vec<FixedFile> {
    let known: HashMap<&Utf8Path, &Source> =
        audit.files.iter().map(|report| (report.path.as_path(), &report.source)).collect();
    let original =
        |path: &Utf8Path| known.get(path).map(|source| source.shared()).or_else(|| tree.read(path).found());
    let mut applied: BTreeMap<Utf8PathBuf, Vec<Applied>> = BTreeMap::new();
    for Step { finding, target, source } in steps {
        let line = source.line_of(finding.span.start);
        let line = original(&finding.path).map_or(line, |old| diff::line_before(&old, source.text(), line));
        let Some(fix) = finding.fix else { continue };
        applied.entry(target).or_default().push(Applied {
            rule: finding.rule,
            level: finding.level,
            path: finding.path,
            line,
            title: fix.title,
            message: finding.message,
            notes: finding.notes,
            safety: fix.safety,
        });
    }
    let file = |(path, text): (Utf8PathBuf, String)| {
        let before = original(&path);
        let applied = applied.remove(&path).unwrap_or_default();
        (before.as_deref() != Some(text.as_str())).then_some(FixedFile { path, before, text, applied })
    };
    changed.into_iter().filter_map(file).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repository::MemoryTree;

    fn settings() -> Settings {
        Settings::new(jiff::civil::date(2026, 1, 1))
    }

    fn tree() -> MemoryTree {
        MemoryTree::complete()
            .with(
                "Dockerfile",
                "FROM debian:12-slim\nRUN apt-get update && apt-get install -y curl\nUSER 1000:1000\n",
            )
            .with("web/Dockerfile", "FROM nginx\nCOPY . /usr/share/nginx/html/\n")
            .with("old/Dockerfile", "FROM scratch\n")
            .with("empty/Dockerfile", "")
    }

    fn paths(names: &[&str]) -> Vec<Utf8PathBuf> {
        names.iter().map(Utf8PathBuf::from).collect()
    }

    #[test]
    fn reads_all_and_says_what_it_could_not_read() {
        let mut settings = settings();
        settings.config =
            crate::config::Config::parse(".tidewaiter.yml".into(), "exclude: [old/]\n").unwrap();
        let wanted = ["web/Dockerfile", "Dockerfile", "old/Dockerfile", "empty/Dockerfile", "no/Dockerfile"];
        let audit = audit(&tree(), paths(&wanted), &settings);
        let read: Vec<&str> = audit.files.iter().map(|report| report.path.as_str()).collect();
        assert_eq!(read, ["Dockerfile", "web/Dockerfile"]);
        let unread: Vec<&str> = audit.unread.iter().map(|file| file.message.as_str()).collect();
        assert_eq!(unread, ["the file is empty", "it is not there"]);
        assert!(audit.findings().count() > 2);
    }

    #[test]
    fn fixes_are_those_of_each_file_and_say_what_they_do() {
        let (tree, settings) = (tree(), settings());
        let audit = audit(&tree, paths(&["Dockerfile", "web/Dockerfile"]), &settings);
        let safe = fixes(&audit, &tree, &settings, false);
        let file = safe.iter().find(|file| file.path == "Dockerfile").unwrap();
        assert!(
            file.text.contains("rm -rf") && !file.text.contains("--no-install-recommends"),
            "{}",
            file.text
        );
        assert!(file.applied.iter().all(|fix| fix.safety == Safety::Safe));
        assert!(file.applied.iter().any(|fix| fix.rule == "package-cache-left" && fix.line == 2));
        assert!(file.before.as_deref().unwrap().starts_with("FROM debian"));
        // The same as each file gets alone.
        let alone = fix("Dockerfile".into(), &audit.files[0].source, &tree, &settings, false);
        assert_eq!(alone.files.get(Utf8Path::new("Dockerfile")), Some(&file.text));

        let all = fixes(&audit, &tree, &settings, true);
        let own = all.iter().find(|file| file.path == "Dockerfile").unwrap();
        assert!(own.text.contains("--no-install-recommends"), "{}", own.text);
        let made: Vec<&FixedFile> = all.iter().filter(|file| file.before.is_none()).collect();
        assert!(made.iter().all(|file| file.path.as_str().ends_with("dockerignore")), "{made:?}");
        assert!(all.iter().all(|file| !file.applied.is_empty()), "{all:?}");

        // Nothing is left that could be applied.
        let mut after = Overlay::new(&tree);
        for file in &all {
            after.replace(&file.path, file.text.as_str());
        }
        let again = super::audit(&after, paths(&["Dockerfile", "web/Dockerfile"]), &settings);
        assert!(fixes(&again, &after, &settings, true).is_empty());
    }
}
