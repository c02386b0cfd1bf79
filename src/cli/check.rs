//! `tidewaiter check`

use super::explain::{named, unknown_rule};
use super::files::{ConfigSource, Options, Roots, Target, collect};
use super::streams::Streams;
use super::{Exit, UsageError, write};
use crate::config::{FailOn, Level};
use crate::lint::{self, FileReport, Named};
use crate::report::{self, Checked, Unread, count, sarif, visible, visible_lines};
use crate::repository::project::Project;
use crate::repository::{DiskTree, Lookup, Overlay, Remembered, Tree};
use crate::rules;
use crate::text::{Source, diff};
use camino::{Utf8Path, Utf8PathBuf};
use clap::ValueEnum;
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Write as _;
use std::sync::Arc;

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
#[allow(clippy::struct_excessive_bools)] // Independent flags of a command line.
pub(super) struct Args {
    /// Files and folders; `-` is standard input
    ///
    /// In folders every Dockerfile, *.Dockerfile, Dockerfile.* and Containerfile* is checked that git does
    /// not ignore and `exclude:` does not name. A file that is named here is always checked.
    #[arg(value_name = "PATH", default_value = ".", hide_default_value = true)]
    paths: Vec<Utf8PathBuf>,

    /// The path that standard input is taken for
    #[arg(long, value_name = "PATH")]
    stdin_filename: Option<Utf8PathBuf>,

    /// How findings are shown: for people, as JSON, as SARIF 2.1.0, as annotations of a GitHub workflow, as Markdown
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: Format,

    /// Leave out findings below this level: error, warning, info, style. They do not count for --fail-on
    #[arg(long, value_name = "LEVEL")]
    level: Option<Level>,

    /// Exit with 1 when there are findings at or above this level; never: exit with 0 [default: error]
    #[arg(long, value_name = "LEVEL|never")]
    fail_on: Option<FailOn>,

    /// The configuration, instead of .tidewaiter.yml or .github/tidewaiter.yml of the repository
    #[arg(long, value_name = "FILE", conflicts_with = "no_config")]
    config: Option<Utf8PathBuf>,

    /// Use no configuration
    #[arg(long)]
    no_config: bool,

    /// Write safe fixes into the files, then show what is left; with `-` the fixed text goes to stdout
    #[arg(long, group = "changes", conflicts_with = "diff")]
    fix: bool,

    /// Show what --fix would change as a unified diff, and write nothing
    #[arg(long, group = "changes")]
    diff: bool,

    /// With --fix or --diff: also the fixes that you should check afterwards
    #[arg(long, requires = "changes")]
    confirm_fixes: bool,

    /// Run only this rule, also one that is off by default (may be repeated)
    #[arg(long = "rule", value_name = "RULE")]
    rules: Vec<String>,

    /// The date to take for today, for end-of-life dates and ignore comments
    #[arg(long, value_name = "YYYY-MM-DD")]
    today: Option<jiff::civil::Date>,
}

const EXAMPLES: &str = "\
Examples:
  tidewaiter check
  tidewaiter check services/ Dockerfile.dev --level warning
  tidewaiter check --fix
  git show HEAD:Dockerfile | tidewaiter check - --stdin-filename Dockerfile";

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Human,
    Json,
    Sarif,
    Github,
    Markdown,
}

pub(super) fn run(args: &Args, streams: &mut Streams) -> anyhow::Result<Exit> {
    let stdin = args.paths.iter().any(|path| path == "-");
    refuse_contradictions(args, stdin)?;
    let mut roots = Roots::new(options(args)?)?;
    let mut checked = Checked::default();
    let mut targets = collect(&args.paths, args.stdin_filename.as_deref(), &mut roots, &mut checked.errors)?;
    if targets.is_empty() && checked.errors.is_empty() {
        let places: Vec<&str> = args.paths.iter().map(|path| path.as_str()).collect();
        streams.note(&format!("no Dockerfile found in {}", places.join(", ")));
    }

    if args.format == Format::Sarif {
        // Its paths are those of the repository, wherever it was written.
        roots.show_from_top(&mut targets, &mut checked.errors);
    }
    let mut run = Run { args, roots: &roots, checked, failing: false, applied: 0 };
    if args.fix || args.diff {
        run.fix(&targets, streams);
    } else {
        run.lint(&targets);
    }
    for error in &run.checked.errors {
        streams.note(&format!("error: {}: {}", error.path, error.message));
    }
    if args.diff {
        // The diff is the output.
    } else if args.fix && stdin {
        let rest = run.checked.summary();
        streams.note(&format!("left: {}", rest.counts()));
    } else {
        show(args.format, &run.checked, streams)?;
    }
    Ok(match (run.checked.errors.is_empty(), run.failing) {
        (false, _) => Exit::Failure,
        (true, true) => Exit::Findings,
        (true, false) => Exit::Clean,
    })
}

