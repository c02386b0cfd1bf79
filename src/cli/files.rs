//! Which files are checked, and the repositories they belong to.

use super::UsageError;
use super::explain::known_names;
use crate::config::{self, Config, ConfigError, FailOn};
use crate::dockerfile::ImageReference;
use crate::lint::Settings;
use crate::report::Unread;
use crate::repository::is_dockerfile;
use crate::text::{MAX_FILE_BYTES, Source, SourceError};
use anyhow::Context as _;
use camino::{Utf8Component, Utf8Path, Utf8PathBuf};
use std::collections::{HashMap, HashSet};
use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::path::Path;

/// A file to check.
#[derive(Debug, Clone)]
pub(super) struct Target {
    /// The path as it is shown: as the user typed it, or below the folder that the user typed.
    pub(super) shown: Utf8PathBuf,
    /// The path from the root of its repository.
    pub(super) inside: Utf8PathBuf,
    /// Index into [`Roots::list`].
    pub(super) root: usize,
    /// Where it is read from; `None` for standard input.
    pub(super) disk: Option<Utf8PathBuf>,
    /// Its size in bytes where it is known to be a plain file, no pipe and no device.
    pub(super) size: Option<u64>,
}

/// A repository, or a folder that is taken for one, with its settings.
#[derive(Debug)]
pub(super) struct Root {
    /// Absolute, without symbolic links.
    pub(super) dir: Utf8PathBuf,
    pub(super) settings: Settings,
    pub(super) fail_on: FailOn,
}

/// Where the configuration comes from.
#[derive(Debug, Clone, Default)]
pub(super) enum ConfigSource {
    /// The usual names at the root of each repository.
    #[default]
    Search,
    /// One file for all.
    File(Utf8PathBuf),
    /// None.
    Defaults,
}

/// What is the same for all repositories.
#[derive(Debug, Clone)]
pub(super) struct Options {
    pub(super) config: ConfigSource,
    pub(super) fail_on: Option<FailOn>,
    pub(super) today: jiff::civil::Date,
    pub(super) only: Vec<String>,
}

/// The repositories that were met.
#[derive(Debug)]
pub(super) struct Roots {
    pub(super) list: Vec<Root>,
    options: Options,
    of_folder: HashMap<Utf8PathBuf, usize>,
    /// The current folder, absolute, without symbolic links.
    pub(super) current: Utf8PathBuf,
    /// The folder that paths are shown from, as `current` is written.
    base: Utf8PathBuf,
}

impl Roots {
    pub(super) fn new(options: Options) -> anyhow::Result<Self> {
        let current = Utf8Path::new(".").canonicalize_utf8().context("cannot find the current folder")?;
        let base = current.clone();
        Ok(Self { list: Vec::new(), options, of_folder: HashMap::new(), current, base })
    }

    /// The repository of a folder (absolute): the nearest one above with `.git`, else `otherwise`.
    fn of(&mut self, folder: &Utf8Path, otherwise: &Utf8Path) -> anyhow::Result<usize> {
        if let Some(index) = self.of_folder.get(folder) {
            return Ok(*index);
        }
        let git = folder.ancestors().find(|dir| dir.join(".git").symlink_metadata().is_ok());
        let dir = git.unwrap_or(otherwise);
        let known = self.list.iter().position(|root| root.dir == dir);
        let index = known.map_or_else(|| self.add(dir), Ok)?;
        self.of_folder.insert(folder.to_owned(), index);
        Ok(index)
    }

    fn add(&mut self, dir: &Utf8Path) -> anyhow::Result<usize> {
        let config = self.config(dir)?;
        let fail_on = self.options.fail_on.unwrap_or(config.fail_on);
        let Options { today, only, .. } = self.options.clone();
        self.list.push(Root { dir: dir.to_owned(), settings: Settings { today, only, config }, fail_on });
        Ok(self.list.len() - 1)
    }

