//! `run-as-root`.

mod privileges;
mod user;

use crate::config::Level;
use crate::declare_rule;
use crate::dockerfile::{Instruction, Item, Keyword};
use crate::facts::{Base, FileFacts, InstructionFacts, StageFacts, User, in_home_of_root};
use crate::image;
use crate::rules::{Check, Fix, Report};
use crate::text::{Edit, Span};
use user::Account;

declare_rule! {
    /// The image runs as root.
    ///
    /// ## What it does
    ///
    /// Finds a stage that is shipped (the last one, or the one that workflows, scripts, Compose and bake files name as
    /// their target) whose processes run as root: its last `USER` is root, or there is none and the base image is
    /// known to start as root.
    ///
    /// Silent for builder stages, for bases that are not known, for users that come from a variable, for
    /// Docker actions (GitHub wants root there), for entrypoints and start scripts that give root up (`gosu`,
    /// `su-exec`, `setpriv`, s6, …), for servers that do so for their workers (nginx, httpd, php-fpm,
    /// postgres, …), and for daemons that cannot work without root. It is a hint where a Compose file sets a
    /// user, and for images that start nothing of their own.
    ///
    /// ## Why is this bad?
    ///
    /// Whoever takes over the process is root inside of the container: able to change every file and to
    /// install tools, and one kernel or runtime hole away from the host. Many clusters refuse such images
    /// (`runAsNonRoot`).
    ///
    /// ## Example
    ///
    /// ```dockerfile
    /// FROM python:3.13-slim-trixie
    /// ENV PYTHONUNBUFFERED=1 PYTHONFAULTHANDLER=1
    /// COPY app.py /srv/app.py
    /// CMD ["python", "/srv/app.py"]
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```dockerfile
    /// FROM python:3.13-slim-trixie
    /// ENV PYTHONUNBUFFERED=1 PYTHONFAULTHANDLER=1
    /// COPY app.py /srv/app.py
    /// RUN groupadd --system --gid 10001 app && useradd --system --uid 10001 --gid app --no-log-init --create-home app
    /// USER 10001:10001
    /// CMD ["python", "/srv/app.py"]
    /// ```
    ///
    /// ## Fix safety
    ///
    /// To be confirmed: files that the process writes, mounted volumes and ports below 1024 have to be tried. Nothing
    /// is offered where root's home has something that the process needs. The line that creates the user may also
    /// stand above the first `COPY`; it is taken from the cache there.
    ///
    /// ## References
    ///
    /// - [Docker: Building best practices, USER](https://docs.docker.com/build/building/best-practices/#user)
    /// - [OWASP: Docker Security Cheat Sheet](https://cheatsheetseries.owasp.org/cheatsheets/Docker_Security_Cheat_Sheet.html)
    /// - [Kubernetes: Pod Security Standards](https://kubernetes.io/docs/concepts/security/pod-security-standards/)
    pub(super) RULE = "run-as-root" {
        chapter: Security, level: Warning, default: On, scope: Stage, fix: Confirm,
        aliases: [
            "DL3002", "hadolint/DL3002", "tally/stateful-root-runtime", "tally/user-created-but-never-used",
            "DS-0002", "CKV_DOCKER_3", "CKV_DOCKER_8", "Last User Is 'root'", "Missing User Instruction", "DF002",
            "DF020",
        ],
        check: Check::Stage(check),
    }
}

fn check(file: &FileFacts<'_>, stage: &StageFacts<'_>, report: &mut Report) {
    let devcontainer = file.path.components().any(|part| part.as_str() == ".devcontainer");
    if !stage.built || file.docker_action || devcontainer || says_its_parent(file, stage) {
        return;
    }
    let Some(root) = runs_as_root(file, stage) else { return };
    if privileges::are_dropped_or_needed(file, stage) {
        return;
    }
    let created = user::created(file, stage);
    let used = created.iter().any(|account| is_used(file, stage, account));
    let span = anchor(stage, &root);
    let mut finding = report.add(span, message(file, &root, if used { &[] } else { &created })).whole_stage();
    if let [only] = created.as_slice()
        && !used
    {
        finding = finding.related(only.span, "This user is created and never used.");
    }
    if compose_sets_user(file) {
        finding = finding
            .level(Level::Info)
            .note("A Compose file sets another user; whoever runs the image without it gets root.");
    }
    // Without a command of its own, and without a user made for one, it may be there for others to build on.
    let starts_nothing = stage.start.main().is_none() && matches!(root, Root::Base(_)) && created.is_empty();
    if starts_nothing {
        finding.level(Level::Info).note(
            "It starts nothing of its own. If others build on it, they may need root and should set `USER` \
             themselves; if it is run, create a user and switch to it.",
        );
        return;
    }
    match change(file, stage, &root, &created) {
        Change::Offer(fix) => {
            finding = finding.fix(fix).note(
                "Start it once and try what writes below the working directory, mounted volumes, and ports below \
                 1024 (Docker allows them since 20.10, not every Kubernetes does).",
            );
        }
        Change::Say(advice) => finding = finding.note(advice),
    }
    if stage.of(Keyword::Volume).next().is_some() {
        finding.note("The folders of `VOLUME` must belong to the new user before the instruction stands.");
    }
}

