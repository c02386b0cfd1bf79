//! Whole plans from hand-made findings.

use super::{
    FileDiff, Input, Marker, OwnReview, OwnThread, Paint, Plan, Reason, ReportMode, Review, Talk, Update,
    fold, plan, read_marker, render,
};
use crate::config::Level;
use crate::lint::{FileReport, Silenced};
use crate::rules::{Finding, Fix};
use crate::text::{Edit, Source, Span};
use camino::Utf8Path;

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

/// What GitHub has after a review was posted.
fn posted(review: &Review) -> Talk {
    let thread = |(comment, comment_id): (&super::Comment, u64)| OwnThread {
        id: format!("T{comment_id}"),
        comment: format!("C{comment_id}"),
        comment_id,
        body: comment.body.replace('\n', "\r\n"),
        path: comment.path.to_string(),
        line: Some(comment.line),
        start_line: comment.start_line,
        original_line: Some(comment.line),
        ..OwnThread::default()
    };
    Talk {
        threads: review.comments.iter().zip(1..).map(thread).collect(),
        reviews: vec![OwnReview { id: "R1".into(), body: review.body.clone(), ..OwnReview::default() }],
        answers: Vec::new(),
    }
}

/// Applies edits as GitHub does.
fn carry_out(talk: &mut Talk, updates: &[Update]) {
    for update in updates {
        match update {
            Update::Comment { id, body } => {
                talk.threads.iter_mut().find(|t| t.comment == *id).unwrap().body.clone_from(body);
            }
            Update::Review { id, body } => {
                talk.reviews.iter_mut().find(|r| r.id == *id).unwrap().body.clone_from(body);
            }
            Update::Minimize { id, .. } => {
                for thread in talk.threads.iter_mut().filter(|t| t.comment == *id) {
                    thread.minimized = true;
                }
                for review in talk.reviews.iter_mut().filter(|r| r.id == *id) {
                    review.minimized = true;
                }
            }
            Update::Restore { id } => {
                talk.threads.iter_mut().find(|t| t.comment == *id).unwrap().minimized = false;
            }
            Update::Resolve { id } | Update::Reopen { id } => {
                let thread = talk.threads.iter_mut().find(|t| t.id == *id).unwrap();
                thread.resolved = matches!(update, Update::Resolve { .. });
                thread.resolved_by_us = thread.resolved;
            }
        }
    }
}

fn edited<'p>(plan: &'p Plan, comment: &str) -> &'p str {
    let body = plan.updates.iter().find_map(|update| match update {
        Update::Comment { id, body } | Update::Review { id, body } if id == comment => Some(body.as_str()),
        _ => None,
    });
    body.unwrap_or_else(|| panic!("{comment} is not edited: {:#?}", plan.updates))
}

#[test]
fn a_second_run_is_silent_and_a_changed_text_is_edited() {
    let (base, head, diffs) = example();
    let first = plan(&Input::new("head", &base, &head, &diffs)).review.unwrap();
    let talk = posted(&first);
    let input = Input { talk: &talk, ..Input::new("later", &base, &head, &diffs) };
    let second = plan(&input);
    assert_eq!((second.review, second.updates, second.outcome.repeated), (None, vec![], 5));

    // The body alone is remembered as well, so a comment that a person deleted does not come back.
    let only_body = Talk { threads: Vec::new(), ..talk.clone() };
    let only_body = plan(&Input { talk: &only_body, ..input });
    assert_eq!((only_body.review, only_body.updates, only_body.outcome.repeated), (None, vec![], 5));
    let only_threads = Talk { reviews: Vec::new(), ..talk.clone() };
    let only_threads = plan(&Input { talk: &only_threads, ..input }).review.unwrap();
    assert!(only_threads.comments.is_empty() && only_threads.body.contains("### Without an inline comment"));

    let mut changed = head.clone();
    changed[0].findings[0].message = "`debian:latest` moved again.".into();
    let third = plan(&Input { head: &changed, ..input });
    assert_eq!(third.review, None);
    assert_eq!(third.updates.len(), 1);
    assert!(edited(&third, "C1").contains("moved again"));
    let touches: [fn(&mut OwnThread); 3] =
        [|t| t.resolved = true, |t| t.minimized = true, |t| t.replied = true];
    for touch in touches {
        let mut talk = talk.clone();
        talk.threads.iter_mut().for_each(touch);
        let quiet = plan(&Input { head: &changed, talk: &talk, ..input });
        assert_eq!((quiet.review, quiet.updates), (None, vec![]));
    }
    let reviewed = Talk {
        reviews: vec![OwnReview { of_head: true, body: Marker::default().line(), ..OwnReview::default() }],
        ..Talk::default()
    };
    let same_head = plan(&Input { talk: &reviewed, ..Input::new("head", &base, &head, &diffs) });
    assert_eq!(same_head.review, None);
    assert!(!same_head.annotations.is_empty() && same_head.summary.contains("floating-base-image"));
    // What is new on a commit that has its review goes into that review's text.
    assert!(edited(&same_head, "").contains("floating-base-image"));
}

