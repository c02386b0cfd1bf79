//! Where commands and the files that they write switch the check of certificates off.

use super::table::{SETTINGS, SWITCHES, Setting, Variable, variable_of};
use crate::facts::{FileFacts, InstructionFacts};
use crate::rules::remove;
use crate::shell::{Command, Downloader, Word, download};
use crate::text::{Edit, Span};

/// A place that switches the check off.
pub(super) struct Use {
    pub(super) span: Span,
    /// What to call it: the option, the setting.
    pub(super) name: String,
    /// A title and what takes it out.
    pub(super) fix: Option<(String, Edit)>,
    pub(super) codes: &'static [&'static str],
    /// Whether it is about one file that is fetched.
    pub(super) is_download: bool,
    undo: Option<Undo>,
}

/// What a later command has to say to take it back.
#[derive(Clone, Copy)]
enum Undo {
    Setting(&'static Setting),
    Variable(&'static Variable),
}

impl Use {
    /// A place with the edit that deletes it.
    pub(super) fn of(span: Span, name: &str, edit: Option<Edit>, codes: &'static [&'static str]) -> Self {
        let fix = edit.map(|edit| (format!("Delete `{}`", name.replace('`', "")), edit));
        Self { span, name: name.to_owned(), fix, codes, is_download: false, undo: None }
    }

    /// Whether a later command of the same RUN switches the check on again.
    pub(super) fn is_undone_by(&self, command: &Command) -> bool {
        match self.undo {
            None => false,
            Some(Undo::Variable(variable)) => match command.name() {
                Some("unset") => command.args().iter().any(|word| word.text() == variable.name),
                Some("export") => command.args().iter().any(|word| {
                    let pair = word.text().split_once('=');
                    pair.is_some_and(|(name, value)| {
                        name == variable.name && !variable.off.holds(Some(value))
                    })
                }),
                _ => false,
            },
            Some(Undo::Setting(setting)) => {
                let named = command.name().is_some_and(|name| setting.programs.contains(&name));
                named && {
                    let texts: Vec<&str> = command.args().iter().map(Word::text).collect();
                    let takes_out = texts.iter().any(|text| {
                        matches!(
                            *text,
                            "delete" | "rm" | "unset" | "--unset" | "--unset-all" | "--remove-key"
                        )
                    });
                    let at = texts
                        .iter()
                        .position(|text| is_key(text.split('=').next().unwrap_or(text), setting.key));
                    at.is_some_and(|at| {
                        let inline =
                            texts.get(at).and_then(|text| text.split_once('=')).map(|(_, value)| value);
                        let value = inline.or_else(|| texts.get(at + 1).copied());
                        takes_out || value.is_some_and(|value| !setting.off.holds(Some(value)))
                    })
                }
            }
        }
    }
}

/// The places in a command.
pub(super) fn in_command(file: &FileFacts<'_>, command: &Command) -> Vec<Use> {
    let mut out = Vec::new();
    in_environment(file, command, &mut out);
    let Some(name) = command.name() else { return out };
    match name {
        "curl" | "wget" => in_download(file, command, &mut out),
        "git" => in_git(file, command, &mut out),
        "yum" | "dnf" | "microdnf" | "tdnf" | "yum-config-manager" => {
            in_package_options(file, command, &mut out);
        }
        "apt" | "apt-get" => in_package_options(file, command, &mut out),
        _ => {}
    }
    // `pip3.12`, `python -m pip`
    let is_pip = name.starts_with("pip") && name.bytes().skip(3).all(|b| b.is_ascii_digit() || b == b'.');
    let module = name.starts_with("python")
        && command
            .args()
            .windows(2)
            .any(|pair| matches!(pair, [option, pip] if option.text() == "-m" && pip.text() == "pip"));
    let name = if is_pip || module { "pip" } else { name };
    for switch in SWITCHES.iter().filter(|switch| switch.programs.contains(&name)) {
        for (at, word) in command.args().iter().enumerate() {
            let text = word.text();
            let (inline, named) = match text.split_once('=') {
                Some((option, value)) => (Some(value), option == switch.option),
                None => (None, text == switch.option),
            };
            if !named {
                continue;
            }
            let next = command.args().get(at + 1).filter(|_| switch.value && inline.is_none());
            let value = inline.or_else(|| next.map(Word::text));
            if !switch.off.holds(value) || value.is_some_and(is_local) {
                continue;
            }
            let span = next.map_or(word.span(), |next| word.span().cover(next.span()));
            let mut found = Use::of(span, switch.option, remove::words(file, span), switch.codes);
            if switch.option.len() == 2 {
                found.name = format!("{name} {}", switch.option);
            } else if let Some(value) = value {
                let joint = if inline.is_some() { '=' } else { ' ' };
                found.name = format!("{}{joint}{value}", switch.option);
            }
            out.push(found);
        }
    }
    for setting in SETTINGS.iter().filter(|setting| setting.programs.contains(&name)) {
        in_setting(file, command, setting, module, &mut out);
    }
    out
}

fn in_setting(
    file: &FileFacts<'_>,
    command: &Command,
    setting: &'static Setting,
    module: bool,
    out: &mut Vec<Use>,
) {
    let skip =
        if module { command.args().iter().take_while(|word| word.text() != "pip").count() + 1 } else { 0 };
    let words = command.args().get(skip..).unwrap_or(&[]);
    let operands: Vec<&Word> = words.iter().filter(|word| !word.text().starts_with('-')).collect();
    let verbs = operands.iter().take(setting.verbs.len()).map(|word| word.text());
    if !verbs.eq(setting.verbs.iter().copied()) {
        return;
    }
    let Some(key) = operands.get(setting.verbs.len()) else { return };
    let (name, inline) = match key.text().split_once('=') {
        Some((name, value)) => (name, Some(value)),
        None => (key.text(), None),
    };
    let value = operands.get(setting.verbs.len() + 1).filter(|_| inline.is_none());
    let text = inline.or_else(|| value.map(|word| word.text()));
    if !is_key(name, setting.key)
        || !text.is_some_and(|text| setting.off.holds(Some(text)) && !is_local(text))
    {
        return;
    }
    let span = value.map_or(key.span(), |value| key.span().cover(value.span()));
    // Quotes stay.
    let place = value.map_or(key, |value| value);
    let old = text.unwrap_or_default();
    let raw = file.dockerfile.source.slice(place.span());
    let fix = setting.on.and_then(|on| {
        let at = raw.rfind(old).filter(|_| !old.is_empty())?;
        let start = place.span().start + at as u32;
        let edit = Edit::replace(Span::new(start, start + old.len() as u32), on);
        Some((format!("Set `{}` to `{on}`", name.replace('`', "")), edit))
    });
    out.push(Use {
        span,
        name: format!("{name} {old}"),
        fix,
        codes: setting.codes,
        is_download: false,
        undo: Some(Undo::Setting(setting)),
    });
}

/// `http.sslVerify`, `http.https://x.example.sslVerify`, `global.trusted-host`.
fn is_key(text: &str, key: &str) -> bool {
    text.rsplit('.').next().is_some_and(|last| last.eq_ignore_ascii_case(key))
}

/// `NAME=value command`, `export NAME=value`, `env NAME=value command`.
fn in_environment(file: &FileFacts<'_>, command: &Command, out: &mut Vec<Use>) {
    for assignment in &command.assignments {
        let Some(variable) = variable_of(&assignment.name) else { continue };
        let value = assignment.value.literal();
        if value.is_none_or(is_local) || !variable.off.holds(value) {
            continue;
        }
        // Alone it would leave a command without words.
        let edit = if command.words.is_empty() { None } else { remove::words(file, assignment.place.span) };
        let mut found = Use::of(assignment.place.span, variable.name, edit, variable.codes);
        found.undo = command.words.is_empty().then_some(Undo::Variable(variable));
        out.push(found);
    }
    let exports = matches!(command.name(), Some("export" | "declare"));
    let words = if exports { command.args() } else { command.prefix() };
    for word in words {
        let Some((name, value)) = word.text().split_once('=') else { continue };
        let Some(variable) = variable_of(name) else { continue };
        if !variable.off.holds(Some(value)) || is_local(value) {
            continue;
        }
        let edit = if exports && command.args().len() < 2 { None } else { remove::words(file, word.span()) };
        let mut found = Use::of(word.span(), variable.name, edit, variable.codes);
        found.undo = exports.then_some(Undo::Variable(variable));
        out.push(found);
    }
}

fn in_download(file: &FileFacts<'_>, command: &Command, out: &mut Vec<Use>) {
    let Some(call) = download(command) else { return };
    let Some(switch) = call.insecure else { return };
    if !call.urls.is_empty() && call.urls.iter().all(|url| is_local(&url.text)) {
        return;
    }
    let (name, codes): (&str, &[&str]) = match (call.tool, switch.letter) {
        (Downloader::Wget, _) => ("wget --no-check-certificate", &["CKV2_DOCKER_3"]),
        (Downloader::Curl, Some(_)) => ("curl -k", &["CKV2_DOCKER_2"]),
        (Downloader::Curl, None) if switch.word.len() == 2 => ("curl -k", &["CKV2_DOCKER_2"]),
        (Downloader::Curl, None) => ("curl --insecure", &["CKV2_DOCKER_2"]),
    };
    let edit = match switch.letter {
        Some(letter) => Some(Edit::delete(letter)),
        None => remove::words(file, switch.word),
    };
    let mut found = Use::of(switch.span(), name, edit, codes);
    found.is_download = true;
    if let Some((title, _)) = &mut found.fix {
        *title = format!("Delete `{}`", name.rsplit(' ').next().unwrap_or(name));
    }
    out.push(found);
}

/// `git -c http.sslVerify=false …`
fn in_git(file: &FileFacts<'_>, command: &Command, out: &mut Vec<Use>) {
    for pair in command.args().windows(2) {
        let [option, setting] = pair else { continue };
        let Some((key, value)) = setting.text().split_once('=') else { continue };
        let off = matches!(value.to_ascii_lowercase().as_str(), "false" | "0" | "no" | "off");
        // `git clone -c` and `--config` keep it in the new repository.
        if !matches!(option.text(), "-c" | "--config") || !is_key(key, "sslVerify") || !off {
            continue;
        }
        let span = option.span().cover(setting.span());
        out.push(Use::of(span, setting.text(), remove::words(file, span), &[]));
    }
}

/// `--setopt=sslverify=0`, `-o Acquire::https::Verify-Peer=false`
fn in_package_options(file: &FileFacts<'_>, command: &Command, out: &mut Vec<Use>) {
    let mut before: Option<&Word> = None;
    for word in command.args() {
        let text = word.text();
        let option = text
            .strip_prefix("--setopt=")
            .or_else(|| text.strip_prefix("-o"))
            .filter(|rest| !rest.is_empty());
        let option = option.or_else(|| {
            before
                .is_some_and(|before| matches!(before.text(), "--setopt" | "-o" | "--option" | "--save"))
                .then_some(text)
        });
        let own = before.filter(|_| option == Some(text));
        before = Some(word);
        let Some((key, value)) = option.and_then(|option| option.split_once('=')) else { continue };
        let value = value.trim_matches(['"', '\'']);
        let off = matches!(value.to_ascii_lowercase().as_str(), "false" | "0" | "no" | "off");
        let verify = is_key(key, "sslverify") || key.starts_with("Acquire::") && key.ends_with("Verify-Peer");
        if !verify || !off {
            continue;
        }
        let span =
            own.filter(|own| own.text() != "--save").map_or(word.span(), |own| own.span().cover(word.span()));
        let codes: &[&str] = if is_key(key, "sslverify") { &["CKV2_DOCKER_15"] } else { &[] };
        // A lone `--setopt` is all that `yum-config-manager` is called for.
        let edit =
            if command.name() == Some("yum-config-manager") { None } else { remove::words(file, span) };
        out.push(Use::of(span, &format!("{key}={value}"), edit, codes));
    }
}

/// Settings that are written into files: repositories of yum, options of apt.
pub(super) fn in_text(file: &FileFacts<'_>, facts: &InstructionFacts<'_>) -> Vec<Use> {
    let mut out = Vec::new();
    if !file.mentions("sslverify") && !file.mentions("Verify-Peer") {
        return out;
    }
    let all = facts.instruction.span;
    let text = file.dockerfile.source.slice(all);
    for (needle, off) in
        [("sslverify", &["0", "false", "False", "no"][..]), ("Verify-Peer", &["false", "0"][..])]
    {
        for at in memchr::memmem::find_iter(text.as_bytes(), needle.as_bytes()) {
            let before = text.get(..at).unwrap_or("");
            let after = text.get(at + needle.len()..).unwrap_or("");
            let value = after.trim_start_matches([' ', '=', '"', '\'', '\\']);
            let Some(off) = off.iter().find(|off| value.starts_with(**off)) else { continue };
            let rest = value.get(off.len()..).unwrap_or("");
            let line = before.rsplit('\n').next().unwrap_or("");
            let word = line.rsplit([' ', '\t']).next().unwrap_or("");
            let option =
                word.starts_with('-') || line.trim_end().ends_with(" -o") || line.contains("--setopt");
            if option
                || line.trim_start().starts_with('#')
                || rest.starts_with(|c: char| c.is_ascii_alphanumeric())
                || rest.chars().take(needle.len() + 2).collect::<String>().contains(needle)
            {
                continue;
            }
            let start = all.start + at as u32;
            let length = needle.len() + (after.len() - value.len()) + off.len();
            let codes: &[&str] = if needle == "sslverify" { &["CKV2_DOCKER_15"] } else { &[] };
            out.push(Use::of(
                Span::new(start, start + length as u32),
                &format!("{needle} {off}"),
                None,
                codes,
            ));
        }
    }
    out
}

/// Whether an address is the container's own.
pub(super) fn is_local(text: &str) -> bool {
    let rest = text.split_once("://").map_or(text, |(_, rest)| rest);
    let host = rest.split(['/', '?', ',']).next().unwrap_or(rest);
    let host = host.rsplit('@').next().unwrap_or(host);
    ["localhost", "127.0.0.1", "[::1]", "0.0.0.0"]
        .iter()
        .any(|own| host.strip_prefix(own).is_some_and(|port| port.is_empty() || port.starts_with(':')))
}
