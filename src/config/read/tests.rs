//! What is read of configurations, and what is said of broken ones.

use super::*;

fn parse(text: &str) -> Result<Config, String> {
    Config::parse(".tidewaiter.yml".into(), text).map_err(|error| error.to_string())
}

#[test]
fn options_of_rules() {
    let config = parse(
        "rules:\n  package-version-unpinned: {level: warning, system-packages: true}\n  x: {level: off}\n",
    )
    .unwrap();
    assert!(config.options.is_on("package-version-unpinned", "system-packages"));
    assert!(!config.options.is_on("x", "system-packages"));
    let setting = config.setting("package-version-unpinned", &[]);
    assert_eq!(setting, Some(RuleSetting::At(Level::Warning)));
    assert_eq!(config.setting("x", &[]), Some(RuleSetting::Off));
    let config = parse("rules:\n  package-version-unpinned:\n    system-packages: false\n").unwrap();
    assert!(!config.options.is_on("package-version-unpinned", "system-packages"));
    assert_eq!(config.setting("package-version-unpinned", &[]), None);
    for (text, place, message) in [
        (
            "rules:\n  package-version-unpinned:\n    system-package: true\n",
            "3:5:",
            "unknown key `system-package`; did you mean `system-packages`? (one of level, system-packages)",
        ),
        ("rules:\n  run-as-root: {system-packages: true}\n", "2:17:", "unknown key `system-packages`"),
        (
            "rules:\n  package-version-unpinned:\n    system-packages: 3\n",
            "3:22:",
            "invalid type: integer `3`",
        ),
        ("rules:\n  x:\n    level: high\n", "3:12:", "unknown setting `high`"),
        ("rules:\n  x: [1]\n", "2:6:", "invalid type: sequence"),
    ] {
        let error = parse(text).unwrap_err();
        assert!(error.contains(place) && error.contains(message), "{error}");
    }
}

#[test]
fn reads_everything() {
    let config = parse(
        "report: all\nfail-on: warning\nallow-inline-ignore: false\nrules:\n  run-as-root: off\n  DL3020: false\n  x: on\n  y: style\n\
         exclude:\n  - examples/\n  - '*.dev'\n  - /a/b.Dockerfile\n\
         review:\n  inline-level: info\n  max-comments: 5\n  suggestions: safe\n",
    )
    .unwrap();
    assert_eq!((config.report, config.allow_inline_ignore), (ReportScope::All, false));
    assert_eq!(config.fail_on, FailOn::At(Level::Warning));
    assert_eq!(config.setting("run-as-root", &[]), Some(RuleSetting::Off));
    assert_eq!(config.setting("add-instead-of-copy", &["dl3020"]), Some(RuleSetting::Off));
    assert_eq!(config.setting("x", &[]), Some(RuleSetting::On));
    assert_eq!(config.setting("y", &[]), Some(RuleSetting::At(Level::Style)));
    assert_eq!(config.setting("z", &[]), None);
    assert_eq!(config.review.inline_level, Some(Level::Info));
    assert_eq!((config.review.max_comments, config.review.suggestions), (5, Suggestions::Safe));
    for (path, excluded) in [
        ("examples/a/Dockerfile", true),
        ("x/examples/Dockerfile", true),
        ("Dockerfile.dev", true),
        ("sub/Dockerfile.dev", true),
        ("a/b.Dockerfile", true),
        ("x/a/b.Dockerfile", false),
        ("Dockerfile", false),
    ] {
        assert_eq!(config.exclude.matches(path.into()), excluded, "{path}");
    }
}

#[test]
fn nothing_is_the_default() {
    for text in ["", "# only a comment\n", "---\n", "rules:\nexclude:\nreview:\n"] {
        let config = parse(text).unwrap();
        assert_eq!(config.fail_on, FailOn::At(Level::Error), "{text:?}");
        assert!(config.review.max_comments == 30 && config.allow_inline_ignore);
        assert!(!config.exclude.matches("Dockerfile".into()));
    }
}

#[test]
fn says_where_and_what_is_meant() {
    let cases = [
        (
            "fial-on: error\n",
            ".tidewaiter.yml:1:1: unknown key `fial-on`; did you mean `fail-on`? (one of report, fail-on, rules, allow-inline-ignore, exclude, review, images)",
        ),
        (
            "report: all\nfail-on: waring\n",
            ".tidewaiter.yml:2:10: fail-on: unknown level `waring`; did you mean `warning`? (one of error, warning, info, style, never)",
        ),
        (
            "rules:\n  run-as-root: of\n",
            ".tidewaiter.yml:2:16: rules.run-as-root: unknown setting `of`; did you mean `off`? (one of off, on, error, warning, info, style)",
        ),
        (
            "rules: [a]\n",
            ".tidewaiter.yml:1:8: rules: invalid type: sequence, expected a mapping of rule names to off, on or a level",
        ),
        ("report: all\nreport: all\n", ".tidewaiter.yml:2:1: `report` is given twice"),
        (
            "exclude: x\n",
            ".tidewaiter.yml:1:10: exclude: invalid type: string \"x\", expected a list of globs",
        ),
        (
            "exclude:\n  - ok\n  - 'a[b'\n",
            ".tidewaiter.yml:3:5: exclude[1]: bad glob `a[b`: unclosed character class; missing ']'",
        ),
        (
            "review:\n  max-comments: 1000\n",
            ".tidewaiter.yml:2:17: review.max-comments: invalid value: integer `1000`, expected a number from 0 to 100",
        ),
        (
            "review:\n  max-comments: many\n",
            ".tidewaiter.yml:2:17: review.max-comments: invalid type: string \"many\", expected a number from 0 to 100",
        ),
        (
            "- a\n",
            ".tidewaiter.yml:1:1: invalid type: sequence, expected a mapping with the keys report, fail-on, rules, allow-inline-ignore, exclude, review, images",
        ),
    ];
    for (text, message) in cases {
        assert_eq!(parse(text).unwrap_err(), message);
    }
    assert!(parse("report: \"x\n").unwrap_err().starts_with(".tidewaiter.yml:2:1: found unexpected end"));
    assert!(parse(&"#".repeat(300_000)).unwrap_err().contains("300000 bytes"));
}

#[test]
fn unknown_rules_have_a_place() {
    let config = parse("rules:\n  run-as-root: off\n  # x\n  run-as-rot: on\n").unwrap();
    let errors = config.unknown_rules(&["run-as-root", "DL3002"]);
    let shown: Vec<String> = errors.iter().map(ToString::to_string).collect();
    assert_eq!(shown, [".tidewaiter.yml:4:3: unknown rule `run-as-rot`; did you mean `run-as-root`?"]);
}

#[test]
fn hostile_yaml_is_refused_quickly() {
    let mut lines = vec!["a: &a [x,x,x,x,x,x,x,x,x,x]".to_owned()];
    for (of, name) in ('a'..'i').zip('b'..='i') {
        lines.push(format!("{name}: &{name} [{}]", vec![format!("*{of}"); 10].join(",")));
    }
    let bomb = lines.join("\n");
    assert!(parse(&bomb).is_err());
    for deep in ["[", "{", "- ", "? ", "a: [", "&a [", "!!x {a: "] {
        let start = std::time::Instant::now();
        assert!(parse(&deep.repeat(250_000 / deep.len())).is_err());
        assert!(start.elapsed().as_secs() < 20, "{deep}");
    }
}
