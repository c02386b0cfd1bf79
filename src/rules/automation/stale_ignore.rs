//! `stale-ignore`.

use crate::config::Level;
use crate::declare_rule;
use crate::facts::FileFacts;
use crate::rules::{Check, Fix, IgnoreComment, IgnoredCode, IgnoredState, Report};
use crate::text::{Edit, Span};

declare_rule! {
    /// An ignore comment that is expired, unknown or no longer matches anything.
    ///
    /// ## What it does
    /// Looks at the `# tidewaiter ignore=…` and `# tidewaiter global-ignore=…` comments of the Dockerfile: has the day of
    /// `until=` passed, is there no rule of that name, or did the rule find nothing there in this run? Rules that are
    /// switched off and comments of other tools are left alone.
    ///
    /// ## Why is this bad?
    /// A comment that silences nothing today silences the next finding that nobody has looked at yet. A misspelt name never
    /// silenced anything, and an expired comment no longer does: the finding itself is shown again.
    ///
    /// ## Example
    /// ```dockerfile
    /// FROM python:3.13-slim-trixie
    /// WORKDIR /app
    /// # tidewaiter ignore=add-insted-of-copy reason="the archive is unpacked"
    /// COPY app.py ./
    /// USER 1000
    /// ENTRYPOINT ["python", "-u", "-X", "faulthandler", "app.py"]
    /// ```
    ///
    /// ## Use instead
    /// ```dockerfile
    /// FROM python:3.13-slim-trixie
    /// WORKDIR /app
    /// COPY app.py ./
    /// USER 1000
    /// ENTRYPOINT ["python", "-u", "-X", "faulthandler", "app.py"]
    /// ```
    ///
    /// ## Fix safety
    /// Safe: only the comment is deleted, or the one name in its list.
    ///
    /// ## References
    /// - [Dockerfile reference, comments](https://docs.docker.com/reference/dockerfile/#format)
    pub(super) RULE = "stale-ignore" {
        chapter: Automation, level: Info, default: On, scope: Instruction, fix: Safe,
        aliases: [],
        check: Check::Ignores(check),
    }
}

fn check(file: &FileFacts<'_>, comments: &[IgnoreComment], report: &mut Report) {
    for comment in comments {
        if let Some(day) = comment.until.filter(|day| *day < file.today) {
            report
                .add(
                    comment.span,
                    format!("This ignore comment ended on {day}: what it silenced is shown again."),
                )
                .level(Level::Warning)
                .note("Repair what it silenced, or give it a new day if the reason still holds.")
                .fix(Fix::safe("Delete the comment", vec![delete_line(file, comment.span)]));
            continue;
        }
        let is_stale =
            |code: &IgnoredCode| matches!(code.state, IgnoredState::Unknown | IgnoredState::Unused);
        let all_stale = comment.codes.iter().all(is_stale);
        for (index, code) in comment.codes.iter().enumerate().filter(|(_, code)| is_stale(code)) {
            let name = code.text.replace('`', "'");
            let message = if code.state == IgnoredState::Unknown {
                format!("No rule is called `{name}`, so this comment silences nothing.")
            } else {
                format!("`{name}` finds nothing here, so this comment silences nothing.")
            };
            let edit =
                if all_stale { delete_line(file, comment.span) } else { delete_name(&comment.codes, index) };
            let title = if all_stale { "Delete the comment".to_owned() } else { format!("Delete `{name}`") };
            report.add(code.span, message).about(name).fix(Fix::safe(title, vec![edit]));
        }
    }
}

/// Deletes the whole line of a comment.
fn delete_line(file: &FileFacts<'_>, comment: Span) -> Edit {
    let text = file.dockerfile.source.text();
    let before = text.get(..comment.start as usize).unwrap_or("");
    let start = before.rfind('\n').map_or(0, |at| at + 1);
    let after = text.get(comment.end as usize..).unwrap_or("");
    let end = after.find('\n').map_or(text.len(), |at| comment.end as usize + at + 1);
    Edit { span: Span::new(start as u32, end as u32), text: String::new() }
}

/// Deletes one name with the comma that parts it from its neighbour.
fn delete_name(codes: &[IgnoredCode], index: usize) -> Edit {
    let own = codes[index].span;
    let previous = index.checked_sub(1).and_then(|before| codes.get(before));
    let span = match (previous, codes.get(index + 1)) {
        (_, Some(next)) => Span::new(own.start, next.span.start),
        (Some(previous), None) => Span::new(previous.span.end, own.end),
        (None, None) => own,
    };
    Edit { span, text: String::new() }
}
