use super::*;
use crate::lint::{Audit, FileReport, FixedFile, Settings, audit, fixes};
use crate::report::Checked;
use crate::repository::MemoryTree;
use crate::review::MAX_BODY;
use crate::rules;
use camino::Utf8PathBuf;

const BAD: &str = "FROM debian:12\nRUN apt-get update && apt-get install -y curl\nADD app.py /app/\nCMD python3 /app/app.py\n";

fn tree() -> MemoryTree {
    MemoryTree::complete()
        .with("Dockerfile", BAD)
        .with("a|b/`c` @team <b>/Dockerfile", "FROM node:8\nEXPOSE 99999\n")
        .with("good/Dockerfile", "FROM scratch\nUSER 65534:65534\n")
        .with("empty/Dockerfile", "")
        .with("app.py", "")
}

fn audited(tree: &MemoryTree, paths: &[&str]) -> Audit {
    let paths = paths.iter().map(Utf8PathBuf::from).collect();
    audit(tree, paths, &Settings::new(jiff::civil::date(2026, 11, 24)))
}

fn sample() -> Checked {
    let paths = ["Dockerfile", "a|b/`c` @team <b>/Dockerfile", "good/Dockerfile", "empty/Dockerfile"];
    audited(&tree(), &paths).into()
}

/// One bad file many times.
fn many(number: usize) -> Checked {
    let one: Checked = audited(&MemoryTree::complete().with("Dockerfile", BAD), &["Dockerfile"]).into();
    let path = |n: usize| Utf8PathBuf::from(format!("{}/{n}/Dockerfile", "deep".repeat(10)));
    let file = |n| FileReport { path: path(n), ..one.files[0].clone() };
    Checked { files: (0..number).map(file).collect(), ..one.clone() }
}

/// Rows of one table are not broken by what stands in them, and every fold is closed.
fn assert_sound(text: &str) {
    let mut columns = None;
    for line in text.lines() {
        if line.starts_with('|') {
            let bars = line.replace("\\|", "").matches('|').count();
            assert_eq!(bars, *columns.get_or_insert(bars), "{line}");
        } else {
            columns = None;
        }
    }
    assert_eq!(text.matches("<details>").count(), text.matches("</details>").count());
    // Outside of code nothing of a name is left that means something.
    let text = text.replace("`c` @team <b>", "");
    assert!(!text.contains("<b>") && !text.contains("@team"), "{text}");
}

#[test]
fn looks_like_this() {
    insta::assert_snapshot!("audit_table", table(&sample(), false));
    insta::assert_snapshot!("audit_summary", summary(&sample(), rules::find, Some("`main`")));
    assert_sound(&summary(&sample(), rules::find, None));
    insta::assert_snapshot!("audit_issue", issue_body(&sample(), rules::find, Some("`main`"), 0));
}

#[test]
fn a_clean_repository_has_little_to_say() {
    let checked = audited(&tree(), &["good/Dockerfile"]).into();
    assert_eq!(table(&checked, true), "1 file, no findings\n");
    let text = summary(&checked, rules::find, None);
    assert_eq!(text, "## Tidewaiter audit\n\n✅ **No findings** in 1 Dockerfile.\n");
}

#[test]
fn stays_within_the_limits_and_says_so() {
    let checked = many(2_000);
    let total = checked.summary().total();
    let text = summary(&checked, rules::find, None);
    assert!(text.len() < 900_000 && text.len() > 500_000, "{}", text.len());
    assert!(text.contains("more findings that are not listed here, all those of "), "{total}");
    assert!(text.contains("more files.") && text.contains("### Fix\n"));
    assert_sound(&text);

    let text = issue_body(&checked, rules::find, None, 1_000);
    assert!(text.chars().count() <= MAX_BODY - 1_000 && text.len() > 40_000, "{}", text.len());
    assert!(text.contains("more findings that are not listed here") && text.contains("### Fix\n"));
    assert_sound(&text);
}

#[test]
fn a_pull_request_explains_each_change() {
    let tree = tree();
    let settings = Settings::new(jiff::civil::date(2026, 11, 24));
    let audit = audited(&tree, &["Dockerfile", "a|b/`c` @team <b>/Dockerfile"]);
    let safe = fixes(&audit, &tree, &settings, false);
    insta::assert_snapshot!("fix_pull", fix_pull_body(&safe, rules::find, 0));
    let all = fixes(&audit, &tree, &settings, true);
    let text = fix_pull_body(&all, rules::find, 0);
    assert_sound(&text);
    assert!(text.contains("**Check before you merge:**"), "{text}");
    for fix in all.iter().flat_map(|file| &file.applied) {
        assert!(text.contains(&format!("`{}`", fix.rule)), "{}", fix.rule);
    }

    // A thousand files.
    let file = all.first().unwrap();
    let many: Vec<FixedFile> =
        (0..1_000).map(|n| FixedFile { path: format!("{n}/Dockerfile").into(), ..file.clone() }).collect();
    let text = fix_pull_body(&many, rules::find, 500);
    assert!(
        text.chars().count() <= MAX_BODY - 500 && text.contains("more changes that are not described here")
    );
}