const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

#[test]
fn what_is_fixed_is_marked_and_folded_away_and_comes_back() {
    let (base, head, diffs) = example();
    let first = plan(&Input::new("head", &base, &head, &diffs)).review.unwrap();
    let mut talk = posted(&first);
    let mut mended = head.clone();
    mended[0].findings.retain(|finding| finding.rule != "floating-base-image");
    let fixed = plan(&Input { talk: &talk, ..Input::new(COMMIT, &base, &mended, &diffs) });
    assert_eq!((fixed.review.is_none(), fixed.outcome.settled), (true, 1));
    let body = edited(&fixed, "C1");
    insta::assert_snapshot!("fixed_comment", body);
    assert!(fixed.updates.contains(&Update::Minimize { id: "C1".into(), reason: Reason::Resolved }));
    // The verdict of the newest review follows.
    assert!(edited(&fixed, "R1").contains("**4 problems introduced**"), "{}", edited(&fixed, "R1"));

    carry_out(&mut talk, &fixed.updates);
    let again = plan(&Input { talk: &talk, ..Input::new("later", &base, &mended, &diffs) });
    assert_eq!((again.review, again.updates), (None, vec![]));
    // A revert brings it back in the same thread.
    let back = plan(&Input { talk: &talk, ..Input::new("later", &base, &head, &diffs) });
    assert_eq!(back.review, None);
    assert_eq!(edited(&back, "C1"), first.comments[0].body);
    assert!(back.updates.contains(&Update::Restore { id: "C1".into() }));
    // What a person settled stays as it is.
    for touch in [|t: &mut OwnThread| t.resolved = true, |t: &mut OwnThread| t.minimized = true] {
        let mut talk = posted(&first);
        touch(&mut talk.threads[0]);
        let quiet = plan(&Input { talk: &talk, ..Input::new(COMMIT, &base, &mended, &diffs) });
        assert!(!quiet.updates.iter().any(|e| matches!(e, Update::Comment { .. } | Update::Minimize { .. })));
    }
    // A talk is answered, but not folded away.
    talk = posted(&first);
    talk.threads[0].replied = true;
    let talked = plan(&Input { talk: &talk, ..Input::new(COMMIT, &base, &mended, &diffs) });
    assert!(edited(&talked, "C1").starts_with("✅ **Fixed** in 0123"));
    assert!(!talked.updates.iter().any(|update| matches!(update, Update::Minimize { .. })));
}

#[test]
fn a_finding_that_a_comment_silences_is_not_called_fixed() {
    let (base, head, diffs) = example();
    let first = plan(&Input::new("head", &base, &head, &diffs)).review.unwrap();
    let talk = posted(&first);
    let mut silent = head;
    silent[0].findings.retain(|finding| finding.rule != "floating-base-image");
    silent[0].silenced = vec![Silenced { rule: "floating-base-image", comment: Span::new(0, 4) }];
    let later = plan(&Input { talk: &talk, ..Input::new(COMMIT, &base, &silent, &diffs) });
    let body = edited(&later, "C1");
    assert!(body.starts_with("🔇 **Silenced** by a comment in the file, in 0123"), "{body}");
    assert!(later.updates.contains(&Update::Minimize { id: "C1".into(), reason: Reason::Resolved }));
}

#[test]
fn threads_are_resolved_only_where_that_is_wanted_and_permitted() {
    let (base, head, diffs) = example();
    let first = plan(&Input::new("head", &base, &head, &diffs)).review.unwrap();
    let mut talk = posted(&first);
    let mut mended = head;
    mended[0].findings.retain(|finding| finding.rule != "floating-base-image");
    let resolved = |talk: &Talk, wanted| {
        let mut input = Input { talk, ..Input::new(COMMIT, &base, &mended, &diffs) };
        input.settings.resolve_fixed = wanted;
        let plan = plan(&input);
        (plan.updates.contains(&Update::Resolve { id: "T1".into() }), plan.outcome.unresolvable)
    };
    assert_eq!(resolved(&talk, true), (false, 1));
    talk.threads[0].can_resolve = true;
    assert_eq!(resolved(&talk, true), (true, 0));
    assert_eq!(resolved(&talk, false), (false, 0));
}

