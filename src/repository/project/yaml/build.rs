//! Events of the parser as a tree.

use super::{Kind, Node, Pieces, Scalar, Style, Yaml, align};
use crate::text::Span;
use saphyr_parser::{Event, Marker, Parser, ScalarStyle};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// Nodes of a text that are read. A file of 1 MiB that people write has a tenth of them.
const MAX_NODES: usize = 200_000;
/// Nodes that all aliases and merge keys together may add.
const MAX_COPIED: usize = 20_000;
/// How deep a tree is read: workflows and compose files have ten levels.
const MAX_DEPTH: usize = 64;

/// Reads a text. Cost is linear in its length.
pub fn parse(text: &str) -> Yaml {
    let inner = text.strip_prefix('\u{feff}').unwrap_or(text);
    let bytes = Bytes::new(inner, (text.len() - inner.len()) as u32);
    let (first, error) = read(text, inner, &bytes);
    // The parser looks ahead: with an error it forgets what it has read but not yet handed over.
    let Some(error) = error else { return first.0 };
    let before = inner.get(..error).unwrap_or(inner);
    let line = before.rfind('\n').map_or(0, |at| at + 1);
    let (again, _) = read(text, inner.get(..line).unwrap_or(""), &bytes);
    let mut best = if again.1 > first.1 { again.0 } else { first.0 };
    best.partial = true;
    best
}

/// Reads a text up to the first error, and gives its offset; and how many nodes were read.
fn read(file: &str, text: &str, bytes: &Bytes) -> ((Yaml, usize), Option<usize>) {
    let mut tree = Tree {
        bytes,
        file,
        text,
        out: Yaml::default(),
        open: Vec::new(),
        skipped: 0,
        anchors: HashMap::new(),
        nodes: 0,
        copied: 0,
    };
    let mut parser = Parser::new_from_str(text);
    let mut error = None;
    while let Some(event) = parser.next_event() {
        let (event, span) = match event {
            Ok(event) => event,
            Err(found) => {
                tree.out.partial = true;
                error = Some((bytes.at(found.marker()) - bytes.shift) as usize);
                break;
            }
        };
        if tree.nodes > MAX_NODES {
            tree.out.partial = true;
            break;
        }
        tree.event(event, span);
    }
    tree.close_all();
    ((tree.out, tree.nodes), error)
}

/// Offsets in characters as offsets in bytes of the file.
struct Bytes {
    /// The offset of each character; empty when all have one byte.
    of: Vec<u32>,
    len: u32,
    shift: u32,
}

impl Bytes {
    fn new(text: &str, shift: u32) -> Self {
        let of =
            if text.is_ascii() { Vec::new() } else { text.char_indices().map(|(at, _)| at as u32).collect() };
        Self { of, len: text.len() as u32, shift }
    }

    fn at(&self, marker: &Marker) -> u32 {
        let index = marker.index();
        let at = if self.of.is_empty() {
            u32::try_from(index).unwrap_or(self.len).min(self.len)
        } else {
            self.of.get(index).copied().unwrap_or(self.len)
        };
        at + self.shift
    }
}

/// A scalar without the anchor and the tag before it.
fn without_properties(raw: &str) -> &str {
    let mut rest = raw;
    while rest.starts_with(['&', '!']) {
        let word = rest.find([' ', '\t', '\r', '\n']).unwrap_or(rest.len());
        rest = rest.get(word..).unwrap_or("").trim_start();
    }
    rest
}

/// A block scalar without its first line (`|-`) and the blank lines and blanks before its content.
fn without_header(block: &str) -> &str {
    let content = block.find('\n').and_then(|at| block.get(at + 1..)).unwrap_or("");
    content.trim_start_matches([' ', '\r', '\n'])
}

/// A mapping or sequence that is being read.
struct Open {
    start: u32,
    anchor: usize,
    mapping: bool,
    /// Keys and values in turn.
    nodes: Vec<Node>,
    /// Number of nodes in it, itself included.
    weight: usize,
}

struct Tree<'t> {
    bytes: &'t Bytes,
    /// The whole file.
    file: &'t str,
    /// What of it is read.
    text: &'t str,
    out: Yaml,
    open: Vec<Open>,
    /// How many collections below the deepest one that is read are open.
    skipped: usize,
    anchors: HashMap<usize, (Node, usize)>,
    nodes: usize,
    copied: usize,
}

