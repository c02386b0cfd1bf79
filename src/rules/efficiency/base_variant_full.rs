//! `base-variant-full`.

use crate::declare_rule;
use crate::dockerfile::Keyword;
use crate::facts::{BaseImage, FileFacts, InstructionFacts, StageFacts};
use crate::image::{TagStatus, tag_status};
use crate::rules::{Check, Fix, Report};
use crate::shell::packages::build_tool;
use crate::text::Edit;

declare_rule! {
    /// The shipped stage uses the full or SDK variant of its base.
    ///
    /// ## What it does
    ///
    /// Finds last stages on the full variant of `python`, `node` and `ruby`, on a JDK where a JRE exists, on CUDA's
    /// `devel` images, and on images of tool chains (`golang`, `rust`, `maven`, `gradle`, `dotnet/sdk`).
    ///
    /// Silent when a step or the command uses what only the full variant has (git, curl, compilers, headers, tools of
    /// the JDK), and for images that start nothing.
    ///
    /// ## Why is this bad?
    ///
    /// The full variants bring compilers, headers and version control: about 1 GB for Python instead of some 120 MB.
    /// Everybody who pulls the image transfers them, and every one of their security holes is one of the image's.
    ///
    /// ## Example
    ///
    /// ```dockerfile
    /// FROM python:3.13-trixie
    /// ENV PYTHONUNBUFFERED=1 PYTHONFAULTHANDLER=1
    /// WORKDIR /app
    /// COPY app.py ./
    /// USER 65534:65534
    /// CMD ["python", "app.py"]
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```dockerfile
    /// FROM python:3.13-slim-trixie
    /// ENV PYTHONUNBUFFERED=1 PYTHONFAULTHANDLER=1
    /// WORKDIR /app
    /// COPY app.py ./
    /// USER 65534:65534
    /// CMD ["python", "app.py"]
    /// ```
    ///
    /// ## Fix safety
    ///
    /// To be confirmed: packages that are compiled while they are installed, and libraries that are loaded at run time,
    /// may be missing. Install those in the stage, or build in a stage of the full variant.
    ///
    /// ## References
    ///
    /// - [Docker: Building best practices, Choose the right base image](https://docs.docker.com/build/building/best-practices/#choose-the-right-base-image)
    /// - [Docker: Multi-stage builds](https://docs.docker.com/build/building/multi-stage/)
    pub(super) RULE = "base-variant-full" {
        chapter: Efficiency, level: Info, default: On, scope: Instruction, fix: Confirm,
        aliases: ["tally/gpu/prefer-runtime-final-stage"],
        check: Check::Stage(check),
    }
}

