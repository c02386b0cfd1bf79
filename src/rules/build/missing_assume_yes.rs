//! `missing-assume-yes`.

use crate::config::Level;
use crate::declare_rule;
use crate::dockerfile::Keyword;
use crate::facts::{FileFacts, InstructionFacts, StageFacts};
use crate::rules::{Check, Fix, Report};
use crate::shell::RedirectOperator;
use crate::shell::packages::{Manager, PackageCommand, Verb};
use crate::text::Edit;

declare_rule! {
    /// A package manager waits for an answer nobody can give.
    ///
    /// ## What it does
    ///
    /// Finds `apt-get`, `yum`, `dnf`, `zypper` and `conda` commands that install, upgrade or remove packages without the
    /// option that says yes to their question.
    ///
    /// ## Why is this bad?
    ///
    /// As soon as more is to be done than was named on the command line, the package manager asks "Do you want to
    /// continue?". A build has nobody to answer: the command gives up, and the build fails. What installs alone today
    /// may bring a dependency tomorrow.
    ///
    /// ## Example
    ///
    /// ```dockerfile
    /// FROM debian:trixie-slim
    /// RUN apt-get update && apt-get install --no-install-recommends libpq5 && rm -rf /var/lib/apt/lists/*
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```dockerfile
    /// FROM debian:trixie-slim
    /// RUN apt-get update && apt-get install -y --no-install-recommends libpq5 && rm -rf /var/lib/apt/lists/*
    /// ```
    ///
    /// ## Fix safety
    ///
    /// Safe: a build that works was not asked.
    ///
    /// ## References
    ///
    /// - [Docker: Building best practices, apt-get](https://docs.docker.com/build/building/best-practices/#apt-get)
    /// - [Debian manual pages: apt-get](https://manpages.debian.org/trixie/apt/apt-get.8.en.html)
    pub(super) RULE = "missing-assume-yes" {
        chapter: Build, level: Error, default: On, scope: Instruction, fix: Safe,
        aliases: [
            "DL3014", "DL3030", "DL3034", "DL3038", "hadolint/DL3014", "hadolint/DL3030", "hadolint/DL3034",
            "hadolint/DL3038", "DS-0021", "APT-GET Missing Flags To Avoid Manual Input",
            "Yum Install Allows Manual Input", "Missing Flag From Dnf Install",
            "Missing Zypper Non-interactive Switch", "DF015", "DF027", "DF043", "aptGetInstallUseY",
            "yumInstallForceYes",
        ],
        check: Check::Instruction(check),
    }
}

/// How a package manager asks.
struct Asks {
    /// Verbs that may ask.
    verbs: &'static [&'static str],
    /// Options that answer, or keep it from doing anything.
    answers: &'static [&'static str],
    /// What a setting is called that answers for all commands, in lower case.
    setting: &'static str,
    /// Codes of other linters for it.
    codes: &'static [&'static str],
}

// apt-get(8); dnf(8), yum(8); zypper(8); `conda install --help`.
static APT: Asks = Asks {
    verbs: &[
        "install",
        "reinstall",
        "upgrade",
        "dist-upgrade",
        "full-upgrade",
        "remove",
        "purge",
        "autoremove",
        "build-dep",
    ],
    answers: &[
        "-y",
        "--yes",
        "--assume-yes",
        "--assume-no",
        "--force-yes",
        "-s",
        "--simulate",
        "--dry-run",
        "--just-print",
        "--recon",
        "--no-act",
        "-d",
        "--download-only",
        "--print-uris",
        "--trivial-only",
    ],
    setting: "assume-yes",
    codes: &[
        "DL3014",
        "hadolint/DL3014",
        "DS-0021",
        "APT-GET Missing Flags To Avoid Manual Input",
        "DF015",
        "aptGetInstallUseY",
    ],
};
static DNF: Asks = Asks {
    verbs: &[
        "install",
        "localinstall",
        "reinstall",
        "groupinstall",
        "group install",
        "downgrade",
        "swap",
        "builddep",
        "update",
        "upgrade",
        "upgrade-minimal",
        "update-minimal",
        "distro-sync",
        "remove",
        "erase",
        "autoremove",
        "groupremove",
        "module install",
    ],
    answers: &["-y", "--assumeyes", "--assumeno", "--downloadonly"],
    setting: "assumeyes",
    codes: &[
        "DL3030",
        "DL3038",
        "hadolint/DL3030",
        "hadolint/DL3038",
        "Yum Install Allows Manual Input",
        "Missing Flag From Dnf Install",
        "DF027",
        "yumInstallForceYes",
    ],
};
static ZYPPER: Asks = Asks {
    verbs: &["install", "in", "update", "up", "patch", "dist-upgrade", "dup", "remove", "rm"],
    answers: &["-n", "--non-interactive", "-y", "--no-confirm", "-D", "--dry-run"],
    setting: "no-confirm",
    codes: &["DL3034", "hadolint/DL3034", "Missing Zypper Non-interactive Switch", "DF043"],
};
static CONDA: Asks = Asks {
    verbs: &["install", "create", "update", "upgrade", "remove", "uninstall"],
    answers: &["-y", "--yes", "-d", "--dry-run", "--json", "--download-only"],
    setting: "always_yes",
    codes: &[],
};

