//! What a command downloads with curl or wget.
//!
//! Options are read as the tools read them.

mod options;

use super::packages::options::{Flag, split};
use super::{Command, Connector, Inside, Word};
use crate::text::{Edit, Span};
use options::{CURL, WGET};
use std::borrow::Cow;

/// The programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names are the tools'")]
pub enum Downloader {
    Curl,
    Wget,
}

/// Where the first download goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output<'a> {
    /// To standard output, which a pipe or a substitution may read.
    Stdout,
    /// Into a file that an option or a redirect names.
    File(Written<'a>),
    /// Into a file that the address or the server names: `curl -O`, plain `wget`.
    RemoteName,
    /// Nowhere: `-o /dev/null`, `wget --spider`.
    Nothing,
}

/// A text of the command line: an address, the name of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written<'a> {
    /// Quotes resolved, expansions as written.
    pub text: Cow<'a, str>,
    /// The word that holds it.
    pub span: Span,
    /// Whether an expansion is in it.
    pub variable: bool,
}

/// An option without a value, as it stands on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Switch {
    /// The whole word.
    pub word: Span,
    /// Its letter, where other options stand in the same word (`k` of `-fsSk`).
    pub letter: Option<Span>,
}

impl Switch {
    /// The bytes that are the option and nothing else.
    pub fn span(self) -> Span {
        self.letter.unwrap_or(self.word)
    }
}

/// A call of curl or wget that asks for something (not `--version` or `--help`).
#[derive(Debug, Clone)]
pub struct Download<'a> {
    /// The command it is.
    pub command: &'a Command,
    /// The program.
    pub tool: Downloader,
    /// The word of the program.
    pub program_span: Span,
    /// All options in order.
    pub flags: Vec<Flag<'a>>,
    /// What is asked for, in order. May be empty: the addresses come from a file or from standard input.
    pub urls: Vec<Written<'a>>,
    /// Where it goes.
    pub output: Output<'a>,
    /// Whether an answer that tells of an error makes the command fail. wget always does that.
    pub fails: bool,
    /// Whether redirects are followed. wget does that unless it is told otherwise.
    pub follows: bool,
    /// The option that switches the check of certificates off.
    pub insecure: Option<Switch>,
    anything: bool,
}

/// What a command downloads; `None` when it is no call of curl or wget, or one that only tells of itself.
pub fn download(command: &Command) -> Option<Download<'_>> {
    let (tool, syntax) = match command.name()? {
        "curl" | "curl.exe" => (Downloader::Curl, &CURL),
        "wget" | "wget.exe" | "wget2" => (Downloader::Wget, &WGET),
        _ => return None,
    };
    let program_span = command.name_word()?.span();
    let split = split(command.args(), syntax);
    let mut urls: Vec<Written<'_>> = split
        .flags
        .iter()
        .filter(|flag| tool == Downloader::Curl && flag.name == "--url")
        .filter_map(written)
        .collect();
    urls.extend(split.operands.iter().map(|word| Written {
        text: word.text().into(),
        span: word.span(),
        variable: word.has_expansion(),
    }));
    let mut call = Download {
        command,
        tool,
        program_span,
        anything: false,
        flags: split.flags,
        urls,
        output: Output::Stdout,
        fails: true,
        follows: true,
        insecure: None,
    };
    if call.has(&["--version", "--help", "-V"])
        || (tool == Downloader::Curl && call.has(&["-h", "-M", "--manual"]))
        || command.args().is_empty()
    {
        return None;
    }
    call.anything = command.prefix_word("xargs").is_some()
        || split.operands.iter().any(|word| may_be_options(word, split.operands.len()))
        || call.has(match tool {
            Downloader::Curl => &["-K", "--config"],
            Downloader::Wget => &["--config"],
        });
    call.output = call.find_output();
    match tool {
        Downloader::Curl => {
            call.fails = call.last_of(&["-f", "--fail", "--fail-with-body"], &["--no-fail"]);
            call.follows = call.last_of(&["-L", "--location", "--location-trusted"], &["--no-location"]);
            if call.last_of(&["-k", "--insecure"], &["--no-insecure"]) {
                call.insecure = call.switch(&["-k", "--insecure"]);
            }
        }
        Downloader::Wget => {
            call.fails = !call.has(&["--content-on-error"]);
            let never = call.values(&["--max-redirect"]).any(|value| value == "0");
            call.follows = !never;
            call.insecure = call.switch(&["--no-check-certificate"]);
        }
    }
    Some(call)
}

