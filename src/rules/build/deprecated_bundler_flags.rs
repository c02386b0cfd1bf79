//! `deprecated-bundler-flags`.

use crate::declare_rule;
use crate::dockerfile::Keyword;
use crate::facts::{FileFacts, InstructionFacts, StageFacts};
use crate::rules::{Check, Fix, Report};
use crate::shell::packages::{Manager, PackageCommand, Verb};
use crate::text::{Edit, Source, Span};

declare_rule! {
    /// bundle install with flags that newer Bundler rejects.
    ///
    /// ## What it does
    ///
    /// Finds `bundle install` with `--deployment`, `--without`, `--with`, `--path`, `--binstubs` or `--system`.
    ///
    /// ## Why is this bad?
    ///
    /// These options are remembered for later calls, which surprised people. Bundler 2 warns about them, Bundler 4 takes
    /// them no more. Settings in the environment do the same, and every later `bundle` command of the image sees them.
    ///
    /// ## Example
    ///
    /// ```dockerfile
    /// FROM ruby:3.4-slim-trixie
    /// WORKDIR /app
    /// COPY Gemfile Gemfile.lock ./
    /// RUN bundle install --deployment --without development test
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```dockerfile
    /// FROM ruby:3.4-slim-trixie
    /// WORKDIR /app
    /// COPY Gemfile Gemfile.lock ./
    /// ENV BUNDLE_DEPLOYMENT="1" BUNDLE_WITHOUT="development:test"
    /// RUN bundle install
    /// ```
    ///
    /// ## Fix safety
    ///
    /// Needs a look: `ENV` also holds in the container and for later instructions, where the options were remembered in a
    /// file of the project.
    ///
    /// ## References
    ///
    /// - [Bundler: bundle config](https://bundler.io/man/bundle-config.1.html)
    /// - [Bundler: Upgrading to Bundler 2](https://bundler.io/guides/bundler_2_upgrade.html)
    pub(super) RULE = "deprecated-bundler-flags" {
        chapter: Build, level: Warning, default: On, scope: Instruction, fix: Confirm,
        aliases: ["tally/ruby/deprecated-bundler-install-flags"],
        check: Check::Instruction(check),
    }
}

/// The options with the setting that takes their place, where there is one.
const FLAGS: [(&str, Option<&str>); 6] = [
    ("--deployment", Some("BUNDLE_DEPLOYMENT")),
    ("--without", Some("BUNDLE_WITHOUT")),
    ("--with", Some("BUNDLE_WITH")),
    ("--path", Some("BUNDLE_PATH")),
    ("--binstubs", None),
    ("--system", None),
];

fn check(file: &FileFacts<'_>, stage: &StageFacts<'_>, facts: &InstructionFacts<'_>, report: &mut Report) {
    if !facts.is(Keyword::Run) {
        return;
    }
    for call in &facts.calls {
        let install = call.manager == Manager::Bundler
            && call.verb == Verb::Install
            && matches!(&*call.verb_text, "install" | "i" | "");
        let setting = |name: &str| FLAGS.iter().find(|(flag, _)| *flag == name).map(|(_, setting)| *setting);
        let found: Vec<_> = call.flags.iter().filter_map(|flag| Some((flag, setting(&flag.name)?))).collect();
        let Some((first, _)) = found.first().filter(|_| install && !call.may_contain_anything()) else {
            continue;
        };
        if is_bundler_1(file, stage) {
            return;
        }
        let names: Vec<String> = found.iter().map(|(flag, _)| format!("`{}`", flag.name)).collect();
        let one = names.len() == 1;
        let finding = report
            .add(
                first.span,
                format!(
                    "Bundler 2 warns about {} of `bundle install`, and newer ones take {} no more.",
                    names.join(", "),
                    if one { "it" } else { "them" }
                ),
            )
            .note("Settings in the environment take their place; they also hold in the container and for later instructions.");
        if let Some(edits) = edits(file, facts, call) {
            finding.fix(Fix::confirm("Set it with `ENV` before", edits));
        }
    }
}