    fn config(&self, dir: &Utf8Path) -> anyhow::Result<Config> {
        let path = match &self.options.config {
            ConfigSource::Defaults => return Ok(Config::default()),
            ConfigSource::File(path) => path.clone(),
            ConfigSource::Search => {
                let found = config::FILE_NAMES.iter().map(|name| dir.join(name)).find(|path| path.exists());
                let Some(path) = found else { return Ok(Config::default()) };
                self.shown(&path)
            }
        };
        let refuse = |message: String| ConfigError::new(&path, None, message);
        let bytes = regular(&path)
            .and_then(|meta| read_capped(&path, meta.len(), config::MAX_BYTES).map_err(|error| plain(&error)))
            .map_err(|message| refuse(format!("cannot read the configuration: {message}")))?;
        let text =
            String::from_utf8(bytes).map_err(|_| refuse("the configuration is not UTF-8".to_owned()))?;
        let mut config = Config::parse(&path, &text)?;
        let unknown = config.unknown_rules(&known_names());
        if unknown.is_empty() {
            self.read_images(dir, &mut config)?;
            return Ok(config);
        }
        let messages: Vec<String> = unknown.iter().map(ToString::to_string).collect();
        Err(UsageError(messages.join("\nerror: ")).into())
    }

    /// Reads the file that `images:` names, and looks at the names of images.
    fn read_images(&self, dir: &Utf8Path, config: &mut Config) -> Result<(), ConfigError> {
        let images = &mut config.images;
        if let Some(file) = images.file.clone() {
            let path = dir.join(&file);
            let text = regular(&path)
                .and_then(|meta| not_outside(&path, true, dir).map(|()| meta.len()))
                .and_then(|size| read_capped(&path, size, config::MAX_BYTES).map_err(|error| plain(&error)))
                .and_then(|bytes| String::from_utf8(bytes).map_err(|_| "it is not UTF-8".to_owned()))
                .map_err(|message| images.file_error(&format!("cannot be read: {message}")))?;
            images.read_file(&self.shown(&path), &text)?;
        }
        images.check_names(|name| ImageReference::parse(name).is_some())
    }

    /// How the path of a file (absolute) is shown: from the current folder, or see [`Roots::show_from_top`].
    pub(super) fn shown(&self, path: &Utf8Path) -> Utf8PathBuf {
        let common = self.base.components().zip(path.components()).take_while(|(a, b)| a == b).count();
        // Nothing but the root of the disk in common: `../../..` helps nobody.
        if common <= 1 && self.base.components().count() > 1 {
            return path.to_owned();
        }
        let up = self.base.components().skip(common).map(|_| Utf8Component::ParentDir);
        up.chain(path.components().skip(common)).collect()
    }

    /// From now on paths are shown from the root of the repository (of the folder that holds all of them, where there
    /// are several): for reports that are read elsewhere.
    pub(super) fn show_from_top(&mut self, targets: &mut [Target], errors: &mut [Unread]) {
        let mut dirs = self.list.iter().map(|root| &root.dir);
        let Some(mut base) = dirs.next().cloned() else { return };
        for dir in dirs {
            base =
                base.components().zip(dir.components()).take_while(|(a, b)| a == b).map(|(a, _)| a).collect();
        }
        self.base = base;
        for target in targets {
            if let Some(root) = self.list.get(target.root) {
                target.shown = self.shown(&root.dir.join(&target.inside));
            }
        }
        for error in errors {
            let full = self.absolute(&error.path);
            if full.starts_with(&self.base) {
                error.path = self.shown(&full);
            }
        }
    }

    /// A path as the user typed it, absolute and without `.` and `..`.
    fn absolute(&self, path: &Utf8Path) -> Utf8PathBuf {
        let mut out = Utf8PathBuf::new();
        for part in self.current.join(path).components() {
            match part {
                Utf8Component::CurDir => {}
                Utf8Component::ParentDir => {
                    out.pop();
                }
                part => out.push(part),
            }
        }
        out
    }
}

/// The files to check, in the order of the arguments, each once; folders in order of path.
pub(super) fn collect(
    paths: &[Utf8PathBuf],
    stdin_name: Option<&Utf8Path>,
    roots: &mut Roots,
    errors: &mut Vec<Unread>,
) -> anyhow::Result<Vec<Target>> {
    let mut targets = Vec::new();
    let mut seen = HashSet::new();
    let mut folders = HashMap::new();
    for path in paths {
        if path == "-" {
            if targets.iter().all(|target: &Target| target.disk.is_some()) {
                targets.push(stdin(stdin_name, roots)?);
            }
            continue;
        }
        // Most paths are plain files: one look at the disk is enough for them.
        let itself = fs::symlink_metadata(path).ok();
        let size = itself.as_ref().filter(|meta| meta.is_file()).map(Metadata::len);
        let is_link = itself.as_ref().is_none_or(Metadata::is_symlink);
        if itself.is_some_and(|meta| meta.is_dir()) || (is_link && path.is_dir()) {
            for (target, is_link) in walk(path, roots, errors)? {
                push(&mut targets, &mut seen, roots, target, is_link);
            }
            continue;
        }
        match size.map_or_else(|| regular(path).map(|_| ()), |_| Ok(())) {
            Ok(()) => {
                let target = Target { size, ..named(path, roots, &mut folders)? };
                push(&mut targets, &mut seen, roots, target, is_link);
            }
            Err(message) => errors.push(Unread { path: path.clone(), message }),
        }
    }
    Ok(targets)
}

