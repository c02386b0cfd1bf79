//! What is installed into the home directory of the one who builds.

use super::{FileFacts, InstructionFacts, StageFacts, Workdir, launches};
use crate::dockerfile::Keyword;
use crate::image::{self, Environment};
use crate::shell::packages::{Manager, PackageCommand, Verb};
use crate::text::Span;

/// The installations of an instruction into the user's own directory, with the words that say so: `pip install
/// --user`, pipx, `uv tool install`.
pub fn user_installs<'f, 'a>(
    facts: &'f InstructionFacts<'a>,
) -> impl Iterator<Item = (&'f PackageCommand<'a>, Span)> {
    facts
        .calls
        .iter()
        .filter(|call| call.verb == Verb::Install)
        .filter_map(|call| match call.manager {
            Manager::Pip => {
                let span = call.flag(&["--user"])?.span;
                // `--target` and `--prefix` go somewhere else.
                (!call.has_flag(&["--target", "-t", "--prefix", "--root"])).then_some((call, span))
            }
            Manager::Pipx if !call.has_flag(&["--global"]) => {
                let span = call.program_span.cover(call.verb_span);
                Some((call, span))
            }
            Manager::Uv if call.verb_text == "tool install" => {
                let span = call.program_span.cover(call.verb_span);
                Some((call, span))
            }
            _ => None,
        })
        .filter(|_| !facts.instruction.joined.text().contains("PYTHONUSERBASE"))
}

/// What puts programs or their data below the home directory, and the variable that moves it elsewhere.
const INTO_HOME: [(&str, &str); 13] = [
    ("astral.sh/uv", "UV_INSTALL_DIR"),
    ("bun.sh/install", "BUN_INSTALL"),
    ("cargo install", "CARGO_HOME"),
    ("deno.land/install.sh", "DENO_INSTALL"),
    ("get.pnpm.io", "PNPM_HOME"),
    ("get.sdkman.io", "SDKMAN_DIR"),
    ("install.python-poetry.org", "POETRY_HOME"),
    ("nvm-sh/nvm", "NVM_DIR"),
    ("playwright install", "PLAYWRIGHT_BROWSERS_PATH"),
    ("puppeteer browsers install", "PUPPETEER_CACHE_DIR"),
    ("pyenv.run", "PYENV_ROOT"),
    ("sh.rustup.rs", "CARGO_HOME"),
    ("uv python install", "UV_PYTHON_INSTALL_DIR"),
];

/// What a stage and its parents keep in root's home, which other users cannot enter: as it is written.
pub fn in_home_of_root(file: &FileFacts<'_>, stage: &StageFacts<'_>) -> Option<String> {
    let below = |path: &str| path == "/root" || path.starts_with("/root/");
    if let Workdir::Set(dir) = &stage.end.workdir
        && below(dir)
    {
        return Some(dir.clone());
    }
    let starts = || launches(stage).iter().flat_map(|launch| &launch.words);
    if let Some(word) = starts().find(|word| below(word)) {
        return Some(word.clone());
    }
    file.history(stage).iter().find_map(|(owner, facts)| {
        let node = facts.instruction;
        match node.keyword {
            Keyword::Run if file.is_root(owner, &facts.state.user) == Some(true) => {
                installs(file, owner, facts)
            }
            Keyword::Copy | Keyword::Add => {
                let target = facts.state.expand(&node.args.last()?.text).value?;
                is_data(&target).then_some(target)
            }
            Keyword::Env => node.pairs.iter().find_map(|pair| {
                let value = pair.value.as_ref()?.text.trim_matches(['"', '\'']);
                (pair.key.text == "PATH")
                    .then(|| value.split(':').find(|entry| below(entry)).map(ToOwned::to_owned))?
            }),
            _ => None,
        }
    })
}

/// Whether a path is a folder of a tool in root's home, such as `.local`, not what only a login shell reads.
fn is_data(path: &str) -> bool {
    let name = path.strip_prefix("/root/.").and_then(|rest| rest.split('/').next());
    name.is_some_and(|name| !name.is_empty() && !name.ends_with("rc") && !name.contains("profile"))
}

/// The words of a RUN that install into the home directory.
fn installs(file: &FileFacts<'_>, stage: &StageFacts<'_>, facts: &InstructionFacts<'_>) -> Option<String> {
    if let Some((call, _)) = user_installs(facts).next() {
        let option = if call.manager == Manager::Pip { " --user" } else { "" };
        return Some(format!("{} {}{option}", call.program, call.verb_text));
    }
    let text = facts.instruction.joined.text();
    let of_base = |variable| {
        let environment = file.base_image(stage).map(|base| image::environment(&base.image));
        matches!(environment, Some(Environment::Complete(names)) if names.contains(&variable))
    };
    let (words, _) = INTO_HOME.iter().find(|(words, variable)| {
        text.contains(words)
            && !text.contains(variable)
            && facts.state.env(variable).is_none()
            && !of_base(*variable)
    })?;
    let elsewhere = *words == "cargo install" && text.contains("--root");
    (!elsewhere).then(|| (*words).to_owned())
}