/// What a larger variant is, and what would be enough.
enum Larger {
    /// Another tag.
    Tag(String),
    /// Another image, in words.
    Words(&'static str),
}

fn check(file: &FileFacts<'_>, stage: &StageFacts<'_>, report: &mut Report) {
    // The FROM of the stage that is run, or of the one below it, names the image.
    if !stage.last || stage.dev || file.dev || stage.start.main().is_none() {
        return;
    }
    let Some(base) = file.base_image(stage) else { return };
    let root = file.stages.get(file.stages.get(stage.index).map_or(0, |stage| stage.root)).unwrap_or(stage);
    let Some((what, larger)) = larger(base) else { return };
    let chain = file.history(stage);
    let needs = |facts: &InstructionFacts<'_>| uses_full(facts, &base.image.repository);
    if chain.iter().any(|(_, facts)| needs(facts)) || start_uses_full(file, stage) {
        return;
    }
    let shown = base.shown();
    let span = base
        .literal
        .filter(|span| root.from.span.contains(*span))
        .or_else(|| crate::dockerfile::from_image(root.from).map(|word| word.span))
        .unwrap_or(root.from.name.span);
    let message = if is_tool_chain(&base.image.repository) {
        format!("`{shown}` is shipped with {what}, which only the build needs.")
    } else {
        format!("`{shown}` brings {what}, and nothing in this file uses them.")
    };
    let finding = report.add(span, message);
    let finding = finding.whole_stage();
    match larger {
        Larger::Words(advice) => {
            finding.note(advice);
        }
        Larger::Tag(tag) => {
            let name = format!("{}:{tag}", base.reference.name()).replace('`', "");
            let finding = finding.note(format!(
                "Check with `{name}` that everything installs and starts; what must be compiled needs a stage of its own."
            ));
            if let Some(span) = base.literal_tag.filter(|_| base.reference.digest().is_none()) {
                finding.fix(Fix::confirm(format!("Use `{name}`"), vec![Edit::replace(span, tag)]));
            }
        }
    }
}

fn larger(base: &BaseImage) -> Option<(&'static str, Larger)> {
    let tag = base.reference.tag().unwrap_or("latest");
    let parts: Vec<&str> = tag.split('-').collect();
    let has = |words: &[&str]| parts.iter().any(|part| words.iter().any(|word| part.starts_with(word)));
    let name = base.image.repository.as_str();
    let compilers = "compilers, headers and version control";
    match name {
        "python" | "node" | "ruby" if base.image.official => {
            if has(&["slim", "alpine", "windows", "nanoserver", "onbuild"]) {
                return None;
            }
            let (version, rest) = tag.split_once('-').map_or((tag, ""), |(version, rest)| (version, rest));
            let rest = if rest.is_empty() { String::new() } else { format!("-{rest}") };
            // `python:3.13-slim-trixie`, `node:24-trixie-slim`
            let slim = if name == "node" { format!("{tag}-slim") } else { format!("{version}-slim{rest}") };
            if !version.starts_with(|c: char| c.is_ascii_digit()) {
                let advice = "Name the version, and take its `slim` variant; what must be compiled needs a stage of its own.";
                return Some((compilers, Larger::Words(advice)));
            }
            exists(base, &slim).then_some((compilers, Larger::Tag(slim)))
        }
        "eclipse-temurin" if base.image.official && parts.contains(&"jdk") => {
            let jre: Vec<&str> = parts.iter().map(|part| if *part == "jdk" { "jre" } else { part }).collect();
            let jre = jre.join("-");
            exists(base, &jre).then_some(("the tools of a JDK", Larger::Tag(jre)))
        }
        "nvidia/cuda" if parts.contains(&"devel") => {
            Some(("the compiler and headers of CUDA", Larger::Tag(tag.replacen("-devel", "-runtime", 1))))
        }
        "golang" | "rust" if base.image.official => Some((
            "a compiler and its tools",
            Larger::Words(
                "Build in a stage of its own (`FROM … AS build`), and copy the program with `COPY --from=build` \
                           into a small image: `debian:trixie-slim`, `gcr.io/distroless/static-debian13` or `scratch`.",
            ),
        )),
        "maven" | "gradle" if base.image.official => Some((
            "the build tool and a JDK",
            Larger::Words(
                "Build in a stage of its own (`FROM … AS build`), and copy the `.jar` with `COPY --from=build` into \
                           an image with a JRE, such as `eclipse-temurin:25-jre-noble`.",
            ),
        )),
        "dotnet/sdk" => Some((
            "the SDK",
            Larger::Words(
                "Publish in a stage of its own (`FROM … AS build`), and copy the result with `COPY --from=build` \
                           into `mcr.microsoft.com/dotnet/aspnet` or `…/runtime` of the same version.",
            ),
        )),
        _ => None,
    }
}

/// Whether a tag of an official image is known to be there.
fn exists(base: &BaseImage, tag: &str) -> bool {
    match tag_status(&base.image, tag) {
        TagStatus::Listed => true,
        TagStatus::Retired { .. } => false,
        // Newer than the table, or older than it: as the tag itself.
        TagStatus::Unknown => !matches!(tag_status(&base.image, base.tag()), TagStatus::Listed),
    }
}

/// Programs that only the full variants have, and builds that need more than they say.
const FULL: [&str; 30] = [
    "git",
    "curl",
    "wget",
    "gcc",
    "g++",
    "cc",
    "c++",
    "make",
    "cmake",
    "hg",
    "svn",
    "bzr",
    "convert",
    "identify",
    "magick",
    "mysql_config",
    "pg_config",
    "patch",
    "xz",
    "unzip",
    "autoconf",
    "automake",
    "libtool",
    "pkg-config",
    "ssh",
    "scp",
    "gpg",
    "file",
    "dpkg-dev",
    "bundle",
];

/// Tools of a JDK that run beside a program.
const JDK: [&str; 12] = [
    "javac", "jcmd", "jlink", "jstack", "jmap", "jar", "jdeps", "jpackage", "keytool", "jstat", "jinfo",
    "jshell",
];

fn has_end(text: &str, end: &str) -> bool {
    text.rsplit_once('.').is_some_and(|(_, extension)| extension == end)
}

/// Programs that compile what is then run.
const COMPILES: [&str; 9] = ["mvn", "mvnw", "gradle", "gradlew", "sbt", "lein", "go", "cargo", "dotnet"];

/// Images whose tools build and do nothing else.
fn is_tool_chain(image: &str) -> bool {
    matches!(image, "golang" | "rust" | "maven" | "gradle" | "dotnet/sdk")
}

fn uses_full(facts: &InstructionFacts<'_>, image: &str) -> bool {
    if !facts.is(Keyword::Run) {
        return facts.is(Keyword::Onbuild);
    }
    if is_tool_chain(image) {
        return false;
    }
    if facts.body.is_none() {
        return true;
    }
    let jdk = image == "eclipse-temurin";
    let commands = facts.scripts().flat_map(crate::shell::Script::commands);
    let by_program = commands.into_iter().filter_map(|command| command.name()).any(|name| {
        let script = name.rsplit_once('.').is_some_and(|(_, end)| matches!(end, "sh" | "bash"));
        if jdk {
            JDK.contains(&name) || COMPILES.contains(&name) || script
        } else {
            FULL.contains(&name) || script || name.ends_with("-config")
        }
    });
    by_program
        || (!jdk
            && facts.calls.iter().any(|call| {
                // What is compiled needs the compiler of the full variant.
                let tools = || call.packages.iter().any(|package| build_tool(&package.name).is_some());
                (call.manager.is_system() && (call.may_contain_anything() || tools()))
                    || call.packages.iter().any(crate::shell::packages::Package::is_vcs)
                    || call.has_flag(&["--no-binary", "--build-from-source"])
            }))
}

/// Whether the container's command builds or uses tools of the full variant itself.
fn start_uses_full(file: &FileFacts<'_>, stage: &StageFacts<'_>) -> bool {
    let words = stage.start.command_words();
    let Some(words) = words else { return true };
    let name = words.first().map_or("", |word| word.rsplit('/').next().unwrap_or(""));
    let program = |name: &str| FULL.contains(&name) || JDK.contains(&name) || COMPILES.contains(&name);
    // `dotnet app.dll` runs, `dotnet run` builds first.
    let runs = name == "dotnet" && words.get(1).is_some_and(|word| has_end(word, "dll"));
    let shell = matches!(name, "sh" | "bash" | "") && stage.start.script.is_none();
    let tests = matches!(name, "pytest" | "tox" | "nox" | "jest" | "mocha" | "rspec" | "ctest")
        || words.iter().any(|word| matches!(word.as_str(), "test" | "pytest"));
    if shell || tests || (program(name) && !runs) {
        return true;
    }
    // A start script that is not known may use anything.
    let script = stage.start.script.as_ref().or(stage.start.shell_script.as_ref());
    let named_script =
        name.rsplit_once('.').is_some_and(|(_, end)| end == "sh") || name.contains("entrypoint");
    match script.and_then(|script| script.script.as_ref()) {
        Some(script) => script.commands().filter_map(|command| command.name()).any(program),
        None => named_script && file.base_image(stage).is_some(),
    }
}