#[test]
fn a_comment_loses_the_findings_that_are_gone() {
    let (base, head, diffs) = example();
    let first = plan(&Input::new("head", &base, &head, &diffs)).review.unwrap();
    // Two findings share the comment on line 2.
    let mut talk = posted(&first);
    assert!(first.comments[1].body.contains("package-cache-left"));
    let mut mended = head;
    mended[0].findings.retain(|finding| finding.rule != "package-cache-left");
    let later = plan(&Input { talk: &talk, ..Input::new(COMMIT, &base, &mended, &diffs) });
    let body = edited(&later, "C2");
    assert!(body.contains(&format!("settled: `package-cache-left` in {COMMIT}")), "{body}");
    assert!(body.contains("recommended-packages-installed"), "{body}");
    assert_eq!(read_marker(body).unwrap().rules, ["recommended-packages-installed"]);
    assert!(!later.updates.iter().any(|update| matches!(update, Update::Minimize { .. })));
    carry_out(&mut talk, &later.updates);
    let again = plan(&Input { talk: &talk, ..Input::new("later", &base, &mended, &diffs) });
    assert_eq!((again.review, again.updates), (None, vec![]));
}

#[test]
fn a_finding_whose_instruction_changed_keeps_its_thread() {
    let old = "FROM a\nRUN one\nRUN two\n";
    let new = "FROM a\nRUN three\nRUN one more\nRUN two\n";
    let of = |text: &str, needle: &str, print: &str| {
        let mut one = finding(text, "r", Level::Warning, needle, "m");
        one.fingerprint = print.into();
        one
    };
    let before = [report("Dockerfile", old, vec![of(old, "RUN one", "1"), of(old, "RUN two", "2")])];
    let diffs = [FileDiff::from_texts("Dockerfile", "FROM a\n", old)];
    let first = plan(&Input::new("head", &[], &before, &diffs)).review.unwrap();
    let mut talk = posted(&first);
    // `RUN one` became `RUN one more`: GitHub calls that thread outdated.
    talk.threads[0].line = None;
    talk.threads[1].line = Some(4);
    let after = [report("Dockerfile", new, vec![of(new, "RUN one more", "3"), of(new, "RUN two", "2")])];
    let diffs = [FileDiff::from_texts("Dockerfile", "FROM a\n", new)];
    let later = plan(&Input { talk: &talk, ..Input::new("later", &[], &after, &diffs) });
    assert_eq!((later.review.is_none(), later.outcome.repeated), (true, 2));
    let body = edited(&later, "C1");
    assert!(body.contains("`Dockerfile:3`") && read_marker(body).unwrap().fingerprints == ["3"], "{body}");
    carry_out(&mut talk, &later.updates);
    let again = plan(&Input { talk: &talk, ..Input::new("later", &[], &after, &diffs) });
    assert_eq!((again.review, again.updates), (None, vec![]));
    // Another finding of the same rule, while the old one's lines are as they were, is a new one.
    let mut elsewhere = posted(&first);
    elsewhere.threads[0].line = Some(2);
    let new = "FROM a\nRUN one\nRUN two\nRUN far\n";
    let after = [report("Dockerfile", new, vec![of(new, "RUN far", "9"), of(new, "RUN two", "2")])];
    let diffs = [FileDiff::from_texts("Dockerfile", "FROM a\n", new)];
    let later = plan(&Input { talk: &elsewhere, ..Input::new("later", &[], &after, &diffs) });
    assert_eq!(later.review.as_ref().map(|review| review.comments.len()), Some(1));
    assert!(edited(&later, "C1").starts_with("✅ **Fixed**"));
}

