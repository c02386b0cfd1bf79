//! What GitHub would make of a text, by an independent reader of Markdown: nothing live may stand in it that we
//! did not write ourselves.

use comrak::nodes::{Node, NodeValue};
use comrak::{Arena, Options, parse_document};
use regex::Regex;
use std::sync::LazyLock;

/// Which of our texts it is: each has its own few structures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The body of a review, or a comment.
    Review,
    /// The job summary.
    Summary,
    /// `check --format markdown`.
    Report,
}

fn options() -> Options<'static> {
    let mut options = Options::default();
    let extension = &mut options.extension;
    extension.strikethrough = true;
    extension.table = true;
    extension.autolink = true;
    extension.tasklist = true;
    extension.footnotes = true;
    extension.alerts = true;
    options.parse.relaxed_tasklist_matching = true;
    options
}

/// The HTML that we write: elements without attributes, and the hidden marker.
static OWN_HTML: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^(?:</?(?:details|summary|sub|span|code)>|<!-- tidewaiter:v1 [A-Za-z0-9_.:=, +-]*-->)$")
        .unwrap()
});
static TAGS: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"<[^>]*>").unwrap());
/// What GitHub's filters act on in rendered text outside of code. A zero-width space stops each of them.
static LIVE: LazyLock<Vec<(&str, Regex)>> = LazyLock::new(|| {
    [
        ("mention", r"@[A-Za-z0-9]"),
        ("reference", r"#[0-9]"),
        ("reference", r"(?i)\bGH-[0-9]"),
        ("address", r"(?i)(?:://|\bwww\.|\bmailto:|\bxmpp:)"),
        // GitHub's own way to write a dollar is to put it alone into an element.
        ("formula", r"^\$|[^\x01]\$|\$[^\x01]|\$$"),
        ("emoji", r":[A-Za-z0-9+_-]+:"),
        ("commit", r"\b(?:[0-9]+[a-f]|[a-f][a-f]*[0-9])[0-9a-f]{5,38}\b"),
    ]
    .map(|(name, pattern)| (name, Regex::new(pattern).unwrap()))
    .into()
});

/// Panics when the text holds anything live that is not ours. `attack` is only for the message.
pub(crate) fn assert_inert(kind: Kind, text: &str, attack: &str) {
    if let Some(problem) = problem(kind, text) {
        panic!("{problem}\n--- attack {attack:?} in {kind:?}\n{text}");
    }
}

fn problem(kind: Kind, text: &str) -> Option<String> {
    if let Some(c) = text.chars().find(|c| tidewaiter::text::is_hidden(*c) && *c != '\n') {
        return Some(format!("hidden character {c:?}"));
    }
    let arena = Arena::new();
    let root = parse_document(&arena, text, &options());
    root.descendants().find_map(|node| look(kind, node))
}

fn look(kind: Kind, node: Node<'_>) -> Option<String> {
    let data = node.data.borrow();
    let bad = |what: &str| Some(format!("{what} at {}: {:?}", data.sourcepos, plain(node)));
    match &data.value {
        NodeValue::Document
        | NodeValue::Text(_)
        | NodeValue::SoftBreak
        | NodeValue::Code(_)
        | NodeValue::TableRow(_) => None,
        NodeValue::Paragraph | NodeValue::TableCell => live(node),
        NodeValue::Heading(heading) => match (heading.setext, heading.level, kind) {
            (true, ..) => bad("an underlined heading"),
            (false, 1, Kind::Report) | (false, 2, Kind::Summary | Kind::Report) | (false, 3, _) => live(node),
            _ => bad("a heading"),
        },
        NodeValue::CodeBlock(block) => match (block.fenced, block.closed, block.info.as_str()) {
            (true, true, "suggestion" | "diff" | "dockerfile") => None,
            (true, true, other) => bad(&format!("a block of {other:?}")),
            (true, false, _) => bad("an open block of code"),
            (false, ..) => bad("an indented block of code"),
        },
        NodeValue::HtmlInline(html) if OWN_HTML.is_match(html) => None,
        NodeValue::HtmlInline(html) => bad(&format!("HTML {html:?}")),
        NodeValue::HtmlBlock(block) => {
            let ours = TAGS.find_iter(&block.literal).all(|tag| OWN_HTML.is_match(tag.as_str()));
            let text = TAGS.replace_all(&block.literal, "");
            let words = |c: char| c.is_ascii_alphanumeric() || c.is_whitespace();
            if ours && text.chars().all(words) { None } else { bad(&format!("HTML {:?}", block.literal)) }
        }
        NodeValue::Strong => {
            let text = plain(node);
            let verdict = Regex::new(r"^(?:[0-9]+ problems? (?:introduced|found)|No new problems)$").unwrap();
            let ours = [
                "Error",
                "Warning",
                "Info",
                "Style",
                "To do:",
                "Before you commit:",
                "Check before you commit:",
                "One suggestion:",
                "Safe fix",
                "Fix to check first",
            ];
            if ours.contains(&text.as_str()) || verdict.is_match(&text) { None } else { bad("bold text") }
        }
        NodeValue::List(_) | NodeValue::Item(_) if kind != Kind::Review => {
            let nested =
                node.ancestors().skip(1).any(|up| matches!(up.data.borrow().value, NodeValue::Item(_)));
            if nested && matches!(data.value, NodeValue::List(_)) { bad("a list in a list") } else { None }
        }
        NodeValue::Table(table) if kind == Kind::Summary => {
            let rows = node.children().all(|row| row.children().count() == 5);
            if table.num_columns == 5 && rows { None } else { bad("a table with other cells") }
        }
        other => bad(&format!("{other:?}")),
    }
}

/// The text of a node's inlines; code is one letter, so that nothing is read across it.
fn plain(node: Node<'_>) -> String {
    let mut out = String::new();
    for inner in node.descendants() {
        match &inner.data.borrow().value {
            NodeValue::Text(text) => out.push_str(text),
            NodeValue::SoftBreak => out.push(' '),
            NodeValue::Code(_) | NodeValue::HtmlInline(_) => out.push('\u{1}'),
            _ => {}
        }
    }
    out
}

fn live(node: Node<'_>) -> Option<String> {
    let text = plain(node);
    LIVE.iter()
        .find_map(|(name, pattern)| Some(format!("a live {name}: {:?}", pattern.find(&text)?.as_str())))
}

#[test]
fn the_oracle_sees_what_is_live() {
    let live = [
        "a @team",
        "see #12",
        "see GH-12",
        "https://x.example/",
        "www.x.example",
        "![a](b)",
        "[a](b)",
        "<img src=x>",
        "<!-- x -->",
        "```diff\nopen",
        "    code",
        "- [ ] x",
        "> quote",
        "> [!NOTE]\n> x",
        "a\n===",
        "# a",
        "***",
        "a[^1]\n\n[^1]: b",
        "*a*",
        "~~a~~",
        "$a$",
        "$`a`$",
        ":octocat:",
        "at 0a1b2c3d",
        "a\u{200b}b",
        "**x**",
        "<details open>",
        "|a|b|\n|-|-|\n|c|d|",
        "<b\n>",
        "a  \nb",
        "```html\nx\n```",
    ];
    for text in live {
        assert!(problem(Kind::Review, text).is_some(), "{text:?}");
    }
    for text in
        ["`@team #1 <img>`", "a@&#8203;b #&#8203;1", "```diff\n<img>\n```", "**Error** · `x`", "<sub>a</sub>"]
    {
        assert_eq!(problem(Kind::Review, text), None);
    }
}