fn refuse_contradictions(args: &Args, stdin: bool) -> Result<(), UsageError> {
    let refuse = |message: &str| Err(UsageError(message.to_owned()));
    if args.stdin_filename.is_some() && !stdin {
        return refuse("--stdin-filename names standard input: it needs the path `-`");
    }
    if args.diff && args.format != Format::Human {
        return refuse("--diff prints a diff: it cannot be used with --format");
    }
    if args.fix && stdin && (args.paths.len() > 1 || args.format != Format::Human) {
        return refuse("--fix with `-` prints the fixed text: it takes no other path and no --format");
    }
    Ok(())
}

fn options(args: &Args) -> Result<Options, UsageError> {
    let mut only = Vec::new();
    for name in &args.rules {
        let found = named(name);
        if found.is_empty() {
            return Err(unknown_rule(name));
        }
        only.extend(found.iter().map(|rule| rule.id.to_owned()));
    }
    let config = match &args.config {
        Some(path) => ConfigSource::File(path.clone()),
        None if args.no_config => ConfigSource::Defaults,
        None => ConfigSource::Search,
    };
    let today = args.today.unwrap_or_else(|| jiff::ZonedDateTime::now().date());
    Ok(Options { config, fail_on: args.fail_on, today, only })
}

fn show(format: Format, checked: &Checked, streams: &mut Streams) -> anyhow::Result<()> {
    let text = match format {
        Format::Human if checked.files.is_empty() => String::new(),
        Format::Human => report::terminal::render(checked, streams.styled()),
        Format::Json => report::json::render(checked, rules::find)?,
        Format::Sarif => {
            let run = sarif::Run { rule: rules::find, category: sarif::CATEGORY, origin: None };
            let sarif = sarif::render(checked, &run)?;
            if sarif.left_out > 0 {
                let left_out = count(sarif.left_out, "finding");
                streams.note(&format!("only the worst findings: GitHub has no room for {left_out}"));
            }
            sarif.text
        }
        Format::Markdown => report::markdown::render(checked),
        Format::Github => {
            let annotations = report::annotations::annotations(checked);
            let pointer = "The others follow in the log of this step.";
            let mut text = report::annotations::render(&annotations, pointer);
            let _ = writeln!(text, "{}", report::terminal::summary(checked));
            text
        }
    };
    streams.print(&text);
    Ok(())
}

/// Findings with paths as they are shown, and the texts of other files that they point into.
type Linted = (FileReport, BTreeMap<Utf8PathBuf, Source>);

struct Run<'a> {
    args: &'a Args,
    roots: &'a Roots,
    checked: Checked,
    /// Whether a finding is at or above `--fail-on`.
    failing: bool,
    /// Number of fixes that were applied.
    applied: usize,
}

