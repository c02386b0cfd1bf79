//! `gpu-query-at-build`.

use crate::config::Level;
use crate::declare_rule;
use crate::dockerfile::Keyword;
use crate::facts::{FileFacts, InstructionFacts, StageFacts};
use crate::rules::{Check, Report};
use crate::shell::{Command, Connector, Inside, Script};
use crate::text::Span;

declare_rule! {
    /// The build asks for a GPU that builders do not have.
    ///
    /// ## What it does
    ///
    /// Finds `nvidia-smi`, `nvcc --list-gpu-…`, `torch.cuda.…` and `tf.config.list_physical_devices('GPU')` in `RUN`,
    /// where their answer decides something.
    ///
    /// ## Why is this bad?
    ///
    /// `docker build` gives no GPU to a `RUN`, also on a machine that has one: `nvidia-smi` is not even there, it is
    /// mounted when a container is started with `--gpus`. The build fails, or what it makes is made for no GPU.
    ///
    /// ## Example
    ///
    /// ```dockerfile
    /// FROM nvidia/cuda:12.6.3-devel-ubuntu24.04
    /// RUN nvidia-smi && make
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```dockerfile
    /// FROM nvidia/cuda:12.6.3-devel-ubuntu24.04
    /// ARG TORCH_CUDA_ARCH_LIST="8.0;9.0"
    /// RUN make
    /// ```
    ///
    /// ## Fix safety
    ///
    /// No fix: a check belongs into the start of the container, and what depends on the kind of GPU wants to be told.
    ///
    /// ## References
    ///
    /// - [Docker: docker run --gpus](https://docs.docker.com/reference/cli/docker/container/run/#gpus)
    pub(super) RULE = "gpu-query-at-build" {
        chapter: Build, level: Error, default: On, scope: Instruction, fix: Text,
        aliases: ["tally/gpu/no-buildtime-gpu-queries"],
        check: Check::Instruction(check),
    }
}

fn check(file: &FileFacts<'_>, stage: &StageFacts<'_>, facts: &InstructionFacts<'_>, report: &mut Report) {
    // `RUN --device` asks the builder for one; test stages run on machines that have one.
    if !facts.is(Keyword::Run) || stage.dev || facts.instruction.flag("device").is_some() {
        return;
    }
    let text = facts.instruction.joined.text();
    let speaks = |text: &str| {
        ["nvidia-smi", "nvcc", "torch", "tensorflow", "tf."].iter().any(|sign| text.contains(sign))
    };
    if !speaks(text) && facts.instruction.heredocs.is_empty() {
        return;
    }
    for script in facts.scripts().filter(|script| speaks(script.text())) {
        let found = script.commands().find_map(|command| Some((command, query(command)?)));
        let Some((command, (span, what, fails))) = found else { continue };
        if is_guarded(script, command) {
            continue;
        }
        let context = command.context;
        let stored = context.inside.any(Inside::SUBSTITUTION) || context.next == Connector::Pipe;
        if !fails && !stored {
            continue;
        }
        report
            .add(
                span,
                if stored {
                    format!("`{what}` finds no GPU in a build: what is made of its answer is made for none.")
                } else {
                    format!("`{what}` fails here: a build has no GPU, even where the machine has one.")
                },
            )
            .level(if stored { Level::Warning } else { Level::Error })
            .note(ADVICE);
        return;
    }
    python_heredoc(file, facts, report);
}

const ADVICE: &str = "Check for the GPU when the container starts; for code that is compiled, name the kinds of GPU in an `ARG` such as `TORCH_CUDA_ARCH_LIST`.";

/// What a command asks of a GPU: where, what, and whether it fails without one.
fn query(command: &Command) -> Option<(Span, String, bool)> {
    let word = command.name_word()?;
    match command.name()? {
        "nvidia-smi" => {
            let asks_itself =
                command.args().iter().any(|word| matches!(word.text(), "--help" | "-h" | "--version"));
            (!asks_itself).then(|| (word.span(), "nvidia-smi".to_owned(), true))
        }
        "nvcc" => {
            let option = command.args().iter().find(|word| word.text() == "--list-gpu")?;
            Some((option.span(), "nvcc --list-gpu".to_owned(), true))
        }
        name if crate::facts::is_python(name) => {
            let at = command.args().iter().position(|word| word.text() == "-c")?;
            let code = command.args().get(at + 1)?;
            let (what, fails) = python_query(code.text())?;
            Some((code.span(), what.to_owned(), fails))
        }
        _ => None,
    }
}

/// What Python code asks of a GPU, and whether it fails without one.
fn python_query(code: &str) -> Option<(&'static str, bool)> {
    let asks = [
        "torch.cuda.get_device_name",
        "torch.cuda.get_device_capability",
        "torch.cuda.get_device_properties",
        "torch.cuda.current_device",
        "torch.cuda.is_available",
        "torch.cuda.device_count",
        "tf.config.list_physical_devices",
        "tensorflow.config.list_physical_devices",
    ];
    let (number, what) = asks.into_iter().enumerate().find(|(_, ask)| code.contains(ask))?;
    let decides = number < 4
        || code.contains("assert ")
        || code.contains("sys.exit")
        || code.contains("exit(")
        || code.contains("raise ");
    Some((what, decides))
}

/// Python code in a here-document.
fn python_heredoc(file: &FileFacts<'_>, facts: &InstructionFacts<'_>, report: &mut Report) {
    let Some(body) = facts.body else { return };
    for (read, heredoc) in body.heredocs.iter().zip(&facts.instruction.heredocs) {
        let crate::shell::Interpreter::Other(program) = &read.interpreter else { continue };
        let text = file.dockerfile.source.slice(heredoc.body);
        if !crate::facts::is_python(program) {
            continue;
        }
        if let Some((what, true)) = python_query(text)
            && !text.contains("if torch.cuda.is_available()")
            && let Some(at) = text.find(what)
        {
            let start = heredoc.body.start + at as u32;
            report
                .add(
                    Span::new(start, start + what.len() as u32),
                    format!("`{what}` finds no GPU: a build has none, even where the machine has one."),
                )
                .note(ADVICE);
        }
    }
}

/// Whether the script goes on without a GPU: a condition, `|| true`, a look whether the program is there.
fn is_guarded(script: &Script, command: &Command) -> bool {
    let context = command.context;
    let looks = |other: &Command| {
        other.place.start < command.place.start
            && (matches!(other.name(), Some("which" | "type" | "hash" | "test" | "[" | "lspci"))
                || other.words.iter().any(|word| word.text() == "command"))
    };
    let holder = context.parent.and_then(|id| script.command(id));
    context.next == Connector::Or
        || context.previous == Connector::Or
        || context
            .inside
            .any(Inside::CONDITION.with(Inside::FUNCTION).with(Inside::BRANCH).with(Inside::NEGATED))
        || holder.is_some_and(|holder| {
            holder.context.next == Connector::Or || matches!(holder.name(), Some("echo" | "printf"))
        })
        || script.commands().any(looks)
}
