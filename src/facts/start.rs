//! What a container of a stage starts: ENTRYPOINT, CMD and the script they name.

use super::launch::plain_words;
use super::{Copied, FileFacts, StageFacts, State, Workdir, copied_from, is_absolute, join};
use crate::dockerfile::{Instruction, Joined, Keyword, Word};
use crate::repository::{Entry, Lookup};
use crate::shell::{Interpreter, Script, interpreter_of, parse};
use std::rc::Rc;
use std::sync::Arc;

/// What a container starts.
#[derive(Debug, Clone, Default)]
pub struct Start<'a> {
    /// The effective ENTRYPOINT.
    pub entrypoint: Option<StartPart<'a>>,
    /// The effective CMD: arguments of the ENTRYPOINT, or the command itself.
    pub cmd: Option<StartPart<'a>>,
    /// The script of the context that becomes the container's first process.
    pub script: Option<Arc<StartScript<'a>>>,
    /// The script of the context that the shell of a command in shell form starts: `CMD ./run.sh`,
    /// `ENTRYPOINT sh run.sh`. `None` where `script` is known.
    pub shell_script: Option<Arc<StartScript<'a>>>,
}

/// An effective ENTRYPOINT or CMD.
#[derive(Debug, Clone)]
pub struct StartPart<'a> {
    /// The instruction.
    pub instruction: &'a Instruction,
    /// Its stage.
    pub stage: usize,
    /// Its number in the file.
    pub index: usize,
    /// What is effective there.
    pub state: Rc<State>,
}

/// A script of the build context that a container starts.
#[derive(Debug, Clone)]
pub struct StartScript<'a> {
    /// The word of ENTRYPOINT or CMD that names it.
    pub word: Word,
    /// Whether it is the program itself, not the argument of an interpreter.
    pub direct: bool,
    /// Its absolute path in the image.
    pub target: String,
    /// The instruction that copied it.
    pub copied: Copied<'a>,
    /// Its kind and size.
    pub entry: Entry,
    /// Its text.
    pub text: Arc<str>,
    /// Its commands; `None` when it is no POSIX shell script.
    pub script: Option<Script>,
}

impl<'a> Start<'a> {
    /// Finds what a stage starts.
    pub(super) fn of(file: &FileFacts<'a>, stage: &StageFacts<'a>) -> Self {
        let mut start = Self::default();
        for (owner, facts) in file.history(stage) {
            let part = || {
                Some(StartPart {
                    instruction: facts.instruction,
                    stage: owner.index,
                    index: facts.index,
                    state: Rc::clone(&facts.state),
                })
            };
            match facts.instruction.keyword {
                Keyword::Entrypoint => {
                    start.entrypoint = part();
                    // A new ENTRYPOINT drops the CMD that came with the image below.
                    if start.cmd.as_ref().is_some_and(|cmd| cmd.stage != owner.index) {
                        start.cmd = None;
                    }
                }
                Keyword::Cmd => start.cmd = part(),
                _ => {}
            }
        }
        // `ENTRYPOINT []` takes the entrypoint away.
        if start.entrypoint.as_ref().is_some_and(|e| e.instruction.args.is_empty()) {
            start.entrypoint = None;
        }
        start.script = start.find_script(file, stage).map(Arc::new);
        if start.script.is_none() {
            start.shell_script = start.find_shell_script(file, stage).map(Arc::new);
        }
        start
    }

    /// The instruction that names the first process: ENTRYPOINT, else CMD.
    pub fn main(&self) -> Option<&StartPart<'a>> {
        self.entrypoint.as_ref().or(self.cmd.as_ref())
    }

    /// The words of the first process and its arguments, when all of it is in exec form.
    pub fn exec_words(&self) -> Option<Vec<&'a Word>> {
        let mut out: Vec<&Word> = Vec::new();
        for part in [&self.entrypoint, &self.cmd].into_iter().flatten() {
            if !part.instruction.json {
                return None;
            }
            out.extend(&part.instruction.args);
        }
        (!out.is_empty()).then_some(out)
    }

    /// The words of the command as far as they are plain: exec form, or a shell form without any shell
    /// syntax.
    pub fn command_words(&self) -> Option<Vec<String>> {
        if let Some(words) = self.exec_words() {
            return Some(words.into_iter().map(|w| w.text.clone()).collect());
        }
        let part = self.main()?;
        crate::shell::split_words(part.instruction.rest_text())
    }

    fn find_script(&self, file: &FileFacts<'a>, stage: &StageFacts<'a>) -> Option<StartScript<'a>> {
        let words = self.exec_words().or_else(|| {
            // `ENTRYPOINT ["/run.sh"]` with a CMD in shell form still starts /run.sh.
            let entrypoint = self.entrypoint.as_ref()?;
            entrypoint.instruction.json.then(|| entrypoint.instruction.args.iter().collect())
        })?;
        script_of(&words, file, stage)
    }

    /// The script of a main instruction in shell form that is one command of plain words.
    fn find_shell_script(&self, file: &FileFacts<'a>, stage: &StageFacts<'a>) -> Option<StartScript<'a>> {
        let main = self.main().filter(|main| !main.instruction.json)?;
        let owner = if main.stage == stage.index { stage } else { file.stages.get(main.stage)? };
        let facts = owner.instructions.iter().find(|facts| facts.index == main.index)?;
        let words = plain_words(facts.body.as_ref()?)?;
        script_of(&words.iter().collect::<Vec<_>>(), file, stage)
    }
}

