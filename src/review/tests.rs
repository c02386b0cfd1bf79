//! Whole plans from hand-made findings.

use super::{FileDiff, Input, Paint, Plan, ReportMode, Talk, fold, plan, read_marker, render};
use crate::config::Level;
use crate::lint::{FileReport, Silenced};
use crate::rules::{Finding, Fix};
use crate::text::{Edit, Source, Span};
use camino::Utf8Path;

mod threads;

use threads::posted;

pub(super) fn report(path: &str, text: &str, findings: Vec<Finding>) -> FileReport {
    let findings = findings.into_iter().map(|f| Finding { path: path.into(), ..f }).collect();
    FileReport { findings, ..FileReport::new(path, Source::new(text)) }
}

/// A finding on the first place where `needle` stands; its fingerprint is rule and needle.
pub(super) fn finding(text: &str, rule: &'static str, level: Level, needle: &str, message: &str) -> Finding {
    let start = text.find(needle).unwrap();
    Finding {
        rule,
        level,
        path: "Dockerfile".into(),
        span: Span::of(&(start..start + needle.len())),
        message: message.into(),
        notes: Vec::new(),
        related: Vec::new(),
        fix: None,
        subject: None,
        fingerprint: format!("{rule}.{}", needle.len()),
        codes: Vec::new(),
    }
}

fn with(finding: Finding, fix: Fix) -> Finding {
    Finding { fix: Some(fix), ..finding }
}

fn at(text: &str, needle: &str) -> u32 {
    text.find(needle).unwrap() as u32
}

fn shown(plan: &Plan, diffs: &[FileDiff]) -> String {
    render(plan, diffs, Paint::Plain)
}

