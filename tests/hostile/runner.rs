//! Which lines of a step's output GitHub's runner obeys: `ActionCommand.TryParseV2` and `TryParse` of
//! actions/runner (`src/Runner.Common/ActionCommand.cs`), and the commands that it knows.

/// `ActionCommandManager` and its extensions.
const KNOWN: [&str; 15] = [
    "add-mask",
    "add-matcher",
    "add-path",
    "debug",
    "echo",
    "endgroup",
    "error",
    "group",
    "notice",
    "remove-matcher",
    "save-state",
    "set-env",
    "set-output",
    "stop-commands",
    "warning",
];

/// A command with its properties and its text, unescaped.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Command {
    pub(crate) name: String,
    pub(crate) properties: Vec<(String, String)>,
    pub(crate) data: String,
}

/// What the runner takes a line for.
pub(crate) fn obey(line: &str) -> Option<Command> {
    newer(line).or_else(|| older(line))
}

/// `::name key=value,key=value::data`, after leading blanks.
fn newer(line: &str) -> Option<Command> {
    let rest = line.trim_start().strip_prefix("::")?;
    let (head, data) = rest.split_once("::")?;
    let unescape = |text: &str| text.replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%");
    let property = |text: &str| {
        let text = text.replace("%0D", "\r").replace("%0A", "\n").replace("%3A", ":").replace("%2C", ",");
        text.replace("%25", "%")
    };
    command(head, ',', property, unescape(data))
}

/// `##[name key=value;key=value]data`, anywhere.
fn older(line: &str) -> Option<Command> {
    let (_, rest) = line.split_once("##[")?;
    let (head, data) = rest.split_once(']')?;
    command(head, ';', str::to_owned, data.to_owned())
}

fn command(head: &str, separator: char, unescape: impl Fn(&str) -> String, data: String) -> Option<Command> {
    let (name, list) = head.split_once(' ').unwrap_or((head, ""));
    if !KNOWN.iter().any(|known| known.eq_ignore_ascii_case(name)) {
        return None;
    }
    let pairs = list.trim().split(separator).filter_map(|pair| pair.split_once('='));
    let properties = pairs.map(|(key, value)| (key.to_owned(), unescape(value))).collect();
    Some(Command { name: name.to_owned(), properties, data })
}

/// The lines of an output as .NET's `StreamReader` gives them: a lone `\r` ends one, too.
pub(crate) fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.split(['\n', '\r'])
}

#[test]
fn the_oracle_obeys_what_the_runner_obeys() {
    assert_eq!(obey(" \u{a0}::error file=a%2Cb,line=1::x%0Ay").unwrap().data, "x\ny");
    assert_eq!(obey("::error file=a%2Cb,line=1::x").unwrap().properties[0].1, "a,b");
    assert_eq!(obey("text ##[group]x").unwrap().name, "group");
    assert_eq!(obey("::unknown::x"), None);
    assert_eq!(obey("text ::error::x"), None);
    assert_eq!(obey(" ::: a::b"), None);
}
