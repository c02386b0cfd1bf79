//! Simple commands with their surroundings.

use super::ast::{CommandId, Connector, List, Place, Redirect};
use super::word::Word;
use crate::text::Span;

/// `NAME=value` before a command or alone.
#[derive(Debug, Clone)]
pub struct Assignment {
    /// The name, without a subscript.
    pub name: Box<str>,
    /// Whether it is `+=`.
    pub append: bool,
    /// The value; an empty word for `NAME=`.
    pub value: Word,
    /// Name to value.
    pub place: Place,
}

/// A set of the surroundings a command stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Inside(u16);

impl Inside {
    /// `( … )`
    pub const SUBSHELL: Self = Self(1);
    /// `{ …; }`
    pub const GROUP: Self = Self(1 << 1);
    /// The body of a function.
    pub const FUNCTION: Self = Self(1 << 2);
    /// The condition of `if`, `elif`, `while`, `until`.
    pub const CONDITION: Self = Self(1 << 3);
    /// A branch of `if` or `case`.
    pub const BRANCH: Self = Self(1 << 4);
    /// The body of a loop.
    pub const LOOP: Self = Self(1 << 5);
    /// `$(…)`, backquotes, `<(…)`.
    pub const SUBSTITUTION: Self = Self(1 << 6);
    /// Run by another program than the script's own shell: `sh -c '…'`, `bash <<EOF`, `find -exec …`.
    pub const STRING: Self = Self(1 << 7);
    /// Behind `!`.
    pub const NEGATED: Self = Self(1 << 8);

    /// Nothing of the above.
    pub const NONE: Self = Self(0);

    /// Both sets.
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// What is in both sets.
    pub const fn common(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Whether any of `other` holds.
    pub const fn any(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Whether nothing holds: the command stands on the top level.
    pub const fn is_none(self) -> bool {
        self.0 == 0
    }
}

/// Where a simple command stands in its script.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Context {
    /// What joins it to the next command of its list or pipeline.
    pub next: Connector,
    /// What joins the command before it in its list or pipeline to it; [`Connector::End`] for the first.
    pub previous: Connector,
    /// Position in its pipeline, from 0.
    pub pipe_index: u32,
    /// Number of commands in its pipeline; 1 when there is no pipe.
    pub pipe_length: u32,
    /// What it is inside of.
    pub inside: Inside,
    /// How deep it is nested; 0 on the top level.
    pub depth: u32,
    /// Index of the top-level chain ([`super::Script::root`]) it belongs to.
    pub chain: u32,
    /// The command whose substitution, string or here-document holds it.
    pub parent: Option<CommandId>,
}

/// A simple command.
#[derive(Debug, Clone)]
pub struct Command {
    /// Its number.
    pub id: CommandId,
    /// Assignments before the first word.
    pub assignments: Vec<Assignment>,
    /// All words, `sudo` and its like included.
    pub words: Vec<Word>,
    /// Redirects.
    pub redirects: Vec<Redirect>,
    /// First to last word, assignments and redirects included.
    pub place: Place,
    /// Its surroundings.
    pub context: Context,
    /// The commands of the string it runs (`sh -c '…'`, `su -c '…'`, `eval '…'`), or those that `find -exec`
    /// starts.
    pub script: Option<List>,
    pub(super) name_at: u32,
}

impl Command {
    /// The bytes in the file.
    pub const fn span(&self) -> Span {
        self.place.span
    }

    /// The program that does the work: `sudo`, `env`, `exec`, `time` and their like are looked through, a
    /// path is cut to its last part (also `$VENV/bin/pip`). `None` when it is not known or there is no word.
    pub fn name(&self) -> Option<&str> {
        self.name_word().and_then(program_name)
    }

    /// The word of the program.
    pub fn name_word(&self) -> Option<&Word> {
        self.words.get(self.name_at as usize)
    }

    /// The words after the program.
    pub fn args(&self) -> &[Word] {
        self.words.get(self.name_at as usize + 1..).unwrap_or(&[])
    }

    /// The program and the words after it.
    pub fn program_words(&self) -> &[Word] {
        self.words.get(self.name_at as usize..).unwrap_or(&[])
    }

    /// The words before the program: `sudo -u app`, `env X=1`.
    pub fn prefix(&self) -> &[Word] {
        self.words.get(..self.name_at as usize).unwrap_or(&[])
    }

    /// The first prefix word of that name (`sudo`, `exec`, `env`, `xargs`, …).
    pub fn prefix_word(&self, name: &str) -> Option<&Word> {
        self.prefix().iter().find(|word| program_name(word) == Some(name))
    }

