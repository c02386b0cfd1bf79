//! The shell text that a container runs when it starts, with all its commands.

use super::StageFacts;
use crate::dockerfile::Joined;
use crate::shell::{Script, parse};
use crate::text::Span;
use camino::Utf8PathBuf;

/// A shell text that runs when a container starts.
#[derive(Debug)]
pub struct StartText {
    /// Its commands.
    pub script: Script,
    /// The word of the Dockerfile to point at; `None` where commands have their own place there.
    pub word: Option<Span>,
    /// The script of the context it is.
    pub path: Option<Utf8PathBuf>,
}

/// The shell text of a stage: the start script, the shell form, or the string of `sh -c`.
pub fn start_text(stage: &StageFacts<'_>) -> Option<StartText> {
    let start = &stage.start;
    if let Some(script) = start.script.as_ref().or(start.shell_script.as_ref()) {
        return Some(StartText {
            script: script.script.clone()?,
            word: Some(script.word.span),
            path: Some(script.copied.path.clone()),
        });
    }
    let main = start.main()?;
    if !main.instruction.json {
        let script = parse(&main.instruction.rest_joined());
        return Some(StartText { script, word: None, path: None });
    }
    let words = start.exec_words()?;
    let code = super::launch::shell_string(super::after_wrappers(&words))?;
    let script = parse(&Joined::verbatim(&code.text, 0));
    Some(StartText { script, word: Some(code.span), path: None })
}
