//! Which language the shell of an instruction speaks: the words of SHELL.

use super::nested::SHELLS;
use super::script::Options;

/// The language of a shell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// sh, bash, ash, dash, ksh, mksh, zsh.
    Posix,
    /// powershell, pwsh.
    PowerShell,
    /// cmd.
    Cmd,
    /// Something else: `python`, a program of the image.
    Other,
}

/// A shell as SHELL or a command line starts it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShellCall {
    /// Its language.
    pub dialect: Dialect,
    /// The program in lower case, without its folder and `.exe`; empty when nothing is named.
    pub name: String,
    /// What its options switch on (`-e`, `-o pipefail`); none for shells that are not POSIX's.
    pub options: Options,
}

impl ShellCall {
    /// What `/bin/sh -c` is: Docker's default outside of Windows.
    pub fn sh() -> Self {
        Self { dialect: Dialect::Posix, name: "sh".to_owned(), options: Options::default() }
    }

    /// Reads the words of SHELL: `["/bin/bash", "-eo", "pipefail", "-c"]`, `["powershell", "-Command", "…"]`,
    /// `["conda", "run", "-n", "env", "/bin/bash", "-c"]`.
    pub fn of<S: AsRef<str>>(words: &[S]) -> Self {
        // `["powershell -Command"]`: no program has such a name, but the author tells what is meant.
        let all = || words.iter().flat_map(|word| word.as_ref().split_ascii_whitespace());
        let first = all().next().map(program).unwrap_or_default();
        let dialect = dialect(&first);
        if dialect == Dialect::Other && starts_others(&first) {
            // The first shell that is named is started; what stands before it are options and operands.
            let at = all().position(|word| self::dialect(&program(word)) != Dialect::Other);
            return at.map_or(Self { dialect, name: first, options: Options::default() }, |at| {
                Self::of(&all().skip(at).collect::<Vec<_>>())
            });
        }
        let mut options = Options::default();
        if dialect == Dialect::Posix {
            options.apply_call(all().skip(1));
        }
        Self { dialect, name: first, options }
    }

    /// Whether its scripts are read: whether it is a POSIX shell.
    pub fn is_posix(&self) -> bool {
        self.dialect == Dialect::Posix
    }
}

/// The name of a program, of a path of either kind: `C:\Windows\System32\CMD.EXE` is `cmd`.
fn program(word: &str) -> String {
    let name = word.rsplit(['/', '\\']).next().unwrap_or(word).to_ascii_lowercase();
    name.strip_suffix(".exe").map_or_else(|| name.clone(), str::to_owned)
}

fn dialect(name: &str) -> Dialect {
    match name {
        "powershell" | "pwsh" | "powershell_ise" | "pwsh-preview" => Dialect::PowerShell,
        "cmd" => Dialect::Cmd,
        _ if SHELLS.contains(&name) => Dialect::Posix,
        _ => Dialect::Other,
    }
}

/// Programs that start the shell named behind them.
fn starts_others(name: &str) -> bool {
    matches!(
        name,
        "env"
            | "conda"
            | "mamba"
            | "micromamba"
            | "busybox"
            | "sudo"
            | "tini"
            | "dumb-init"
            | "eatmydata"
            | "fakeroot"
            | "linux32"
            | "nice"
            | "scl"
            | "time"
            | "timeout"
            | "xvfb-run"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn languages_of_shells() {
        use Dialect::{Cmd, Other, Posix, PowerShell};
        for (words, expected, name) in [
            (&["/bin/sh", "-c"][..], Posix, "sh"),
            (&["/bin/bash", "--login", "-eo", "pipefail", "-c"], Posix, "bash"),
            (&["ash"], Posix, "ash"),
            (&["/usr/bin/zsh", "-c"], Posix, "zsh"),
            (&["/usr/bin/env", "bash", "-c"], Posix, "bash"),
            (&["conda", "run", "--no-capture-output", "-n", "x", "/bin/bash", "-c"], Posix, "bash"),
            (&["busybox", "sh", "-c"], Posix, "sh"),
            (&["C:\\cygwin64\\bin\\bash.exe", "-c"], Posix, "bash"),
            (&["powershell", "-Command", "$ErrorActionPreference = 'Stop';"], PowerShell, "powershell"),
            (&["powershell -Command"], PowerShell, "powershell"),
            (&["PowerShell.EXE"], PowerShell, "powershell"),
            (&["C:\\Program Files\\PowerShell\\7\\pwsh.exe", "-c"], Other, "program"),
            (&["C:\\pwsh\\pwsh.exe", "-c"], PowerShell, "pwsh"),
            (&["/usr/bin/pwsh", "-Command"], PowerShell, "pwsh"),
            (&["cmd", "/S", "/C"], Cmd, "cmd"),
            (&["C:/Windows/System32/CMD.exe", "/C"], Cmd, "cmd"),
            (&["python3", "-c"], Other, "python3"),
            (&["conda", "run"], Other, "conda"),
            (&[], Other, ""),
        ] {
            let call = ShellCall::of(words);
            assert_eq!((call.dialect, call.name.as_str()), (expected, name), "{words:?}");
        }
    }

    #[test]
    fn options_of_shells() {
        let options = |words: &[&str]| ShellCall::of(words).options;
        let both = options(&["/bin/bash", "-eo", "pipefail", "-c"]);
        assert!(both.errexit && both.pipefail && !both.nounset && !both.xtrace);
        assert!(options(&["bash", "--login", "-O", "extglob", "-u", "-c"]).nounset);
        assert!(options(&["env", "-i", "ash", "-o", "pipefail", "-x", "-c"]).xtrace);
        assert_eq!(options(&["/bin/sh", "-c"]), Options::default());
        assert_eq!(options(&["powershell", "-e"]), Options::default());
    }
}
