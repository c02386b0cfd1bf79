//! Command lines of docker and its like, read as the tool reads them.
//!
//! Source: the command line references of docker (build, buildx, compose, run, push, tag, login), podman, buildah and
//! nerdctl. Options are those of Go's pflag: `--name value`, `--name=value`, `-n value`, `-nvalue`, `-ab`.

mod syntax;

use crate::shell::{Command, Script, Word};
use crate::text::Span;
use syntax::{BAKE, BUILD, COMPOSE, COMPOSE_VERB, GLOBAL, OTHER, RUN, Syntax};

/// The program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tool {
    /// `docker`, also behind a variable that is named so (`$DOCKER build`).
    Docker,
    /// `podman`
    Podman,
    /// `buildah`
    Buildah,
    /// `nerdctl`
    Nerdctl,
}

/// What it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// `build`, `buildx build`, `image build`, `buildah bud`
    Build,
    /// `buildx bake`
    Bake,
    /// `push`, `image push`, `manifest push`
    Push,
    /// `pull`, `image pull`
    Pull,
    /// `tag`, `image tag`
    Tag,
    /// `run`, `create`, `container run`
    Run,
    /// `exec`, `container exec`
    Exec,
    /// `login`
    Login,
    /// `compose build`
    ComposeBuild,
    /// `compose up`
    ComposeUp,
    /// `compose run`
    ComposeRun,
    /// `compose push`
    ComposePush,
    /// `buildx imagetools create`: names an image in the registry.
    ImageTools,
    /// Anything else.
    Other,
}

/// An option.
#[derive(Debug, Clone)]
pub struct Flag<'s> {
    /// Its name in full, without dashes: `file` for `-f` too.
    pub name: String,
    /// Its value as read (quotes resolved, variables as written); `None` for a switch without one.
    pub value: Option<&'s str>,
    /// The word that the value is a part of.
    pub value_word: Option<&'s Word>,
    /// The word of the option.
    pub word: &'s Word,
}

/// A command of docker or its like.
#[derive(Debug, Clone)]
pub struct DockerCommand<'s> {
    /// The command.
    pub command: &'s Command,
    /// The program.
    pub tool: Tool,
    /// What it does.
    pub verb: Verb,
    /// The word of the program.
    pub program: &'s Word,
    /// Options, those before the verb included.
    pub flags: Vec<Flag<'s>>,
    /// What is no option, behind the verb: the context, image names. For `run` the image and the words behind it.
    pub operands: Vec<&'s Word>,
}

impl<'s> DockerCommand<'s> {
    /// The options of that name (in full, without dashes), in order.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Flag<'s>> {
        self.flags.iter().filter(move |flag| flag.name == name)
    }

    /// The last option of that name, which is the one that counts.
    pub fn flag(&self, name: &str) -> Option<&Flag<'s>> {
        self.flags.iter().rev().find(|flag| flag.name == name)
    }

    /// Whether a switch is on: `--push`, `--push=true`.
    pub fn is_on(&self, name: &str) -> bool {
        self.flag(name).is_some_and(Flag::is_on)
    }

    /// Program and verb, for a finding about the command as a whole.
    pub fn span(&self) -> Span {
        self.program.span()
    }
}

impl Flag<'_> {
    /// Whether the switch is on.
    pub fn is_on(&self) -> bool {
        !matches!(self.value, Some("false" | "0" | "f" | "F" | "False" | "FALSE"))
    }

    /// The option with its value.
    pub fn span(&self) -> Span {
        self.value_word.map_or(self.word.span(), |value| self.word.span().cover(value.span()))
    }

    /// Whether a variable or substitution is in the value.
    pub fn has_expansion(&self) -> bool {
        self.value_word.is_some_and(Word::has_expansion)
    }
}

/// The commands of docker and its like in a script, in order of place.
pub fn docker_commands(script: &Script) -> impl Iterator<Item = DockerCommand<'_>> {
    script.commands().filter_map(DockerCommand::of)
}

