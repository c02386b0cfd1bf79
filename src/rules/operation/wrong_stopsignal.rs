//! `wrong-stopsignal`.

use crate::declare_rule;
use crate::dockerfile::Keyword;
use crate::facts::{FileFacts, StageFacts, launches};
use crate::image::Family;
use crate::rules::{Check, Fix, Report};
use crate::text::Edit;

declare_rule! {
    /// The stop signal does not let the process end well.
    ///
    /// ## What it does
    ///
    /// Finds `STOPSIGNAL SIGKILL` and `SIGSTOP`, and images that start systemd without `STOPSIGNAL SIGRTMIN+3`.
    ///
    /// ## Why is this bad?
    ///
    /// No process can catch SIGKILL: requests are cut off and files stay half written. SIGSTOP stops it without
    /// ending it, so that `docker stop` waits ten seconds and kills it then. systemd does not shut down on
    /// SIGTERM, it starts itself again; it shuts down on SIGRTMIN+3.
    ///
    /// ## Example
    ///
    /// ```dockerfile
    /// FROM debian:trixie-slim
    /// COPY server /usr/local/bin/
    /// STOPSIGNAL SIGKILL
    /// CMD ["server", "--foreground"]
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```dockerfile
    /// FROM debian:trixie-slim
    /// COPY server /usr/local/bin/
    /// STOPSIGNAL SIGTERM
    /// CMD ["server", "--foreground"]
    /// ```
    ///
    /// ## Fix safety
    ///
    /// Stop a container once and see how long it takes: the process must react to the signal.
    ///
    /// ## References
    ///
    /// - [Docker: Dockerfile reference, STOPSIGNAL](https://docs.docker.com/reference/dockerfile/#stopsignal)
    /// - [systemd: The Container Interface](https://systemd.io/CONTAINER_INTERFACE/)
    pub(super) RULE = "wrong-stopsignal" {
        chapter: Operation, level: Warning, default: On, scope: Instruction, fix: Confirm,
        aliases: ["tally/no-ungraceful-stopsignal", "tally/prefer-systemd-sigrtmin-plus-3"],
        check: Check::Stage(check),
    }
}

fn check(file: &FileFacts<'_>, stage: &StageFacts<'_>, report: &mut Report) {
    if !stage.shipped || stage.built_on {
        return;
    }
    let history = file.history(stage);
    let set = history.iter().rev().map(|(_, facts)| facts).find(|facts| facts.is(Keyword::Stopsignal));
    let systemd = starts_systemd(file, stage);
    let Some(facts) = set else {
        let Some(main) = stage.start.main().filter(|_| systemd && base_sets_none(file, stage)) else {
            return;
        };
        let offset = file.above(main.index);
        let newline = file.dockerfile.source.newline_at(offset);
        let line = format!("{} SIGRTMIN+3{newline}", file.keyword_case().write("stopsignal"));
        report
            .add(
                main.instruction.rest_span(),
                "systemd does not shut down on SIGTERM, which `docker stop` sends: the container is killed after ten seconds.",
            )
            .codes(&["tally/prefer-systemd-sigrtmin-plus-3"])
            .note("Stop a container once: it should end in a second or two.")
            .fix(Fix::confirm("Stop systemd with SIGRTMIN+3", vec![Edit::insert(offset, line)]));
        return;
    };
    let Some(word) = facts.instruction.args.first() else { return };
    let signal = word.text.to_ascii_uppercase();
    let signal = signal.strip_prefix("SIG").unwrap_or(&signal);
    let (message, new, code) = match signal {
        "KILL" | "9" if !systemd => (
            "SIGKILL cannot be caught: the process ends in the middle of its work, without closing anything.",
            "SIGTERM",
            "tally/no-ungraceful-stopsignal",
        ),
        "STOP" | "19" if !systemd => (
            "SIGSTOP stops the process without ending it: `docker stop` waits for ten seconds and kills it then.",
            "SIGTERM",
            "tally/no-ungraceful-stopsignal",
        ),
        "RTMIN+3" | "37" => return,
        _ if systemd && !signal.contains('$') => (
            "systemd shuts down on SIGRTMIN+3; other signals end it in the middle of its work or not at all.",
            "SIGRTMIN+3",
            "tally/prefer-systemd-sigrtmin-plus-3",
        ),
        _ => return,
    };
    report
        .add(word.span, message)
        .codes(&[code])
        .note("Stop a container once: the process must react to the signal.")
        .fix(Fix::confirm(format!("Stop with {new}"), vec![Edit::replace(word.span, new)]));
}

/// Whether the container starts systemd.
fn starts_systemd(file: &FileFacts<'_>, stage: &StageFacts<'_>) -> bool {
    let family = file.distribution(stage).map(|distribution| distribution.family);
    launches(stage).iter().any(|launch| match launch.words.first().map(String::as_str) {
        Some("/lib/systemd/systemd" | "/usr/lib/systemd/systemd" | "/bin/systemd" | "systemd") => true,
        // On Alpine and BusyBox another program has this name.
        Some("/sbin/init" | "/usr/sbin/init" | "init") => matches!(
            family,
            Some(Family::Debian | Family::Ubuntu | Family::RedHat | Family::Suse | Family::Arch)
        ),
        _ => false,
    })
}

/// Whether the base is a plain distribution, which sets no stop signal.
fn base_sets_none(file: &FileFacts<'_>, stage: &StageFacts<'_>) -> bool {
    file.base_image(stage).is_some_and(|base| {
        let plain = !base.image.repository.contains("init") && !base.image.repository.contains("systemd");
        plain && base.image.official && base.defaults.distribution.is_some() && base.said.is_none()
    })
}