impl Run<'_> {
    fn lint(&mut self, targets: &[Target]) {
        let projects = self.projects(targets);
        let one = |trees: &mut HashMap<usize, Remembered<DiskTree>>,
                   target: &Target|
         -> Result<Linted, Unread> {
            let source = target.read().map_err(|message| Unread { path: target.shown.clone(), message })?;
            let (Some(root), Some(project)) = (self.roots.list.get(target.root), projects.get(&target.root))
            else {
                return Err(Unread { path: target.shown.clone(), message: "it has no folder".to_owned() });
            };
            let tree = trees
                .entry(target.root)
                .or_insert_with(|| Remembered::without_texts(DiskTree::new(root.dir.clone())));
            let report = lint::lint_in(&target.inside, &source, tree, project, &root.settings);
            Ok(self.relabelled(target, report, tree))
        };
        let results: Vec<Result<Linted, Unread>> = if let [target] = targets {
            // Starting threads takes longer than one file.
            vec![one(&mut HashMap::new(), target)]
        } else {
            // Two parts per thread, one where there is one: what is known of the folders stays with a part.
            let threads = rayon::current_num_threads();
            let part = if threads == 1 { targets.len() } else { targets.len().div_ceil(2 * threads) };
            targets.par_iter().with_min_len(part).map_init(HashMap::new, one).collect()
        };
        let mut named: BTreeMap<usize, Vec<(Target, Named)>> = BTreeMap::new();
        for (target, result) in targets.iter().zip(results) {
            match result {
                Ok(linted) => {
                    let file = (target.inside.clone(), linted.0.source.clone());
                    named.entry(target.root).or_default().push((target.clone(), file));
                    self.add(target, linted);
                }
                Err(unread) => self.checked.errors.push(unread),
            }
        }
        for (root, files) in named {
            let Some((first, _)) = files.first().cloned() else { continue };
            let (Some(own), Some(project)) = (self.roots.list.get(root), projects.get(&root)) else {
                continue;
            };
            let tree = Remembered::new(DiskTree::new(own.dir.clone()));
            let files: Vec<Named> = files.into_iter().map(|(_, file)| file).collect();
            let reports = lint::lint_repository_in(&files, &tree, project, &own.settings);
            self.add_repository(&first, reports, &tree);
        }
    }

    /// What builds and runs the images of each root.
    fn projects(&self, targets: &[Target]) -> BTreeMap<usize, Project> {
        let mut paths: BTreeMap<usize, Vec<Utf8PathBuf>> = BTreeMap::new();
        for target in targets {
            paths.entry(target.root).or_default().push(target.inside.clone());
        }
        let project = |(root, paths): (usize, Vec<Utf8PathBuf>)| {
            let tree = DiskTree::new(self.roots.list.get(root)?.dir.clone());
            Some((root, Project::read(&tree, &paths)))
        };
        paths.into_iter().filter_map(project).collect()
    }

    /// Takes findings about the repository of a target.
    fn add_repository(&mut self, target: &Target, reports: Vec<FileReport>, tree: &dyn Tree) {
        for report in reports {
            let (mut report, texts) = self.relabelled(target, report, tree);
            self.keep_level(&mut report);
            self.failing |= self.fails(target, &report);
            self.checked.repository.push(report);
            self.checked.texts.extend(texts);
        }
    }

    fn add(&mut self, target: &Target, (mut report, texts): Linted) {
        self.keep_level(&mut report);
        self.failing |= self.fails(target, &report);
        self.checked.files.push(report);
        self.checked.texts.extend(texts);
    }

    fn keep_level(&self, report: &mut FileReport) {
        if let Some(least) = self.args.level {
            report.findings.retain(|finding| finding.level >= least);
        }
    }

    fn fails(&self, target: &Target, report: &FileReport) -> bool {
        let fail_on = self.roots.list.get(target.root).map_or_else(FailOn::default, |root| root.fail_on);
        report.findings.iter().any(|finding| fail_on.trips(finding.level))
    }

    /// From paths of the repository to paths as they are shown.
    fn relabelled(&self, target: &Target, mut report: FileReport, tree: &dyn Tree) -> Linted {
        let mut texts = BTreeMap::new();
        let mut shown = |path: &mut Utf8PathBuf| {
            let new = self.shown(target, path);
            if *path != target.inside
                && !texts.contains_key(&new)
                && let Lookup::Found(text) = tree.read(path)
            {
                texts.insert(new.clone(), Source::new(text));
            }
            *path = new;
        };
        shown(&mut report.path);
        for finding in &mut report.findings {
            shown(&mut finding.path);
            finding.related.iter_mut().filter_map(|related| related.path.as_mut()).for_each(&mut shown);
            finding.fix.iter_mut().filter_map(|fix| fix.path.as_mut()).for_each(&mut shown);
        }
        (report, texts)
    }

    fn shown(&self, target: &Target, path: &Utf8Path) -> Utf8PathBuf {
        if path == target.inside {
            return target.shown.clone();
        }
        let Some(root) = self.roots.list.get(target.root) else { return path.to_owned() };
        let full = root.dir.join(path);
        if target.shown.is_absolute() { full } else { self.roots.shown(&full) }
    }

    /// Fixes file after file, each seeing what was changed before; then writes or shows the changes.
    fn fix(&mut self, targets: &[Target], streams: &mut Streams) {
        let mut changes: BTreeMap<(usize, Utf8PathBuf), Change> = BTreeMap::new();
        for target in targets {
            match self.fix_one(target, &mut changes, streams) {
                Ok(()) => {}
                Err(message) => self.checked.errors.push(Unread { path: target.shown.clone(), message }),
            }
        }
        self.fix_repositories(targets, &mut changes);
        if self.args.diff {
            self.print_diff(&changes, streams);
            return;
        }
        let mut failed = BTreeSet::new();
        for ((root, path), change) in &changes {
            let Some(root) = self.roots.list.get(*root) else { continue };
            if change.printed {
                continue;
            }
            let full = root.dir.join(path);
            if let Err(message) = write::replace(&root.dir, &full, change.old.as_deref(), &change.new) {
                failed.insert(change.shown.clone());
                self.checked.errors.push(Unread { path: change.shown.clone(), message });
            } else {
                streams.note(&format!("fixed {}: {}", change.shown, change.what()));
            }
        }
        // What was found after a fix is not true of a file that stayed as it was.
        self.checked.files.retain(|file| !failed.contains(&file.path));
    }

    /// Fixes what the rules about the repository say, after the Dockerfiles.
    fn fix_repositories(&mut self, targets: &[Target], changes: &mut BTreeMap<(usize, Utf8PathBuf), Change>) {
        let mut roots: BTreeMap<usize, Vec<&Target>> = BTreeMap::new();
        for target in targets {
            roots.entry(target.root).or_default().push(target);
        }
        for (index, targets) in roots {
            let Some(root) = self.roots.list.get(index) else { continue };
            let Some(first) = targets.first() else { continue };
            let disk = DiskTree::new(root.dir.clone());
            let mut tree = Overlay::new(&disk);
            for ((_, path), change) in changes.iter().filter(|((of, _), _)| *of == index) {
                tree.replace(path, change.new.as_str());
            }
            let named = |target: &&Target| -> Option<Named> {
                let known = changes.get(&(index, target.inside.clone()));
                let source = match known {
                    Some(change) => Source::new(change.new.as_str()),
                    // Standard input cannot be read twice.
                    None if target.disk.is_none() => return None,
                    None => target.read().ok()?,
                };
                Some((target.inside.clone(), source))
            };
            let files: Vec<Named> = targets.iter().filter_map(named).collect();
            if self.args.diff {
                let before = lint::lint_repository(&files, &tree, &root.settings);
                for mut report in before {
                    self.keep_level(&mut report);
                    self.failing |= self.fails(first, &report);
                }
            }
            let confirm = self.args.confirm_fixes;
            let (fixed, steps, reports) = lint::fix_repository(&files, &tree, &root.settings, confirm);
            let applied = steps.len();
            self.applied += applied;
            for (path, new) in fixed {
                let shown = self.shown(first, &path);
                let old = disk.read(&path).found();
                let change = changes.entry((index, path)).or_insert_with(|| Change {
                    old,
                    new: String::new(),
                    shown,
                    fixes: 0,
                    printed: false,
                });
                change.new = new;
                change.fixes += applied;
            }
            for ((_, path), change) in changes.iter().filter(|((of, _), _)| *of == index) {
                tree.replace(path, change.new.as_str());
            }
            if self.args.fix {
                self.add_repository(first, reports, &tree);
            }
        }
    }

    fn fix_one(
        &mut self,
        target: &Target,
        changes: &mut BTreeMap<(usize, Utf8PathBuf), Change>,
        streams: &mut Streams,
    ) -> Result<(), String> {
        let original = target.read()?;
        let root = self.roots.list.get(target.root).ok_or("it has no folder")?;
        let disk = DiskTree::new(root.dir.clone());
        let mut tree = Overlay::new(&disk);
        for ((_, path), change) in changes.iter().filter(|((index, _), _)| *index == target.root) {
            tree.replace(path, change.new.as_str());
        }
        let key = |path: &Utf8Path| (target.root, path.to_owned());
        let source = match changes.get(&key(&target.inside)) {
            Some(change) => Source::new(change.new.as_str()),
            None => original.clone(),
        };
        if self.args.diff {
            // Nothing is written: the exit code is that of the files as they are.
            let mut before = lint::lint(&target.inside, &source, &tree, &root.settings);
            self.keep_level(&mut before);
            self.failing |= self.fails(target, &before);
        }
        let fixed = lint::fix(&target.inside, &source, &tree, &root.settings, self.args.confirm_fixes);
        if self.args.fix && target.disk.is_none() {
            let text = fixed.files.get(&target.inside).map_or(source.text(), String::as_str);
            streams.print(text);
        }
        self.applied += fixed.applied;
        for (path, new) in fixed.files {
            let own = path == target.inside;
            let old = if own { Some(original.shared()) } else { disk.read(&path).found() };
            let shown = self.shown(target, &path);
            let change = changes.entry(key(&path)).or_insert_with(|| Change {
                old,
                new: String::new(),
                shown,
                fixes: 0,
                printed: own && target.disk.is_none(),
            });
            change.new = new;
            change.fixes += if own { fixed.applied } else { 0 };
        }
        for ((_, path), change) in changes.iter().filter(|((index, _), _)| *index == target.root) {
            tree.replace(path, change.new.as_str());
        }
        let linted = self.relabelled(target, fixed.report, &tree);
        if self.args.fix {
            self.add(target, linted);
        }
        Ok(())
    }

    fn print_diff(&self, changes: &BTreeMap<(usize, Utf8PathBuf), Change>, streams: &mut Streams) {
        for change in changes.values() {
            let name = visible(change.shown.as_str()).into_owned();
            let before = change.old.as_ref().map_or_else(|| "/dev/null".to_owned(), |_| format!("a/{name}"));
            let old = change.old.as_deref().unwrap_or("");
            let mut text = diff::unified(old, &change.new, &before, &format!("b/{name}"));
            // A pipe gets the bytes as they are, so that `git apply` can take them.
            if streams.is_terminal() {
                text = visible_lines(&text);
            }
            if streams.styled() {
                text = coloured(&text);
            }
            streams.print(&text);
        }
        let differing = changes.values().filter(|change| change.old.as_deref() != Some(&change.new)).count();
        let (fixes, differing) = (plural(self.applied), count(differing, "file"));
        streams.note(&format!("--fix would apply {fixes} in {differing}"));
    }
}