    /// Whether a word before the program has it run as a user other than the one of the script: `gosu app`,
    /// `sudo -u app`.
    pub fn runs_as_other_user(&self) -> bool {
        let names = ["gosu", "su-exec", "setuser", "s6-setuidgid", "chpst", "runuser", "setpriv"];
        let option = |text: &str| {
            text == "--user" || text.starts_with("--user=") || {
                let short = text.strip_prefix('-').filter(|rest| !rest.starts_with('-'));
                short.is_some_and(|letters| letters.contains('u'))
            }
        };
        names.iter().any(|name| self.prefix_word(name).is_some())
            || (["sudo", "doas"].iter().any(|name| self.prefix_word(name).is_some())
                && self.prefix().iter().any(|word| option(word.text())))
    }

    /// The first redirect that writes standard output (or both outputs) to a file.
    pub fn output_file(&self) -> Option<&Redirect> {
        self.redirects.iter().find(|r| r.writes_file() && matches!(r.descriptor.as_deref(), None | Some("1")))
    }
}

/// The program a word names: the last part of its path, also when what stands before it is not known.
pub(super) fn program_name(word: &Word) -> Option<&str> {
    if let Some(text) = word.literal() {
        return Some(base_name(text));
    }
    let text = word.text();
    let name = text.get(text.bytes().rposition(|b| b == b'/')? + 1..)?;
    let known = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-' | b'+');
    // A `/` inside of `$(a/b)` or `${x:-a/b}` leaves a bracket behind.
    (!name.is_empty() && name.bytes().all(known)).then_some(name)
}

/// The last part of a path.
pub(super) fn base_name(path: &str) -> &str {
    let slash = path.as_bytes().iter().rposition(|b| *b == b'/');
    slash.and_then(|at| path.get(at + 1..)).unwrap_or(path)
}

/// Whether a word of a command line reads `NAME=…`.
pub(super) fn is_assignment_text(text: &str) -> bool {
    text.split_once('=').is_some_and(|(name, _)| {
        !name.is_empty()
            && !name.starts_with(|c: char| c.is_ascii_digit())
            && name.bytes().all(|b| b == b'_' || b.is_ascii_alphanumeric())
    })
}

/// A program that starts another one named on its own command line.
struct Launcher {
    name: &'static str,
    /// Short options that take a value, as letters.
    short_values: &'static str,
    /// Long options that take a value in the next word.
    long_values: &'static [&'static str],
    /// Operands before the program: the duration of `timeout`, the user of `gosu`.
    operands: usize,
    /// Whether `NAME=value` words may stand before the program.
    assignments: bool,
}

const fn launcher(name: &'static str, short_values: &'static str) -> Launcher {
    Launcher { name, short_values, long_values: &[], operands: 0, assignments: false }
}

/// Options from the manuals of sudo, doas, coreutils, util-linux, findutils, bash, GNU time, runit, tini and
/// dumb-init. `chroot` is none of them: what it starts works on another root.
static LAUNCHERS: &[Launcher] = &[
    Launcher {
        name: "sudo",
        short_values: "ugpCThRDrtU",
        long_values: &[
            "--user",
            "--group",
            "--prompt",
            "--chdir",
            "--chroot",
            "--host",
            "--role",
            "--type",
            "--close-from",
            "--command-timeout",
            "--other-user",
        ],
        operands: 0,
        assignments: true,
    },
    launcher("doas", "uC"),
    Launcher {
        name: "env",
        short_values: "uC",
        long_values: &["--unset", "--chdir"],
        operands: 0,
        assignments: true,
    },
    launcher("exec", "a"),
    launcher("command", ""),
    launcher("builtin", ""),
    launcher("coproc", ""),
    launcher("nohup", ""),
    launcher("setsid", ""),
    launcher("eatmydata", ""),
    launcher("fakeroot", "lifsb"),
    launcher("chronic", ""),
    launcher("unbuffer", ""),
    launcher("linux32", ""),
    launcher("linux64", ""),
    launcher("dbus-run-session", ""),
    launcher("busybox", ""),
    Launcher { long_values: &["--adjustment"], ..launcher("nice", "n") },
    Launcher {
        long_values: &["--class", "--classdata", "--pid", "--pgid", "--uid"],
        ..launcher("ionice", "cnpPu")
    },
    Launcher { long_values: &["--format", "--output"], ..launcher("time", "fo") },
    Launcher { long_values: &["--signal", "--kill-after"], operands: 1, ..launcher("timeout", "sk") },
    Launcher { long_values: &["--input", "--output", "--error"], ..launcher("stdbuf", "ioe") },
    Launcher { operands: 1, ..launcher("gosu", "") },
    Launcher { operands: 1, ..launcher("su-exec", "") },
    Launcher { operands: 1, ..launcher("setuser", "") },
    Launcher { operands: 1, ..launcher("s6-setuidgid", "") },
    Launcher { operands: 1, ..launcher("setarch", "") },
    Launcher { operands: 1, ..launcher("faketime", "") },
    Launcher {
        long_values: &["--wait", "--timeout", "--conflict-exit-code"],
        operands: 1,
        ..launcher("flock", "wE")
    },
    launcher("chpst", "uUbenlLmdopfcrt/"),
    // With `-u` it starts a program, else a shell as `su` does.
    Launcher {
        long_values: &["--user", "--group", "--supp-group", "--whitelist-environment"],
        ..launcher("runuser", "ugGw")
    },
    Launcher {
        long_values: &[
            "--ambient-caps",
            "--inh-caps",
            "--bounding-set",
            "--ruid",
            "--euid",
            "--rgid",
            "--egid",
            "--reuid",
            "--regid",
            "--groups",
            "--securebits",
            "--pdeathsig",
            "--selinux-label",
            "--apparmor-profile",
        ],
        ..launcher("setpriv", "")
    },
    Launcher {
        long_values: &[
            "--error-file",
            "--auth-file",
            "--server-num",
            "--xauth-protocol",
            "--server-args",
            "--wait",
        ],
        ..launcher("xvfb-run", "efnpsw")
    },
    launcher("tini", "pe"),
    Launcher { long_values: &["--rewrite"], ..launcher("dumb-init", "r") },
    Launcher {
        long_values: &[
            "--arg-file",
            "--delimiter",
            "--max-args",
            "--max-procs",
            "--max-chars",
            "--process-slot-var",
        ],
        ..launcher("xargs", "adEILnPs")
    },
];

