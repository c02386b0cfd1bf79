//! The checks of `docker build --check`: the same verdict on the same line as BuildKit.
//!
//! `tests/buildkit_checks/cases` holds small Dockerfiles written for checks that real files rarely trip; a case
//! says on its last lines what BuildKit reports (`# expect: Check line`). On real files, `TIDEWAITER_CORPUS`
//! names the folder with BuildKit's own verdicts (`buildkit-lint-dev.jsonl`); without it that part does not run.
//! Every difference there has a line in `tests/buildkit_checks/differences.tsv`, which says why.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::missing_panics_doc,
    reason = "this is a test"
)]

use camino::Utf8Path;
use libtest_mimic::{Arguments, Failed, Trial};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use tidewaiter::config::{Level, RuleSetting};
use tidewaiter::dockerfile::{Dockerfile, Keyword, parse};
use tidewaiter::lint::{Settings, fix, lint};
use tidewaiter::repository::MemoryTree;
use tidewaiter::rules::{self, Finding};
use tidewaiter::text::{Source, diff};

/// When BuildKit runs a check: each step ends before the next one begins, and an error ends them all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    /// While lines are put together.
    Lines,
    /// While instructions are read one by one.
    Instructions,
    /// Over all instructions once they are read.
    Names,
    /// Over all FROMs with the defaults of ARG.
    Defaults,
    /// FROM by FROM, with the values of ARG: the image.
    Bases,
    /// FROM by FROM: the platform, behind the image.
    Platforms,
    /// When the base images have been looked up.
    Images,
    /// Instruction by instruction in each stage.
    Stages,
}

/// What we do about a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Here {
    /// A rule gives it.
    Rule,
    /// On purpose none: experimental in BuildKit, and off unless asked for.
    Never,
}

/// BuildKit's checks (`frontend/dockerfile/linter/ruleset.go`).
const CHECKS: [(&str, Step, Here); 22] = [
    ("ConsistentInstructionCasing", Step::Names, Here::Rule),
    ("CopyIgnoredFile", Step::Stages, Here::Rule),
    ("DuplicateStageName", Step::Names, Here::Rule),
    ("ExposeInvalidFormat", Step::Stages, Here::Rule),
    ("ExposeProtoCasing", Step::Stages, Here::Rule),
    ("FromAsCasing", Step::Instructions, Here::Rule),
    ("FromPlatformFlagConstDisallowed", Step::Platforms, Here::Rule),
    ("InvalidBaseImagePlatform", Step::Images, Here::Rule),
    ("InvalidDefaultArgInFrom", Step::Defaults, Here::Rule),
    ("InvalidDefinitionDescription", Step::Instructions, Here::Never),
    ("JSONArgsRecommended", Step::Stages, Here::Rule),
    ("LegacyKeyValueFormat", Step::Stages, Here::Rule),
    ("MaintainerDeprecated", Step::Instructions, Here::Rule),
    ("MultipleInstructionsDisallowed", Step::Stages, Here::Rule),
    ("NoEmptyContinuation", Step::Lines, Here::Rule),
    ("RedundantTargetPlatform", Step::Platforms, Here::Rule),
    ("ReservedStageName", Step::Names, Here::Rule),
    ("SecretsUsedInArgOrEnv", Step::Stages, Here::Rule),
    ("StageNameCasing", Step::Instructions, Here::Rule),
    ("UndefinedArgInFrom", Step::Bases, Here::Rule),
    ("UndefinedVar", Step::Stages, Here::Rule),
    ("WorkdirRelativePath", Step::Stages, Here::Rule),
];

/// The least share of files, in percent, on which a check must agree.
const LEAST_AGREEMENT: f64 = 99.0;

fn main() {
    let arguments = Arguments::from_args();
    let mut trials = cases();
    trials.push(Trial::test("fixes_go_together", fixes_go_together));
    if let Some(corpus) = std::env::var_os("TIDEWAITER_CORPUS").map(PathBuf::from) {
        trials.push(Trial::test("agrees_with_buildkit_on_real_files", move || corpus_agrees(&corpus)));
    }
    libtest_mimic::run(&arguments, trials).exit();
}

/// All rules on. The level keeps findings in stages for development, where lesser ones are not said.
fn settings() -> Settings {
    let mut settings = Settings::new(jiff::civil::date(2026, 11, 24));
    for rule in rules::all() {
        settings.config.rules.insert(rule.id.to_owned(), RuleSetting::At(Level::Error));
    }
    settings
}

