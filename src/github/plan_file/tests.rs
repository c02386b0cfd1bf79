//! What is read, what is refused, and that nothing panics.

use super::*;
use crate::review::{Comment, Outcome, Review};
use proptest::prelude::*;
use serde_json::{Value, json};

type Change = fn(&mut Value);

const HEAD: &str = "1111111111111111111111111111111111111111";

fn annotation(level: Level, line: u32) -> Annotation {
    let (title, message) = ("run-as-root".to_owned(), "It runs as root.".to_owned());
    Annotation { level, path: "a/Dockerfile".into(), line, end_line: line, title, message }
}

fn comment(line: u32) -> Comment {
    let body = format!("Line {line}");
    let (path, fingerprints) = ("a/Dockerfile".into(), vec!["f".to_owned()]);
    Comment { path, line, body, fingerprints, ..Comment::default() }
}

fn file() -> PlanFile {
    let plan = Plan {
        head: HEAD.to_owned(),
        review: Some(Review { body: "Found.".to_owned(), comments: vec![comment(1), comment(2)] }),
        updates: Vec::new(),
        annotations: vec![annotation(Level::Error, 1), annotation(Level::Info, 2)],
        notes: Vec::new(),
        summary: "# Found\n".to_owned(),
        outcome: Outcome { files: 1, error: 1, info: 1, comments: 2, ..Outcome::default() },
    };
    PlanFile::new(&"octo-org/shop".parse().unwrap(), 7, plan)
}

fn parse(text: &str) -> Result<PlanFile, PlanFileError> {
    PlanFile::parse(Utf8Path::new("plan.json"), text.as_bytes())
}

fn changed(change: impl FnOnce(&mut Value)) -> Result<PlanFile, PlanFileError> {
    let mut value = serde_json::to_value(file()).unwrap();
    change(&mut value);
    parse(&value.to_string())
}

#[test]
fn what_is_written_is_read() {
    let text = file().to_json().unwrap();
    assert!(text.ends_with("}\n"));
    assert_eq!(parse(&text).unwrap(), file());
    let (repository, other) = ("Octo-Org/shop".parse().unwrap(), "octo-org/other".parse().unwrap());
    let path = Utf8Path::new("plan.json");
    assert!(file().check(path, &repository, HEAD).is_ok());
    let error = file().check(path, &other, HEAD).unwrap_err().to_string();
    assert!(error.contains("plan.json") && error.contains("octo-org/other"), "{error}");
    let error = file().check(path, &repository, &"2".repeat(40)).unwrap_err().to_string();
    assert!(error.contains("the commit") && error.contains(HEAD), "{error}");
}