impl Tree<'_> {
    fn event(&mut self, event: Event<'_>, span: saphyr_parser::Span) {
        let span = Span::new(self.bytes.at(&span.start), self.bytes.at(&span.end));
        match event {
            Event::Scalar(text, style, anchor, _) if self.skipped == 0 => {
                let node = self.scalar(&text, style, span);
                self.add(node, anchor, 1);
            }
            Event::Alias(anchor) if self.skipped == 0 => {
                let (node, weight) = match self.anchors.get(&anchor) {
                    Some((node, weight)) if self.copied + weight <= MAX_COPIED => {
                        self.copied += weight;
                        (node.clone(), *weight)
                    }
                    _ => {
                        self.out.partial = true;
                        (Node { span, kind: Kind::Unknown }, 1)
                    }
                };
                self.add(node, 0, weight);
            }
            Event::SequenceStart(anchor, _) => self.begin(false, anchor, span),
            Event::MappingStart(anchor, _) => self.begin(true, anchor, span),
            Event::SequenceEnd | Event::MappingEnd => {
                if self.skipped == 0 {
                    self.end(Some(span));
                } else {
                    self.skipped -= 1;
                }
            }
            _ => {}
        }
    }

    fn scalar(&self, text: &str, style: ScalarStyle, span: Span) -> Node {
        let style = match style {
            ScalarStyle::Plain => Style::Plain,
            ScalarStyle::SingleQuoted => Style::Single,
            ScalarStyle::DoubleQuoted => Style::Double,
            ScalarStyle::Literal => Style::Literal,
            ScalarStyle::Folded => Style::Folded,
        };
        let at = |offset: u32| (offset - self.bytes.shift) as usize;
        let raw = self.text.get(at(span.start)..at(span.end)).unwrap_or("");
        let block = matches!(style, Style::Literal | Style::Folded);
        let mut kept = without_properties(raw);
        if block {
            // With an anchor or a tag the place begins there, else at the first character of the content.
            kept = if kept.len() < raw.len() { without_header(kept) } else { raw };
        }
        let span = Span::new(span.end - kept.len() as u32, span.end);
        let raw = kept;
        let mut indent = 0;
        let (span, inner) = match style {
            Style::Plain => {
                // Nothing at all has the place of what follows.
                let end = if text.is_empty() { span.start } else { span.start + raw.trim_end().len() as u32 };
                let span = Span::new(span.start, end);
                (span, span)
            }
            Style::Single | Style::Double => {
                let quoted = raw.len() >= 2;
                let inner = if quoted { Span::new(span.start + 1, span.end - 1) } else { span };
                (span, inner)
            }
            Style::Literal | Style::Folded => {
                let before = self.text.get(..at(span.start)).unwrap_or("");
                indent = before.len() - before.trim_end_matches(' ').len();
                let kept = raw.trim_end_matches([' ', '\n', '\r']);
                // The line end behind the last line belongs to it.
                let rest = raw.get(kept.len()..).unwrap_or("");
                let line_end = rest.find('\n').map_or(0, |at| at + 1);
                (Span::new(span.start, span.start + (kept.len() + line_end) as u32), span)
            }
        };
        let mut scalar =
            Scalar { text: Arc::from(text), style, inner, indent: indent as u32, pieces: Pieces::Written };
        if self.file.get(inner.range()) != Some(text) {
            scalar.pieces = align::joined(&scalar, self.file)
                .map_or(Pieces::Lost, |joined| Pieces::Mapped(Arc::new(joined)));
        }
        Node { span, kind: Kind::Scalar(scalar) }
    }

    fn begin(&mut self, mapping: bool, anchor: usize, span: Span) {
        self.nodes += 1;
        if self.skipped > 0 || self.open.len() >= MAX_DEPTH {
            if self.skipped == 0 {
                self.out.partial = true;
                self.add(Node { span, kind: Kind::Unknown }, 0, 1);
            }
            self.skipped += 1;
            return;
        }
        self.open.push(Open { start: span.start, anchor, mapping, nodes: Vec::new(), weight: 1 });
    }

    /// Ends the innermost collection; at an error without a place of its own.
    fn end(&mut self, span: Option<Span>) {
        let Some(open) = self.open.pop() else { return };
        let last = open.nodes.last().map_or(open.start, |node| node.span.end.max(open.start));
        // Only brackets have bytes of their own at the end.
        let bracket = span.filter(|span| !span.is_empty()).map(|span| span.start + 1);
        let span = Span::new(open.start, bracket.unwrap_or(last).max(open.start));
        let (kind, extra) = if open.mapping {
            let mut entries = Vec::with_capacity(open.nodes.len() / 2);
            let mut nodes = open.nodes.into_iter();
            while let Some(key) = nodes.next() {
                let at = key.span.end;
                // An error may stand between a key and its value.
                let value = nodes.next().unwrap_or(Node { span: Span::at(at), kind: Kind::Unknown });
                entries.push((key, value));
            }
            let extra = self.merge(&mut entries);
            (Kind::Mapping(entries), extra)
        } else {
            (Kind::Sequence(open.nodes), 0)
        };
        self.add(Node { span, kind }, open.anchor, open.weight + extra);
    }

    /// Resolves `<<: *base` and `<<: [*a, *b]`: what the mapping has itself goes first. Gives the number of nodes added.
    fn merge(&mut self, entries: &mut Vec<(Node, Node)>) -> usize {
        let is_merge = |key: &Node| key.scalar().is_some_and(|s| s.style == Style::Plain && &*s.text == "<<");
        if !entries.iter().any(|(key, _)| is_merge(key)) {
            return 0;
        }
        let (merges, own): (Vec<_>, Vec<_>) =
            std::mem::take(entries).into_iter().partition(|(key, _)| is_merge(key));
        *entries = own;
        let mut known: HashSet<Arc<str>> =
            entries.iter().filter_map(|(key, _)| Some(Arc::clone(&key.scalar()?.text))).collect();
        // What is merged is in the tree already, counted when its alias was read.
        for (_, value) in merges {
            let sources = match value.kind {
                Kind::Sequence(items) => items,
                _ => vec![value],
            };
            for source in sources {
                match source.kind {
                    Kind::Mapping(others) => {
                        for (key, value) in others {
                            let new = key.scalar().is_none_or(|s| known.insert(Arc::clone(&s.text)));
                            if new {
                                entries.push((key, value));
                            }
                        }
                    }
                    _ => self.out.partial = true,
                }
            }
        }
        0
    }

    fn add(&mut self, node: Node, anchor: usize, weight: usize) {
        self.nodes += 1;
        if anchor != 0 && self.copied + weight <= MAX_COPIED {
            self.copied += weight;
            self.anchors.insert(anchor, (node.clone(), weight));
        }
        match self.open.last_mut() {
            Some(open) => {
                open.weight += weight;
                open.nodes.push(node);
            }
            None => self.out.documents.push(node),
        }
    }

    fn close_all(&mut self) {
        while !self.open.is_empty() {
            self.end(None);
        }
    }
}