/// Whether the stage is built on one that a build makes an image of as well, with the same user: it is said there.
fn says_its_parent(file: &FileFacts<'_>, stage: &StageFacts<'_>) -> bool {
    let Base::Stage(parent) = stage.base else { return false };
    file.stages.get(parent).is_some_and(|parent| parent.built && parent.end.user == stage.end.user)
}

/// Why the stage runs as root.
enum Root {
    /// By this USER.
    Set(Span),
    /// Because the base does.
    Base(String),
}

fn runs_as_root(file: &FileFacts<'_>, stage: &StageFacts<'_>) -> Option<Root> {
    if file.defaults(stage).is_some_and(image::Defaults::is_windows) {
        return None;
    }
    match &stage.end.user {
        User::Set { value, span, .. } => is_root(value.as_deref()?).then_some(Root::Set(*span)),
        User::Base => match file.root_base(&stage.base) {
            Base::Scratch => stage.start.main().map(|_| Root::Base("scratch".to_owned())),
            Base::Image(image) => (image.defaults.user == image::User::Root).then(|| {
                let reference = &image.reference;
                let tag = reference.tag().map(|tag| format!(":{tag}")).unwrap_or_default();
                Root::Base(format!("{}{tag}", reference.name()))
            }),
            _ => None,
        },
    }
}

/// `root`, `0`, with any group.
fn is_root(user: &str) -> bool {
    matches!(user.split(':').next().map(str::trim), Some("root" | "0"))
}

/// The USER, else what starts the container, else FROM; the place is in the stage itself.
fn anchor(stage: &StageFacts<'_>, root: &Root) -> Span {
    let inside = |span: Span| stage.span.contains(span);
    if let Root::Set(body) = root
        && let Some(user) = stage.of(Keyword::User).find(|user| user.instruction.body == *body)
    {
        return user.instruction.args.first().map_or(user.instruction.name.span, |word| word.span);
    }
    if let Some(main) = stage.start.main().map(|main| main.instruction.name.span).filter(|span| inside(*span))
    {
        return main;
    }
    crate::dockerfile::from_image(stage.from).map_or(stage.from.name.span, |word| word.span)
}

/// Whether a USER switches to an account, and root comes back later.
fn is_used(file: &FileFacts<'_>, stage: &StageFacts<'_>, account: &Account) -> bool {
    file.history(stage).iter().any(|(_, facts)| {
        facts.is(Keyword::User)
            && facts
                .instruction
                .args
                .first()
                .is_some_and(|word| word.text.split(':').next() == Some(&account.word))
    })
}

fn message(file: &FileFacts<'_>, root: &Root, created: &[Account]) -> String {
    if let [only] = created {
        let name = only.word.replace('`', "");
        return format!(
            "The image runs as root: the user `{name}` is created, but no `USER` switches to it."
        );
    }
    match root {
        Root::Set(span) => {
            let text = file.dockerfile.source.slice(*span).split_whitespace().nth(1).unwrap_or("root");
            let text = text.replace('`', "");
            format!("The image runs as root: `USER {text}` is the last one.")
        }
        Root::Base(base) if base == "scratch" => {
            "The image runs as root: no `USER` is set, and `scratch` has none.".to_owned()
        }
        Root::Base(base) => {
            let base = base.replace('`', "");
            format!("The image runs as root: no `USER` is set, and `{base}` starts as root.")
        }
    }
}

/// What to do about it.
enum Change {
    Offer(Fix),
    Say(String),
}

