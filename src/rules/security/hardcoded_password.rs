//! `hardcoded-password`.

use crate::config::Level;
use crate::declare_rule;
use crate::dockerfile::Keyword;
use crate::facts::{FileFacts, InstructionFacts, StageFacts, Step};
use crate::rules::{Check, Report};
use crate::shell::{Command, Connector, RedirectOperator, Word};
use crate::text::Span;

declare_rule! {
    /// A password is set by a literal in the build.
    ///
    /// ## What it does
    ///
    /// Finds commands of `RUN` that set a password which is written there: `echo 'user:…' | chpasswd`,
    /// `passwd --stdin`, `useradd -p`, `usermod -p`, `mysqladmin password`, `PASSWORD '…'` and `IDENTIFIED BY '…'` in SQL.
    /// `passwd -d` is meant as well: it lets everybody in without one.
    ///
    /// Values of variables and of secret mounts, and locked passwords (`!`, `*`) are not meant. The password itself is
    /// never shown.
    ///
    /// ## Why is this bad?
    ///
    /// Every container of the image has the same password, everybody who can read the repository or the image's
    /// history knows it, and it cannot be changed without a new image.
    ///
    /// ## Example
    ///
    /// ```dockerfile
    /// FROM debian:trixie-slim
    /// RUN useradd app && echo 'app:Tr0ub4dor' | chpasswd
    /// USER app
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```dockerfile
    /// FROM debian:trixie-slim
    /// RUN useradd app
    /// USER app
    /// ```
    ///
    /// ## Fix safety
    ///
    /// No change is offered: what the password is for needs the intent. Users of a container seldom need one at all.
    ///
    /// ## References
    ///
    /// - [Docker: Build secrets](https://docs.docker.com/build/building/secrets/)
    /// - [OWASP: Docker Security Cheat Sheet](https://cheatsheetseries.owasp.org/cheatsheets/Docker_Security_Cheat_Sheet.html)
    pub(super) RULE = "hardcoded-password" {
        chapter: Security, level: Error, default: On, scope: Instruction, fix: None,
        aliases: ["CKV2_DOCKER_17"],
        check: Check::Instruction(check),
    }
}

/// A password that is set.
struct Set {
    span: Span,
    /// Whose it is, where the command says so.
    user: String,
    empty: bool,
}

fn check(_: &FileFacts<'_>, stage: &StageFacts<'_>, facts: &InstructionFacts<'_>, report: &mut Report) {
    if !facts.is(Keyword::Run) {
        return;
    }
    for step in facts.steps() {
        let Some(set) = set_by(&step) else { continue };
        let user = set.user.replace('`', "");
        let whose = if user.is_empty() { String::new() } else { format!(" of `{user}`") };
        let message = if set.empty {
            format!("The password{whose} is taken away: everybody can become that user without one.")
        } else {
            format!(
                "The password{whose} is written into the build: everybody who can read the repository or the image knows it."
            )
        };
        report
            .add(set.span, message)
            .level(if stage.shipped { Level::Error } else { Level::Warning })
            .about(format!("password {user}"))
            .note(
                "Leave it out where nobody logs in: `USER` and `docker exec -u` need no password. Else set it when the \
                 container starts, from a secret that is mounted (`/run/secrets/…`).",
            );
    }
}

fn set_by(step: &Step<'_, '_>) -> Option<Set> {
    let command = step.command;
    let name = command.name()?;
    match name {
        "chpasswd" => piped_pair(step),
        "passwd" => passwd(step),
        "useradd" | "usermod" => option_of(command),
        "mysqladmin" => {
            let mut words = command.args().iter().skip_while(|word| word.text() != "password").skip(1);
            let word = words.next()?;
            is_password(word.text(), word).then(|| Set {
                span: word.span(),
                user: String::new(),
                empty: false,
            })
        }
        "mysql" | "mariadb" | "psql" | "echo" | "printf" | "sqlcmd" | "mongo" | "mongosh" | "su" | "gosu"
        | "sh" | "bash" => command.args().iter().find_map(in_sql),
        _ => None,
    }
}

/// Whether a text is a password that is known from here.
fn is_password(text: &str, word: &Word) -> bool {
    !word.has_expansion() && !matches!(text, "" | "!" | "*" | "x" | "!!" | "!*" | "*LK*")
}

/// The text that reaches standard input: of `echo` or `printf` before the pipe, of a here-string.
fn input<'c>(step: &'c Step<'_, '_>) -> Option<&'c Word> {
    let own =
        step.command.redirects.iter().find(|redirect| redirect.operator == RedirectOperator::HereString);
    if let Some(word) = own.and_then(|redirect| redirect.target.as_ref()) {
        return Some(word);
    }
    let context = step.command.context;
    if context.previous != Connector::Pipe {
        return None;
    }
    let writer = step.script.commands().rev().find(|other| {
        other.context.chain == context.chain
            && other.context.parent == context.parent
            && other.context.pipe_index + 1 == context.pipe_index
            && other.place.start < step.command.place.start
    })?;
    if !matches!(writer.name(), Some("echo" | "printf")) {
        return None;
    }
    writer.args().iter().find(|word| !word.text().starts_with('-'))
}

