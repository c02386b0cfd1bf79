//! The two rules on Python's environment are one change.

use tidewaiter::lint::{Settings, fix, lint};
use tidewaiter::repository::MemoryTree;
use tidewaiter::text::{Source, compose};

const RULES: [&str; 2] = ["python-output-buffered", "python-faulthandler-off"];

fn settings() -> Settings {
    let only = RULES.iter().map(|rule| (*rule).to_owned()).collect();
    Settings { only, ..Settings::new(jiff::civil::date(2026, 11, 24)) }
}

#[test]
fn both_findings_offer_the_same_edits() {
    for (before, after) in [
        (
            "FROM python:3.14-slim-trixie\nCMD [\"python\", \"a.py\"]\n",
            "FROM python:3.14-slim-trixie\nENV PYTHONUNBUFFERED=1 PYTHONFAULTHANDLER=1\nCMD [\"python\", \"a.py\"]\n",
        ),
        (
            "FROM python:3.14-slim-trixie\nENV A=1\nCMD [\"python\", \"a.py\"]\n",
            "FROM python:3.14-slim-trixie\nENV A=1 PYTHONUNBUFFERED=1 PYTHONFAULTHANDLER=1\nCMD [\"python\", \"a.py\"]\n",
        ),
    ] {
        let tree = MemoryTree::complete();
        let source = Source::new(before);
        let report = lint("Dockerfile".into(), &source, &tree, &settings());
        let mut edits = Vec::new();
        let mut rules: Vec<&str> = Vec::new();
        for finding in &report.findings {
            rules.push(finding.rule);
            assert!(compose(&mut edits, &finding.fix.as_ref().expect("proven").edits));
        }
        rules.sort_unstable();
        assert_eq!(rules, ["python-faulthandler-off", "python-output-buffered"]);
        assert_eq!(edits.len(), 1, "{edits:?}");
        let fixed = fix("Dockerfile".into(), &source, &tree, &settings(), false);
        assert_eq!(fixed.files.values().map(String::as_str).collect::<Vec<_>>(), [after]);
        assert!(fixed.report.findings.is_empty());
    }
}