/// What one side says on one line. A line in the middle of an instruction stands for the whole of it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Verdict {
    check: &'static str,
    line: u32,
    /// First and last line of the instruction.
    instruction: (u32, u32),
}

fn means(finding: &Finding, check: &str) -> bool {
    let same = |code: &&str| code.rsplit('/').next() == Some(check);
    if finding.codes.is_empty() {
        rules::find(finding.rule).is_some_and(|rule| rule.aliases.iter().any(same))
    } else {
        finding.codes.iter().any(same)
    }
}

/// Our findings as BuildKit's checks. The same words about one instruction count once, as BuildKit says them once.
fn ours(text: &str, tree: &MemoryTree, settings: &Settings) -> Vec<Verdict> {
    let source = Source::new(text);
    let file = parse(&source);
    let report = lint(Utf8Path::new("Dockerfile"), &source, tree, settings);
    let mut said = BTreeSet::new();
    let mut out = Vec::new();
    for finding in &report.findings {
        let line = source.line_of(finding.span.start);
        let instruction = file.instruction_at(finding.span.start).map_or((line, line), |i| i.lines);
        for (check, _, _) in CHECKS {
            if means(finding, check) && said.insert((check, instruction, finding.message.as_str())) {
                out.push(Verdict { check, line, instruction });
            }
        }
    }
    out
}

/// The result of laying two lists of verdicts side by side.
#[derive(Debug, Default)]
struct Comparison {
    same_line: usize,
    same_instruction: usize,
    theirs_only: Vec<u32>,
    ours_only: Vec<u32>,
}

/// BuildKit names the first line of an instruction (for an empty continuation line the last one that is
/// continued), we name the line that is wrong: both mean the same place.
fn compare(check: &str, theirs: &[u32], ours: &[Verdict]) -> Comparison {
    let mut left: Vec<&Verdict> = ours.iter().collect();
    let mut out = Comparison::default();
    let mut unmatched = Vec::new();
    for line in theirs {
        if let Some(at) = left.iter().position(|v| v.line == *line) {
            left.remove(at);
            out.same_line += 1;
        } else {
            unmatched.push(*line);
        }
    }
    for line in unmatched {
        let meant = |v: &&Verdict| {
            let (first, last) = v.instruction;
            line == first || (check == "NoEmptyContinuation" && (first..=last).contains(&line))
        };
        if let Some(at) = left.iter().position(meant) {
            left.remove(at);
            out.same_instruction += 1;
        } else {
            out.theirs_only.push(line);
        }
    }
    out.ours_only = left.iter().map(|v| v.line).collect();
    out
}

// Small cases.

/// One trial for each Dockerfile of the folder.
fn cases() -> Vec<Trial> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/buildkit_checks/cases");
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(dir).map(|d| d.filter_map(|e| Some(e.ok()?.path())).collect()).unwrap_or_default();
    paths.sort();
    paths
        .into_iter()
        .filter(|path| path.extension().is_some_and(|e| e == "Dockerfile"))
        .map(|path| {
            let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            Trial::test(format!("case::{name}"), move || case(&path))
        })
        .collect()
}

/// Comments of a case say what is to be: `# expect: Check line` what BuildKit and we report, `# theirs: Check line why`
/// what only BuildKit does, `# ours: Check line why` what only we do; `# ignore: pattern` is a line of the context's
/// ignore file. What no comment names must not be said.
fn case(path: &Path) -> Result<(), Failed> {
    let text = std::fs::read_to_string(path)?;
    let mut expected: BTreeMap<&str, Vec<u32>> = BTreeMap::new();
    let mut ignored = String::new();
    for line in text.lines() {
        if let Some(pattern) = line.strip_prefix("# ignore: ") {
            let _ = writeln!(ignored, "{pattern}");
            continue;
        }
        let known = ["expect", "theirs", "ours"]
            .into_iter()
            .find_map(|kind| Some((kind, line.strip_prefix("# ")?.strip_prefix(kind)?.strip_prefix(": ")?)));
        let Some((kind, rest)) = known else { continue };
        let mut words = rest.split_whitespace();
        let check = words.next().unwrap_or("");
        let number: u32 = words.next().unwrap_or("").parse()?;
        let (check, _, _) =
            CHECKS.iter().find(|(name, _, _)| *name == check).ok_or(format!("no check `{check}`"))?;
        if kind != "expect" && words.next().is_none() {
            return Err(format!("say why: {line}").into());
        }
        if kind != "theirs" {
            expected.entry(check).or_default().push(number);
        }
    }
    let mut tree = MemoryTree::complete().with("Dockerfile", &text);
    if !ignored.is_empty() {
        tree = tree.with(".dockerignore", &ignored);
    }
    let ours = ours(&text, &tree, &settings());
    let mut wrong = String::new();
    for (check, _, here) in CHECKS {
        if here != Here::Rule {
            continue;
        }
        let mine: Vec<Verdict> = ours.iter().filter(|v| v.check == check).cloned().collect();
        let result = compare(check, expected.get(check).map_or(&[], Vec::as_slice), &mine);
        for line in result.theirs_only {
            let _ = writeln!(wrong, "{check}: line {line} is not reported");
        }
        for line in result.ours_only {
            let _ = writeln!(wrong, "{check}: line {line} is reported");
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong.into()) }
}