impl<'a> Download<'a> {
    /// Whether a word may hold any option: a variable in the place of options, words from standard input, a file
    /// of settings.
    pub const fn may_contain_anything(&self) -> bool {
        self.anything
    }

    /// Whether one of these options is given. Names with dashes: `-o`, `--output`.
    pub fn has(&self, names: &[&str]) -> bool {
        self.flags.iter().any(|flag| names.contains(&&*flag.name))
    }

    /// The values of all options of these names.
    pub fn values<'s>(&'s self, names: &'s [&str]) -> impl Iterator<Item = &'s str> {
        self.flags.iter().filter(|flag| names.contains(&&*flag.name)).filter_map(|flag| flag.value.as_deref())
    }

    /// The last option of one of these names, which takes no value.
    pub fn switch(&self, names: &[&str]) -> Option<Switch> {
        let flag = self.flags.iter().rev().find(|flag| names.contains(&&*flag.name))?;
        let mut letter = None;
        if let Some(name) = flag.name.strip_prefix('-').filter(|name| name.len() == 1) {
            let word = self.word(flag.span)?;
            let text = word.text();
            // Letters behind one that takes a value are none.
            let at = text.get(1..)?.find(name)? + 1;
            if text.len() > 2 {
                // Where quotes stand in between, the letter cannot be told apart.
                let plain = word.span().len() as usize == text.len();
                let start = word.span().start + at as u32;
                letter = plain.then(|| Span::new(start, start + 1));
                letter?;
            }
        }
        Some(Switch { word: flag.span, letter })
    }

    /// The edit that adds the letter of an option of curl, to a word of short options where there is one:
    /// `-sSo` becomes `-fsSo`. `front`: before the other letters, else behind them but before what takes a value
    /// or names the output.
    pub fn add_letter(&self, letter: char, front: bool) -> Edit {
        let bundle = self.command.args().iter().find(|word| {
            let first = word.text().as_bytes().get(1).copied();
            word.is_plain()
                && !word.is_quoted()
                && word.span().len() as usize == word.text().len()
                && first.is_some_and(|b| b.is_ascii_alphabetic() && b != b'O' && !is_valued(b))
                && self.flags.iter().any(|flag| flag.span == word.span())
        });
        let Some(word) = bundle else {
            return Edit::insert(self.program_span.end, format!(" -{letter}"));
        };
        let letters = word.text().as_bytes().get(1..).unwrap_or(&[]);
        let at = if front {
            0
        } else {
            letters.iter().position(|b| *b == b'O' || *b == b'=' || is_valued(*b)).unwrap_or(letters.len())
        };
        Edit::insert(word.span().start + 1 + at as u32, letter.to_string())
    }

    /// Whether what arrives is kept or handed on: it goes into a file, a pipe or a substitution.
    pub fn is_used(&self) -> bool {
        match self.output {
            Output::File(_) | Output::RemoteName => true,
            Output::Nothing => false,
            Output::Stdout => {
                let context = self.command.context;
                context.next == Connector::Pipe || context.inside.any(Inside::SUBSTITUTION)
            }
        }
    }