impl<'s> DockerCommand<'s> {
    /// Reads a command; `None` when it is none of docker or its like.
    pub fn of(command: &'s Command) -> Option<Self> {
        let program = command.name_word()?;
        let (tool, mut compose) = tool(command, program)?;
        let mut flags = Vec::new();
        let mut words = command.args();
        let mut verb = "";
        // Groups of commands: `docker image build`, `docker buildx imagetools create`.
        let mut group = "";
        loop {
            let syntax = if compose { &COMPOSE } else { &GLOBAL };
            let (before, rest) = flags_until_operand(words, syntax);
            flags.extend(before);
            let Some((first, behind)) = rest.split_first() else { break };
            words = behind;
            match (group, first.text()) {
                ("", "compose") if !compose => compose = true,
                ("", name @ ("image" | "container" | "buildx" | "builder" | "manifest")) => group = name,
                ("buildx", "imagetools") => group = "imagetools",
                (_, name) => {
                    verb = name;
                    break;
                }
            }
        }
        let verb = match (compose, group, verb) {
            (true, _, "build") => Verb::ComposeBuild,
            (true, _, "up" | "create" | "start") => Verb::ComposeUp,
            (true, _, "run" | "exec") => Verb::ComposeRun,
            (true, _, "push") => Verb::ComposePush,
            (true, ..) => Verb::Other,
            (_, "" | "image" | "buildx" | "builder", "build" | "b") => Verb::Build,
            (_, "", "bud" | "build-using-dockerfile") if tool == Tool::Buildah => Verb::Build,
            (_, "buildx", "bake" | "f") => Verb::Bake,
            (_, "" | "image" | "manifest", "push") => Verb::Push,
            (_, "" | "image", "pull") => Verb::Pull,
            (_, "" | "image", "tag") => Verb::Tag,
            (_, "" | "container", "run" | "create") if tool != Tool::Buildah => Verb::Run,
            (_, "" | "container", "exec") => Verb::Exec,
            (_, "", "login") => Verb::Login,
            (_, "imagetools", "create") => Verb::ImageTools,
            _ => Verb::Other,
        };
        let syntax = match verb {
            Verb::Build => &BUILD,
            Verb::Bake => &BAKE,
            Verb::Run | Verb::Exec => &RUN,
            _ if compose => &COMPOSE_VERB,
            _ => &OTHER,
        };
        let mut operands = Vec::new();
        loop {
            let (more, rest) = flags_until_operand(words, syntax);
            flags.extend(more);
            let Some((first, behind)) = rest.split_first() else { break };
            operands.push(first);
            words = behind;
            if !syntax.interspersed {
                operands.extend(behind);
                break;
            }
        }
        Some(Self { command, tool, verb, program, flags, operands })
    }
}

/// The program, and whether it is Compose.
fn tool(command: &Command, program: &Word) -> Option<(Tool, bool)> {
    if let Some(name) = command.name() {
        return match name.strip_suffix(".exe").unwrap_or(name) {
            "docker" | "docker-buildx" | "finch" => Some((Tool::Docker, false)),
            "docker-compose" => Some((Tool::Docker, true)),
            "podman" => Some((Tool::Podman, false)),
            "podman-compose" => Some((Tool::Podman, true)),
            "buildah" => Some((Tool::Buildah, false)),
            "nerdctl" => Some((Tool::Nerdctl, false)),
            _ => None,
        };
    }
    // `$DOCKER build`, `${CONTAINER_ENGINE:-docker} push`
    let text = program.text().to_ascii_lowercase();
    let verb = command.args().first().map(Word::text)?;
    let named = ["docker", "podman", "container", "engine", "oci", "buildah", "nerdctl"];
    let known = matches!(verb, "build" | "buildx" | "push" | "tag" | "run" | "login" | "compose" | "pull");
    let compose = text.contains("compose");
    (text.starts_with('$') && known && named.iter().any(|name| text.contains(name)))
        .then_some((Tool::Docker, compose))
}