/// Several findings on one line, in a file with Windows line ends and another escape character.
fn fixes_go_together() -> Result<(), Failed> {
    const BEFORE: &str = "# escape=`
from --platform=$TARGETPLATFORM mcr.microsoft.com/windows/servercore:ltsc2025 AS Base
RUN a `

  b
env DIR C:\\Program Files `
  more
env  DIR C:\\Program Files
maintainer Ann \"A\"
EXPOSE 80/TCP 443/TCP
FROM scratch as last
COPY --from=Base /a /a
LABEL a b
CMD [\"x\"]
";
    const AFTER: &str = "# escape=`
FROM mcr.microsoft.com/windows/servercore:ltsc2025 AS base
RUN a `
  b
ENV DIR C:\\Program Files `
  more
ENV  DIR=\"C:\\Program Files\"
LABEL org.opencontainers.image.authors=\"Ann `\"A`\"\"
EXPOSE 80/tcp 443/tcp
FROM scratch AS last
COPY --from=base /a /a
LABEL a=b
CMD [\"x\"]
";
    let rules = ["inconsistent-casing", "redundant-platform", "uppercase-stage-name", "empty-continuation"];
    let more = ["legacy-key-value", "deprecated-maintainer"];
    let only = rules.into_iter().chain(more).map(str::to_owned).collect();
    let settings = Settings { only, ..Settings::new(jiff::civil::date(2026, 11, 24)) };
    let path = Utf8Path::new("Dockerfile");
    for end in ["\n", "\r\n"] {
        let (before, after) = (BEFORE.replace('\n', end), AFTER.replace('\n', end));
        let fixed = fix(path, &Source::new(before), &MemoryTree::complete(), &settings, true);
        let found = fixed.files.get(path).map_or("", String::as_str);
        if found != after {
            return Err(diff::unified(&after, found, "expected", "fixed").into());
        }
    }
    Ok(())
}

// Real files.

/// Why a difference is right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reason {
    /// BuildKit would say the same with the real base image, or had it not stopped: no difference of verdicts.
    Oracle,
    /// The documentation of our rule names the case among those it does not report.
    Rule,
    /// We differ on purpose.
    Choice,
}

/// The checked-in list of differences.
struct Differences {
    reasons: BTreeMap<String, Reason>,
    /// (check, file, line, whose) → reason, and how many such differences are left; each one met is taken out.
    lines: BTreeMap<(String, String, u32, String), (String, usize)>,
}

impl Differences {
    fn read() -> Result<Self, Failed> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/buildkit_checks/differences.tsv");
        let mut out = Self { reasons: BTreeMap::new(), lines: BTreeMap::new() };
        for line in std::fs::read_to_string(path)?.lines() {
            if let Some(comment) = line.strip_prefix('#') {
                // `# key (oracle): why`, `# key (rule): why` or `# key (choice): why`
                let Some((head, why)) = comment.trim().split_once(": ") else { continue };
                let Some((key, kind)) = head.split_once(' ') else { continue };
                let reason = match kind {
                    "(oracle)" => Reason::Oracle,
                    "(rule)" => Reason::Rule,
                    "(choice)" => Reason::Choice,
                    _ => continue,
                };
                if !why.trim().is_empty() {
                    out.reasons.insert(key.to_owned(), reason);
                }
                continue;
            }
            let [check, id, number, whose, reason] = line.split('\t').collect::<Vec<_>>()[..] else {
                return Err(format!("five columns, please: {line}").into());
            };
            if !out.reasons.contains_key(reason) {
                return Err(format!("the reason `{reason}` is not explained at the top").into());
            }
            let key = (check.to_owned(), id.to_owned(), number.parse()?, whose.to_owned());
            out.lines.entry(key).or_insert_with(|| (reason.to_owned(), 0)).1 += 1;
        }
        Ok(out)
    }

    fn take(&mut self, check: &str, id: &str, line: u32, whose: &str) -> Option<Reason> {
        let key = (check.to_owned(), id.to_owned(), line, whose.to_owned());
        let (reason, left) = self.lines.get_mut(&key).filter(|(_, left)| *left > 0)?;
        *left -= 1;
        self.reasons.get(reason).copied()
    }
}