    fn word(&self, span: Span) -> Option<&'a Word> {
        self.command.args().iter().find(|word| word.span() == span)
    }

    /// Whether the last of two groups of options is one of `on`.
    fn last_of(&self, on: &[&str], off: &[&str]) -> bool {
        let mut both = self.flags.iter().rev().map(|flag| &*flag.name);
        both.find(|name| on.contains(name) || off.contains(name)).is_some_and(|name| on.contains(&name))
    }

    fn find_output(&self) -> Output<'a> {
        if self.has(&["--spider"]) && self.tool == Downloader::Wget {
            return Output::Nothing;
        }
        let names: &[&str] = match self.tool {
            Downloader::Curl => &["-o", "--output"],
            Downloader::Wget => &["-O", "--output-document"],
        };
        let given = self.flags.iter().find(|flag| names.contains(&&*flag.name)).and_then(written);
        let to_stdout = match (given, self.tool) {
            (Some(file), _) if is_stdout(&file.text) => true,
            (Some(file), _) if file.text == "/dev/null" => return Output::Nothing,
            (Some(file), _) => return Output::File(file),
            (None, Downloader::Wget) => false,
            (None, Downloader::Curl) => !self.has(&["-O", "--remote-name", "--remote-name-all"]),
        };
        if !to_stdout {
            return Output::RemoteName;
        }
        let target = self.command.output_file().and_then(|redirect| redirect.target.as_ref());
        match target {
            Some(word) if word.text() == "/dev/null" => Output::Nothing,
            Some(word) if !is_stdout(word.text()) => Output::File(Written {
                text: word.text().into(),
                span: word.span(),
                variable: word.has_expansion(),
            }),
            _ => Output::Stdout,
        }
    }
}

fn is_valued(letter: u8) -> bool {
    CURL.short_values.as_bytes().contains(&letter)
}

fn is_stdout(name: &str) -> bool {
    matches!(name, "-" | "/dev/stdout" | "/proc/self/fd/1")
}

fn written<'a>(flag: &Flag<'a>) -> Option<Written<'a>> {
    let text = flag.value.clone()?;
    Some(Written { text, span: flag.value_span.unwrap_or(flag.span), variable: flag.variable })
}