/// The options up to the first operand, and the words from there on.
fn flags_until_operand<'s>(words: &'s [Word], syntax: &Syntax) -> (Vec<Flag<'s>>, &'s [Word]) {
    let mut flags = Vec::new();
    let mut rest = words;
    while let Some((word, behind)) = rest.split_first() {
        let text = word.text();
        if text == "--" {
            return (flags, behind);
        }
        if text.len() < 2 || !text.starts_with('-') || word.starts_with_expansion() {
            break;
        }
        rest = behind;
        let mut take = |name: &str, attached: Option<&'s str>, valued: bool, rest: &mut &'s [Word]| {
            let mut flag = Flag { name: name.to_owned(), value: attached, value_word: None, word };
            if attached.is_some() {
                flag.value_word = Some(word);
            } else if valued && let Some((next, behind)) = rest.split_first() {
                flag.value = Some(next.text());
                flag.value_word = Some(next);
                *rest = behind;
            }
            flags.push(flag);
        };
        if let Some(long) = text.strip_prefix("--") {
            let (name, attached) = match long.split_once('=') {
                Some((name, value)) => (name, Some(value)),
                None => (long, None),
            };
            let valued = syntax.valued.iter().any(|(_, known)| *known == name);
            take(name, attached, valued, &mut rest);
            continue;
        }
        let mut letters = text.get(1..).unwrap_or("");
        while let Some(letter) = letters.chars().next() {
            let (name, behind) = letters.split_at(letter.len_utf8());
            let long = |table: &'static [(&'static str, &'static str)]| {
                table.iter().find(|(short, _)| *short == name).map(|(_, long)| *long)
            };
            if let Some(long) = long(syntax.valued) {
                let attached = Some(behind.strip_prefix('=').unwrap_or(behind)).filter(|v| !v.is_empty());
                take(long, attached, true, &mut rest);
                break;
            }
            take(long(syntax.switches).unwrap_or(name), None, false, &mut rest);
            letters = behind;
        }
    }
    (flags, rest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dockerfile::Joined;
    use crate::shell::parse;

    fn shown(text: &str) -> Vec<String> {
        let script = parse(&Joined::verbatim(text, 0));
        docker_commands(&script)
            .map(|command| {
                let flags: Vec<String> = command
                    .flags
                    .iter()
                    .map(|flag| match flag.value {
                        Some(value) => format!("{}={value}", flag.name),
                        None => flag.name.clone(),
                    })
                    .collect();
                let operands: Vec<_> = command.operands.iter().map(|word| word.text()).collect();
                format!("{:?} [{}] {}", command.verb, flags.join(" "), operands.join(" "))
            })
            .collect()
    }

    #[test]
    fn reads_command_lines() {
        for (text, wanted) in [
            (
                "docker build -t a:1 --build-arg X=1 -f b/Dockerfile .",
                "Build [tag=a:1 build-arg=X=1 file=b/Dockerfile] .",
            ),
            ("sudo docker build . -ta --pull --no-cache=false", "Build [tag=a pull no-cache=false] ."),
            (
                "docker --context x buildx build --push --platform=linux/arm64 \"$DIR\"",
                "Build [context=x push platform=linux/arm64] $DIR",
            ),
            ("docker buildx bake -f x.hcl --push app", "Bake [file=x.hcl push] app"),
            ("docker buildx imagetools create -t a:b a:c", "ImageTools [tag=a:b] a:c"),
            ("docker image push -q a", "Push [quiet] a"),
            (
                "docker run --rm -itv /a:/b -p80:80 --privileged img ls -la",
                "Run [rm interactive tty volume=/a:/b publish=80:80 privileged] img ls -la",
            ),
            ("docker compose -f a.yml build --pull app", "ComposeBuild [file=a.yml pull] app"),
            ("docker-compose up -d", "ComposeUp [detach] "),
            ("buildah bud --layers -t x", "Build [layers tag=x] "),
            ("$DOCKER build -- -x", "Build [] -x"),
            ("docker login -u a -p \"$P\" ghcr.io", "Login [username=a password=$P] ghcr.io"),
            ("docker", "Other [] "),
            ("docker -", "Other [] "),
            ("docker build -f", "Build [file] "),
        ] {
            assert_eq!(shown(text), [wanted], "{text}");
        }
        assert!(shown("echo docker build; $X build; dockerize build").is_empty());
        assert_eq!(shown("sh -c 'docker build .' && echo $(docker push x)").len(), 2);
    }
}