/// How far BuildKit came: in each step, the last line it looked at.
struct Reach {
    instructions: u32,
    names: u32,
    defaults: u32,
    bases: u32,
    images: u32,
    stages: u32,
}

impl Reach {
    const ALL: Self = Self {
        instructions: u32::MAX,
        names: u32::MAX,
        defaults: u32::MAX,
        bases: u32::MAX,
        images: u32::MAX,
        stages: u32::MAX,
    };
    const NOTHING: Self = Self { instructions: 0, names: 0, defaults: 0, bases: 0, images: 0, stages: 0 };

    fn of(error: Option<&str>, file: &Dockerfile) -> Self {
        let Some(error) = error else { return Self::ALL };
        let line_with = |word: &str, only_from: bool| {
            file.instructions
                .iter()
                .find(|i| (!only_from || i.keyword == Keyword::From) && i.rest_text().contains(word))
                .map(|i| (i.keyword, i.lines.0))
        };
        let between = |open: &str, close: &str| {
            let from = error.find(open)? + open.len();
            Some(&error[from..from + error[from..].find(close)?])
        };
        if let Some(number) = between("parse error on line ", ":").and_then(|n| n.parse().ok()) {
            return Self { instructions: number, ..Self::NOTHING };
        }
        if let Some(word) = between("base name (", ") should not be blank") {
            let line = line_with(word, true).map_or(0, |(_, line)| line);
            return Self { bases: line, images: 0, stages: 0, ..Self::ALL };
        }
        if error.starts_with("failed to parse stage name") {
            return Self { images: 0, stages: 0, ..Self::ALL };
        }
        if let Some(word) = between("failed to process \"", "\": ") {
            let word = word.replace("\\\"", "\"");
            let first_from = file.instructions.iter().find(|i| i.keyword == Keyword::From);
            let first_from = first_from.map_or(u32::MAX, |i| i.lines.0);
            return match line_with(&word, false) {
                Some((Keyword::From, line)) => {
                    Self { defaults: line - 1, bases: line, images: 0, stages: 0, ..Self::ALL }
                }
                Some((_, line)) if line > first_from => Self { stages: line, ..Self::ALL },
                _ => Self { instructions: u32::MAX, names: u32::MAX, ..Self::NOTHING },
            };
        }
        Self::NOTHING
    }

    fn holds(&self, step: Step, line: u32) -> bool {
        let last = match step {
            Step::Lines => return true,
            Step::Instructions => self.instructions,
            Step::Names => self.names,
            Step::Defaults => self.defaults,
            Step::Bases => self.bases,
            // An error about the image comes before the platform of the same FROM is looked at.
            Step::Platforms => return line < self.bases,
            Step::Images => self.images,
            Step::Stages => self.stages,
        };
        line <= last
    }
}

#[derive(Debug, Default)]
struct Tally {
    theirs: usize,
    ours: usize,
    same_line: usize,
    same_instruction: usize,
    explained: usize,
    unexplained: usize,
    /// Ours after the place where BuildKit stopped.
    beyond: usize,
    /// Files on which the verdicts differ, explained or not (faults of the oracle left out).
    files: usize,
    /// As `files`, without what our rule leaves out by its documentation.
    beside: usize,
}