/// `user:password` that `chpasswd` reads.
fn piped_pair(step: &Step<'_, '_>) -> Option<Set> {
    let word = input(step)?;
    let (user, password) = word.text().split_once(':')?;
    let password = password.split(['\n', '\\']).next().unwrap_or(password);
    // A variable anywhere behind the colon is a value that is not known here.
    if password.is_empty() || password.contains(['$', '`', '%']) || matches!(password, "!" | "*") {
        return None;
    }
    let at = word.raw().find(':').map(|at| at + 1)?;
    let end = at + password.len();
    let fits = word.raw().get(at..end) == Some(password);
    let span = if fits { word.span_of(at..end) } else { word.span() };
    let user = if user.contains('$') { String::new() } else { user.to_owned() };
    Some(Set { span, user, empty: false })
}

/// `passwd -d user`; `echo password | passwd --stdin user`.
fn passwd(step: &Step<'_, '_>) -> Option<Set> {
    let args = step.command.args();
    let user = args.iter().rev().find(|word| !word.text().starts_with('-'));
    let name = user.and_then(|word| word.literal()).unwrap_or_default().to_owned();
    if let Some(word) = args.iter().find(|word| matches!(word.text(), "-d" | "--delete")) {
        // Only an account that somebody can become is worth a word.
        let locks = args.iter().any(|word| matches!(word.text(), "-l" | "--lock" | "-dl" | "-ld"));
        return (!locks && matches!(name.as_str(), "root" | "")).then(|| Set {
            span: word.span(),
            user: name,
            empty: true,
        });
    }
    let word = input(step)?;
    is_password(word.text(), word).then(|| Set { span: word.span(), user: name, empty: false })
}

/// `useradd -p hash user`, `usermod --password hash user`.
fn option_of(command: &Command) -> Option<Set> {
    let args = command.args();
    let at = args.iter().position(|word| {
        let text = word.text();
        let short = text.starts_with('-') && !text.starts_with("--") && text.ends_with('p');
        short || text == "--password"
    });
    let (value, word) = match at {
        Some(at) => args.get(at + 1).map(|word| (word.text(), word))?,
        None => args.iter().find_map(|word| Some((word.text().strip_prefix("--password=")?, word)))?,
    };
    let user = match args {
        [.., before, last] if last.span() != word.span() && !before.text().starts_with('-') => name(last),
        [first, ..] => name(first),
        [] => "",
    };
    // `$(openssl passwd -6 secret)` holds it as well.
    if word.has_substitution() && value.contains("openssl passwd") {
        let inner = value.split("openssl passwd").nth(1).unwrap_or("");
        let literal = inner.split_whitespace().filter(|text| !text.starts_with('-')).any(|text| {
            !text.contains('$') && text.trim_matches([')', '"', '\'']).chars().any(char::is_alphanumeric)
        });
        return literal.then(|| Set { span: word.span(), user: user.to_owned(), empty: false });
    }
    if value.is_empty() && !word.has_expansion() {
        return Some(Set { span: word.span(), user: user.to_owned(), empty: true });
    }
    is_password(value, word).then(|| Set { span: word.span(), user: user.to_owned(), empty: false })
}

/// A word that can only be the name of a user.
fn name(word: &Word) -> &str {
    let valid = |text: &&str| {
        text.starts_with(|c: char| c.is_ascii_lowercase())
            && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-'))
    };
    word.literal().filter(valid).unwrap_or_default()
}

/// `ALTER USER x WITH PASSWORD 'y'`, `CREATE USER x IDENTIFIED BY 'y'`.
fn in_sql(word: &Word) -> Option<Set> {
    let raw = word.raw();
    if raw.len() < 20 {
        return None;
    }
    let lower = raw.to_ascii_lowercase();
    if !["alter ", "create ", "grant ", "set password"].iter().any(|verb| lower.contains(verb)) {
        return None;
    }
    for keyword in ["password", "identified by"] {
        for (at, _) in lower.match_indices(keyword) {
            let behind = raw.get(at + keyword.len()..)?;
            let value = behind.trim_start_matches([' ', '=', '(', '\\']);
            let Some(quote) = value.chars().next().filter(|c| matches!(c, '\'' | '"')) else { continue };
            // Nothing but blanks, `=` and brackets may stand between: `password_hash` is another word.
            let Some(text) = value.get(1..).and_then(|inner| inner.split([quote, '\\']).next()) else {
                continue;
            };
            if text.is_empty() || text.contains(['$', '{', '`', '%']) {
                continue;
            }
            let start = at + keyword.len() + (behind.len() - value.len()) + 1;
            return Some(Set {
                span: word.span_of(start..start + text.len()),
                user: String::new(),
                empty: false,
            });
        }
    }
    None
}
