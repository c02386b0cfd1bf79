//! The edits of `dependencies-after-copy`.

use super::Broad;
use crate::dockerfile::Keyword;
use crate::facts::{Ecosystem, FileFacts, InstructionFacts, Reads, is_absolute};
use crate::repository::normalize;
use crate::rules::exec_form::chain;
use crate::shell::packages::{PackageCommand, Verb, removed_paths};
use crate::shell::{Command, Word};
use crate::text::{Edit, Source, Span};
use camino::{Utf8Path, Utf8PathBuf};

/// Writes the change.
pub(super) fn build(
    file: &FileFacts<'_>,
    broad: &Broad<'_>,
    run: &InstructionFacts<'_>,
    call: &PackageCommand<'_>,
    reads: &Reads,
    files: &[Utf8PathBuf],
) -> Option<Vec<Edit>> {
    let source = &file.dockerfile.source;
    let (copy, install) = (broad.copy.instruction, run.instruction);
    let plain_flags = copy.flags.iter().all(|f| matches!(f.name.as_str(), "chown" | "chmod" | "link"));
    let [from, to] = copy.args.as_slice() else { return None };
    let beside = run.index == broad.copy.index + 1;
    if !(beside || may_move_below(file, broad.copy, run))
        || copy.json
        || !plain_flags
        || copy.lines.0 != copy.lines.1
        || !install.heredocs.is_empty()
        || !install.comments.is_empty()
    {
        return None;
    }
    // `COPY app/ /srv` → `COPY app/requirements.txt /srv/`
    let folder = normalize(Utf8Path::new(from.text.trim_start_matches('/')))?;
    let inside = |path: &Utf8PathBuf| path.strip_prefix(&file.context).ok().map(ToString::to_string);
    let names = match reads.ecosystem {
        Ecosystem::Dotnet if reads.manifests == ["*.csproj"] => vec![folder.join("*.csproj").into_string()],
        _ => files.iter().map(inside).collect::<Option<Vec<_>>>()?,
    };
    let below = files.first()?.parent()?.strip_prefix(file.context.join(&folder)).ok()?.to_owned();
    let base = if matches!(to.text.as_str(), "." | "./") { "./" } else { to.text.as_str() };
    let slash = if base.ends_with('/') { "" } else { "/" };
    let deeper = if below.as_str().is_empty() { String::new() } else { format!("{below}/") };
    let manifests = format!("{} {base}{slash}{deeper}", names.join(" "));
    let words = Span::new(from.span.start, to.span.end);
    let newline = source.newline_at(copy.span.start);
    let copy_line = source.slice(copy.span).trim_end_matches(['\n', '\r']);
    // Files that are named are copied, whatever brings the rest.
    let keyword = file.keyword_case().write("copy");
    let head = source.slice(Span::new(copy.span.start, copy.name.span.start));
    let flags_of_copy = source.slice(Span::new(copy.name.span.end, words.start));
    let first_copy = format!("{head}{keyword}{flags_of_copy}{manifests}{newline}");
    let replaced = || {
        let keyword = (copy.name.text != keyword).then(|| Edit::replace(copy.name.span, keyword.as_str()));
        keyword.into_iter().chain([Edit::replace(words, manifests.clone())])
    };
    let above_install = format!("{newline}{copy_line}{newline}");
    // The step needs what stands between, such as WORKDIR.
    let step_above = |line: &str| -> Vec<Edit> {
        if beside {
            return vec![Edit::insert(copy.span.start, format!("{first_copy}{line}{newline}"))];
        }
        replaced().chain([Edit::insert(install.span.start, format!("{line}{above_install}"))]).collect()
    };
    let flags: String = install.flags.iter().flat_map(|f| [source.slice(f.span), " "]).collect();
    let body = run.body.as_ref()?;
    let alone = body.line.single_command().is_some() && body.line.problems.is_empty();
    let options = match reads.ecosystem {
        Ecosystem::Uv if !call.has_flag(&["--no-install-project", "--only-group"]) => " --no-install-project",
        Ecosystem::Poetry if !call.has_flag(&["--no-root"]) => " --no-root",
        Ecosystem::Composer if !call.has_flag(&["--no-autoloader"]) => " --no-scripts --no-autoloader",
        _ => "",
    };
    if reads.ecosystem == Ecosystem::Go && reads.project {
        let vendored = run.scripts().any(|s| s.text().contains("vendor")) || run.state.env_is_set("GOFLAGS");
        let download = format!("RUN {flags}{} mod download", call.program);
        return (!vendored).then(|| step_above(&download));
    }
    if reads.ecosystem == Ecosystem::Composer && !options.is_empty() {
        // Scripts and the autoloader need the source.
        let dump = format!("RUN {flags}{} dump-autoload", source.slice(call.program_span));
        let lines = after(source.slice(install.span).ends_with('\n'), newline, &[copy_line, &dump]);
        let rest = [Edit::insert(call.verb_span.end, options), Edit::insert(install.span.end, lines)];
        let edits = replaced().chain(rest).collect();
        return installs_only(run, reads.ecosystem).then_some(edits);
    }
    if !options.is_empty() {
        // The project itself is installed by the step that is there, when its files are.
        let written = if alone {
            call.command.span()
        } else {
            body.line.commands().map(Command::span).reduce(Span::cover)?
        };
        let head = source.slice(Span::new(written.start, call.verb_span.end));
        let tail = source.slice(Span::new(call.verb_span.end, written.end));
        let text = format!("RUN {flags}{head}{options}{tail}");
        let settings = || {
            chain(&body.line)
                .is_some_and(|all| all.into_iter().all(|c| c.id == call.command.id || is_setting(c)))
        };
        return (alone || settings()).then(|| step_above(&text));
    }
    if let Some((installs, rest)) = split(run, reads.ecosystem, source) {
        let lines = [copy_line.to_owned(), format!("RUN {flags}{rest}")].join(newline);
        let text = format!("{installs}{newline}{lines}");
        let all = body.line.commands().map(Command::span).reduce(Span::cover)?;
        return Some(replaced().chain([Edit::replace(all, text)]).collect());
    }
    if !installs_only(run, reads.ecosystem) || (reads.ecosystem == Ecosystem::Dotnet && !alone) {
        return None;
    }
    let lines = after(source.slice(install.span).ends_with('\n'), newline, &[copy_line]);
    Some(replaced().chain([Edit::insert(install.span.end, lines)]).collect())
}