/// Whether Bundler 1 is asked for.
fn is_bundler_1(file: &FileFacts<'_>, stage: &StageFacts<'_>) -> bool {
    let asks = |i: &InstructionFacts<'_>| {
        i.calls.iter().any(|call| {
            call.manager == Manager::Gem
                && call.packages.iter().any(|package| {
                    package.name == "bundler"
                        && package
                            .version
                            .as_deref()
                            .is_some_and(|v| v.starts_with('1') || v.starts_with("~> 1"))
                        || package.name.starts_with("bundler:1")
                })
                || call.manager == Manager::Gem
                    && call.packages.iter().any(|package| package.name == "bundler")
                    && call.flag_values(&["-v", "--version"]).any(|version| {
                        version.trim_start_matches(['~', '>', '=', ' ', '<']).starts_with("1.")
                            || version == "1"
                    })
        })
    };
    let lock = || {
        let dir = file.path.parent().unwrap_or(camino::Utf8Path::new(""));
        ["Gemfile.lock", "gems.locked"].iter().any(|name| {
            file.tree.read(&dir.join(name)).found().is_some_and(|text| {
                let mut lines = text.lines().skip_while(|line| line.trim() != "BUNDLED WITH");
                lines.nth(1).is_some_and(|version| version.trim().starts_with("1."))
            })
        })
    };
    file.first(stage, "bundler-1", asks).is_some() || lock()
}

/// The edits that take the options away and set them before the RUN.
fn edits(file: &FileFacts<'_>, facts: &InstructionFacts<'_>, call: &PackageCommand<'_>) -> Option<Vec<Edit>> {
    let (source, escape) = (&file.dockerfile.source, file.dockerfile.escape);
    let args = call.command.args();
    let mut pairs = Vec::new();
    let mut taken = Vec::new();
    for flag in &call.flags {
        let Some((name, setting)) = FLAGS.iter().find(|(name, _)| *name == flag.name) else { continue };
        let setting = (*setting)?;
        let at = args.iter().position(|word| word.span() == flag.span)?;
        let (mut end, value) = match (*name, &flag.value) {
            ("--deployment", None) => (flag.span, "1".to_owned()),
            ("--deployment", Some(_)) | (_, None) => return None,
            (_, Some(value)) => (flag.value_span.unwrap_or(flag.span), value.to_string()),
        };
        let mut values = vec![value];
        if matches!(*name, "--without" | "--with") {
            // `--without a b`: all words up to the next option.
            let next = args.iter().skip(at + 1 + usize::from(flag.value_span.is_some()));
            for word in next.take_while(|word| !word.text().starts_with('-')) {
                values.push(word.text().to_owned());
                end = word.span();
            }
        }
        let groups = matches!(*name, "--without" | "--with");
        let value = if groups {
            values
                .iter()
                .flat_map(|value| value.split([' ', ':', ',']))
                .filter(|group| !group.is_empty())
                .collect::<Vec<_>>()
                .join(":")
        } else {
            values.concat()
        };
        if value.is_empty() || value.contains(['"', '\\', '$', '`', '\n', '\'']) {
            return None;
        }
        pairs.push(format!("{setting}=\"{value}\""));
        taken.push(Span::new(flag.span.start, end.end));
    }
    let mut edits: Vec<Edit> = joined(source, escape, taken)
        .into_iter()
        .map(|span| removal(source, escape, span))
        .collect::<Option<_>>()?;
    let node = facts.instruction;
    let newline = source.newline_at(node.span.start);
    edits.push(Edit::insert(node.span.start, format!("ENV {}{newline}", pairs.join(" "))));
    Some(edits)
}

/// Stretches that only blanks and continued line ends stand between are one.
fn joined(source: &Source, escape: char, spans: Vec<Span>) -> Vec<Span> {
    let mut out: Vec<Span> = Vec::new();
    for span in spans {
        let between = |last: &Span| source.slice(Span::new(last.end, span.start));
        match out.last_mut() {
            Some(last) if between(last).chars().all(|c| c.is_ascii_whitespace() || c == escape) => {
                last.end = span.end;
            }
            _ => out.push(span),
        }
    }
    out
}

/// Deletes a stretch with the blanks before it, and the lines on which nothing else is left.
fn removal(source: &Source, escape: char, span: Span) -> Option<Edit> {
    let first = source.line_span(source.line_of(span.start));
    let last = source.line_span(source.line_of(span.end));
    let before = source.slice(Span::new(first.start, span.start));
    let behind = source.slice(Span::new(span.end, last.end));
    if !before.trim().is_empty() {
        let kept = before.trim_end().len() as u32;
        return Some(Edit::delete(Span::new(first.start + kept, span.end)));
    }
    if behind.trim().chars().eq([escape]) {
        return Some(Edit::delete(Span::new(first.start, last.end)));
    }
    if behind.trim().is_empty() {
        // The end of the instruction: the line before goes on no more.
        let previous = source.line_span(source.line_of(first.start).checked_sub(1)?);
        let kept = source.slice(previous).trim_end().strip_suffix(escape)?.trim_end().len() as u32;
        return Some(Edit::delete(Span::new(previous.start + kept, span.end)));
    }
    let blanks = (behind.len() - behind.trim_start().len()) as u32;
    Some(Edit::delete(Span::new(span.start, span.end + blanks)))
}
