//! Cases of our own over the ground of patternmatcher's test tables and of the Dockerfile reference.

use super::*;
use crate::repository::{Lookup, MemoryTree};

/// How the only pattern of a file takes a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Takes {
    /// It matches the path itself.
    It,
    /// It matches a folder above.
    Above,
    /// Neither.
    Nothing,
}

fn takes(pattern: &str, path: &str) -> Takes {
    let file = IgnoreFile::parse(pattern);
    assert_eq!(file.problems(), [], "{pattern}");
    let own = file.patterns()[0].glob.matches(&clean(path));
    match file.verdict(path) {
        Verdict::Ignored(_) if own => Takes::It,
        Verdict::Ignored(_) => Takes::Above,
        Verdict::Included => Takes::Nothing,
        Verdict::Unclear => panic!("{pattern} is unclear"),
    }
}

#[test]
fn one_pattern() {
    for (pattern, path, expected) in [
        // The whole path, from the root of the context.
        ("notes.txt", "notes.txt", Takes::It),
        ("notes.txt", "a/notes.txt", Takes::Nothing),
        ("notes.txt", "notesXtxt", Takes::Nothing),
        ("/notes.txt", "notes.txt", Takes::It),
        ("//a//./b/../c", "a/c", Takes::It),
        ("./notes.txt", "notes.txt", Takes::It),
        ("../notes.txt", "notes.txt", Takes::Nothing),
        ("/", "notes.txt", Takes::Nothing),
        (".", "notes.txt", Takes::Nothing),
        ("a/b", "a/b", Takes::It),
        ("a/b", "a/bc", Takes::Nothing),
        ("Notes.txt", "notes.txt", Takes::Nothing),
        // Folders hold what is below; a slash at the end says nothing.
        ("docs", "docs/a/b.md", Takes::Above),
        ("docs/", "docs", Takes::It),
        ("docs/", "docs/a.md", Takes::Above),
        ("docs", "docs2/a.md", Takes::Nothing),
        ("docs/.", "docs/a.md", Takes::Above),
        // `*` and `?` stop at slashes.
        ("*", "a", Takes::It),
        ("*", ".a", Takes::It),
        ("*", "a/b", Takes::Above),
        ("*.md", "a.md", Takes::It),
        ("*.md", "a/b.md", Takes::Nothing),
        ("*.md", ".md", Takes::It),
        ("*/*.md", "a/b.md", Takes::It),
        ("*/*.md", "a/b/c.md", Takes::Nothing),
        ("a*", "a", Takes::It),
        ("a*c*e", "abcde", Takes::It),
        ("a*c*e", "abcdef", Takes::Nothing),
        ("a*b?c*x", "aXbYbZcbwcx", Takes::It),
        ("*b", "bbb", Takes::It),
        (".*", ".env", Takes::It),
        (".*", "env", Takes::Nothing),
        ("temp?", "temps", Takes::It),
        ("temp?", "temp", Takes::Nothing),
        ("temp?", "temp/", Takes::Nothing),
        ("a?b", "a/b", Takes::Nothing),
        ("a?b", "aäb", Takes::It),
        ("a??b", "aäb", Takes::Nothing),
        // `**` does not.
        ("**", "a", Takes::It),
        ("**", "a/b/c", Takes::It),
        ("**/", "a/b", Takes::It),
        ("**/**", "a/b", Takes::It),
        ("**/*.go", "a.go", Takes::It),
        ("**/*.go", "a/b/c.go", Takes::It),
        ("**/*.go", "a/b/c.gox", Takes::Nothing),
        ("**/**/*.go", "c.go", Takes::It),
        ("**/node_modules", "node_modules", Takes::It),
        ("**/node_modules", "a/node_modules", Takes::It),
        ("**/node_modules", "a/node_modules/b/c.js", Takes::Above),
        ("**/node_modules", "a/my_node_modules", Takes::Nothing),
        ("**node_modules", "a/my_node_modules", Takes::It),
        ("**/.env", "x.env", Takes::Nothing),
        ("**/a/b", "x/y/a/b", Takes::It),
        ("**/cache/*", "x/cache/y", Takes::It),
        ("**/cache/*", "x/cache/y/z", Takes::Above),
        ("**/cache/**", "x/cache/y/z", Takes::It),
        ("a/**", "a", Takes::Nothing),
        ("a/**", "a/b", Takes::It),
        ("a/**", "a/b/c", Takes::It),
        ("a**", "abc/d", Takes::It),
        ("a/**/b", "a/b", Takes::It),
        ("a/**/b", "a/x/y/b", Takes::It),
        ("a/**/b", "a/xb", Takes::Nothing),
        ("a**/b", "ab", Takes::It),
        ("a**/*.txt", "a/x/y.txt", Takes::It),
        ("a/*.txt**", "a/b.txt", Takes::It),
        ("a/*.txt**", "a/b.txt/c", Takes::It),
        ("***", "a/b", Takes::It),
        // Brackets.
        ("a[bc]d", "acd", Takes::It),
        ("a[b-d]e", "aae", Takes::Nothing),
        ("a[b-d]e", "ae", Takes::Nothing),
        ("a[^b-d]e", "aze", Takes::It),
        ("a[^b-d]e", "ace", Takes::Nothing),
        ("a[^b]e", "a/e", Takes::It),
        ("a[!b]e", "a!e", Takes::It),
        ("a[!b]e", "ace", Takes::Nothing),
        ("[a-ζ]*", "α", Takes::It),
        ("[\\]a]", "]", Takes::It),
        ("[\\-x]", "-", Takes::It),
        ("[x\\-]", "z", Takes::Nothing),
        ("a]", "a]", Takes::It),
        // Escapes, and characters of regular expressions.
        ("a\\*b", "a*b", Takes::It),
        ("a\\*b", "axb", Takes::Nothing),
        ("a\\\\", "a\\", Takes::It),
        ("\\#a", "#a", Takes::It),
        ("\\!a", "!a", Takes::It),
        ("a(b)|c/$d+{e}", "a(b)|c/$d+{e}", Takes::It),
        ("a.b+*", "a.b+c", Takes::It),
        ("a.b+*", "aXbbc", Takes::Nothing),
        ("dist/*.whl", "dist/x-2.4.0rc3.dev36+g08-py3-none-any.whl", Takes::It),
        ("a^b", "a^b", Takes::It),
        ("^a*", "abc", Takes::It),
        ("^a*", "^abc", Takes::Nothing),
        ("a^b*", "a^bc", Takes::Nothing),
    ] {
        assert_eq!(takes(pattern, path), expected, "{pattern} {path}");
    }
}