fn corpus_agrees(corpus: &Path) -> Result<(), Failed> {
    let mut differences = Differences::read()?;
    let (settings, tree) = (settings(), MemoryTree::partial());
    let oracle = std::fs::read_to_string(corpus.join("buildkit-lint-dev.jsonl"))?;
    let mut tallies: BTreeMap<&str, Tally> = BTreeMap::new();
    let (mut files, mut stopped, mut unexplained) = (0, 0, String::new());
    for record in oracle.lines() {
        let record: Value = serde_json::from_str(record)?;
        let id = record["id"].as_str().ok_or("a record has an id")?;
        let bytes = std::fs::read(corpus.join("dev").join(format!("{id}.Dockerfile")))?;
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let mut theirs: BTreeMap<&str, Vec<u32>> = BTreeMap::new();
        for verdict in record["lint"].as_array().into_iter().flatten() {
            let line = u32::try_from(verdict[1].as_u64().unwrap_or(0))?;
            theirs.entry(verdict[0].as_str().unwrap_or("")).or_default().push(line);
        }
        if let Some(unknown) = theirs.keys().find(|name| !CHECKS.iter().any(|(c, _, _)| c == *name)) {
            return Err(format!("{id}: BuildKit has a check `{unknown}` that the table lacks").into());
        }
        files += 1;
        let error = record["err"].as_str();
        stopped += usize::from(error.is_some());
        let reach = Reach::of(error, &parse(&Source::new(text.as_str())));
        let ours = ours(&text, &tree, &settings);
        for (check, step, here) in CHECKS {
            let tally = tallies.entry(check).or_default();
            let theirs = theirs.get(check).map_or(&[][..], Vec::as_slice);
            let mine: Vec<Verdict> = ours.iter().filter(|v| v.check == check).cloned().collect();
            tally.theirs += theirs.len();
            tally.ours += mine.len();
            if here != Here::Rule {
                continue;
            }
            let result = compare(check, theirs, &mine);
            tally.same_line += result.same_line;
            tally.same_instruction += result.same_instruction;
            let (comparable, beyond): (Vec<u32>, Vec<u32>) =
                result.ours_only.iter().partition(|line| reach.holds(step, **line));
            tally.beyond += beyond.len();
            let (mut differs, mut beside) = (false, false);
            let theirs_only = result.theirs_only.iter().map(|line| (*line, "theirs"));
            for (line, whose) in theirs_only.chain(comparable.into_iter().map(|line| (line, "ours"))) {
                let reason = differences.take(check, id, line, whose);
                differs |= reason != Some(Reason::Oracle);
                beside |= !matches!(reason, Some(Reason::Oracle | Reason::Rule));
                if reason.is_some() {
                    tally.explained += 1;
                } else {
                    tally.unexplained += 1;
                    let shown = text.lines().nth(line as usize - 1).unwrap_or("").trim();
                    let _ = writeln!(unexplained, "{check}\t{id}\t{line}\t{whose}\t  {shown}");
                }
            }
            tally.files += usize::from(differs);
            tally.beside += usize::from(beside);
        }
    }
    println!("{files} files; on {stopped} of them BuildKit stopped at an error: compared up to there");
    println!(
        "{:32} {:>6} {:>6} {:>6} {:>11} {:>9} {:>11} {:>6} {:>11} {:>11}",
        "check",
        "theirs",
        "ours",
        "agreed",
        "(same line)",
        "explained",
        "unexplained",
        "beyond",
        "agreement",
        "(beside Not)"
    );
    let mut failures = String::new();
    for (check, _, here) in CHECKS {
        let Some(tally) = tallies.get(check) else { continue };
        let agreed = tally.same_line + tally.same_instruction;
        let share = |differing: usize| -> Result<f64, Failed> {
            Ok(100.0 * f64::from(files - u32::try_from(differing)?) / f64::from(files))
        };
        let (all, percent) = (share(tally.files)?, share(tally.beside)?);
        let shown = match here {
            Here::Rule => format!("{all:.2} % {percent:>9.2} %"),
            Here::Never => "no rule".to_owned(),
        };
        println!(
            "{check:32} {:6} {:6} {agreed:6} {:11} {:9} {:11} {:6} {shown:>11}",
            tally.theirs, tally.ours, tally.same_line, tally.explained, tally.unexplained, tally.beyond
        );
        if here == Here::Rule && percent < LEAST_AGREEMENT {
            let _ = writeln!(failures, "{check} agrees on {percent:.2} % of the files only");
        }
        if here == Here::Never && tally.theirs > 0 {
            let _ = writeln!(failures, "BuildKit reports {check} after all");
        }
    }
    if !unexplained.is_empty() {
        let _ = writeln!(failures, "differences without an explanation:\n{unexplained}");
    }
    for ((check, id, line, whose), _) in differences.lines.iter().filter(|(_, (_, left))| *left > 0) {
        let _ = writeln!(failures, "explained, but no difference any more: {check} {id} {line} {whose}");
    }
    if failures.is_empty() { Ok(()) } else { Err(failures.into()) }
}