fn asks(manager: Manager) -> Option<&'static Asks> {
    match manager {
        Manager::Apt => Some(&APT),
        Manager::Dnf | Manager::Yum | Manager::Microdnf => Some(&DNF),
        Manager::Zypper => Some(&ZYPPER),
        Manager::Conda => Some(&CONDA),
        _ => None,
    }
}

fn check(file: &FileFacts<'_>, stage: &StageFacts<'_>, facts: &InstructionFacts<'_>, report: &mut Report) {
    if !facts.is(Keyword::Run) || facts.calls.is_empty() {
        return;
    }
    let mut done: Vec<&str> = Vec::new();
    for call in &facts.calls {
        let Some(asks) = asks(call.manager).filter(|asks| may_ask(call, asks)) else { continue };
        if done.contains(&call.program) || is_configured(file, stage, facts, asks) {
            continue;
        }
        done.push(call.program);
        let same = facts.calls.iter().filter(|other| other.program == call.program && may_ask(other, asks));
        let edits: Vec<Edit> = same.map(|call| Edit::insert(call.verb_span.end, " -y")).collect();
        // Newer ones say yes themselves; `autoremove` often has nothing to ask about.
        let level = match &*call.verb_text {
            _ if call.manager == Manager::Microdnf => Level::Info,
            "autoremove" => Level::Warning,
            _ => Level::Error,
        };
        report
            .add(
                call.program_span.cover(call.verb_span),
                format!(
                    "`{} {}` gives up as soon as it has to ask: a build has nobody who could say yes.",
                    call.program, call.verb_text
                ),
            )
            .level(level)
            .codes(asks.codes)
            .fix(Fix::safe("Say yes beforehand (`-y`)", edits));
    }
}

/// Whether a call may ask, and is not answered on its command line.
fn may_ask(call: &PackageCommand<'_>, asks: &Asks) -> bool {
    let quiet = |names: &[&str]| {
        call.flag_count(names) > 1
            || call.flag_values(names).any(|value| value.parse().is_ok_and(|n: u32| n > 1))
    };
    // `apt-get -f install` repairs what it finds.
    let repairs = call.manager == Manager::Apt && call.has_flag(&["-f", "--fix-broken"]);
    let names_nothing =
        call.packages.is_empty() && matches!(call.verb, Verb::Install | Verb::Remove) && !repairs;
    let set = call
        .flag_values(&["-o", "--option", "--setopt"])
        .any(|value| value.to_ascii_lowercase().contains(asks.setting));
    let command = call.command;
    // `yes | …`, `… < answers`
    let answered = command.context.pipe_index > 0
        || command.redirects.iter().any(|redirect| {
            matches!(
                redirect.operator,
                RedirectOperator::Read
                    | RedirectOperator::HereDoc
                    | RedirectOperator::HereDocTabs
                    | RedirectOperator::HereString
            )
        });
    asks.verbs.contains(&&*call.verb_text)
        && call.program != "apt-cache"
        // `autoremove` needs no name.
        && (!names_nothing || matches!(&*call.verb_text, "autoremove" | "create"))
        && !call.flags.iter().any(|flag| asks.answers.contains(&&*flag.name))
        // apt: `-qq` says yes.
        && !(call.manager == Manager::Apt && quiet(&["-q", "--quiet"]))
        && !set
        && !answered
        && !call.may_contain_anything()
        && !call.flags.iter().any(|flag| flag.variable && flag.value.is_none())
}

/// Whether a setting answers: a file of settings, a variable.
fn is_configured(
    file: &FileFacts<'_>,
    stage: &StageFacts<'_>,
    facts: &InstructionFacts<'_>,
    asks: &Asks,
) -> bool {
    let speaks = |i: &InstructionFacts<'_>| {
        let says = |text: &str| text.to_ascii_lowercase().contains(asks.setting);
        let node = i.instruction;
        // The option itself is no setting.
        let option = i.calls.iter().any(|call| call.flags.iter().any(|flag| says(&flag.name)));
        (!option && says(node.joined.text()))
            || node.heredocs.iter().any(|heredoc| says(file.dockerfile.source.slice(heredoc.body)))
            || (matches!(node.keyword, Keyword::Copy | Keyword::Add)
                && ["/etc/apt", "condarc", "yum.conf", "dnf.conf", "zypp.conf"]
                    .iter()
                    .any(|place| node.rest_text().contains(place)))
    };
    // The images of CircleCI configure apt (`/etc/apt/apt.conf.d/90circleci`).
    let circle = file.base_image(stage).is_some_and(|base| {
        ["circleci/", "cimg/"].iter().any(|maker| base.image.repository.starts_with(maker))
    });
    if circle && asks.setting == APT.setting {
        return true;
    }
    let first = file.first(stage, asks.setting, speaks);
    first.is_some_and(|index| index <= facts.index)
}