#[test]
fn blanks_do_not_count() {
    let with = "{ \"a b\\\\\" :\t[1 ,\n\"c\\\" d\"]\r\n}\n";
    assert_eq!(String::from_utf8(without_blanks(with.as_bytes())).unwrap(), r#"{"a b\\":[1,"c\" d"]}"#);
    assert_eq!(difference(b"ab", b"ab"), None);
    assert_eq!(difference(br#"{"a":1,"b":2}"#, br#"{"a":1,"c":2}"#).unwrap(), r#"what begins with "b":2}"#);
    assert_eq!(difference(b"{", b"{}").unwrap(), "what begins with ");
}

#[test]
fn anything_else_is_refused_with_its_place() {
    let cases: [(&str, Change, &str); 18] = [
        ("version", |v| v["version"] = json!(2), "version 2"),
        ("no version", |v| v["version"] = Value::Null, "plan.json"),
        ("unknown field", |v| v["more"] = json!(1), "more"),
        ("unknown below", |v| v["plan"]["review"]["comments"][1]["side"] = json!("LEFT"), "side"),
        ("unknown deep", |v| v["plan"]["outcome"]["x\u{1b}[31m\n"] = json!(0), r#""x\u001b[31m\n":0"#),
        ("missing", |v| v["plan"]["review"] = json!({"body": "x"}), "comments"),
        (
            "null left out",
            |v| drop(v["plan"]["review"]["comments"][0].as_object_mut().unwrap().remove("start_line")),
            "what begins with",
        ),
        ("tool", |v| v["tool"]["name"] = json!("evil"), "`tool`"),
        ("repository", |v| v["repository"] = json!("a/../b"), "`repository`"),
        ("head", |v| v["head"] = json!("main"), "`head`"),
        ("heads", |v| v["plan"]["head"] = json!("2".repeat(40)), "`plan.head`"),
        ("number", |v| v["number"] = json!(0), "`number`"),
        ("negative", |v| v["number"] = json!(-7), "plan.json"),
        ("count", |v| v["plan"]["outcome"]["error"] = json!(u64::MAX), "`plan.outcome.error`"),
        ("fewer", |v| v["plan"]["outcome"]["error"] = json!(0), "`plan.outcome.error`"),
        ("line", |v| v["plan"]["annotations"][0]["line"] = json!(0), "`plan.annotations[0]`"),
        ("path", |v| v["plan"]["annotations"][1]["path"] = json!("../x"), "`plan.annotations[1]`"),
        ("rule", |v| v["plan"]["annotations"][1]["title"] = json!("a\n::error::"), "`plan.annotations[1]`"),
    ];
    for (name, change, wanted) in cases {
        let error = changed(change).expect_err(name).to_string();
        assert!(error.contains("plan.json") && error.contains(wanted), "{name}: {error}");
        assert!(!error.contains(char::is_control) && error.len() < 800, "{name}: {error:?}");
    }
    for text in ["", "x", "[]", "{", "{\"version\": \"1\"}", "{\"version\": 1}"] {
        assert!(parse(text).unwrap_err().to_string().contains("plan.json"), "{text}");
    }
    let twice = file().to_json().unwrap().replacen("\"number\": 7", "\"number\": 7, \"number\": 8", 1);
    assert!(parse(&twice).unwrap_err().to_string().contains("duplicate field"));
    let deep = format!("{{\"version\": 1, \"x\": {}{}}}", "[".repeat(100_000), "]".repeat(100_000));
    assert!(matches!(parse(&deep), Err(PlanFileError::Form { .. })));
    let many = |v: &mut Value| {
        v["plan"]["review"]["comments"] = serde_json::to_value(vec![comment(1); 101]).unwrap();
    };
    assert!(changed(many).unwrap_err().to_string().contains("comments"));
}

#[test]
fn only_regular_files_of_a_sensible_size_are_read() {
    let dir = tempfile::tempdir().unwrap();
    let folder = Utf8Path::from_path(dir.path()).unwrap();
    let plan = folder.join("plan.json");
    fs::write(&plan, file().to_json().unwrap()).unwrap();
    assert_eq!(PlanFile::read(&plan).unwrap(), file());
    assert!(PlanFile::read(folder).unwrap_err().to_string().contains("a folder"));
    let nowhere = PlanFile::read(&folder.join("none.json")).unwrap_err();
    assert!(nowhere.to_string().contains("none.json"), "{nowhere}");
    let large = folder.join("large.json");
    fs::write(&large, vec![b' '; 5 * 1024 * 1024]).unwrap();
    assert!(matches!(PlanFile::read(&large), Err(PlanFileError::TooLarge { .. })));
    #[cfg(unix)]
    {
        let link = folder.join("link.json");
        std::os::unix::fs::symlink(&plan, &link).unwrap();
        assert!(PlanFile::read(&link).unwrap_err().to_string().contains("a symbolic link"));
        let socket = folder.join("socket");
        let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        assert!(PlanFile::read(&socket).unwrap_err().to_string().contains("a socket"));
    }
}

#[test]
fn a_plan_that_is_too_large_is_cut_and_still_read() {
    let mut file = file();
    file.plan.annotations = (1..60_000).map(|line| annotation(Level::Error, line)).collect();
    file.plan.outcome.error = 60_000;
    file.plan.summary = "x".repeat(1024 * 1024);
    if let Some(review) = &mut file.plan.review {
        review.comments = vec![Comment { body: "\u{1}".repeat(65_536), ..comment(1) }; 20];
    }
    let text = file.to_json().unwrap();
    assert!(text.len() as u64 <= MAX_PLAN_BYTES);
    let read = parse(&text).unwrap();
    assert_eq!(read.plan.summary, CUT_SUMMARY);
    assert_eq!(read.plan.annotations[0], file.plan.annotations[0]);
    assert!(read.plan.annotations.len() >= 500 && read.compare(&file.plan).lacking > 50_000);
}

#[test]
fn findings_are_counted_on_both_sides() {
    let own = file().plan;
    assert_eq!(file().compare(&own), Confirmed { findings: 2, ..Confirmed::default() });
    let mut forged = file();
    forged.plan.annotations[0].message = "Click here".to_owned();
    forged.plan.annotations.push(annotation(Level::Info, 2));
    if let Some(review) = &mut forged.plan.review {
        review.comments[0].body = "@everyone".to_owned();
    }
    let wanted = Confirmed { findings: 1, only_in_file: 2, lacking: 1, comments_only_in_file: 1 };
    assert_eq!(forged.compare(&own), wanted);
    let said = Plan { review: None, ..own };
    assert_eq!(forged.compare(&said).comments_only_in_file, 0);
    let mut empty = file();
    empty.plan.annotations.clear();
    assert_eq!(empty.compare(&said).lacking, 2);
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::vec((any::<String>(), inner), 0..4)
                .prop_map(|pairs| Value::Object(pairs.into_iter().collect())),
        ]
    })
}

/// Every place of a value, as JSON pointers.
fn places(value: &Value, at: &str, out: &mut Vec<String>) {
    out.push(at.to_owned());
    match value {
        Value::Object(map) => map.iter().for_each(|(k, v)| places(v, &format!("{at}/{k}"), out)),
        Value::Array(list) => list.iter().enumerate().for_each(|(k, v)| places(v, &format!("{at}/{k}"), out)),
        _ => {}
    }
}

proptest! {
    #[test]
    fn bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(PlanFile::parse(Utf8Path::new("p"), &bytes).is_err());
    }

    #[test]
    fn a_plan_with_anything_anywhere_is_refused_or_says_what_it_says(
        what in any_json(), place in any::<prop::sample::Index>(), cut in any::<prop::sample::Index>(),
    ) {
        let mut value = serde_json::to_value(file()).unwrap();
        let mut all = Vec::new();
        places(&value, "", &mut all);
        *value.pointer_mut(&all[place.index(all.len())]).unwrap() = what;
        let text = value.to_string();
        match parse(&text) {
            Ok(read) => {
                prop_assert_eq!(serde_json::to_value(&read).unwrap(), value);
                let _ = read.compare(&file().plan);
            }
            Err(error) => {
                let error = error.to_string();
                prop_assert!(error.len() < 2_000 && !error.contains(char::is_control), "{error:?}");
            }
        }
        let end = (0..=text.len()).rev().find(|n| *n <= cut.index(text.len() + 1) && text.is_char_boundary(*n));
        let _ = parse(&text[..end.unwrap_or(0)]);
    }
}
