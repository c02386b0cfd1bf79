//! One pattern of an ignore file: reading, and matching against a path.
//!
//! The rules are those of `github.com/moby/patternmatcher`, which turns a pattern into a regular expression:
//! also where that surprises (`[^a]` matches a slash, `^` in front of a `*` is an anchor). A pattern is matched
//! by stepping through all its states at once, so that the time is at most its length times that of the path.

/// What a pattern is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    /// This character.
    Char(char),
    /// `?`: one character that is no slash.
    One,
    /// `*`: characters that are no slash.
    Star,
    /// `**` before something: nothing, or what ends in a slash. Always followed by [`Token::Inside`].
    Deep,
    /// Within what a [`Token::Deep`] passes over.
    Inside,
    /// `**` at the end.
    Rest,
    /// `[a-z]`.
    Class(Class),
    /// `^` outside of brackets: the start of the path.
    Start,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Class {
    negated: bool,
    ranges: Vec<(char, char)>,
}

/// How a pattern is matched: most need no more than a comparison.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Shape {
    /// The whole path.
    Exact,
    /// `dir/**`: what starts with the text before the stars.
    Prefix,
    /// `**/name`: what ends with the text after the stars.
    Suffix,
    /// Everything else.
    Tokens(Vec<Token>),
    /// Means one thing on Linux and another on Windows, or something nobody can have meant.
    Unclear,
}

/// A pattern without its `!`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Glob {
    text: String,
    shape: Shape,
}

impl Glob {
    /// Reads a pattern that is cleaned already.
    ///
    /// # Errors
    /// A sentence that says why BuildKit refuses it.
    pub(super) fn new(text: &str) -> Result<Self, &'static str> {
        let shape = shape(text)?;
        Ok(Self { text: text.to_owned(), shape })
    }

    /// The pattern, cleaned.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Whether nobody can tell what it matches.
    pub(super) fn is_unclear(&self) -> bool {
        self.shape == Shape::Unclear
    }

    /// How many steps a match takes for each character of the path.
    pub(super) fn cost(&self) -> u64 {
        match &self.shape {
            Shape::Tokens(tokens) => tokens.len() as u64 + 1,
            _ => 1,
        }
    }

    /// Whether it matches the whole path; an unclear one matches nothing.
    pub(super) fn matches(&self, path: &str) -> bool {
        match &self.shape {
            Shape::Exact => path == self.text,
            Shape::Prefix => path.starts_with(self.before_stars()),
            Shape::Suffix => {
                let suffix = self.after_stars();
                path.ends_with(suffix) || suffix.strip_prefix('/').is_some_and(|name| path == name)
            }
            Shape::Tokens(tokens) => {
                let states = run(tokens, path);
                states.last().copied().unwrap_or(false)
            }
            Shape::Unclear => false,
        }
    }

    /// Whether it may match something below this folder. An unclear one may.
    pub(super) fn may_match_below(&self, folder: &str) -> bool {
        let inside = format!("{folder}/");
        match &self.shape {
            Shape::Exact => self.text.starts_with(&inside),
            Shape::Prefix => {
                let prefix = self.before_stars();
                prefix.starts_with(&inside) || inside.starts_with(prefix)
            }
            Shape::Suffix | Shape::Unclear => true,
            Shape::Tokens(tokens) => run(tokens, &inside).contains(&true),
        }
    }

    fn before_stars(&self) -> &str {
        self.text.strip_suffix("**").unwrap_or(&self.text)
    }

    fn after_stars(&self) -> &str {
        self.text.strip_prefix("**").unwrap_or(&self.text)
    }
}

/// The states that are reached after the path; the last one is the end of the pattern.
fn run(tokens: &[Token], path: &str) -> Vec<bool> {
    let mut now = vec![false; tokens.len() + 1];
    let mut next = now.clone();
    if let Some(first) = now.first_mut() {
        *first = true;
    }
    pass(tokens, &mut now, true);
    for c in path.chars() {
        next.fill(false);
        for (at, token) in tokens.iter().enumerate() {
            if !now.get(at).copied().unwrap_or(false) {
                continue;
            }
            let (stay, step) = match token {
                Token::Char(wanted) => (false, c == *wanted),
                Token::One => (false, c != '/'),
                Token::Star => (c != '/', false),
                // The regular expression's `.` is any character but a line feed.
                Token::Rest => (c != '\n', false),
                Token::Inside => (c != '\n', c == '/'),
                Token::Class(class) => (false, class.holds(c)),
                Token::Deep | Token::Start => (false, false),
            };
            if let Some(state) = next.get_mut(at).filter(|_| stay) {
                *state = true;
            }
            if let Some(state) = next.get_mut(at + 1).filter(|_| step) {
                *state = true;
            }
        }
        pass(tokens, &mut next, false);
        std::mem::swap(&mut now, &mut next);
    }
    now
}

