//! The same little repository on disk and in git.

use super::*;
use camino::{Utf8Path, Utf8PathBuf};
use std::fs;
use std::process::Command;

struct Repo(tempfile::TempDir);

impl Repo {
    fn new() -> Self {
        let repo = Self(tempfile::tempdir().unwrap());
        repo.git(&["init", "-q", "-b", "main"]);
        repo
    }

    fn path(&self) -> &Utf8Path {
        Utf8Path::from_path(self.0.path()).unwrap()
    }

    fn git(&self, args: &[&str]) {
        let config = [
            "-c",
            "user.name=t",
            "-c",
            "user.email=t@example.invalid",
            "-c",
            "commit.gpgsign=false",
            "-c",
            "core.fileMode=false",
        ];
        let status = Command::new("git").current_dir(self.0.path()).args(config).args(args).status().unwrap();
        assert!(status.success(), "git {args:?}");
    }

    fn write(&self, path: &str, text: &[u8]) {
        let full = self.path().join(path);
        fs::create_dir_all(full.parent().unwrap()).unwrap();
        fs::write(full, text).unwrap();
    }

    fn commit(&self, name: &str) {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "-m", name]);
        self.git(&["tag", name]);
    }
}

fn two_commits() -> Repo {
    let repo = Repo::new();
    repo.write("Dockerfile", b"FROM a\nRUN b\nRUN c\nRUN d\n");
    repo.write("app/run.sh", b"#!/bin/sh\nexec x\n");
    repo.write("app/data.bin", b"a\0b");
    repo.write("-x/sp ace\n.txt", "é".as_bytes());
    #[cfg(unix)]
    std::os::unix::fs::symlink("/etc", repo.path().join("out")).unwrap();
    repo.git(&["add", "-A"]);
    repo.git(&["update-index", "--chmod=+x", "app/run.sh"]);
    repo.commit("one");
    repo.git(&["mv", "Dockerfile", "app/Dockerfile"]);
    repo.write("app/Dockerfile", b"FROM a\nRUN b\nRUN c\nRUN e\n");
    repo.write("new.txt", b"new\n");
    fs::remove_file(repo.path().join("app/data.bin")).unwrap();
    repo.git(&["update-index", "--chmod=-x", "app/run.sh"]);
    repo.commit("two");
    repo
}

/// What every tree must say about the first commit.
fn check(tree: &dyn Tree) {
    assert_eq!(tree.read("Dockerfile".into()).found().as_deref(), Some("FROM a\nRUN b\nRUN c\nRUN d\n"));
    assert_eq!(tree.read("-x/sp ace\n.txt".into()).found().as_deref(), Some("é"));
    assert_eq!(tree.read("app/data.bin".into()), Lookup::Unknown);
    assert_eq!(tree.read("app".into()), Lookup::Absent);
    assert_eq!(tree.read("nope".into()), Lookup::Absent);
    assert_eq!(tree.read("Dockerfile/below".into()), Lookup::Absent);
    assert_eq!(tree.entry("app/run.sh".into()).found().unwrap().kind, Kind::Executable);
    assert_eq!(tree.entry("app".into()).found().unwrap().kind, Kind::Directory);
    let names: Vec<String> =
        tree.list("".into()).found().unwrap().iter().map(|(name, _)| name.clone()).collect();
    #[cfg(unix)]
    {
        assert_eq!(names, ["-x", "Dockerfile", "app", "out"]);
        assert_eq!(tree.entry("out".into()).found().unwrap().kind, Kind::Symlink);
        assert_eq!(tree.read("out".into()), Lookup::Unknown);
        assert_eq!(tree.read("out/passwd".into()), Lookup::Unknown);
        assert_eq!(tree.list("out".into()), Lookup::Unknown);
    }
    assert!(names.contains(&"app".to_owned()));
    assert_eq!(tree.list("nope".into()), Lookup::Absent);
}

#[test]
fn a_commit_as_a_tree() {
    let repo = two_commits();
    let tree = GitTree::open(repo.path(), "one").unwrap();
    check(&tree);
    assert_eq!(tree.commit().len(), 40);
    let tree = GitTree::open(repo.path(), "main").unwrap();
    assert_eq!(tree.entry("app/run.sh".into()).found().unwrap().kind, Kind::File);
}

#[test]
fn large_files_are_unknown_and_do_not_confuse_what_follows() {
    let repo = Repo::new();
    repo.write("large", &vec![b'x'; crate::text::MAX_FILE_BYTES as usize + 1]);
    repo.write("small", b"ok\n");
    repo.commit("one");
    let git = GitTree::open(repo.path(), "HEAD").unwrap();
    let disk = DiskTree::new(repo.path());
    for tree in [&git as &dyn Tree, &disk] {
        assert_eq!(tree.read("large".into()), Lookup::Unknown);
        assert_eq!(tree.read("small".into()).found().as_deref(), Some("ok\n"));
    }
}