/// First letters of the launchers as bits, from `a` on.
static LAUNCHER_INITIALS: u32 = {
    let (mut bits, mut at) = (0, 0);
    while at < LAUNCHERS.len() {
        bits |= 1 << (LAUNCHERS[at].name.as_bytes()[0] - b'a');
        at += 1;
    }
    bits
};

/// Whether some launcher begins with the same letter: the table need not be looked through for most programs.
fn has_initial_of_launcher(name: &str) -> bool {
    let first = name.as_bytes().first();
    first.is_some_and(|b| b.is_ascii_lowercase() && LAUNCHER_INITIALS & (1 << (b - b'a')) != 0)
}

/// Index of the word that names the working program; the number of words when there is none.
pub(super) fn find_program(words: &[Word]) -> u32 {
    let mut at = 0;
    'program: while let Some(word) = words.get(at) {
        let Some(name) = program_name(word) else { return at as u32 };
        if !has_initial_of_launcher(name) {
            return at as u32;
        }
        let Some(launcher) = LAUNCHERS.iter().find(|l| l.name == name) else { return at as u32 };
        let mut next = at + 1;
        while let Some(text) = words.get(next).map(Word::text) {
            if text == "--" {
                next += 1;
                break;
            }
            let Some(option) = text.strip_prefix('-') else {
                if launcher.assignments && is_assignment_text(text) {
                    next += 1;
                    continue;
                }
                if name == "runuser" && next == at + 1 {
                    break 'program;
                }
                break;
            };
            // `command -v x` asks, `env -S` splits a string, `sudo -l` lists: the launcher does the work.
            let asks =
                match name {
                    "command" => option.contains(['v', 'V']),
                    "env" => option.starts_with('S'),
                    "sudo" => matches!(option, "l" | "v" | "k" | "K" | "V" | "-list" | "-version"),
                    "busybox" => matches!(option, "-install" | "-list" | "-list-full" | "-help"),
                    // The string behind it is run.
                    "flock" => option == "c" || option == "-command",
                    "runuser" => !words.iter().skip(at + 1).map(Word::text).any(|text| {
                        text.starts_with("-u") || text == "--user" || text.starts_with("--user=")
                    }),
                    _ => false,
                };
            if asks {
                break 'program;
            }
            next += 1;
            let takes_next = if option.starts_with('-') {
                launcher.long_values.contains(&text)
            } else {
                option
                    .char_indices()
                    .find(|(_, c)| launcher.short_values.contains(*c))
                    .is_some_and(|(i, c)| i + c.len_utf8() == option.len())
            };
            if takes_next {
                next += 1;
            }
        }
        next += launcher.operands;
        // `flock file -c 'commands'`
        if name == "flock" && words.get(next).is_some_and(|word| matches!(word.text(), "-c" | "--command")) {
            break;
        }
        if next >= words.len() {
            // `sudo -i`, a lone `exec >log`: the launcher itself is the command.
            break;
        }
        at = next;
    }
    at.min(words.len()) as u32
}