const BASE: &str = "\
FROM debian:12-slim
RUN apt-get update && apt-get install -y --no-install-recommends curl && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY requirements.txt .
RUN pip install --no-cache-dir -r requirements.txt
COPY src src
COPY assets assets
USER 10001:10001
EXPOSE 8000
STOPSIGNAL SIGINT
LABEL a=b
LABEL c=d
CMD [\"python3\", \"-m\", \"app\"]
";

const HEAD: &str = "\
FROM debian:latest
RUN apt-get update && apt-get install -y curl
WORKDIR /app
COPY requirements.txt .
RUN pip install --no-cache-dir -r requirements.txt
COPY src src
COPY assets assets
EXPOSE 8000
STOPSIGNAL SIGINT
LABEL a=b
LABEL c=d
CMD [\"python3\", \"-m\", \"app\"]
";

/// What a pull request with several mistakes brings.
fn head_findings() -> Vec<Finding> {
    let apt = "apt-get install -y";
    let clean = Edit::insert(at(HEAD, "\nWORKDIR"), " && rm -rf /var/lib/apt/lists/*");
    let mut root = finding(
        HEAD,
        "run-as-root",
        Level::Warning,
        "CMD",
        "The container runs as root: no `USER` before `CMD`.",
    );
    root.notes.push("Check that the app does not write outside `/tmp`.".into());
    vec![
        finding(
            HEAD,
            "floating-base-image",
            Level::Warning,
            "debian:latest",
            "`debian:latest` is another image tomorrow.",
        ),
        with(
            finding(
                HEAD,
                "recommended-packages-installed",
                Level::Info,
                apt,
                "Recommended packages are installed too.",
            ),
            Fix::safe(
                "Add `--no-install-recommends`",
                vec![Edit::insert(at(HEAD, " curl"), " --no-install-recommends")],
            ),
        ),
        with(
            finding(
                HEAD,
                "package-cache-left",
                Level::Warning,
                "apt-get update",
                "The package lists stay in the layer.",
            ),
            Fix::safe("Remove the lists in the same `RUN`", vec![clean]),
        ),
        finding(HEAD, "old-debt", Level::Warning, "WORKDIR", "Was there before."),
        with(
            root,
            Fix::confirm("Add `USER 10001:10001`", vec![Edit::insert(at(HEAD, "CMD"), "USER 10001:10001\n")]),
        ),
        finding(HEAD, "no-healthcheck", Level::Info, "LABEL c", "Nothing tells whether the app is well."),
        finding(HEAD, "label-style", Level::Style, "LABEL a", "Two `LABEL`s can be one."),
    ]
}

fn base_findings() -> Vec<Finding> {
    vec![
        finding(BASE, "old-debt", Level::Warning, "WORKDIR", "Was there before."),
        finding(BASE, "exposed-port", Level::Info, "EXPOSE", "Is fixed."),
    ]
}

fn example() -> (Vec<FileReport>, Vec<FileReport>, Vec<FileDiff>) {
    let diffs = vec![FileDiff::from_texts("Dockerfile", BASE, HEAD)];
    (
        vec![report("Dockerfile", BASE, base_findings())],
        vec![report("Dockerfile", HEAD, head_findings())],
        diffs,
    )
}

#[test]
fn a_whole_review() {
    let (base, head, diffs) = example();
    let plan = plan(&Input::new("0123456789012345678901234567890123456789", &base, &head, &diffs));
    insta::assert_json_snapshot!("whole_plan", plan);
    insta::assert_snapshot!("whole_rendered", shown(&plan, &diffs));
    assert_eq!((plan.outcome.warning, plan.outcome.info, plan.outcome.style), (3, 2, 1));
    assert_eq!((plan.outcome.fixed, plan.outcome.existing, plan.outcome.comments), (1, 1, 2));
}

#[test]
fn a_deleted_user_is_said_where_it_was() {
    let (base, head, diffs) = example();
    let causes =
        |report: &FileReport, _: &Finding| vec![super::LineRange::new(1, report.source.line_count())];
    let input = Input { causes: Some(&causes), ..Input::new("head", &base, &head, &diffs) };
    let review = plan(&input).review.unwrap();
    let comment = review.comments.iter().find(|c| c.body.contains("run-as-root")).unwrap();
    // The suggestion above CMD (line 12) is outside the diff, which ends at line 10.
    assert_eq!((comment.line, comment.start_line), (8, None));
    assert!(comment.body.contains("⚠️ **Warning** · `run-as-root` · `line 12`"), "{}", comment.body);
    assert!(comment.body.contains("+USER 10001:10001\n") && !comment.body.contains("```suggestion"));
}

#[test]
fn the_same_finding_in_another_file_is_new() {
    let (base, mut head, mut diffs) = example();
    let review = plan(&Input::new("head", &base, &head, &diffs)).review.unwrap();
    head.push(report("other/Dockerfile", HEAD, head_findings()));
    diffs.push(FileDiff::from_texts("other/Dockerfile", "", HEAD));
    let talk = Talk { threads: Vec::new(), ..posted(&review) };
    let later = plan(&Input { talk: &talk, ..Input::new("later", &base, &head, &diffs) }).review.unwrap();
    assert!(later.comments.iter().all(|comment| comment.path == "other/Dockerfile"));
    assert_eq!(later.comments.len(), 4);
}

#[test]
fn renames_and_moves_introduce_nothing() {
    let base = [report("Dockerfile", BASE, base_findings())];
    let head = [report("docker/app.Dockerfile", BASE, base_findings())];
    let renamed = [FileDiff::from_texts("docker/app.Dockerfile", BASE, BASE).renamed_from("Dockerfile")];
    let outcome = plan(&Input::new("head", &base, &head, &renamed)).outcome;
    assert_eq!((outcome.total(), outcome.existing, outcome.fixed), (0, 2, 0));
    let moved = [
        FileDiff::from_texts("docker/app.Dockerfile", "", BASE),
        FileDiff::from_texts("Dockerfile", BASE, ""),
    ];
    let outcome = plan(&Input::new("head", &base, &head, &moved)).outcome;
    assert_eq!((outcome.total(), outcome.existing, outcome.fixed), (0, 2, 0));
}

#[test]
fn a_copy_above_the_old_line_is_the_new_one() {
    let (old, new) = ("FROM a\nRUN x\n", "FROM a\nRUN x\nRUN y\nRUN x\n");
    let first = |text| finding(text, "r", Level::Warning, "RUN x", "m");
    let mut second = first(new);
    second.span = Span::new(19, 24);
    second.fingerprint = "r.second".into();
    let base = [report("Dockerfile", old, vec![first(old)])];
    let head = [report("Dockerfile", new, vec![first(new), second])];
    // As git may show it: lines 2 and 3 are new, line 4 is the old one.
    let diffs = [FileDiff::from_patch("Dockerfile", "@@ -1,2 +1,4 @@\n FROM a\n+RUN x\n+RUN y\n RUN x\n")];
    let review = plan(&Input::new("head", &base, &head, &diffs)).review.unwrap();
    assert_eq!(review.comments.iter().map(|c| c.line).collect::<Vec<_>>(), [2]);
}

#[test]
fn report_modes() {
    let (base, head, diffs) = example();
    let mut input = Input::new("head", &base, &head, &diffs);
    let mut total = |mode| {
        input.settings.report = mode;
        let outcome = plan(&input).outcome;
        (outcome.total(), outcome.existing)
    };
    assert_eq!(total(ReportMode::Introduced), (6, 1));
    assert_eq!(total(ReportMode::ChangedLines), (6, 1));
    assert_eq!(total(ReportMode::All), (7, 0));
}

#[test]
fn a_fix_in_another_file_is_suggested_there() {
    let (base_ignore, head_ignore) = ("node_modules\n.git\n.env\n", "node_modules\n.git\n");
    let text = "FROM a\nCOPY . .\n";
    let leak = with(
        finding(text, "secrets-in-context", Level::Error, "COPY . .", "`COPY . .` takes `.env` along."),
        Fix::safe("Ignore `.env` again", vec![Edit::insert(18, ".env\n")]).in_file(".dockerignore"),
    );
    let (base, head) = ([report("Dockerfile", text, vec![])], [report("Dockerfile", text, vec![leak])]);
    let diffs = [FileDiff::from_texts(".dockerignore", base_ignore, head_ignore)];
    let texts = |path: &Utf8Path| (path == ".dockerignore").then(|| Source::new(head_ignore));
    let plain = Input::new("head", &base, &head, &diffs);
    let plan_with = plan(&Input { texts: Some(&texts), ..plain });
    insta::assert_snapshot!("other_file", shown(&plan_with, &diffs));
    // Without its text the finding is not lost.
    let body = plan(&plain).review.unwrap().body;
    assert!(body.contains("**To do:** Ignore `.env` again (in `.dockerignore`)."), "{body}");
}

#[test]
fn a_finding_outside_the_diff_is_said_where_it_comes_from() {
    let text = "FROM a\nCOPY . .\n";
    let old = "echo 1\n".repeat(14) + "echo 15\n" + &"echo 2\n".repeat(13) + "echo 29\n";
    let new = old.replace("echo 15\n", "fifteen\n");
    let diffs = [FileDiff::from_texts("run.sh", &old, &new)];
    let texts = |path: &Utf8Path| (path == "run.sh").then(|| Source::new(new.as_str()));
    let lonely = finding(text, "r", Level::Warning, "COPY . .", "Said.");
    let related = |needle: &str| Finding {
        related: vec![crate::rules::Related {
            path: Some("run.sh".into()),
            span: Span::of(&(at(&new, needle) as usize..at(&new, needle) as usize + 4)),
            message: "here".into(),
        }],
        ..lonely.clone()
    };
    let fixed = with(lonely.clone(), Fix::safe("Mend it", vec![Edit::insert(0, "x\n")]).in_file("run.sh"));
    let place = |finding: Finding| {
        let (base, head) =
            ([report("Dockerfile", text, vec![])], [report("Dockerfile", text, vec![finding])]);
        let plan = plan(&Input { texts: Some(&texts), ..Input::new("head", &base, &head, &diffs) });
        let review = plan.review.unwrap();
        let comment = review.comments.first().map(|c| (c.path.to_string(), c.line));
        let said = review.comments.first().map_or(&review.body, |comment| &comment.body);
        assert!(said.contains("`Dockerfile:2`"), "{said}");
        comment
    };
    assert_eq!(place(related("fifteen")), Some(("run.sh".to_owned(), 15)));
    // A place that the change does not show is none.
    assert_eq!(place(related("echo 29")), None);
    // The fix is elsewhere in the file: what changed there is the reason all the same.
    assert_eq!(place(fixed), Some(("run.sh".to_owned(), 15)));
    assert_eq!(place(lonely), None);
}

#[test]
fn neighbours_speak_about_the_change_only() {
    let text = "FROM a\nRUN b\n";
    let old = || finding(text, "old", Level::Warning, "RUN b", "Said.");
    let new = || finding(text, "new", Level::Warning, "FROM a", "Said.");
    let base = [report("Dockerfile", text, vec![old()]), report("x/Dockerfile", text, vec![old()])];
    let head =
        [report("Dockerfile", text, vec![old(), new()]), report("x/Dockerfile", text, vec![old(), new()])];
    let around = ["x/Dockerfile".into()];
    let mut input = Input { around: &around, ..Input::new("head", &base, &head, &[]) };
    for (mode, expected) in [(ReportMode::Introduced, (2, 1)), (ReportMode::All, (3, 0))] {
        input.settings.report = mode;
        let outcome = plan(&input).outcome;
        assert_eq!((outcome.total(), outcome.existing), expected);
    }
}

#[test]
fn several_fixes_on_one_line_are_one_suggestion() {
    let text = "FROM a\nRUN one two\n";
    let edit = |rule, level, edits| {
        with(finding(text, rule, level, "one", "Said."), Fix::safe(format!("Do {rule}"), edits))
    };
    let add = |word: &str| vec![Edit::insert(at(text, " two"), word)];
    let base = [];
    let diffs = [FileDiff::from_texts("Dockerfile", "", text)];
    let head = |third: Vec<Edit>| {
        let all = vec![
            edit("small", Level::Info, add(" -b")),
            edit("large", Level::Error, add(" -a")),
            edit("clash", Level::Warning, third),
        ];
        [report("Dockerfile", text, all)]
    };
    let fits = head(vec![Edit::replace(Span::new(15, 18), "TWO")]);
    let review = plan(&Input::new("head", &base, &fits, &diffs)).review.unwrap();
    assert_eq!(review.comments.len(), 1);
    assert!(
        review.comments[0].body.contains("```suggestion\nRUN one -a -b TWO\n```"),
        "{}",
        review.comments[0].body
    );
    assert!(review.comments[0].body.contains("**One suggestion:** Do large; Do clash; Do small."));

    // Those that want the same bytes: the worst finding's fix is kept, the other is said in words.
    let mut clash = head(vec![Edit::replace(Span::new(11, 14), "TWO")]);
    clash[0].findings[1].fix.as_mut().unwrap().edits = vec![Edit::replace(Span::new(11, 14), "ONE")];
    let review = plan(&Input::new("head", &base, &clash, &diffs)).review.unwrap();
    assert!(review.comments[0].body.contains("RUN ONE -b two\n"), "{}", review.comments[0].body);
    assert!(review.comments[0].body.contains("**To do:** Do clash."));

    // A proof that refuses two of them together.
    let refuses = |_: &Utf8Path, text: &str, gone: &[&Finding]| {
        assert!(gone.len() > 1);
        !(text.contains("-a") && text.contains("TWO"))
    };
    let review =
        plan(&Input { reprove: Some(&refuses), ..Input::new("head", &base, &fits, &diffs) }).review.unwrap();
    assert!(review.comments[0].body.contains("RUN one -a -b two\n"), "{}", review.comments[0].body);
    assert!(review.comments[0].body.contains("**To do:** Do clash."));
}

#[test]
fn many_findings_are_capped_and_none_is_lost() {
    let text = (0..3_000).map(|n| format!("RUN step{n:04}")).collect::<Vec<_>>().join("\n") + "\n";
    let of = |n: u32| {
        let start = n * 13;
        let level = if n % 100 == 7 { Level::Error } else { Level::Warning };
        let mut one = finding(&text, "many", level, "RUN", &format!("Message {n}. {}", "word ".repeat(30)));
        one.span = Span::new(start, start + 3);
        one.fingerprint = format!("{n:016x}");
        with(one, Fix::safe("Fix", vec![Edit::replace(Span::new(start + 4, start + 8), "STEP")]))
    };
    let head = [report("Dockerfile", &text, (0..3_000).map(of).collect())];
    let diffs = [FileDiff::from_texts("Dockerfile", "", &text)];
    let plan = plan(&Input::new("head", &[], &head, &diffs));
    let review = plan.review.unwrap();
    assert_eq!(review.comments.len(), 30);
    assert_eq!(review.comments.iter().filter(|c| c.body.contains("**Error**")).count(), 30);
    assert!(review.body.len() <= super::MAX_BODY, "{}", review.body.len());
    assert_eq!(review.body.matches("```").count() % 2, 0);
    assert!(review.body.contains("more: see the job summary."));
    assert!(read_marker(&review.body).unwrap().cut);
    assert_eq!(plan.annotations.len(), 3_000);
    assert!(plan.summary.len() <= 500_100);
    // What was cut from the marker counts as said: no review per push.
    let talk = Talk { threads: Vec::new(), ..posted(&review) };
    let next = super::plan(&Input { talk: &talk, ..Input::new("next", &[], &head, &diffs) });
    assert_eq!(next.review, None);
    let talk = posted(&review);
    let next = super::plan(&Input { talk: &talk, ..Input::new("next", &[], &head, &diffs) });
    assert_eq!((next.review, next.updates), (None, vec![]));
}

#[test]
fn long_texts_fit_a_comment() {
    let text = "FROM a\nRUN one\n";
    let long = "$ ".repeat(1_500);
    let of = |n: usize| {
        let mut one = finding(text, "long", Level::Warning, "one", &long);
        one.notes = vec![long.clone(); 9];
        one.fingerprint = format!("{n:016x}");
        one
    };
    let head = [report("Dockerfile", text, (0..25).map(of).collect())];
    let diffs = [FileDiff::from_texts("Dockerfile", "", text)];
    let review = plan(&Input::new("head", &[], &head, &diffs)).review.unwrap();
    let [comment] = review.comments.as_slice() else { panic!("{}", review.comments.len()) };
    assert_eq!(comment.fingerprints.len(), 20);
    assert!(comment.body.len() <= super::MAX_BODY && comment.body.contains("more on these lines"));
    assert_eq!(read_marker(&comment.body).unwrap().fingerprints.len(), 20);
    assert!(review.body.len() <= super::MAX_BODY && review.body.contains("5 more: see the job summary."));
}

#[test]
fn refused_comments_move_to_the_body() {
    let (base, head, diffs) = example();
    let review = plan(&Input::new("head", &base, &head, &diffs)).review.unwrap();
    let folded = fold(&review.body, &review.comments[..1]);
    assert!(folded.contains(&format!("`Dockerfile:{}`\n\n", review.comments[0].line)));
    let (old, new) = (read_marker(&review.body).unwrap(), read_marker(&folded).unwrap());
    assert_eq!((new.seen, new.listed.len()), (old.seen, old.listed.len() + 1));
    assert!(!folded.contains("```suggestion") && !folded.contains("fp="));
}

#[test]
fn hostile_text_stays_text() {
    let text = "FROM a\nCOPY \u{202e}``` x\n";
    let mut evil = with(
        finding(
            text,
            "r",
            Level::Warning,
            "COPY",
            "Look `` ` `` at @everyone <!-- x --> ![p](http://x/y) ::error::x",
        ),
        Fix::safe("T", vec![Edit::insert(at(text, " x"), " --flag")]),
    );
    evil.fingerprint = "a --> <b>".into();
    let path = "a`b\n<img src=x>/Dockerfile";
    let head = [report(path, text, vec![evil])];
    let diffs = [FileDiff::from_texts(path, "", text)];
    let plan = plan(&Input::new("head", &[], &head, &diffs));
    let comment = &plan.review.as_ref().unwrap().comments[0];
    insta::assert_snapshot!("hostile", comment.body);
    assert!(!plan.summary.contains("<img") || plan.summary.contains("``a`b\\n<img src=x>"));
    assert!(!shown(&plan, &diffs).contains('\u{202e}'));
}

#[test]
fn a_fix_that_leaves_the_hunks_is_a_diff_in_the_body() {
    let base = (1..=40).map(|n| format!("ENV A{n}={n}")).collect::<Vec<_>>().join("\n") + "\n";
    let head = base.replace("ENV A3=3\n", "ENV A3=three\n");
    let fix = || Fix::safe("Add the user", vec![Edit::insert(at(&head, "ENV A30"), "USER 1\n")]);
    let diffs = [FileDiff::from_texts("Dockerfile", &base, &head)];
    // Neither the finding nor its fix is in the diff.
    let outside = finding(&head, "r", Level::Warning, "ENV A30", "No user.");
    let reports = [report("Dockerfile", &head, vec![with(outside, fix())])];
    let review = plan(&Input::new("head", &[], &reports, &diffs)).review.unwrap();
    assert!(review.comments.is_empty());
    assert!(review.body.contains("```diff\n ENV A29=29\n+USER 1\n ENV A30=30\n```"), "{}", review.body);
    // The finding is, its fix is not.
    let inside = finding(&head, "r", Level::Warning, "ENV A3=three", "No user.");
    let reports = [report("Dockerfile", &head, vec![with(inside, fix())])];
    let review = plan(&Input::new("head", &[], &reports, &diffs)).review.unwrap();
    let [comment] = review.comments.as_slice() else { panic!("{review:?}") };
    assert_eq!((comment.start_line, comment.line), (None, 3));
    assert!(comment.body.contains("+USER 1\n") && !comment.body.contains("suggestion"), "{}", comment.body);
}

#[test]
fn what_is_suggested_stands_there_as_it_is() {
    // A renamed file whose last line has no end, with tabs, two-character line ends and backticks.
    let head = "FROM a\r\nRUN\tb ````\r\n\tc";
    let patch = "@@ -1,2 +1,3 @@\n FROM a\r\n+RUN\tb ````\r\n \tc\n\\ No newline at end of file";
    let diffs = [FileDiff::from_patch("new/Dockerfile", patch).renamed_from("Dockerfile")];
    let whole = with(
        finding(head, "whole", Level::Warning, "RUN", "All of it."),
        Fix::safe("Do", vec![Edit::replace(Span::of(&(8..head.len())), "RUN\tB ````\r\n\tC\r\n\tD")]),
    );
    let reports = [report("new/Dockerfile", head, vec![whole])];
    let review = plan(&Input::new("head", &[], &reports, &diffs)).review.unwrap();
    let [comment] = review.comments.as_slice() else { panic!("{review:?}") };
    assert_eq!((comment.path.as_str(), comment.start_line, comment.line), ("new/Dockerfile", Some(2), 3));
    let block = "`````suggestion\nRUN\tB ````\n\tC\n\tD\n`````\n";
    assert!(comment.body.contains(block), "{}", comment.body);
}

#[test]
fn who_silences_findings_is_said() {
    let text = "FROM a\n# tidewaiter ignore=r\nRUN b\n# tidewaiter ignore=r\nRUN c\n";
    let span = |needle: &str, from: usize| {
        let start = from + text[from..].find(needle).unwrap();
        Span::of(&(start..start + needle.len()))
    };
    let silenced: Vec<Silenced> = [span("# tidewaiter ignore=r", 0), span("# tidewaiter ignore=r", 20)]
        .map(|comment| Silenced { rule: "r", comment })
        .to_vec();
    let of = |base: &str| {
        let found = vec![finding(text, "x", Level::Warning, "FROM", "m")];
        let head =
            [FileReport { suppressed: 2, silenced: silenced.clone(), ..report("Dockerfile", text, found) }];
        let diffs = [FileDiff::from_texts("Dockerfile", base, text)];
        plan(&Input::new("head", &[], &head, &diffs)).review.unwrap().body
    };
    assert!(of(text).contains(" 2 silenced by comments in the files.\n"));
    assert!(of("").contains(" 2 silenced by comments in the files, all of which this change adds.\n"));
    let one = of("FROM a\n# tidewaiter ignore=r\nRUN b\n");
    assert!(
        one.contains(" 2 silenced by comments in the files, 1 of them by comments that this change adds.\n"),
        "{one}"
    );
    let found = vec![finding(text, "x", Level::Warning, "FROM", "m")];
    let head = [FileReport { overruled: 1, ..report("Dockerfile", text, found) }];
    let notes = ["The pull request changes `.tidewaiter.yml`.".to_owned()];
    let input = Input { notes: &notes, ..Input::new("head", &[], &head, &[]) };
    let plan = plan(&input);
    for shown in [&plan.review.as_ref().unwrap().body, &plan.summary] {
        assert!(shown.contains(" 1 said although comments in the files ignore them"), "{shown}");
        assert!(shown.contains("\n\nThe pull request changes `.tidewaiter.yml`."), "{shown}");
    }
    assert_eq!(plan.notes, notes);
}

#[test]
fn nothing_to_say() {
    let none = plan(&Input::new("head", &[], &[], &[]));
    assert_eq!(none.review, None);
    assert_eq!(none.summary, "## Tidewaiter\n\nNothing that concerns an image changed.\n");
    assert_eq!(shown(&none, &[]), "Nothing that concerns an image changed.\n");
    let base = [report("Dockerfile", BASE, base_findings())];
    let deleted = plan(&Input::new("head", &base, &[], &[]));
    assert_eq!((deleted.review.is_none(), deleted.outcome.fixed), (true, 2));
    assert_eq!(shown(&deleted, &[]), "Nothing to say; 2 fixed.\n");
    let (base, head, diffs) = example();
    let mut input = Input::new("head", &base, &head, &diffs);
    input.settings.max_comments = 0;
    let review = plan(&input).review.unwrap();
    assert!(review.comments.is_empty() && review.body.contains("run-as-root"));
    input.settings.suggestions = false;
    input.settings.max_comments = 30;
    let review = plan(&input).review.unwrap();
    assert!(!review.comments.iter().any(|c| c.body.contains("```")) && !review.body.contains("```"));
}