#[test]
fn order_and_negation() {
    for (patterns, path, ignored) in [
        ("*.go\n!main.go", "main.go", false),
        ("!main.go\n*.go", "main.go", true),
        ("docs\n!docs/README.md", "docs/README.md", false),
        ("docs\n!docs/README.md", "docs/a.md", true),
        ("docs/\n!docs/README.md", "docs/README.md", false),
        ("docs/*\n!docs/README.md", "docs/README.md", false),
        ("**\n!a/b/web", "a/b/web/x", false),
        ("**\n!a/b/web\na/b/web/x", "a/b/web/x", true),
        ("**\n!dist/*.whl", "dist/a+b.whl", false),
        ("*\n!src", "src/a/b.rs", false),
        ("*\n!src/**", "src/a/b.rs", false),
        ("*\n!src/*.rs", "src/a/b.rs", true),
        ("*.md\n!README*.md\nREADME-secret.md", "README-secret.md", true),
        ("*.md\n!README*.md\nREADME-secret.md", "README-x.md", false),
        ("*.md\nREADME-secret.md\n!README*.md", "README-secret.md", false),
        ("! src\nsrc", "src", true),
        ("*\n! /src", "src/x", false),
        ("a\n!!a", "a", true),
        // As a folder is walked: `a*` was not asked at `a`, which was out already, and does not match `a/b`.
        ("a\n!a/b\na*", "a/b", false),
        ("a\n!a/b\na/*", "a/b", true),
    ] {
        let file = IgnoreFile::parse(patterns);
        assert_eq!(matches!(file.verdict(path), Verdict::Ignored(_)), ignored, "{patterns:?} {path}");
    }
}