/// Whether a word that is no option may hold some: `$CURL_OPTS`, `"${args[@]}"`. A variable alone is an address,
/// as one is needed.
fn may_be_options(word: &Word, operands: usize) -> bool {
    if !word.starts_with_expansion() {
        return false;
    }
    let text = word.text();
    if text.contains("[@]") || text.contains("[*]") || matches!(text, "$@" | "$*" | "${@}" | "${*}") {
        return true;
    }
    let whole = match text.strip_prefix("${") {
        Some(rest) => rest.find('}').is_some_and(|end| end + 1 == rest.len()),
        None => {
            text.get(1..).is_some_and(|name| name.bytes().all(|b| b == b'_' || b.is_ascii_alphanumeric()))
        }
    };
    if !whole || !word.may_split() {
        return word.has_substitution() && word.may_split() && operands > 1;
    }
    let upper = text.to_ascii_uppercase();
    let is_address = ["URL", "URI", "LINK", "HREF", "SOURCE", "HOST"].iter().any(|name| upper.contains(name));
    let is_options =
        ["OPT", "FLAG", "ARG", "PARAM", "HEADER", "AUTH"].iter().any(|name| upper.contains(name));
    is_options || (operands > 1 && !is_address)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dockerfile::Joined;
    use crate::shell::parse;
    use crate::text::apply;

    /// One line for each download of a script.
    fn describe(text: &str) -> String {
        let script = parse(&Joined::verbatim(text, 0));
        let lines: Vec<String> = script
            .commands()
            .filter_map(download)
            .map(|call| {
                let urls: Vec<&str> = call.urls.iter().map(|url| &*url.text).collect();
                let output = match &call.output {
                    Output::Stdout => "stdout",
                    Output::File(file) => &*file.text,
                    Output::RemoteName => "remote",
                    Output::Nothing => "nothing",
                };
                let mut line = format!("{:?} {} > {output}", call.tool, urls.join(" "));
                for (on, mark) in [
                    (call.fails, " fails"),
                    (call.follows, " follows"),
                    (call.may_contain_anything(), " ?"),
                    (call.is_used(), " used"),
                ] {
                    line.push_str(if on { mark } else { "" });
                }
                if let Some(switch) = call.insecure {
                    line.push_str(" insecure:");
                    line.push_str(&text[switch.span().range()]);
                }
                line
            })
            .collect();
        lines.join("\n")
    }

    #[test]
    fn reads_options_as_the_tools_do() {
        for (text, expected) in [
            ("curl https://h/x", "Curl https://h/x > stdout"),
            ("curl -fsSL https://h/x | tar xz", "Curl https://h/x > stdout fails follows used"),
            ("curl -sSLo /tmp/x https://h/x", "Curl https://h/x > /tmp/x follows used"),
            ("curl -sSLO https://h/x", "Curl https://h/x > remote follows used"),
            (
                "curl -L --output x --fail-with-body 'https://h/a b'",
                "Curl https://h/a b > x fails follows used",
            ),
            ("curl --fail --no-fail -s --url=http://h > x", "Curl http://h > x used"),
            // `-X` takes `POST`, `-H` its value: no `-f`, no `-k` in there.
            ("curl -XPOST -H '-f' --key-type k https://h", "Curl https://h > stdout"),
            ("curl -fsSk https://h -o x", "Curl https://h > x fails used insecure:k"),
            ("curl -k https://h -o x", "Curl https://h > x used insecure:-k"),
            ("curl -s'k' https://h -o x", "Curl https://h > x used"),
            ("curl --insecure -o /dev/null https://h", "Curl https://h > nothing insecure:--insecure"),
            ("curl --insecure --no-insecure https://h", "Curl https://h > stdout"),
            ("curl -o - https://h | sh", "Curl https://h > stdout used"),
            ("x=$(curl -s https://h)", "Curl https://h > stdout used"),
            ("curl \"$URL\" -o x", "Curl $URL > x used"),
            ("curl $URL -o x", "Curl $URL > x used"),
            ("curl $OPTS https://h", "Curl $OPTS https://h > stdout ?"),
            ("curl $X https://h", "Curl $X https://h > stdout ?"),
            ("curl ${CURL_FLAGS} -O", "Curl ${CURL_FLAGS} > remote ? used"),
            ("curl ${BASE_URL}/x ${BASE_URL}/y -O", "Curl ${BASE_URL}/x ${BASE_URL}/y > remote used"),
            ("curl \"${args[@]}\" https://h", "Curl ${args[@]} https://h > stdout ?"),
            ("curl -K settings https://h", "Curl https://h > stdout ?"),
            ("xargs -n1 curl -O", "Curl  > remote ? used"),
            ("sudo -E curl -fL https://h -o x", "Curl https://h > x fails follows used"),
            ("curl --version; curl -V; curl; curl -h; wget --help; apt-get install curl", ""),
            ("wget https://h/x", "Wget https://h/x > remote fails follows used"),
            ("wget -qO- https://h/x | sh", "Wget https://h/x > stdout fails follows used"),
            ("wget -q -O - https://h/x > y", "Wget https://h/x > y fails follows used"),
            ("wget -nv -O x https://h", "Wget https://h > x fails follows used"),
            ("wget --output-document=x -P /tmp https://h", "Wget https://h > x fails follows used"),
            (
                "wget --no-check-cert https://h",
                "Wget https://h > remote fails follows used insecure:--no-check-cert",
            ),
            ("wget --spider --max-redirect=0 http://h", "Wget http://h > nothing fails"),
            ("busybox wget -O x http://h", "Wget http://h > x fails follows used"),
        ] {
            assert_eq!(describe(text), expected, "{text}");
        }
    }

    #[test]
    fn letters_join_the_others() {
        for (text, letter, expected) in [
            ("curl https://h", 'f', "curl -f https://h"),
            ("curl -sSL https://h", 'f', "curl -fsSL https://h"),
            ("curl -o x https://h", 'f', "curl -f -o x https://h"),
            ("curl -O -s https://h", 'f', "curl -O -fs https://h"),
            ("curl -fsS https://h", 'L', "curl -fsSL https://h"),
            ("curl -sSo x https://h", 'L', "curl -sSLo x https://h"),
            ("curl -sSO https://h", 'L', "curl -sSLO https://h"),
            ("curl -H -s https://h", 'L', "curl -L -H -s https://h"),
            ("curl -s\"$X\" https://h", 'L', "curl -L -s\"$X\" https://h"),
            ("/usr/bin/curl -O https://h", 'L', "/usr/bin/curl -L -O https://h"),
        ] {
            let script = parse(&Joined::verbatim(text, 0));
            let call = script.commands().find_map(download).unwrap();
            let edit = call.add_letter(letter, letter == 'f');
            assert_eq!(apply(text, &[edit]).unwrap(), expected);
        }
    }
}