#[test]
fn a_folder_as_a_tree() {
    let repo = two_commits();
    repo.git(&["checkout", "-q", "one"]);
    let tree = DiskTree::new(repo.path());
    check(&tree);
    assert_eq!(tree.entry(".git".into()), Lookup::Absent);
    assert_eq!(tree.entry("../x".into()), Lookup::Unknown);
    assert_eq!(tree.entry("Dockerfile".into()).found().unwrap().size, Some(25));
    // A folder below the root of the worktree still finds the modes of the index.
    let below = DiskTree::new(repo.path().join("app"));
    assert_eq!(below.entry("run.sh".into()).found().unwrap().kind, Kind::Executable);
}

#[test]
fn changes_between_commits() {
    let repo = two_commits();
    let files = changed_files(repo.path(), "one", "two").unwrap();
    let shown: Vec<_> = files
        .iter()
        .map(|f| (f.status, f.path.as_str(), f.base_path.as_deref().map(Utf8Path::as_str)))
        .collect();
    assert_eq!(
        shown,
        [
            (Status::Renamed, "app/Dockerfile", Some("Dockerfile")),
            (Status::Removed, "app/data.bin", None),
            (Status::Modified, "app/run.sh", None),
            (Status::Added, "new.txt", None),
        ]
    );
    assert_eq!((files[2].base_kind, files[2].head_kind), (Some(Kind::Executable), Some(Kind::File)));
    assert_eq!((files[3].base_kind, files[3].head_kind), (None, Some(Kind::File)));
    assert_eq!(merge_base(repo.path(), "one", "two").unwrap(), Some(commit_of(repo.path(), "one").unwrap()));
    repo.git(&["checkout", "-q", "--orphan", "other"]);
    repo.commit("three");
    assert_eq!(merge_base(repo.path(), "one", "three").unwrap(), None);
}

#[test]
fn revisions_are_never_options() {
    let repo = two_commits();
    for rev in ["--help", "-x", "", "a b", "one..two", "^one", "x\ny"] {
        assert!(matches!(GitTree::open(repo.path(), rev), Err(GitError::BadRevision(_))), "{rev:?}");
    }
    let error = GitTree::open(repo.path(), "nope").unwrap_err().to_string();
    assert_eq!(error, "git does not know the revision `nope`: no such commit");
    assert!(matches!(GitTree::open(repo.path(), "one:Dockerfile"), Err(GitError::UnknownRevision { .. })));
    let nowhere = tempfile::tempdir().unwrap();
    let nowhere = Utf8PathBuf::from_path_buf(nowhere.path().to_owned()).unwrap();
    let error = commit_of(&nowhere, "HEAD").unwrap_err().to_string();
    assert!(error.contains("not a git repository"), "{error}");
}

#[test]
fn changes_between_folders() {
    let folder = tempfile::tempdir().unwrap();
    let root = Utf8Path::from_path(folder.path()).unwrap();
    let write = |path: &str, text: &str| {
        let full = root.join(path);
        fs::create_dir_all(full.parent().unwrap()).unwrap();
        fs::write(full, text).unwrap();
    };
    for (path, text) in
        [("Dockerfile", "FROM a\nRUN b\nRUN c\n"), ("same", "x"), ("edit", "x"), ("gone", "g\n")]
    {
        write(&format!("before/{path}"), text);
    }
    for (path, text) in [
        ("docker/Dockerfile", "FROM a\nRUN b\nRUN d\n"),
        ("same", "x"),
        ("edit", "y"),
        (".dockerignore", "z\n"),
        (".gitignore", "ignored\n"),
        ("ignored", "i"),
        (".git/config", ""),
    ] {
        write(&format!("after/{path}"), text);
    }
    let files = changed_folders(&root.join("before"), &root.join("after")).unwrap();
    let shown: Vec<_> = files
        .iter()
        .map(|f| (f.status, f.path.as_str(), f.base_path.as_deref().map(Utf8Path::as_str)))
        .collect();
    assert_eq!(
        shown,
        [
            (Status::Added, ".dockerignore", None),
            (Status::Added, ".gitignore", None),
            (Status::Renamed, "docker/Dockerfile", Some("Dockerfile")),
            (Status::Modified, "edit", None),
            (Status::Removed, "gone", None),
        ]
    );
    assert!(changed_folders(&root.join("nope"), root).is_err());
}

#[test]
fn many_questions_for_what_is_not_there_change_no_answer() {
    let repo = Repo::new();
    repo.write("a/there.txt", b"x");
    repo.write("there", b"x");
    let tree = DiskTree::new(repo.path());
    for index in 0..50 {
        assert_eq!(tree.entry(format!("a/missing{index}").as_str().into()), Lookup::Absent);
        assert_eq!(tree.entry(format!("missing{index}").as_str().into()), Lookup::Absent);
        assert_eq!(tree.entry(format!("no/where{index}").as_str().into()), Lookup::Absent);
    }
    for there in ["", "a", "a/there.txt", "there"] {
        assert!(tree.entry(there.into()).found().is_some(), "{there}");
    }
    assert_eq!(tree.read("a/there.txt".into()).found().as_deref(), Some("x"));
    assert_eq!(tree.list("a".into()).found().unwrap().len(), 1);
}