/// Adds a file that is not there yet under another path.
fn push(targets: &mut Vec<Target>, seen: &mut HashSet<String>, roots: &Roots, target: Target, is_link: bool) {
    let real = match (&target.disk, roots.list.get(target.root)) {
        // The folder is known without links.
        (Some(_), Some(root)) if !is_link => Some(root.dir.join(&target.inside)),
        (Some(path), _) => path.canonicalize_utf8().ok(),
        (None, _) => None,
    };
    if real.is_none_or(|real| seen.insert(real.into_string())) {
        targets.push(target);
    }
}

/// Standard input, in the place of the file it is named after.
fn stdin(name: Option<&Utf8Path>, roots: &mut Roots) -> anyhow::Result<Target> {
    let path = roots.current.join(name.unwrap_or(Utf8Path::new("Dockerfile")));
    let parent = path.parent().and_then(|dir| dir.canonicalize_utf8().ok());
    let folder = parent.unwrap_or_else(|| roots.current.clone());
    let otherwise = otherwise(&folder, &roots.current);
    let root = roots.of(&folder, &otherwise)?;
    let inside = inside(&roots.list, root, &folder, path.file_name().unwrap_or("Dockerfile"));
    let shown = name.map_or_else(|| Utf8PathBuf::from("<stdin>"), Utf8Path::to_owned);
    Ok(Target { shown, inside, root, disk: None, size: None })
}

/// A file that the user named; `folders` remembers where folders really are.
fn named(
    path: &Utf8Path,
    roots: &mut Roots,
    folders: &mut HashMap<Utf8PathBuf, Utf8PathBuf>,
) -> anyhow::Result<Target> {
    let parent = path.parent().filter(|dir| !dir.as_str().is_empty()).unwrap_or(Utf8Path::new("."));
    let folder = if let Some(known) = folders.get(parent) {
        known.clone()
    } else {
        let real = parent.canonicalize_utf8().with_context(|| format!("cannot find the folder of {path}"))?;
        folders.insert(parent.to_owned(), real.clone());
        real
    };
    let otherwise = otherwise(&folder, &roots.current);
    let root = roots.of(&folder, &otherwise)?;
    let inside = inside(&roots.list, root, &folder, path.file_name().unwrap_or("Dockerfile"));
    Ok(Target { shown: without_dot(path), inside, root, disk: Some(path.to_owned()), size: None })
}

/// Outside of git: the current folder when the file is below it, else the file's own folder.
fn otherwise(folder: &Utf8Path, current: &Utf8Path) -> Utf8PathBuf {
    if folder.starts_with(current) { current.to_owned() } else { folder.to_owned() }
}

fn inside(roots: &[Root], root: usize, folder: &Utf8Path, name: &str) -> Utf8PathBuf {
    let below = roots.get(root).and_then(|root| folder.strip_prefix(&root.dir).ok());
    below.unwrap_or(Utf8Path::new("")).join(name)
}

fn without_dot(path: &Utf8Path) -> Utf8PathBuf {
    let mut shown = path;
    while let Ok(rest) = shown.strip_prefix(".") {
        shown = rest;
    }
    shown.to_owned()
}