fn plural(fixes: usize) -> String {
    if fixes == 1 { "1 fix".to_owned() } else { format!("{fixes} fixes") }
}

/// A changed file.
#[derive(Debug)]
struct Change {
    /// The text on disk; `None` where there is no file yet.
    old: Option<Arc<str>>,
    new: String,
    shown: Utf8PathBuf,
    /// Fixes of the Dockerfile; 0 for a file that was changed because of another one's finding.
    fixes: usize,
    /// It came from standard input.
    printed: bool,
}

impl Change {
    fn what(&self) -> String {
        match (self.fixes, &self.old) {
            (0, None) => "new".to_owned(),
            (0, Some(_)) => "changed for a fix elsewhere".to_owned(),
            (fixes, _) => plural(fixes),
        }
    }
}

/// A unified diff in the colours of git.
fn coloured(diff: &str) -> String {
    let mut out = String::with_capacity(diff.len() + diff.len() / 8);
    for line in diff.split_inclusive('\n') {
        let colour = match line.as_bytes() {
            [b'+', b'+', b'+', ..] | [b'-', b'-', b'-', ..] => "\u{1b}[1m",
            [b'+', ..] => "\u{1b}[32m",
            [b'-', ..] => "\u{1b}[31m",
            [b'@', ..] => "\u{1b}[36m",
            _ => "",
        };
        let end = line.len() - usize::from(line.ends_with('\n'));
        let (content, newline) = line.split_at(end);
        let reset = if colour.is_empty() { "" } else { "\u{1b}[0m" };
        let _ = write!(out, "{colour}{content}{reset}{newline}");
    }
    out
}
