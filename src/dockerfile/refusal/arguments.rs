//! Numbers and forms of arguments (`instructions/parse.go`).

use super::super::heredoc::names_heredoc;
use super::super::{ErrorKind, ImageReference, Instruction, Keyword, SyntaxError};
use super::{error, of_kind, shown, signal};
use std::collections::HashSet;

/// Checks the arguments of one instruction. `stages` are the names of the stages before it, in lower case.
pub(super) fn check(node: &Instruction, stages: &HashSet<String>) -> Option<SyntaxError> {
    let at = node.name.span;
    let name = node.keyword.name();
    match node.keyword {
        Keyword::Add | Keyword::Copy => copy(node),
        Keyword::Arg | Keyword::Env | Keyword::Label => pairs(node),
        Keyword::Expose | Keyword::Volume if node.args.is_empty() => {
            error(at, format!("{name} needs at least one argument"))
        }
        Keyword::Volume => {
            let empty = node.args.iter().find(|word| word.text.trim().is_empty())?;
            error(empty.span, "a VOLUME cannot be an empty string")
        }
        Keyword::Maintainer | Keyword::User | Keyword::Workdir if node.args.is_empty() => {
            error(at, format!("{name} needs an argument"))
        }
        Keyword::Stopsignal => match node.args.first() {
            None => error(at, "STOPSIGNAL needs an argument"),
            Some(word) if !signal::maybe(&word.text) => {
                error(word.span, format!("`{}` is no signal", shown(&word.text)))
            }
            Some(_) => None,
        },
        Keyword::From => from(node, stages),
        Keyword::Healthcheck => healthcheck(node),
        Keyword::Onbuild => onbuild(node),
        Keyword::Shell if node.args.is_empty() => error(at, "SHELL needs at least one argument"),
        Keyword::Shell if !node.json => {
            let message = "SHELL needs a JSON array: `SHELL [\"executable\", \"parameter\"]`";
            of_kind(ErrorKind::ShellForm, error(node.rest_span(), message))
        }
        _ => None,
    }
}

fn copy(node: &Instruction) -> Option<SyntaxError> {
    let name = node.keyword.name();
    match &node.args[..] {
        [] => error(node.name.span, format!("{name} needs a source and a destination")),
        [only] => error(
            only.span,
            format!("{name} needs a source and a destination, but has `{}` only", shown(&only.text)),
        ),
        [.., last] if names_heredoc(&last.text) => {
            error(last.span, format!("the destination of {name} cannot be a here-document"))
        }
        _ => None,
    }
}

fn pairs(node: &Instruction) -> Option<SyntaxError> {
    let name = node.keyword.name();
    if node.pairs.is_empty() {
        return error(node.name.span, format!("{name} needs at least one argument"));
    }
    let blank = node.pairs.iter().find(|pair| pair.key.text.is_empty())?;
    error(blank.span, format!("there is no name before the `=` of this {name}"))
}

fn from(node: &Instruction, stages: &HashSet<String>) -> Option<SyntaxError> {
    let image = match &node.args[..] {
        [image] => image,
        [image, keyword, name] if keyword.text.eq_ignore_ascii_case("as") => {
            if !is_stage_name(&name.text) {
                let message = format!(
                    "`{}` cannot name a stage: a letter comes first, then letters, digits, `-`, `_` and `.`",
                    shown(&name.text)
                );
                return error(name.span, message);
            }
            image
        }
        [] => return error(node.name.span, "FROM needs an image"),
        // `{{ version }}`: a template, whose words are not the final ones.
        words if words.iter().any(|word| word.text.contains("{{") || word.text.contains("{%")) => {
            return None;
        }
        _ => {
            let message = "FROM takes an image, or an image, `AS` and a name; nothing else";
            return error(node.rest_span(), message);
        }
    };
    let text = image.text.as_str();
    let plain = text.bytes().all(|b| b.is_ascii_alphanumeric() || b"./:_-@[]+".contains(&b));
    // `@NAME@` is a place that another program fills in.
    if !plain || text.matches('@').count() > 1 || text == "scratch" || stages.contains(text) {
        return None;
    }
    let reason = ImageReference::read(text).err()?;
    let lower = text.to_lowercase();
    if stages.contains(&lower) {
        // Issue 2003 of moby/buildkit: the name after AS is put into lower case, the one after FROM is not.
        let message = format!(
            "FROM knows the stage as `{}` only: `{}` is taken for an image and is no valid image name",
            shown(&lower),
            shown(text)
        );
        return error(image.span, message);
    }
    error(image.span, format!("`{}` is no image: {reason}", shown(text)))
}

/// BuildKit's `^[a-z][a-z0-9-_.]*$` on the name in lower case.
fn is_stage_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
}

fn healthcheck(node: &Instruction) -> Option<SyntaxError> {
    let Some((kind, command)) = node.args.split_first() else {
        return error(node.name.span, "HEALTHCHECK needs `NONE`, or `CMD` and a command");
    };
    match kind.text.to_ascii_uppercase().as_str() {
        "NONE" if !command.is_empty() => error(node.rest_span(), "HEALTHCHECK NONE takes no arguments"),
        "CMD" if command.is_empty() => error(kind.span, "the command after HEALTHCHECK CMD is missing"),
        "NONE" | "CMD" => None,
        _ => error(
            kind.span,
            format!("HEALTHCHECK takes `NONE`, or `CMD` and a command, not `{}`", shown(&kind.text)),
        ),
    }
}

fn onbuild(node: &Instruction) -> Option<SyntaxError> {
    let Some(trigger) = &node.trigger else {
        return error(node.name.span, "ONBUILD needs an instruction");
    };
    let message = match trigger.keyword {
        Keyword::Onbuild => "ONBUILD cannot hold another ONBUILD".to_owned(),
        Keyword::From | Keyword::Maintainer => format!("ONBUILD cannot hold {}", trigger.keyword.name()),
        _ => return None,
    };
    of_kind(ErrorKind::Trigger, error(trigger.name.span, message))
}