/// Lines to insert behind an instruction, which may lack a line end at the end of the file.
fn after(ended: bool, newline: &str, lines: &[&str]) -> String {
    let joined = lines.join(newline);
    if ended { format!("{joined}{newline}") } else { format!("{newline}{joined}") }
}

/// Whether a RUN does nothing but installs that need no source.
fn installs_only(run: &InstructionFacts<'_>, ecosystem: Ecosystem) -> bool {
    let Some(body) = &run.body else { return false };
    let pure = body.line.is_pure_and() && body.line.problems.is_empty() && body.heredocs.is_empty();
    // Without here-documents the line's commands are all.
    pure && run.steps().all(|step| {
        let command = step.command;
        let harmless =
            !removed_paths(command).is_empty() || command.name() == Some("set") || is_setting(command);
        let installs = step.call.is_some_and(|call| match Ecosystem::of(call) {
            Some(reads) => reads.ecosystem == ecosystem && !reads.project,
            None => matches!(call.verb, Verb::Install | Verb::Upgrade | Verb::Clean | Verb::Update),
        });
        command.redirects.is_empty() && (harmless || installs)
    })
}

/// A setting of a tool, which is kept outside of the project.
fn is_setting(command: &Command) -> bool {
    let words: Vec<&str> = command.args().iter().map(Word::text).collect();
    match (command.name(), words.as_slice()) {
        (Some("poetry"), ["config", rest @ ..]) => !rest.contains(&"--local"),
        (Some("pip" | "pip3"), ["config", "set", ..]) => true,
        (Some("npm"), ["config", "set", rest @ ..]) => {
            !rest.iter().any(|word| word.starts_with("--location") || *word == "-L")
        }
        _ => false,
    }
}

/// Whether a COPY does the same below the settings that stand between it and a RUN.
fn may_move_below(file: &FileFacts<'_>, copy: &InstructionFacts<'_>, run: &InstructionFacts<'_>) -> bool {
    let Some(stage) = file.stage_at(copy.instruction.span.start) else { return false };
    let node = copy.instruction;
    let Some(to) = node.args.last() else { return false };
    let mut known = 0;
    for facts in stage.instructions.iter().filter(|i| copy.index < i.index && i.index < run.index) {
        known += 1;
        match facts.instruction.keyword {
            Keyword::Env | Keyword::Arg | Keyword::Label | Keyword::Expose => {}
            // A relative place would be another one.
            Keyword::Workdir if is_absolute(&to.text) => {}
            _ => return false,
        }
    }
    // Variables would be read behind an ENV that sets them.
    copy.index < run.index && known == run.index - copy.index - 1 && !node.joined.text().contains('$')
}

/// A chain that installs and then does something with the source: the commands for a step above the COPY and for one
/// below it.
fn split(run: &InstructionFacts<'_>, ecosystem: Ecosystem, source: &Source) -> Option<(String, String)> {
    let body = run.body.as_ref()?;
    let steps: Vec<_> = run.steps().collect();
    if !body.heredocs.is_empty() || chain(&body.line)?.len() != steps.len() {
        return None;
    }
    let of_ecosystem = |call: &PackageCommand<'_>| {
        Ecosystem::of(call).is_some_and(|reads| reads.ecosystem == ecosystem && !reads.project)
    };
    let last = steps.iter().rposition(|step| step.call.is_some_and(of_ecosystem))?;
    let (mut above, mut below) = (Vec::new(), Vec::new());
    for (index, step) in steps.iter().enumerate() {
        let installs = step.call.is_some_and(of_ecosystem) || is_setting(step.command);
        let cleans = step.call.is_some_and(|call| call.verb == Verb::Clean);
        // What is installed or removed afterwards belongs into the same layer.
        let uses = match step.call {
            Some(call) => {
                matches!(call.verb, Verb::Other | Verb::Build)
                    && !matches!(&*call.verb_text, "prune" | "dedupe" | "cache" | "store" | "")
            }
            None => removed_paths(step.command).is_empty(),
        };
        let written = source.slice(step.command.span());
        match (index <= last, installs, cleans, uses) {
            (true, true, ..) | (false, _, true, _) => above.push(written),
            (false, false, false, true) => below.push(written),
            _ => return None,
        }
    }
    (!below.is_empty()).then(|| (above.join(" && "), below.join(" && ")))
}
