//! The stages of a Dockerfile as a picture: a Mermaid graph for the job summary.
//!
//! GitHub renders `mermaid` blocks itself, with `securityLevel: strict`. Names of stages and images come from a pull
//! request: in the graph they stand between quotes only, made of few harmless characters, so that none of them is
//! syntax, markup or a directive.

use super::comment::heading;
use super::delta::{Delta, Item};
use super::input::Input;
use super::markdown::code;
use crate::config::Level;
use crate::facts::{Base, FileFacts};
use crate::lint::FileReport;
use crate::repository::is_dockerfile;
use crate::text::Span;
use crate::text::is_hidden;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// Graphs in one summary.
const MAX_GRAPHS: usize = 4;
/// Stages of one graph: what has more is no picture any more.
const MAX_STAGES: usize = 30;
/// Other images in one graph.
const MAX_IMAGES: usize = 20;
/// Arrows of one graph.
const MAX_ARROWS: usize = 120;
/// Characters of a name.
const MAX_NAME: usize = 36;

/// Reads well on light and dark ground: text and ground of what is shipped are set together, everything else is left to the
/// theme.
const CLASSES: &str = "  classDef shipped fill:#1a5fb4,stroke:#62a0ea,stroke-width:3px,color:#ffffff\n  \
                       classDef unused stroke-dasharray:6 4\n";

const LEGEND: &str = "<sub>Blue: shipped. Dashed: needed by nothing that is shipped. Thick arrow: built on; thin arrow: files \
                      are copied; dotted arrow: files are mounted. Rounded: another image.</sub>";

/// A stage, as far as the picture shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StageShape {
    /// Its name; `None` where it has none.
    pub name: Option<String>,
    /// What FROM names, unless that is a stage.
    pub image: Option<String>,
    /// Whether a container of it runs, or of one that is built on it.
    pub shipped: bool,
    /// From FROM to its end.
    pub span: Span,
    /// What it is made from.
    pub takes: Vec<Take>,
}

/// What a stage takes from a stage or image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Take {
    /// From what.
    pub from: Origin,
    /// How.
    pub way: Way,
}

/// Where a stage takes something from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// An earlier stage, by its number from 0.
    Stage(usize),
    /// Another image, or a context with a name.
    Image(String),
}

/// How a stage takes something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Way {
    /// FROM
    Built,
    /// `COPY --from=`
    Copied,
    /// `RUN --mount=…,from=`
    Mounted,
}

/// The stages of a file in their order.
pub fn shapes(facts: &FileFacts<'_>) -> Vec<StageShape> {
    let of = |name: &str, before: usize| match facts.names.source(name, before) {
        Some(stage) => Origin::Stage(stage),
        None => Origin::Image(name.to_owned()),
    };
    let shape = |stage: &crate::facts::StageFacts<'_>| {
        let mut takes = Vec::new();
        if let Base::Stage(parent) = stage.base {
            takes.push(Take { from: Origin::Stage(parent), way: Way::Built });
        }
        for instruction in &stage.instructions {
            if let Some(from) = instruction.instruction.flag_value("from") {
                takes.push(Take { from: of(&from.text, stage.index), way: Way::Copied });
            }
            for from in instruction.mounts().into_iter().filter_map(|mount| mount.from) {
                takes.push(Take { from: of(&from, stage.index), way: Way::Mounted });
            }
        }
        let image = match &stage.base {
            Base::Stage(_) => None,
            Base::Scratch => Some("scratch".to_owned()),
            Base::Image(image) => Some(image.shown()),
            Base::Unknown => stage.from.args.first().map(|word| word.text.clone()),
        };
        let name = stage.name.map(ToOwned::to_owned);
        StageShape { name, image, shipped: stage.shipped, span: stage.span, takes }
    };
    facts.stages.iter().map(shape).collect()
}