#[test]
fn a_newer_review_folds_the_older_away_and_keeps_what_only_it_said() {
    let (base, head, diffs) = example();
    let mut part = head.clone();
    part[0].findings.retain(|finding| finding.rule != "floating-base-image");
    let first = plan(&Input::new("head", &base, &part, &diffs)).review.unwrap();
    assert!(first.body.contains("no-healthcheck") && first.body.contains("run-as-root"));
    let talk = posted(&first);
    let later = plan(&Input { talk: &talk, ..Input::new("later", &base, &head, &diffs) });
    let review = later.review.unwrap();
    assert_eq!(review.comments.len(), 1);
    assert!(review.body.contains("no-healthcheck") && review.body.contains("run-as-root"), "{}", review.body);
    assert_eq!(later.updates, [Update::Minimize { id: "R1".into(), reason: Reason::Outdated }]);
}

#[test]
fn what_a_person_told_us_to_ignore_is_silent() {
    let (base, head, diffs) = example();
    let first = plan(&Input::new("head", &base, &head, &diffs)).review.unwrap();
    let mut talk = posted(&first);
    let marker = Marker { ignored_by: Some("mona".into()), ..read_marker(&talk.threads[0].body).unwrap() };
    talk.threads[0].body = format!("Ignored.\n\n{}", marker.line());
    let answer = Marker {
        ignored_by: Some("lisa".into()),
        ignored_rules: vec!["run-as-root".into()],
        ..Marker::default()
    };
    talk.answers = vec![format!("Ok.\n\n{}", answer.line())];
    let later = plan(&Input { talk: &talk, ..Input::new("later", &base, &head, &diffs) });
    assert_eq!((later.review.is_none(), later.outcome.ignored, later.outcome.warning), (true, 2, 1));
    assert!(!later.annotations.iter().any(|a| a.title == "run-as-root" || a.title == "floating-base-image"));
    assert!(later.summary.contains("`run-as-root` in `Dockerfile:12`, told by `lisa`"), "{}", later.summary);
    assert!(later.summary.contains("`floating-base-image` in `Dockerfile:1`, told by `mona`"));
    assert!(edited(&later, "R1").contains("2 ignored on this pull request"));
    assert!(!later.updates.iter().any(|update| matches!(update, Update::Comment { .. })));
}

#[test]
fn an_ignored_thread_follows_its_finding_and_keeps_its_words() {
    let of = |text: &str, needle: &str, print: &str| {
        let mut one = finding(text, "r", Level::Warning, needle, "m");
        one.fingerprint = print.into();
        [report("Dockerfile", text, vec![one])]
    };
    let diffs = |text: &str| [FileDiff::from_texts("Dockerfile", "FROM a\n", text)];
    let old = "FROM a\nRUN one\n";
    let first = plan(&Input::new("head", &[], &of(old, "RUN one", "1"), &diffs(old))).review.unwrap();
    let mut talk = posted(&first);
    let marker = Marker { ignored_by: Some("mona".into()), ..read_marker(&talk.threads[0].body).unwrap() };
    talk.threads[0].body = format!("Ignored.\n\n{}", marker.line());
    talk.threads[0].line = None;
    // It changes near its old place, moves far away, and becomes what it was.
    let far = format!("FROM a\n{}RUN one more\n", "ENV A=1\n".repeat(200));
    let steps: [(&str, &str, &str, bool); 4] = [
        ("FROM a\nRUN one more\n", "RUN one more", "2", true),
        (&far, "RUN one more", "2", false),
        (old, "RUN one", "1", false),
        ("FROM a\nRUN two\n", "RUN two", "3", true),
    ];
    for (text, needle, print, news) in steps {
        let later =
            plan(&Input { talk: &talk, ..Input::new(print, &[], &of(text, needle, print), &diffs(text)) });
        assert_eq!((later.review, later.outcome.ignored, later.outcome.total()), (None, 1, 0), "{text}");
        let comments: Vec<&Update> =
            later.updates.iter().filter(|update| matches!(update, Update::Comment { .. })).collect();
        assert_eq!(comments.len(), usize::from(news), "{text}: {comments:?}");
        carry_out(&mut talk, &later.updates);
        let marker = read_marker(&talk.threads[0].body).unwrap();
        assert!(talk.threads[0].body.starts_with("Ignored.\n\n") && marker.ignored_by.is_some());
        assert!(marker.fingerprints.contains(&print.to_owned()) || marker.was.contains(&print.to_owned()));
    }
    // It goes: the person's words stay as they are.
    let clean = [report("Dockerfile", "FROM a\n", Vec::new())];
    let later = plan(&Input { talk: &talk, ..Input::new("x", &[], &clean, &diffs(old)) });
    assert!(!later.updates.iter().any(|update| matches!(update, Update::Comment { .. })));
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
