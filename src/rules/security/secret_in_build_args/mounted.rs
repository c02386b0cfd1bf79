//! The fix where the Dockerfile is ready for the secret: the line of the workflow moves from `build-args` to `secrets`.

use crate::dockerfile::Keyword;
use crate::facts::{FileFacts, RepositoryFacts};
use crate::repository::project::{Build, By, Entry};
use crate::rules::{Fix, step_inputs};
use crate::text::Edit;

/// The fix; `None` where the Dockerfile declares the argument, or mounts no secret of its name.
pub(super) fn fix(
    facts: &RepositoryFacts<'_>,
    file: Option<&FileFacts<'_>>,
    build: &Build,
    arg: &Entry,
) -> Option<Fix> {
    let (document, (_, _, step)) = (facts.project.document_of(build)?, facts.project.step_of(build)?);
    let name = &*arg.key.text;
    let id = mounted(file?, name)?;
    let plain = id.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'));
    if !matches!(build.by, By::Action { build_push: true, .. }) || !plain || step.input("secrets").is_some() {
        return None;
    }
    // The only argument of the step: its key gets another name.
    let [_] = build.args.as_slice() else { return None };
    let entry = step.with.iter().find(|entry| entry.key.text.eq_ignore_ascii_case("build-args"))?;
    step_inputs::indent_of(&document.source, entry.key.span)?;
    let edits = vec![Edit::replace(entry.key.span, "secrets"), Edit::replace(arg.key.span, id)];
    Some(Fix::confirm("Hand it over as a build secret", edits))
}

/// The id of the secret mount for a name, where no stage declares an argument of that name.
fn mounted(file: &FileFacts<'_>, name: &str) -> Option<String> {
    let declared = file.stages.iter().any(|stage| {
        stage.of(Keyword::Arg).any(|arg| arg.instruction.pairs.iter().any(|pair| pair.key.text == name))
    });
    if declared {
        return None;
    }
    let runs = file.stages.iter().flat_map(|stage| stage.of(Keyword::Run));
    let mut mounts = runs.flat_map(|run| &run.instruction.flags).filter(|flag| flag.name == "mount");
    mounts.find_map(|flag| {
        let text = flag.value.as_ref()?.text.trim_matches(['"', '\'']);
        let id = text.split(',').find_map(|field| field.trim().strip_prefix("id="))?;
        let secret = text.split(',').any(|field| field.trim() == "type=secret");
        (secret && id.eq_ignore_ascii_case(name)).then(|| id.to_owned())
    })
}