#[test]
fn lines_and_places() {
    let text = "\u{feff}# a comment\r\n\r\n  target \r\n #no comment\n\t!  keep/me\t\n/last";
    let file = IgnoreFile::parse(text);
    let shown: Vec<_> =
        file.patterns().iter().map(|p| (p.line, &text[p.span.range()], p.negated, p.text())).collect();
    assert_eq!(
        shown,
        [
            (3, "target", false, "target"),
            (4, "#no comment", false, "#no comment"),
            (5, "!  keep/me", true, "keep/me"),
            (6, "/last", false, "last"),
        ]
    );
    assert!(IgnoreFile::parse("\u{feff}a").verdict("a") != Verdict::Included);
    assert!(IgnoreFile::parse("x\n\u{feff}a").verdict("a") == Verdict::Included);
    assert!(IgnoreFile::parse("\u{feff}#a\n").patterns().is_empty());
    assert!(IgnoreFile::parse("").patterns().is_empty());
}

#[test]
fn what_is_refused() {
    for pattern in [
        "!",
        "! ",
        "!/",
        "[",
        "a[",
        "[^",
        "[^bc",
        "[]a]",
        "[-]",
        "[x-]",
        "[-x]",
        "[a-b-c]",
        "[]",
        "a\\",
        "[a\\",
        "[z-a]",
        "[Local-Only]/",
        "![a",
    ] {
        let text = format!("fine\n{pattern}\n");
        let file = IgnoreFile::parse(&text);
        let [problem] = file.problems() else { panic!("{pattern} is not refused") };
        assert_eq!((problem.line, &text[problem.span.range()]), (2, pattern.trim()));
        assert_eq!(file.verdict("fine"), Verdict::Unclear);
        assert_eq!(file.verdict("other"), Verdict::Unclear);
        assert_eq!(file.keeps_all_out(), None);
    }
    let long = "x".repeat(70_000);
    assert_eq!(IgnoreFile::parse(&long).problems()[0].line, 1);
    assert!(IgnoreFile::parse(&"a\n".repeat(70_000)).problems().is_empty());
}

#[test]
fn what_depends_on_the_system_is_unclear() {
    for pattern in ["src\\app", "a\\d", "[\\d]", "[a*]", "[?]", "[[:alpha:]]", "a\\é"] {
        let file = IgnoreFile::parse(pattern);
        assert_eq!(file.problems(), [], "{pattern}");
        assert_eq!(file.verdict("src/app"), Verdict::Unclear, "{pattern}");
        // A sure pattern is enough, as long as nothing may bring the path back.
        assert!(matches!(
            IgnoreFile::parse(&format!("src\n{pattern}")).verdict("src/app"),
            Verdict::Ignored(_)
        ));
        assert_eq!(IgnoreFile::parse(&format!("src\n!{pattern}")).verdict("src/app"), Verdict::Unclear);
    }
    assert_eq!(IgnoreFile::parse("!a\\b").verdict("c"), Verdict::Included);
}

#[test]
fn the_root() {
    for (text, out) in [
        ("*", true),
        ("a\n**\nb", true),
        ("**/*", true),
        ("!a\n*", true),
        ("*\n!a", false),
        ("a", false),
        ("*.md", false),
        ("", false),
    ] {
        assert_eq!(IgnoreFile::parse(text).keeps_all_out().is_some(), out, "{text:?}");
    }
}