/// Follows what needs no character.
fn pass(tokens: &[Token], states: &mut [bool], at_start: bool) {
    for (at, token) in tokens.iter().enumerate() {
        if !states.get(at).copied().unwrap_or(false) {
            continue;
        }
        let steps: &[usize] = match token {
            Token::Star | Token::Rest => &[1],
            Token::Deep => &[1, 2],
            Token::Start if at_start => &[1],
            _ => &[],
        };
        for step in steps {
            if let Some(state) = states.get_mut(at + step) {
                *state = true;
            }
        }
    }
}

impl Class {
    fn holds(&self, c: char) -> bool {
        self.ranges.iter().any(|(low, high)| *low <= c && c <= *high) != self.negated
    }
}

fn shape(text: &str) -> Result<Shape, &'static str> {
    let mut tokens = Vec::new();
    let (mut exact, mut suffix, mut pattern, mut unclear) = (true, false, false, false);
    let mut rest = text.chars().peekable();
    let mut first = true;
    let mut prefix = false;
    while let Some(c) = rest.next() {
        match c {
            '*' if rest.next_if_eq(&'*').is_some() => {
                rest.next_if_eq(&'/');
                if rest.peek().is_some() {
                    tokens.extend([Token::Deep, Token::Inside]);
                    (exact, suffix, pattern) = (false, false, true);
                } else if exact {
                    prefix = true;
                    tokens.push(Token::Rest);
                } else {
                    tokens.push(Token::Rest);
                    (suffix, pattern) = (false, true);
                }
                if first {
                    (exact, suffix, prefix, pattern) = (false, true, false, false);
                }
            }
            '*' | '?' => {
                tokens.push(if c == '*' { Token::Star } else { Token::One });
                (exact, suffix, pattern) = (false, false, true);
            }
            '\\' => {
                let escaped = rest.next().ok_or("a `\\` at its end escapes nothing")?;
                // On Windows this separates folders; elsewhere letters have meanings of regular expressions.
                unclear |= escaped.is_ascii_alphanumeric() || !escaped.is_ascii();
                tokens.push(Token::Char(escaped));
                (exact, suffix, pattern) = (false, false, true);
            }
            '[' => {
                let class = class(&mut rest, &mut unclear)?;
                tokens.push(Token::Class(class));
                (exact, suffix, pattern) = (false, false, true);
            }
            ']' => {
                tokens.push(Token::Char(c));
                (exact, suffix, pattern) = (false, false, true);
            }
            '^' => tokens.push(Token::Start),
            _ => tokens.push(Token::Char(c)),
        }
        first = false;
    }
    Ok(if unclear {
        Shape::Unclear
    } else if pattern {
        Shape::Tokens(tokens)
    } else if suffix {
        Shape::Suffix
    } else if prefix {
        Shape::Prefix
    } else {
        Shape::Exact
    })
}

/// Reads what is behind a `[`, by the grammar of Go's `filepath.Match`, which is asked first.
fn class(
    rest: &mut std::iter::Peekable<std::str::Chars<'_>>,
    unclear: &mut bool,
) -> Result<Class, &'static str> {
    const OPEN: &str = "its `[` has no closing `]`";
    let negated = rest.next_if_eq(&'^').is_some();
    let mut ranges = Vec::new();
    let mut one = |rest: &mut std::iter::Peekable<std::str::Chars<'_>>| {
        let c = match rest.next().ok_or(OPEN)? {
            '-' => return Err("a `-` in brackets needs a character on both sides, or a `\\`"),
            ']' => return Err("its brackets are empty"),
            '\\' => {
                let escaped = rest.next().ok_or(OPEN)?;
                *unclear |= escaped.is_ascii_alphanumeric() || !escaped.is_ascii();
                escaped
            }
            c => {
                // These two are turned into something else before anybody sees the brackets; `[:` may name a class.
                *unclear |= matches!(c, '*' | '?') || (c == '[' && rest.peek() == Some(&':'));
                c
            }
        };
        if rest.peek().is_none() { Err(OPEN) } else { Ok(c) }
    };
    loop {
        if !ranges.is_empty() && rest.next_if_eq(&']').is_some() {
            return Ok(Class { negated, ranges });
        }
        let low = one(rest)?;
        let high = if rest.next_if_eq(&'-').is_some() { one(rest)? } else { low };
        if low > high {
            return Err("a range in its brackets runs backwards");
        }
        ranges.push((low, high));
    }
}