/// The Dockerfiles below a folder, and whether each is a symbolic link.
fn walk(dir: &Utf8Path, roots: &mut Roots, errors: &mut Vec<Unread>) -> anyhow::Result<Vec<(Target, bool)>> {
    let real = dir.canonicalize_utf8().with_context(|| format!("cannot find the folder {dir}"))?;
    let walker = ignore::WalkBuilder::new(dir)
        .hidden(false)
        .require_git(false)
        .filter_entry(|entry| entry.file_name() != ".git")
        .sort_by_file_path(Path::cmp)
        .build();
    let mut targets = Vec::new();
    for entry in walker {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                errors.push(Unread { path: without_dot(dir), message: error.to_string() });
                continue;
            }
        };
        let Some(path) = Utf8Path::from_path(entry.path()) else {
            let lossy = Utf8PathBuf::from(entry.path().to_string_lossy().into_owned());
            if is_dockerfile(&lossy) {
                errors.push(Unread { path: lossy, message: "its path is not UTF-8".to_owned() });
            }
            continue;
        };
        let is_dir = entry.file_type().is_some_and(|kind| kind.is_dir());
        if is_dir || !is_dockerfile(path) {
            continue;
        }
        let below = path.strip_prefix(dir).unwrap_or(path);
        let folder = below.parent().map_or_else(|| real.clone(), |parent| real.join(parent));
        // `join("")` leaves a slash at the end.
        let folder: Utf8PathBuf = folder.components().collect();
        let root = roots.of(&folder, &real)?;
        let inside = inside(&roots.list, root, &folder, path.file_name().unwrap_or("Dockerfile"));
        let Some(owner) = roots.list.get(root) else { continue };
        if owner.settings.config.exclude.matches(&inside) {
            continue;
        }
        let shown = without_dot(path);
        match regular(path).and_then(|_| not_outside(path, entry.path_is_symlink(), &owner.dir)) {
            Ok(()) => {
                let target = Target { shown, inside, root, disk: Some(path.to_owned()), size: None };
                targets.push((target, entry.path_is_symlink()));
            }
            Err(message) => errors.push(Unread { path: shown, message }),
        }
    }
    Ok(targets)
}

/// A link in a checked-out pull request must not show files of the machine.
fn not_outside(path: &Utf8Path, is_link: bool, root: &Utf8Path) -> Result<(), String> {
    if !is_link {
        // The walk does not follow links to folders.
        return Ok(());
    }
    match path.canonicalize_utf8() {
        Ok(real) if real.starts_with(root) => Ok(()),
        Ok(_) => Err("it is a symbolic link out of the repository; name it to check it".to_owned()),
        Err(error) => Err(plain(&error)),
    }
}

/// A file that can be read to its end: no folder, pipe, socket or device.
fn regular(path: &Utf8Path) -> Result<Metadata, String> {
    match fs::metadata(path) {
        Ok(meta) if meta.is_file() => Ok(meta),
        Ok(meta) if meta.is_dir() => Err("it is a folder".to_owned()),
        Ok(_) => Err("it is a pipe, a socket or a device; `-` reads standard input".to_owned()),
        Err(error) if error.kind() == io::ErrorKind::NotFound && path.symlink_metadata().is_ok() => {
            Err("it is a symbolic link to nothing".to_owned())
        }
        Err(error) => Err(plain(&error)),
    }
}

/// An error of the system as part of a sentence.
pub(super) fn plain(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "no such file or folder".to_owned(),
        io::ErrorKind::PermissionDenied => "no permission to read it".to_owned(),
        _ => error.to_string(),
    }
}

/// Reads a file as large as it was when its size was asked for, and at most one byte more than `most`. A size of
/// 0 may be that of a file the kernel makes up.
fn read_capped(path: &Utf8Path, size: u64, most: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(usize::try_from(size.min(most)).unwrap_or(0));
    // A limit that is reached ends the reading without another call.
    let limit = if size == 0 { most + 1 } else { size.min(most + 1) };
    File::open(path)?.take(limit).read_to_end(&mut bytes)?;
    Ok(bytes)
}

impl Target {
    /// Reads the file.
    pub(super) fn read(&self) -> Result<Source, String> {
        let bytes = if let Some(path) = &self.disk {
            let size = self.size.map_or_else(|| regular(path).map(|meta| meta.len()), Ok)?;
            if size > MAX_FILE_BYTES {
                return Err(SourceError::TooLarge(size).to_string());
            }
            read_capped(path, size, MAX_FILE_BYTES).map_err(|error| plain(&error))?
        } else {
            let mut bytes = Vec::new();
            let mut stdin = io::stdin().lock().take(MAX_FILE_BYTES + 1);
            stdin.read_to_end(&mut bytes).map_err(|error| plain(&error))?;
            bytes
        };
        if bytes.is_empty() {
            return Err("the file is empty".to_owned());
        }
        Source::from_bytes(bytes).map_err(|error| error.to_string())
    }
}