#[test]
fn below_a_folder() {
    for (text, folder, may) in [
        ("*\n!src", "src", false),
        ("*\n!src/a", "src", true),
        ("*\n!src/a", "srcs", false),
        ("*\n!src/**", "src", true),
        ("*\n!src/**", "assets", false),
        ("*\n!src/**/*.rs", "src/deep", true),
        ("*\n!src/*.rs", "src/deep", false),
        ("*\n!s*/a", "src", true),
        ("*\n!**/a", "src", true),
        ("*\nsrc/a", "src", false),
        ("*\n!a\\b", "src", true),
    ] {
        assert_eq!(IgnoreFile::parse(text).may_bring_back_below(folder), may, "{text:?} {folder}");
    }
}

#[test]
fn the_file_of_a_build() {
    let found = |tree: &MemoryTree, dockerfile: &str, context: &str| {
        find_ignore_file(tree, dockerfile.into(), context.into())
            .found()
            .map(|f| (f.path.into_string(), f.own))
    };
    let tree = MemoryTree::complete().with(".dockerignore", "a").with("x/Dockerfile.dockerignore", "b");
    assert_eq!(found(&tree, "Dockerfile", ""), Some((".dockerignore".to_owned(), false)));
    assert_eq!(found(&tree, "x/Dockerfile", ""), Some(("x/Dockerfile.dockerignore".to_owned(), true)));
    assert_eq!(found(&tree, "x/Dockerfile.dev", ""), Some((".dockerignore".to_owned(), false)));
    assert_eq!(found(&tree, "x/Dockerfile.dev", "x"), None);
    let tree = MemoryTree::complete().with(".dockerignore", "a").with("Dockerfile.dockerignore", "");
    assert_eq!(find_ignore_file(&tree, "Dockerfile".into(), "".into()), Lookup::Unknown);
    let tree = MemoryTree::complete().with(".dockerignore", "a").with(".containerignore", "b");
    assert_eq!(found(&tree, "Dockerfile", ""), Some((".dockerignore".to_owned(), false)));
    assert_eq!(found(&tree, "Containerfile", ""), Some((".containerignore".to_owned(), false)));
    let mut tree = MemoryTree::partial().with(".dockerignore", "a");
    assert_eq!(find_ignore_file(&tree, "Dockerfile".into(), "".into()), Lookup::Unknown);
    tree.insert_absent("Dockerfile.dockerignore".into());
    assert_eq!(found(&tree, "Dockerfile", ""), Some((".dockerignore".to_owned(), false)));
}

#[test]
fn what_git_ignores() {
    let tree = MemoryTree::complete()
        .with(".gitignore", "# c\n*.log\n/build/\ngen/*.json\n!keep.log\n")
        .with("a/.gitignore", "local\n");
    for (path, may) in [
        ("x.log", true),
        ("a/b/x.log", true),
        ("build/x", true),
        ("a/build", false),
        ("gen/v.json", true),
        ("a/gen/v.json", false),
        ("keep.log", true),
        ("a/local/x", true),
        ("local/x", false),
        ("src/main.rs", false),
    ] {
        assert_eq!(may_be_in_gitignore(&tree, path.into()), may, "{path}");
    }
    assert!(may_be_in_gitignore(&MemoryTree::partial(), "src/main.rs".into()));
}

#[test]
fn hostile_input_is_bounded() {
    let stars = "*a".repeat(20_000);
    let path = "a/".repeat(1_000) + "b";
    assert_eq!(IgnoreFile::parse(&stars).verdict(&path), Verdict::Unclear);
    assert_eq!(IgnoreFile::parse("x").verdict(&"a".repeat(10_000)), Verdict::Unclear);
    let many = "**/*x*y*z*\n".repeat(20_000);
    assert_eq!(IgnoreFile::parse(&many).verdict(&"xy/".repeat(100)), Verdict::Unclear);
    assert!(matches!(IgnoreFile::parse(&"a\n".repeat(20_000)).verdict("a/b"), Verdict::Ignored(_)));
}