/// The pieces of the summary with the pictures of the changed Dockerfiles that have several stages, those with the gravest
/// findings first; none where there is nothing to see.
pub(super) fn pictures(input: &Input<'_>, delta: &Delta<'_>) -> Vec<String> {
    let Some(stages) = input.stages else { return Vec::new() };
    let touched =
        input.head.iter().filter(|report| is_dockerfile(&report.path) && input.is_own(&report.path));
    let mut files: Vec<(Option<Level>, &FileReport, Vec<StageShape>)> = touched
        .filter(|report| may_have_stages(report))
        .map(|report| (worst(delta, report), report, stages(report)))
        .filter(|(_, _, stages)| stages.len() > 1)
        .collect();
    files.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.path.cmp(&b.1.path)));
    let mut out = Vec::new();
    let more = files.len().saturating_sub(MAX_GRAPHS);
    for (_, report, stages) in files.into_iter().take(MAX_GRAPHS) {
        let name = code(report.path.as_str());
        out.push(if stages.len() > MAX_STAGES {
            format!("{name} has {} stages, too many for a picture.", stages.len())
        } else {
            let items: Vec<&Item<'_>> =
                delta.reported.iter().filter(|item| item.report.path == report.path).collect();
            format!("{name}\n\n```mermaid\n{}```", graph(&stages, &items))
        });
    }
    if let Some(first) = out.first_mut() {
        first.insert_str(0, "### Stages\n\n");
        if more > 0 {
            out.push(format!("{more} more with several stages."));
        }
        out.push(LEGEND.to_owned());
    }
    out
}

/// Whether a second FROM is possible at all: most files have one, and need no second look.
fn may_have_stages(report: &FileReport) -> bool {
    let from = |line: &&str| line.trim_start().get(..4).is_some_and(|word| word.eq_ignore_ascii_case("from"));
    report.source.text().lines().filter(from).nth(1).is_some()
}

fn worst(delta: &Delta<'_>, report: &FileReport) -> Option<Level> {
    let own = delta.reported.iter().filter(|item| item.report.path == report.path);
    own.map(|item| item.finding.level).max()
}

/// The lines of a graph, each with its end.
fn graph(stages: &[StageShape], items: &[&Item<'_>]) -> String {
    let mut out = "flowchart LR\n".to_owned();
    let used = used(stages);
    let mut images: Vec<&str> = Vec::new();
    let mut arrows: BTreeMap<(String, usize, Way), usize> = BTreeMap::new();
    let mut left_out = false;
    for (index, stage) in stages.iter().enumerate() {
        let class = match (stage.shipped, used.contains(&index)) {
            (true, _) => ":::shipped",
            (false, true) => "",
            (false, false) => ":::unused",
        };
        let _ = writeln!(out, "  s{index}[\"{}\"]{class}", label(index, stage, items));
        for take in &stage.takes {
            let from = match &take.from {
                Origin::Stage(number) => format!("s{number}"),
                Origin::Image(name) => match images.iter().position(|known| known == name) {
                    Some(number) => format!("x{number}"),
                    None if images.len() < MAX_IMAGES => {
                        images.push(name);
                        format!("x{}", images.len() - 1)
                    }
                    None => {
                        left_out = true;
                        continue;
                    }
                },
            };
            *arrows.entry((from, index, take.way)).or_default() += 1;
        }
    }
    for (number, name) in images.iter().enumerate() {
        let _ = writeln!(out, "  x{number}([\"{}\"])", image(name));
    }
    left_out |= arrows.len() > MAX_ARROWS;
    for ((from, to, way), times) in arrows.into_iter().take(MAX_ARROWS) {
        let times = if times > 1 { format!(" ×{times}") } else { String::new() };
        let _ = match way {
            Way::Built => writeln!(out, "  {from} ==>|\"FROM\"| s{to}"),
            Way::Copied => writeln!(out, "  {from} -->|\"COPY{times}\"| s{to}"),
            Way::Mounted => writeln!(out, "  {from} -.->|\"mount{times}\"| s{to}"),
        };
    }
    if left_out {
        out.push_str("  more[\"…\"]\n");
    }
    out.push_str(CLASSES);
    out
}

/// The stages that something shipped is made from, with what is shipped.
fn used(stages: &[StageShape]) -> BTreeSet<usize> {
    let mut out = BTreeSet::new();
    let mut open: Vec<usize> =
        stages.iter().enumerate().filter(|(_, s)| s.shipped).map(|(index, _)| index).collect();
    while let Some(index) = open.pop() {
        if !out.insert(index) {
            continue;
        }
        let takes = stages.get(index).map_or(&[][..], |stage| &stage.takes);
        open.extend(takes.iter().filter_map(|take| match take.from {
            Origin::Stage(number) => Some(number),
            Origin::Image(_) => None,
        }));
    }
    out
}

/// Name, image and number of findings, one below the other.
fn label(index: usize, stage: &StageShape, items: &[&Item<'_>]) -> String {
    let mut lines = vec![match &stage.name {
        Some(name) => format!("<b>{}</b>", plain(&cut_end(name))),
        None => format!("<b>stage {index}</b>"),
    }];
    lines.extend(stage.image.as_deref().map(image));
    let inside = |item: &&&Item<'_>| {
        let at = item.finding.span.start;
        stage.span.start <= at && at < stage.span.end.max(stage.span.start + 1)
    };
    let mut counts: BTreeMap<Level, usize> = BTreeMap::new();
    for item in items.iter().filter(inside) {
        *counts.entry(item.finding.level).or_default() += 1;
    }
    if !counts.is_empty() {
        let counts: Vec<String> =
            counts.iter().rev().map(|(level, number)| format!("{} {number}", sign(*level))).collect();
        lines.push(counts.join("  "));
    }
    lines.join("<br/>")
}

/// The sign of a level, as in comments.
fn sign(level: Level) -> &'static str {
    heading(level).split(' ').next().unwrap_or("")
}

