//! What people tell Tidewaiter in a comment.

/// What a command starts with.
const CALL: &str = "/tidewaiter";
/// The most bytes of a comment that are looked at; GitHub takes 65,536 characters.
const MAX_COMMENT_BYTES: usize = 300_000;
/// The longest text that is taken from a command, in characters.
const MAX_TEXT_CHARS: usize = 400;

/// A command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// `ignore`, with what follows: a reason in a thread, a rule and a reason on the pull request.
    Ignore(String),
    /// `fix`.
    Fix,
    /// `review`.
    Review,
    /// `explain`, with the name of a rule; may be empty.
    Explain(String),
    /// Anything else.
    Unknown,
}

impl Command {
    /// The command's name, for logs.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Ignore(_) => "ignore",
            Self::Fix => "fix",
            Self::Review => "review",
            Self::Explain(_) => "explain",
            Self::Unknown => "unknown",
        }
    }
}

/// Finds the command of a comment: the first line that starts with `/tidewaiter`, outside of quotes and code.
/// `None` where nothing is meant for us.
pub fn command(comment: &str) -> Option<Command> {
    let mut end = comment.len().min(MAX_COMMENT_BYTES);
    while !comment.is_char_boundary(end) {
        end -= 1;
    }
    let mut fence: Option<(char, usize)> = None;
    for line in comment.get(..end).unwrap_or("").lines() {
        // Four blanks or a tab make code of a line.
        let indent = line.len() - line.trim_start().len();
        if indent > 3 || line.starts_with('\t') {
            continue;
        }
        let line = line.trim();
        let mark = line.chars().next().filter(|c| matches!(c, '`' | '~'));
        let run = mark.map_or(0, |mark| line.chars().take_while(|c| *c == mark).count());
        match fence {
            Some((open, length)) => {
                if mark == Some(open) && run >= length && line.chars().all(|c| c == open) {
                    fence = None;
                }
            }
            None if run >= 3 => fence = mark.map(|mark| (mark, run)),
            None => {
                if let Some(command) = of_line(line) {
                    return Some(command);
                }
            }
        }
    }
    None
}

fn of_line(line: &str) -> Option<Command> {
    let rest = line.strip_prefix(CALL)?;
    if rest.chars().next().is_some_and(|c| !c.is_whitespace()) {
        return None;
    }
    let rest = rest.trim();
    let (verb, rest) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    let rest = cut(rest);
    Some(match verb.to_ascii_lowercase().as_str() {
        "ignore" => Command::Ignore(rest),
        // Whoever names something means that, and only that.
        "fix" if rest.is_empty() => Command::Fix,
        "review" if rest.is_empty() => Command::Review,
        "explain" => Command::Explain(rest),
        _ => Command::Unknown,
    })
}

/// A text that is not too long. What is hidden in it is spelt out where it is shown.
fn cut(text: &str) -> String {
    let text = text.trim();
    let mut out: String = text.chars().take(MAX_TEXT_CHARS).collect();
    if text.chars().nth(MAX_TEXT_CHARS).is_some() {
        out.push('…');
    }
    out
}

/// The first word of a text, and the rest.
pub fn first_word(text: &str) -> (&str, &str) {
    let (first, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    (first.trim_matches(['`', ':', ',']), rest.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_commands() {
        assert_eq!(command("/tidewaiter fix"), Some(Command::Fix));
        assert_eq!(command("Thanks!\r\n\r\n  /tidewaiter  REVIEW \r\n"), Some(Command::Review));
        let ignored = command("/tidewaiter ignore  we run it\tbehind a \u{202e}proxy\nand more");
        assert_eq!(ignored, Some(Command::Ignore("we run it\tbehind a \u{202e}proxy".to_owned())));
        assert_eq!(command("/tidewaiter ignore"), Some(Command::Ignore(String::new())));
        assert_eq!(command("/tidewaiter explain DL3002"), Some(Command::Explain("DL3002".to_owned())));
        for unknown in
            ["/tidewaiter", "/tidewaiter help", "/tidewaiter fix run-as-root", "/tidewaiter review all"]
        {
            assert_eq!(command(unknown), Some(Command::Unknown), "{unknown}");
        }
        // The first one counts.
        assert_eq!(command("/tidewaiter fix\n/tidewaiter review"), Some(Command::Fix));
    }

    #[test]
    fn what_is_quoted_or_code_is_no_command() {
        for text in [
            "",
            "please /tidewaiter fix",
            "> /tidewaiter fix",
            "`/tidewaiter fix`",
            "```\n/tidewaiter fix\n```",
            "~~~~\n/tidewaiter fix\n~~~\n/tidewaiter fix",
            "    /tidewaiter fix",
            "\t/tidewaiter fix",
            "/tidewaiters fix",
            "/tidewaiter-fix",
            "/Tidewaiter fix",
        ] {
            assert_eq!(command(text), None, "{text:?}");
        }
        assert_eq!(command("> old\n\n```sh\nls\n```\n/tidewaiter fix"), Some(Command::Fix));
    }

    #[test]
    fn long_texts_are_cut() {
        let Some(Command::Ignore(reason)) = command(&format!("/tidewaiter ignore {}", "é".repeat(5_000)))
        else {
            panic!("no command");
        };
        assert_eq!(reason.chars().count(), MAX_TEXT_CHARS + 1);
        assert_eq!(command(&"é\n".repeat(400_000)), None);
        assert_eq!(command(&format!("{}/tidewaiter fix", "x\n".repeat(200_000))), None);
    }

    #[test]
    fn words() {
        assert_eq!(first_word("`run-as-root`: it must"), ("run-as-root", "it must"));
        assert_eq!(first_word(""), ("", ""));
    }
}