fn change(file: &FileFacts<'_>, stage: &StageFacts<'_>, root: &Root, created: &[Account]) -> Change {
    let wanted = match user::choose(file, stage, created) {
        // The other tag does not help where the file sets root itself.
        Ok(user::Wanted::Tag { .. }) if matches!(root, Root::Set(_)) => {
            user::Wanted::User { create: None, word: "nonroot".to_owned() }
        }
        Ok(wanted) => wanted,
        Err(advice) => return Change::Say(advice),
    };
    if let Some(place) = user::written_at_run_time(file, stage) {
        let place = place.replace('`', "");
        return Change::Say(format!(
            "The process seems to write to `{place}`: give that folder to another user, then switch to it with \
             `USER`."
        ));
    }
    if let Some(place) = in_home_of_root(file, stage) {
        let place = place.replace('`', "");
        let what = if place.starts_with('/') {
            format!("Other users cannot look into `{place}`")
        } else {
            format!("Other users cannot look into root's home and would miss what `{place}` puts there")
        };
        return Change::Say(format!(
            "{what}. Move it, such as to `/opt/venv`, `/usr/local` or `/app`, then switch with `USER`."
        ));
    }
    let wanted = match wanted {
        user::Wanted::Tag { edit, name } => {
            return Change::Offer(Fix::confirm(format!("Use `{}`", name.replace('`', "")), vec![edit]));
        }
        user::Wanted::User { create, word } => (create, word),
    };
    let (create, word) = wanted;
    let title = format!("Run as `{}`", word.replace('`', ""));
    let own_user = match root {
        Root::Set(body) => stage.of(Keyword::User).find(|user| user.instruction.body == *body),
        Root::Base(_) => None,
    };
    let place = insertion(file, stage);
    // `USER root` with nothing behind it that needs root: the word itself is what has to change.
    if create.is_none()
        && let Some(user) = own_user
        && let Some(value) = user.instruction.args.first()
        && !needs_root_after(stage, user)
    {
        return Change::Offer(Fix::confirm(title, vec![Edit::replace(value.span, word)]));
    }
    let newline = file.dockerfile.source.newline_at(place);
    let case = file.keyword_case();
    let keyword = |name: &str| case.write(name);
    let mut text = String::new();
    // The last line of a file may have no end.
    let at_open_end = place > 0 && !file.dockerfile.source.text()[..place as usize].ends_with('\n');
    if at_open_end {
        text.push_str(newline);
    }
    if let Some(create) = create {
        text.push_str(&keyword("RUN"));
        text.push(' ');
        text.push_str(create);
        text.push_str(newline);
    }
    text.push_str(&keyword("USER"));
    text.push(' ');
    text.push_str(&word);
    if !at_open_end {
        text.push_str(newline);
    }
    Change::Offer(Fix::confirm(title, vec![Edit::insert(place, text)]))
}

/// Whether a step that may need root comes after an instruction of the stage.
fn needs_root_after(stage: &StageFacts<'_>, user: &InstructionFacts<'_>) -> bool {
    stage.instructions.iter().any(|other| other.index > user.index && is_step(other.instruction))
}

fn is_step(instruction: &Instruction) -> bool {
    matches!(
        instruction.keyword,
        Keyword::Run | Keyword::Copy | Keyword::Add | Keyword::Workdir | Keyword::Volume
    )
}

/// Where USER goes: above the first CMD or ENTRYPOINT (and its comments) behind the last step, else at the end
/// of the stage.
fn insertion(file: &FileFacts<'_>, stage: &StageFacts<'_>) -> u32 {
    let last_step = stage.instructions.iter().rposition(|facts| is_step(facts.instruction)).unwrap_or(0);
    let start = stage
        .instructions
        .iter()
        .skip(last_step + 1)
        .find(|facts| facts.is(Keyword::Cmd) || facts.is(Keyword::Entrypoint));
    let Some(start) = start else { return stage.span.end };
    let mut at = start.instruction.span.start;
    for item in file.dockerfile.items.iter().rev() {
        match item {
            Item::Comment(span) if span.end == at => at = span.start,
            _ => {}
        }
    }
    at
}

/// Whether every Compose service that is built from this file sets a user other than root.
fn compose_sets_user(file: &FileFacts<'_>) -> bool {
    let mut services = file.compose_services().peekable();
    services.peek().is_some()
        && services.all(|(_, service)| {
            let user = service.user.as_ref().and_then(|user| user.value());
            user.is_some_and(|user| !user.is_empty() && !is_root(user))
        })
}
