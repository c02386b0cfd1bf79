//! Whether what a container starts gives root up itself, or cannot do without.

use crate::dockerfile::Keyword;
use crate::facts::{Base, FileFacts, StageFacts, StartPart, after_wrappers, copied_from};
use crate::repository::Lookup;

/// Programs that switch to another user.
const DROPPERS: [&str; 16] = [
    "gosu",
    "su-exec",
    "setpriv",
    "runuser",
    "setuidgid",
    "s6-setuidgid",
    "s6-applyuidgid",
    "chpst",
    "chroot",
    "capsh",
    "setuser",
    "start-stop-daemon",
    "suexec",
    "fixuid",
    "su",
    "pysu",
];

/// Programs that drop root for their workers, or whose work needs root (they start sessions or processes of
/// other users, or manage the network).
const OWN_BUSINESS: [&str; 68] = [
    "shorewall",
    "iptables",
    "nft",
    "tcpdump",
    "cupsd",
    "rsyslogd",
    "fail2ban-server",
    "hostapd",
    "wpa_supplicant",
    "dhcpd",
    "dhclient",
    "udhcpd",
    "radvd",
    "bird",
    "zebra",
    "auditd",
    "nginx",
    "nginx-debug",
    "openresty",
    "httpd",
    "httpd-foreground",
    "apache2",
    "apache2-foreground",
    "apache2ctl",
    "apachectl",
    "apache2-foreground.sh",
    "php-fpm",
    "postgres",
    "mysqld",
    "mysqld_safe",
    "mariadbd",
    "mariadbd-safe",
    "mongod",
    "redis-server",
    "memcached",
    "haproxy",
    "squid",
    "named",
    "unbound",
    "dnsmasq",
    "chronyd",
    "ntpd",
    "sshd",
    "dropbear",
    "crond",
    "cron",
    "supercronic",
    "systemd",
    "init",
    "runsvdir",
    "runit",
    "s6-svscan",
    "my_init",
    "dockerd",
    "containerd",
    "openvpn",
    "wg-quick",
    "keepalived",
    "strongswan",
    "charon",
    "ipsec",
    "postfix",
    "master",
    "exim4",
    "dovecot",
    "vsftpd",
    "proftpd",
    "smbd",
];

/// Interpreters that wait for a person when they are started without arguments.
const INTERPRETERS: [&str; 14] = [
    "python", "python2", "python3", "ipython", "pypy", "pypy3", "node", "irb", "iex", "erl", "ghci", "julia",
    "jshell", "R",
];

/// Whether the image only starts an interpreter: it is there for others to build on.
fn is_for_others(stage: &StageFacts<'_>) -> bool {
    let is_interpreter = |word: &str| INTERPRETERS.contains(&base_name(word));
    if let Some(words) = stage.start.exec_words() {
        return matches!(words.as_slice(), [only] if is_interpreter(&only.text));
    }
    let words = stage.start.command_words();
    words.is_some_and(|words| matches!(words.as_slice(), [only] if is_interpreter(only)))
}

/// Folders of bare program names.
const PATH: [&str; 6] = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];

/// Whether the container gives root up by itself, or nobody can say.
pub(super) fn are_dropped_or_needed(file: &FileFacts<'_>, stage: &StageFacts<'_>) -> bool {
    if file.defaults(stage).is_some_and(|defaults| defaults.drops_privileges) {
        return true;
    }
    if is_for_others(stage) {
        return true;
    }
    let parts = || [&stage.start.entrypoint, &stage.start.cmd].into_iter().flatten();
    if parts().any(|part| in_command(part)) || drops_in_supervisor(file, stage) {
        return true;
    }
    if stage.start.main().is_none() {
        return installs_dropper(file, stage);
    }
    match start_script(file, stage) {
        Script::Text(text) => names_dropper(&text) || installs_dropper(file, stage) && runs_arguments(&text),
        // What it does is not known; an image that installs a dropper for it does not run as root.
        Script::Unknown => true,
        Script::None => installs_dropper(file, stage),
    }
}

/// Whether ENTRYPOINT or CMD names a program that gives root up.
fn in_command(part: &StartPart<'_>) -> bool {
    let instruction = part.instruction;
    if instruction.json {
        let words: Vec<_> = instruction.args.iter().collect();
        let rest = after_wrappers(&words);
        let program = rest.first().map_or("", |word| base_name(&word.text));
        return does_own_business(program)
            || instruction.args.iter().any(|word| names_dropper(&word.text))
            || instruction
                .args
                .iter()
                .any(|word| word.text.contains(' ') && begins_own_business(&word.text));
    }
    let text = instruction.rest_text();
    names_dropper(text) || begins_own_business(text)
}

/// Whether a command line runs such a server at the beginning of one of its commands.
fn begins_own_business(text: &str) -> bool {
    text.split(['&', ';', '|', '\n'])
        .filter_map(|command| command.split_whitespace().find(|word| *word != "exec"))
        .any(|program| does_own_business(base_name(program)))
}

fn does_own_business(program: &str) -> bool {
    OWN_BUSINESS.contains(&program)
        || program
            .strip_prefix("php-fpm")
            .is_some_and(|version| version.bytes().all(|b| b.is_ascii_digit() || b == b'.'))
}

