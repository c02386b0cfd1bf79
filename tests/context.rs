//! Where the build context may be, and what is said of it when the tree does not know everything.

use camino::Utf8Path;
use tidewaiter::lint::{Settings, lint};
use tidewaiter::repository::{Entry, Kind, MemoryTree};
use tidewaiter::text::Source;

/// Level and text of the copied path of each `copy-source-not-in-context`.
fn said(path: &str, text: &str, tree: &MemoryTree) -> Vec<String> {
    let settings = Settings {
        only: vec!["copy-source-not-in-context".to_owned()],
        ..Settings::new(jiff::civil::date(2026, 11, 24))
    };
    let report = lint(Utf8Path::new(path), &Source::new(text), tree, &settings);
    report.findings.iter().map(|f| format!("{} {}", f.level.name(), report.source.slice(f.span))).collect()
}

const DOCKER: &str = "docker/Dockerfile";

#[test]
fn a_path_may_be_in_either_folder() {
    let text = "FROM alpine:3.22\nCOPY docker/run.sh app.py lost.py /app/\nCOPY own.conf /etc/\n";
    let tree =
        MemoryTree::complete().with("docker/run.sh", "x").with("docker/own.conf", "x").with("app.py", "x");
    assert_eq!(said(DOCKER, text, &tree), ["warning lost.py"]);
    // Nothing that is copied is there: the context is somewhere else.
    let other = MemoryTree::complete().with("api/app.py", "x").with("docker/x", "");
    assert!(said(DOCKER, text, &other).is_empty());
}

#[test]
fn the_ignore_file_of_the_folder_that_has_the_path() {
    let text = "FROM alpine:3.22\nCOPY docs/a.md /\nCOPY gone/b.md /\n";
    let tree = MemoryTree::complete().with("docs/a.md", "x").with(".dockerignore", "docs\ngone\n");
    assert_eq!(said(DOCKER, text, &tree), ["error docs/a.md"]);
    // The other folder has it, too.
    let both = MemoryTree::complete()
        .with("docs/a.md", "x")
        .with("docker/docs/a.md", "x")
        .with(".dockerignore", "docs\n");
    assert_eq!(said(DOCKER, text, &both), ["warning gone/b.md"]);
    // An ignore file beside the Dockerfile tells that its folder is the context.
    let own = MemoryTree::complete()
        .with("docs/a.md", "x")
        .with("docker/.dockerignore", "gone\n")
        .with("docker/docs/a.md", "x");
    assert_eq!(said(DOCKER, text, &own), ["error gone/b.md"]);
    // What the root has is not missing, whatever lies beside the Dockerfile.
    let mono = MemoryTree::complete()
        .with("docker/.dockerignore", "x\n")
        .with("docker/docs/a.md", "x")
        .with("gone/b.md", "x");
    assert!(said(DOCKER, text, &mono).is_empty());
    // That of the Dockerfile itself holds wherever the context is.
    let named =
        MemoryTree::complete().with("docker/Dockerfile.dockerignore", "docs\n").with("x/docs/a.md", "");
    assert_eq!(said(DOCKER, text, &named), ["error docs/a.md"]);
}

#[test]
fn everything_is_out_in_every_folder() {
    let text = "FROM alpine:3.22\nCOPY . /app\n";
    let tree = MemoryTree::complete().with(".dockerignore", "*\n").with("docker/x", "");
    assert!(said(DOCKER, text, &tree).is_empty());
    let tree = MemoryTree::complete().with("docker/.dockerignore", "*\n");
    assert_eq!(said(DOCKER, text, &tree), ["warning ."]);
}

#[test]
fn deep_folders_have_many_candidates() {
    let text = "FROM alpine:3.22\nCOPY app.py gone.py /\n";
    let tree = MemoryTree::complete().with("services/api/app.py", "x");
    assert_eq!(said("services/api/docker/Dockerfile", text, &tree), ["warning gone.py"]);
    let tree = MemoryTree::complete().with("services/api/app.py", "x").with("services/gone.py", "x");
    assert!(said("services/api/docker/Dockerfile", text, &tree).is_empty());
}

#[test]
fn unknown_is_not_absent() {
    let text = "FROM alpine:3.22\nCOPY app.py gone.py src/gone.py docs/gone.py sub/x.py link/x.py /\n";
    let nothing = MemoryTree::partial();
    assert!(said("Dockerfile", text, &nothing).is_empty());

    let entry = |kind| Entry { kind, size: None };
    let mut tree = MemoryTree::partial().with(".dockerignore", "docs\n").with("app.py", "x");
    let names = [
        ("app.py", Kind::File),
        (".dockerignore", Kind::File),
        ("src", Kind::Directory),
        ("docs", Kind::Directory),
        ("sub", Kind::Submodule),
        ("link", Kind::Symlink),
    ];
    tree.insert_listing("".into(), names.map(|(name, kind)| (name.to_owned(), entry(kind))));
    assert_eq!(said("Dockerfile", text, &tree), ["warning gone.py", "error docs/gone.py"]);
    assert!(tree.wanted().iter().any(|path| path == "src/gone.py"), "{:?}", tree.wanted());

    // Once the folder is known, so is what is not in it.
    tree.insert_listing("src".into(), [("main.py".to_owned(), entry(Kind::File))]);
    assert_eq!(
        said("Dockerfile", text, &tree),
        ["warning gone.py", "warning src/gone.py", "error docs/gone.py"]
    );
}

#[test]
fn submodules_and_links_hide_what_is_in_them() {
    let text = "FROM alpine:3.22\nCOPY app.py sub/x.py link/x.py .git/HEAD /\n";
    let mut tree = MemoryTree::complete().with("app.py", "x");
    tree.insert("sub".into(), Kind::Submodule, None);
    tree.insert("link".into(), Kind::Symlink, None);
    assert!(said("Dockerfile", text, &tree).is_empty());
}

#[test]
fn more_work_than_a_real_build_needs_is_left() {
    let text = format!("FROM alpine:3.22\n{}", "COPY a/b.py /\n".repeat(20_000));
    let few = MemoryTree::complete().with(".dockerignore", "a\n");
    assert_eq!(said("Dockerfile", &text, &few).len(), 2_000);
    let many = MemoryTree::complete().with(".dockerignore", &"**/*x*y*\n".repeat(100_000));
    assert!(said("Dockerfile", &text, &many).is_empty());
}