/// The name of an image, whose end tells most.
fn image(name: &str) -> String {
    let name = match name.split_once("@sha256:") {
        Some((name, _)) if !name.is_empty() => name,
        _ => name,
    };
    let length = name.chars().count();
    if length <= MAX_NAME {
        return plain(name);
    }
    let tail: String = name.chars().skip(length - MAX_NAME).collect();
    // Full words, and no character at which the line would be broken.
    let tail = tail.split_once('/').map_or(&*tail, |(_, tail)| tail);
    format!(".../{}", plain(tail))
}

fn cut_end(name: &str) -> String {
    let mut out: String = name.chars().take(MAX_NAME).collect();
    if out.len() < name.len() {
        out.push('…');
    }
    out
}

/// Text of a pull request between quotes of Mermaid: letters, digits and a few signs as they are, other signs of ASCII as
/// Mermaid's entities (`#36;`), where they do not open markup, everything else as `?`.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            'a'..='z' | 'A'..='Z' | '0'..='9' | '.' | '/' | ':' | '-' | '…' => out.push(c),
            '<' | '>' | '&' | '"' | '`' | '\\' => out.push('?'),
            '!'..='~' => {
                let _ = write!(out, "#{};", u32::from(c));
            }
            c if is_hidden(c) => {}
            _ => out.push('?'),
        }
    }
    if out.is_empty() { "?".to_owned() } else { out }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dockerfile::parse;
    use crate::facts::Bodies;
    use crate::repository::MemoryTree;
    use crate::review::tests::{finding, report};
    use crate::text::Source;
    use proptest::prelude::*;

    fn shapes_of(text: &str) -> Vec<StageShape> {
        let file = parse(&Source::new(text));
        let bodies = Bodies::read(&file);
        let tree = MemoryTree::complete();
        let date = jiff::civil::date(2026, 11, 24);
        shapes(&FileFacts::new("Dockerfile".into(), &file, &bodies, &tree, date))
    }

    const SIX: &str = "FROM node:24-slim AS web\nRUN npm ci\nFROM golang:1.25 AS deps\nRUN go mod download\n\
        FROM deps AS build\nCOPY --from=web /dist /dist\nCOPY --from=web /x /x\n\
        RUN --mount=from=ghcr.io/astral-sh/uv:0.9,target=/uv go build\nFROM deps AS test\nRUN go test ./...\n\
        FROM alpine:3.22\nFROM scratch AS final\nCOPY --from=build /app /app\nCOPY --from=4 /etc /etc\n";

    #[test]
    fn shows_what_is_made_from_what() {
        let report = report(
            "Dockerfile",
            SIX,
            vec![
                finding(SIX, "a", Level::Warning, "RUN npm", "m"),
                finding(SIX, "b", Level::Error, "COPY --from=build", "m"),
                finding(SIX, "c", Level::Info, "COPY --from=4", "m"),
            ],
        );
        let items: Vec<Item<'_>> = report
            .findings
            .iter()
            .map(|finding| Item { finding, report: &report, introduced: true, changed: true })
            .collect();
        insta::assert_snapshot!(graph(&shapes_of(SIX), &items.iter().collect::<Vec<_>>()), @r#"
        flowchart LR
          s0["<b>web</b><br/>node:24-slim<br/>⚠️ 1"]
          s1["<b>deps</b><br/>golang:1.25"]
          s2["<b>build</b>"]
          s3["<b>test</b>"]:::unused
          s4["<b>stage 4</b><br/>alpine:3.22"]
          s5["<b>final</b><br/>scratch<br/>🛑 1  💡 1"]:::shipped
          x0(["ghcr.io/astral-sh/uv:0.9"])
          s0 -->|"COPY ×2"| s2
          s1 ==>|"FROM"| s2
          s1 ==>|"FROM"| s3
          s2 -->|"COPY"| s5
          s4 -->|"COPY"| s5
          x0 -.->|"mount"| s2
          classDef shipped fill:#1a5fb4,stroke:#62a0ea,stroke-width:3px,color:#ffffff
          classDef unused stroke-dasharray:6 4
        "#);
    }

    #[test]
    fn one_stage_is_no_picture() {
        let head = [report("Dockerfile", "FROM a\nRUN b\n", Vec::new())];
        let stages = |report: &FileReport| shapes_of(report.source.text());
        let input = Input { stages: Some(&stages), ..Input::new("c", &[], &head, &[]) };
        assert_eq!(pictures(&input, &Delta::default()), Vec::<String>::new());
    }

    #[test]
    fn pictures_are_few_and_small() {
        let many = "FROM a\n".repeat(MAX_STAGES + 1);
        let head: Vec<FileReport> = (0..6)
            .map(|number| {
                report(&format!("{number}/Dockerfile"), if number == 0 { &many } else { SIX }, Vec::new())
            })
            .collect();
        let stages = |report: &FileReport| shapes_of(report.source.text());
        let around = ["5/Dockerfile".into()];
        let input = Input { stages: Some(&stages), around: &around, ..Input::new("c", &[], &head, &[]) };
        let out = pictures(&input, &Delta::default()).join("\n\n");
        assert_eq!(out.matches("```mermaid").count(), MAX_GRAPHS - 1);
        assert!(out.starts_with("### Stages\n\n`0/Dockerfile` has 31 stages, too many"), "{out}");
        assert!(
            out.contains("\n\n1 more with several stages.\n\n") && !out.contains("5/Dockerfile"),
            "{out}"
        );
    }

    #[test]
    fn text_stays_text() {
        assert_eq!(plain("node:24-slim"), "node:24-slim");
        assert_eq!(plain("${V}_a"), "#36;#123;V#125;#95;a");
        assert_eq!(plain("a\"];click x`<b>%%{init\n\u{202e}é"), "a?#93;#59;click?x??b?#37;#37;#123;init?");
        assert_eq!(plain("\u{200b}"), "?");
        assert_eq!(
            image("registry.example/platform/team/images/python:3.13"),
            ".../platform/team/images/python:3.13"
        );
        assert_eq!(image(&format!("a/{}", "x".repeat(60))), format!(".../{}", "x".repeat(MAX_NAME)));
        assert_eq!(image("debian:13@sha256:0123"), "debian:13");
    }

    fn name() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            Just("end".to_owned()),
            Just("\"]\n  click s0 href \"javascript:alert(1)\"".to_owned()),
            Just("%%{init: {\"securityLevel\": \"loose\"}}%%".to_owned()),
            Just("```\n\n<img src=x>".to_owned()),
            Just("~~~".to_owned()),
            Just("---\nconfig:\n---".to_owned()),
            Just("#quot;#35;&quot;".to_owned()),
            Just("subgraph".to_owned()),
            Just("style s0 fill:red".to_owned()),
            "\\PC{0,60}",
            "[\\x00-\\x7f]{0,30}",
        ];
        proptest::collection::vec(piece, 1..4).prop_map(|pieces| pieces.concat())
    }

    fn any_stage() -> impl Strategy<Value = StageShape> {
        let from = prop_oneof![name().prop_map(Origin::Image), (0usize..5).prop_map(Origin::Stage)];
        let way = prop_oneof![Just(Way::Built), Just(Way::Copied), Just(Way::Mounted)];
        let takes = proptest::collection::vec((from, way).prop_map(|(from, way)| Take { from, way }), 0..4);
        (proptest::option::of(name()), proptest::option::of(name()), any::<bool>(), takes).prop_map(
            |(name, image, shipped, takes)| StageShape { name, image, shipped, span: Span::new(0, 1), takes },
        )
    }

    /// Whether a line is one of those that a graph is made of, whatever stands between its quotes.
    fn is_known(line: &str) -> bool {
        let parts: Vec<&str> = line.split('"').collect();
        let number = |text: &str, letter: char| {
            text.strip_prefix(letter).is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
        };
        let node = |text: &str| number(text, 's') || number(text, 'x');
        let harmless = |text: &str| {
            let text = text.replace("<b>", "").replace("</b>", "").replace("<br/>", "");
            text.chars().all(|c| c.is_ascii_alphanumeric() || " ./:-…#;?×".contains(c))
        };
        match parts.as_slice() {
            [line] => *line == "flowchart LR" || CLASSES.lines().any(|known| known == *line),
            [before, label, after] => {
                let before = before.trim_start();
                let shape = match *after {
                    "]" | "]:::shipped" | "]:::unused" => {
                        before.strip_suffix('[').is_some_and(|id| number(id, 's') || id == "more")
                    }
                    "])" => before.strip_suffix("([").is_some_and(|id| number(id, 'x')),
                    _ => {
                        let arrow = [" ==>|", " -->|", " -.->|"]
                            .iter()
                            .any(|arrow| before.strip_suffix(arrow).is_some_and(node));
                        arrow && after.strip_prefix("| ").is_some_and(|id| number(id, 's'))
                    }
                };
                shape && harmless(label)
            }
            _ => false,
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(400))]

        /// No name leaves its quotes, its line or the block, or becomes markup or a directive.
        #[test]
        fn nothing_gets_out_of_the_picture(stages in proptest::collection::vec(any_stage(), 2..8)) {
            let text = graph(&stages, &[]);
            for line in text.lines() {
                prop_assert!(is_known(line), "{line}\nin\n{text}");
            }
            prop_assert!(!text.contains("%%") && !text.contains('`') && !text.contains("~~~"));
            // An entity is a number: no name of one may come from outside.
            for (at, _) in text.match_indices('#') {
                let rest = &text[at + 1..];
                let number = rest.split(';').next().unwrap_or("");
                let entity = !number.is_empty() && number.len() < 4 && number.bytes().all(|b| b.is_ascii_digit());
                prop_assert!(entity || rest.starts_with("1a5fb4") || rest.starts_with("62a0ea")
                    || rest.starts_with("ffffff"), "{rest}");
            }
        }

        /// The same from the text of a Dockerfile on.
        #[test]
        fn no_dockerfile_gets_out_of_the_picture(names in proptest::collection::vec((name(), name()), 2..6)) {
            let mut text = String::new();
            for (name, image) in &names {
                let _ = writeln!(text, "FROM {image} AS {name}\nCOPY --from={image} a b");
            }
            let shown = graph(&shapes_of(&text), &[]);
            for line in shown.lines() {
                prop_assert!(is_known(line), "{line}\nin\n{shown}");
            }
        }
    }
}