fn base_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// Whether a text holds the name of a program that switches users, as a word of its own.
fn names_dropper(text: &str) -> bool {
    text.lines()
        .filter(|line| !line.trim_start().starts_with('#'))
        .flat_map(|line| {
            line.split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '/' | '.')))
        })
        .any(|word| DROPPERS.contains(&base_name(word)) || word.contains("s6-overlay"))
}

/// Whether an entrypoint runs its arguments, so that it may hand them to what is installed.
fn runs_arguments(text: &str) -> bool {
    text.contains("$@") || text.contains("$*")
}

/// Whether the image gets a program that only an entrypoint needs: gosu, su-exec, s6.
fn installs_dropper(file: &FileFacts<'_>, stage: &StageFacts<'_>) -> bool {
    file.history(stage).iter().any(|(_, facts)| {
        let instruction = facts.instruction;
        matches!(
            instruction.keyword,
            Keyword::Run | Keyword::Copy | Keyword::Add | Keyword::Env | Keyword::Arg
        ) && { names_entrypoint_tool(file.dockerfile.source.slice(instruction.span)) }
    })
}

/// Whether a text holds `gosu`, `su-exec` or a name of s6, in any case.
fn names_entrypoint_tool(text: &str) -> bool {
    let bytes = text.as_bytes();
    let stands_at = |at: usize, name: &str| {
        bytes.get(at..at + name.len()).is_some_and(|text| text.eq_ignore_ascii_case(name.as_bytes()))
    };
    // An `s` is in each of them.
    memchr::memchr2_iter(b's', b'S', bytes).any(|at| {
        at.checked_sub(2).is_some_and(|start| stands_at(start, "gosu"))
            || ["su-exec", "s6-overlay", "s6_overlay", "s6-setuidgid"].iter().any(|name| stands_at(at, name))
    })
}

/// The script that the container starts.
enum Script {
    Text(String),
    /// There is one, and nobody knows what is in it.
    Unknown,
    /// It is a program.
    None,
}

fn start_script(file: &FileFacts<'_>, stage: &StageFacts<'_>) -> Script {
    if let Some(script) = stage.start.script.as_ref().or(stage.start.shell_script.as_ref()) {
        return Script::Text(script.text.to_string());
    }
    let Some(main) = stage.start.main() else { return Script::None };
    let (words, json): (Vec<String>, bool) = if main.instruction.json {
        let words: Vec<_> = main.instruction.args.iter().collect();
        (after_wrappers(&words).iter().map(|word| word.text.clone()).collect(), true)
    } else {
        (main.instruction.rest_text().split_whitespace().map(str::to_owned).collect(), false)
    };
    let skipped = words.iter().skip_while(|word| {
        matches!(base_name(word), "sh" | "bash" | "ash" | "dash" | "exec" | "tini" | "dumb-init")
            || word.starts_with('-')
    });
    let Some(program) = skipped.into_iter().next() else { return Script::None };
    let name = base_name(program);
    let stem = name.strip_suffix(".sh").unwrap_or(name);
    let is_script = name != stem || stem.contains("entrypoint") || stem.contains("entry-point");
    if !is_script && (name == "init" || !json) {
        return Script::None;
    }
    // The interpreters' own wrappers are known not to switch.
    let of_the_base = file.defaults(stage).is_some_and(|defaults| match defaults.entrypoint {
        crate::image::Entrypoint::Runs(path) => base_name(path) == name,
        _ => false,
    });
    if !program.contains('/') {
        for folder in PATH {
            let target = format!("{folder}/{name}");
            if let Some(copied) = copied_from(file, stage, &target)
                && let Lookup::Found(text) = file.tree.read(&copied.path)
            {
                return Script::Text(text.to_string());
            }
        }
    } else if program.starts_with('/')
        && let Some(copied) = copied_from(file, stage, program)
        && let Lookup::Found(text) = file.tree.read(&copied.path)
    {
        return Script::Text(text.to_string());
    }
    if is_script && !of_the_base { Script::Unknown } else { Script::None }
}

/// Whether supervisord is started and its configuration names users, or is not known.
fn drops_in_supervisor(file: &FileFacts<'_>, stage: &StageFacts<'_>) -> bool {
    let parts = [&stage.start.entrypoint, &stage.start.cmd];
    let starts_it =
        parts.into_iter().flatten().any(|part| part.instruction.rest_text().contains("supervisord"));
    if !starts_it {
        return false;
    }
    let Some(words) = stage.start.command_words() else { return true };
    // Inside of a shell's text, where its options are not read.
    if !words.iter().any(|word| base_name(word) == "supervisord") {
        return true;
    }
    let after = |flag: &str| words.iter().position(|word| word == flag).and_then(|at| words.get(at + 1));
    let named = after("-c").or_else(|| after("--configuration")).map(String::as_str);
    let candidates = named.into_iter().chain([
        "/etc/supervisor/supervisord.conf",
        "/etc/supervisord.conf",
        "/etc/supervisor/conf.d/supervisord.conf",
    ]);
    let texts: Vec<_> = candidates
        .filter_map(|path| copied_from(file, stage, path))
        .filter_map(|copied| file.tree.read(&copied.path).found())
        .collect();
    // A program section without a user of its own runs as root.
    texts.is_empty()
        || texts.iter().any(|text| {
            text.lines().any(|line| {
                line.split_once('=')
                    .is_some_and(|(key, value)| key.trim() == "user" && value.trim() != "root")
            })
        })
        || matches!(file.root_base(&stage.base), Base::Unknown)
}
