//! What becomes of threads and earlier reviews when the pull request goes on.

use super::super::{
    Comment, FileDiff, Input, Marker, OwnReview, OwnThread, Plan, Reason, Review, Talk, Update, plan,
    read_marker,
};
use super::{example, finding, report};
use crate::config::Level;
use crate::lint::Silenced;
use crate::text::Span;

/// What GitHub has after a review was posted.
pub(super) fn posted(review: &Review) -> Talk {
    let thread = |(comment, comment_id): (&Comment, u64)| OwnThread {
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
