//! `RUN --mount=…` (`instructions/commands_runmount.go`).

use super::super::{SyntaxError, Word};
use super::{error, literal, shown};

/// What the options so far say.
#[derive(Default)]
#[allow(clippy::struct_excessive_bools, reason = "each says whether an option is there")]
struct Mount {
    /// `Some` with the type in lower case, as long as it is known.
    kind: Option<String>,
    /// Whether an option is there whose meaning is not known.
    uncertain: bool,
    from: bool,
    source: bool,
    target: bool,
    id: bool,
    env: bool,
    sharing: bool,
    /// The first of `mode`, `uid` and `gid`.
    owner: Option<&'static str>,
}

/// Checks the value of one `--mount`.
pub(super) fn check(value: &Word, escape: char) -> Option<SyntaxError> {
    let refuse = |message: String| error(value.span, message);
    let text = value.text.as_str();
    if text.trim().is_empty() {
        return refuse("`--mount` is empty".to_owned());
    }
    if text.contains('"') {
        // Quoted fields of a CSV record: rare, and not worth a second reading.
        return None;
    }
    let mut mount = Mount { kind: Some("bind".to_owned()), ..Mount::default() };
    for field in text.split(',') {
        let (key, value) = match field.split_once('=') {
            Some((key, value)) => (key, Some(value)),
            None => (field, None),
        };
        if let Some(message) = option(&mut mount, &key.to_lowercase(), value, escape) {
            return refuse(message);
        }
    }
    together(&mount).and_then(refuse)
}

/// Takes one option; gives what BuildKit refuses about it.
fn option(mount: &mut Mount, key: &str, value: Option<&str>, escape: char) -> Option<String> {
    let Some(value) = value else {
        return match key {
            "required" => required(mount),
            // All but `readonly` and `readwrite` need a value; an unknown option may not.
            "type" | "from" | "source" | "src" | "target" | "dst" | "destination" | "id" | "sharing"
            | "mode" | "uid" | "gid" | "size" | "env" => {
                Some(format!("the mount option `{key}` needs a value"))
            }
            _ => None,
        };
    };
    let known = literal(value, escape);
    let number = |radix: u32| u32::from_str_radix(value, radix).is_ok() && !value.starts_with('+');
    match key {
        "type" if !known => mount.kind = None,
        "type" => {
            let kind = value.to_lowercase();
            if !matches!(kind.as_str(), "bind" | "cache" | "tmpfs" | "secret" | "ssh") {
                return Some(format!("there is no mount type `{}`", shown(value)));
            }
            mount.kind = Some(kind);
        }
        "from" => {
            mount.from = !value.is_empty();
            // BuildKit's `\$.`: a last `$` stands for itself.
            if value.find('$').is_some_and(|at| at + 1 < value.len()) {
                return Some(
                    "`from` of a mount cannot hold a variable; name a stage `FROM … AS …` with it".to_owned(),
                );
            }
        }
        "source" | "src" => mount.source = !value.is_empty(),
        "target" | "dst" | "destination" => mount.target = !value.is_empty(),
        "id" => mount.id = !value.is_empty(),
        "env" => mount.env = !value.is_empty(),
        "readonly" | "ro" | "readwrite" | "rw" if known && !is_bool(value) => {
            return Some(format!("the mount option `{key}` is `true` or `false`, not `{}`", shown(value)));
        }
        "required" => {
            if let Some(message) = required(mount) {
                return Some(message);
            }
            if known && !is_bool(value) {
                return Some(format!(
                    "the mount option `required` is `true` or `false`, not `{}`",
                    shown(value)
                ));
            }
        }
        "sharing" => {
            mount.sharing = true;
            if known && !matches!(value.to_lowercase().as_str(), "shared" | "private" | "locked") {
                return Some(format!(
                    "the mount option `sharing` is `shared`, `private` or `locked`, not `{}`",
                    shown(value)
                ));
            }
            mount.uncertain |= !known;
        }
        "mode" => {
            mount.owner = mount.owner.or(Some("mode"));
            if known && !number(8) {
                return Some(format!("the mount option `mode` is an octal number, not `{}`", shown(value)));
            }
        }
        "uid" | "gid" => {
            mount.owner = mount.owner.or(Some(if key == "uid" { "uid" } else { "gid" }));
            if known && !number(10) {
                return Some(format!("the mount option `{key}` is a number, not `{}`", shown(value)));
            }
        }
        "size" => {
            if let Some(kind) = mount.kind.as_deref().filter(|kind| *kind != "tmpfs") {
                return Some(format!("a mount of type {kind} has no option `size`"));
            }
        }
        _ => mount.uncertain |= !matches!(key, "readonly" | "ro" | "readwrite" | "rw"),
    }
    None
}

fn required(mount: &Mount) -> Option<String> {
    let kind = mount.kind.as_deref().filter(|kind| !matches!(*kind, "secret" | "ssh"))?;
    Some(format!(
        "the mount option `required` is for type=secret and type=ssh, which stands before it; here the type is {kind}"
    ))
}

/// What may not stand together.
fn together(mount: &Mount) -> Option<String> {
    let kind = mount.kind.as_deref().filter(|_| !mount.uncertain)?;
    if let Some(name) = mount.owner.filter(|_| matches!(kind, "bind" | "tmpfs")) {
        return Some(format!("a mount of type {kind} has no option `{name}`"));
    }
    if kind == "secret" {
        if mount.from {
            return Some("a mount of type secret has no option `from`".to_owned());
        }
        if !mount.source && !mount.target && !mount.id && !mount.env {
            return Some("a mount of type secret needs an `id`, a `source` or a `target`".to_owned());
        }
        if mount.source && mount.id {
            return Some("a mount of type secret takes `id` or `source`, not both".to_owned());
        }
    }
    (mount.sharing && kind != "cache").then(|| format!("a mount of type {kind} has no option `sharing`"))
}

/// Go's `strconv.ParseBool`.
pub(super) fn is_bool(value: &str) -> bool {
    matches!(
        value,
        "1" | "t" | "T" | "TRUE" | "true" | "True" | "0" | "f" | "F" | "FALSE" | "false" | "False"
    )
}