/// Where images keep programs, in the order of the usual PATH.
const PROGRAM_FOLDERS: [&str; 6] =
    ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];

/// The word of a command line that names what is started, when that is a path or the argument of a shell.
fn started<'w>(words: &[&'w Word]) -> Option<(&'w Word, bool)> {
    let rest = after_wrappers(words);
    let program = rest.first()?;
    let name = program.text.rsplit('/').next().unwrap_or("");
    let (word, direct) = if matches!(name, "sh" | "bash" | "ash" | "dash") {
        (*rest[1..].iter().find(|w| !w.text.starts_with('-'))?, false)
    } else {
        (*program, true)
    };
    let runs_text =
        rest[1..].iter().take_while(|w| w.text.starts_with('-')).any(|w| w.text.contains('c') && !direct);
    (!runs_text && !word.text.contains('$')).then_some((word, direct))
}

/// The absolute path of a word that is no bare name, at the end of a stage.
fn absolute(word: &Word, file: &FileFacts<'_>, stage: &StageFacts<'_>) -> Option<String> {
    let path = &word.text;
    Some(if is_absolute(path) {
        join("/", path)
    } else {
        match &stage.end.workdir {
            Workdir::Set(dir) => join(dir, path),
            Workdir::Base => join(file.defaults(stage)?.workdir_path()?, path),
            Workdir::Unknown => return None,
        }
    })
}

/// The path of what a container starts, whether or not the context is known to have it.
#[derive(Debug, Clone)]
pub struct StartPath {
    /// The word of ENTRYPOINT or CMD that names it.
    pub word: Word,
    /// The absolute path in the image.
    pub target: String,
}

/// The path of the file that the first process of a stage is, or that its shell reads; `None` for bare names,
/// which are looked up on PATH.
pub fn start_path(file: &FileFacts<'_>, stage: &StageFacts<'_>) -> Option<StartPath> {
    let words = stage.start.exec_words().or_else(|| {
        let main = stage.start.main()?;
        main.instruction.json.then(|| main.instruction.args.iter().collect())
    })?;
    let (word, direct) = started(&words)?;
    if direct && !word.text.contains('/') {
        return None;
    }
    Some(StartPath { word: word.clone(), target: absolute(word, file, stage)? })
}

/// The script of the context that a command line starts.
fn script_of<'a>(words: &[&Word], file: &FileFacts<'a>, stage: &StageFacts<'a>) -> Option<StartScript<'a>> {
    let (word, direct) = started(words)?;
    let path = &word.text;
    let (target, copied) = if direct && !path.contains('/') {
        // A bare name is looked up on PATH, not in the working directory. Only names that look like a
        // script are worth asking the repository for.
        let script = path.contains("entrypoint")
            || path.rsplit_once('.').is_some_and(|(_, end)| matches!(end, "sh" | "bash" | "py"));
        let found = PROGRAM_FOLDERS.iter().filter(|_| script).find_map(|folder| {
            let target = join(folder, path);
            copied_from(file, stage, &target).map(|copied| (target, copied))
        });
        found?
    } else {
        let target = absolute(word, file, stage)?;
        let copied = copied_from(file, stage, &target)?;
        (target, copied)
    };
    let entry = file.tree.entry(&copied.path).found()?;
    let Lookup::Found(text) = file.tree.read(&copied.path) else { return None };
    let is_shell = !matches!(interpreter_of(&text), Interpreter::Other(_));
    let named_sh = target.rsplit_once('.').is_some_and(|(_, extension)| extension == "sh");
    let looks_like_shell = text.starts_with("#!") || named_sh || !direct;
    let script = (is_shell && looks_like_shell).then(|| parse(&Joined::verbatim(&text, 0)));
    Some(StartScript { word: word.clone(), direct, target, copied, entry, text, script })
}

/// The words after init wrappers such as `tini --` and `dumb-init`.
pub fn after_wrappers<'w, 'a>(words: &'w [&'a Word]) -> &'w [&'a Word] {
    let mut rest = words;
    while let Some((first, tail)) = rest.split_first() {
        let name = first.text.rsplit('/').next().unwrap_or("");
        if !matches!(
            name,
            "tini" | "dumb-init" | "catatonit" | "docker-init" | "env" | "exec" | "nice" | "tini-static"
        ) {
            break;
        }
        rest = tail;
        while rest.first().is_some_and(|w| w.text.starts_with('-') || (name == "env" && w.text.contains('=')))
        {
            rest = &rest[1..];
        }
    }
    rest
}
