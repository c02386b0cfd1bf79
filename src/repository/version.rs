//! Versions and version ranges, as far as a contradiction can be told from them.
//!
//! A range is read into intervals of three numbers. What a syntax adds to that (pre-releases, exclusions, build
//! metadata) only ever makes a range wider here, so two ranges that do not meet really contradict each other; what
//! cannot be read is no range at all.

/// The numbers of a release: major, minor, patch.
pub type Release = [u64; 3];

/// Above every release.
const END: Release = [u64::MAX; 3];

/// Whose rules a range follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// Python's version specifiers (PEP 440), and Poetry's `^` and `~`.
    Python,
    /// npm, yarn, pnpm, Cargo.
    Npm,
    /// Composer: `~1.2` allows `1.9`.
    Composer,
    /// RubyGems.
    Ruby,
}

/// A set of releases: intervals from the first release to the one it ends before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Range(Vec<(Release, Release)>);

/// Reads the numbers a version begins with (`v` before them is allowed) and how many there are, at most three.
pub fn release(text: &str) -> Option<(Release, usize)> {
    let text = text.trim();
    let text = text.strip_prefix(['v', 'V']).unwrap_or(text);
    let mut out = [0; 3];
    let mut count = 0;
    for part in text.split('.') {
        let digits = part.bytes().take_while(u8::is_ascii_digit).count();
        let (number, rest) = part.split_at(digits);
        if digits == 0 || count == 3 {
            // `1.2.x`, `3.12.*`; a fourth number is finer than what is compared.
            break;
        }
        *out.get_mut(count)? = number.parse().ok()?;
        count += 1;
        if !rest.is_empty() {
            break;
        }
    }
    (count > 0).then_some((out, count))
}

/// The first release behind all that begin with the first `count` numbers.
fn after(release: Release, count: usize) -> Release {
    let mut out = [0; 3];
    for (at, number) in release.iter().enumerate().take(count.clamp(1, 3)) {
        out[at] = *number;
    }
    let last = count.clamp(1, 3) - 1;
    out[last] = out[last].saturating_add(1);
    out
}

impl Range {
    /// Everything.
    pub fn any() -> Self {
        Self(vec![([0; 3], END)])
    }

    /// All releases that begin with these numbers: the first `count` of them.
    pub fn line(release: Release, count: usize) -> Self {
        let mut first = [0; 3];
        for (at, number) in release.iter().enumerate().take(count.clamp(1, 3)) {
            first[at] = *number;
        }
        Self(vec![(first, after(release, count))])
    }

    /// This release and every later one.
    pub fn at_least(release: Release) -> Self {
        Self(vec![(release, END)])
    }

    /// This release and the later ones below the next major (`count` 1) or minor (2) release.
    pub fn at_least_within(release: Release, count: usize) -> Self {
        Self(vec![(release, after(release, count))])
    }

    /// Reads a range; `None` when something in it is not understood.
    pub fn parse(text: &str, dialect: Dialect) -> Option<Self> {
        let text = text.trim();
        if text.len() > 200 {
            return None;
        }
        let alternatives: Vec<&str> = match dialect {
            _ if text.contains("||") => text.split("||").collect(),
            Dialect::Composer | Dialect::Python => text.split('|').collect(),
            Dialect::Npm | Dialect::Ruby => vec![text],
        };
        let mut out = Vec::new();
        for alternative in alternatives {
            let mut all = vec![([0; 3], END)];
            for interval in conjunction(alternative.trim(), dialect)? {
                all = meet(&all, &[interval]);
            }
            out.extend(all);
        }
        Some(Self(out))
    }

    /// Whether some release is in both.
    pub fn meets(&self, other: &Self) -> bool {
        !meet(&self.0, &other.0).is_empty()
    }

    /// Both ranges together.
    pub fn or(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// Whether every release of the other range comes before the first one of this range.
    pub fn is_behind(&self, other: &Self) -> bool {
        let first = self.0.iter().map(|(from, _)| *from).min();
        let last = other.0.iter().map(|(_, end)| *end).max();
        matches!((first, last), (Some(first), Some(last)) if last <= first)
    }
}

fn meet(one: &[(Release, Release)], other: &[(Release, Release)]) -> Vec<(Release, Release)> {
    let pairs = one.iter().flat_map(|a| other.iter().map(move |b| (a.0.max(b.0), a.1.min(b.1))));
    pairs.filter(|(from, end)| from < end).collect()
}

/// The intervals that must all hold.
fn conjunction(text: &str, dialect: Dialect) -> Option<Vec<(Release, Release)>> {
    if text.is_empty() || matches!(text, "*" | "x" | "X") {
        return Some(vec![([0; 3], END)]);
    }
    // `1.2 - 2.3`
    if let Some((from, to)) = text.split_once(" - ") {
        let ((from, _), (to, count)) = (release(from)?, release(to)?);
        return plain(text.split(" - ")).then(|| vec![(from, after(to, count))]);
    }
    let mut out = Vec::new();
    let mut pending = String::new();
    for word in text.split([',', ' ', '\t']).filter(|word| !word.is_empty()) {
        // `>= 1.2`: the operator may stand alone.
        pending.push_str(word);
        if word.chars().all(|c| "<>=!~^".contains(c)) {
            continue;
        }
        out.push(comparison(&pending, dialect)?);
        pending.clear();
    }
    pending.is_empty().then_some(out)
}

/// Whether all words are versions without anything that is not read.
fn plain<'a>(mut words: impl Iterator<Item = &'a str>) -> bool {
    words.all(|word| word.trim().bytes().all(|b| b.is_ascii_alphanumeric() || b"._-+*".contains(&b)))
}

fn comparison(text: &str, dialect: Dialect) -> Option<(Release, Release)> {
    let end = text.find(|c: char| !"<>=!~^".contains(c))?;
    let (operator, version) = text.split_at(end);
    if !plain(std::iter::once(version)) {
        return None;
    }
    if matches!(version, "*" | "x" | "X") {
        return Some(([0; 3], END));
    }
    let (from, count) = release(version)?;
    let next = |count: usize| Some((from, after(from, count)));
    match operator {
        "" | "=" | "==" | "===" => next(count),
        ">=" => Some((from, END)),
        // What is above a partial version begins behind its line in npm; elsewhere just behind it.
        ">" if dialect == Dialect::Npm => Some((after(from, count), END)),
        ">" => Some((after(from, 3), END)),
        "<=" => Some(([0; 3], after(from, if dialect == Dialect::Npm { count } else { 3 }))),
        "<" => Some(([0; 3], from)),
        // An exclusion is left out: the range only gets wider.
        "!=" => Some(([0; 3], END)),
        "^" => {
            let zeros = from.iter().take(count).take_while(|number| **number == 0).count();
            next((zeros + 1).min(count))
        }
        "~=" => (count > 1).then(|| next(count - 1)).flatten(),
        "~>" => next(count.saturating_sub(1).max(1)),
        "~" if dialect == Dialect::Composer => next(count.saturating_sub(1).max(1)),
        "~" => next(count.min(2)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn meets(range: &str, dialect: Dialect, version: &str) -> Option<bool> {
        let (numbers, count) = release(version).unwrap();
        Some(Range::parse(range, dialect)?.meets(&Range::line(numbers, count)))
    }

    #[test]
    fn ranges() {
        use Dialect::{Composer, Npm, Python, Ruby};
        for (range, dialect, inside, outside) in [
            (">=3.10", Python, "3.10", "3.9"),
            (">=3.10,<3.13", Python, "3.12", "3.13"),
            (">= 3.10, < 4", Python, "3.14", "3.9.18"),
            ("~=3.11", Python, "3.14", "3.10"),
            ("~=3.11.2", Python, "3.11", "3.12"),
            ("==3.11.*", Python, "3.11.4", "3.12"),
            ("^3.9", Python, "3.14", "4.0"),
            ("~3.9", Python, "3.9", "3.10"),
            ("^3.9 || ^4.1", Python, "4.2", "4.0"),
            ("!=3.9.1,>=3.9", Python, "3.9", "3.8"),
            (">=18", Npm, "20", "16"),
            ("18 || 20", Npm, "20.1", "19"),
            ("18.x || >=20 <22", Npm, "21", "22"),
            (">= 18.0.0", Npm, "18", "16.20"),
            ("^18.12.0", Npm, "18", "20"),
            ("~18.2", Npm, "18.2.9", "18.3"),
            (">18", Npm, "19", "18.20"),
            ("<=18", Npm, "18.20", "19"),
            ("16 - 18", Npm, "18.5", "19"),
            ("<21.0.0-0", Npm, "20", "21"),
            ("v20", Npm, "20", "18"),
            ("^0.2.3", Npm, "0.2.9", "0.3.0"),
            ("^0", Npm, "0.9", "1"),
            ("^8.1", Composer, "8.4", "7.4"),
            ("~8.1", Composer, "8.4", "9.0"),
            ("~8.1.2", Composer, "8.1.9", "8.2"),
            ("^7.4|^8.0", Composer, "8.3", "7.3"),
            (">=8.1 <8.3", Composer, "8.2", "8.3"),
            ("~> 3.2", Ruby, "3.4", "4.0"),
            ("~> 3.2.0", Ruby, "3.2.5", "3.3"),
            ("3.2.2", Ruby, "3.2", "3.3"),
        ] {
            assert_eq!(meets(range, dialect, inside), Some(true), "{range} {inside}");
            assert_eq!(meets(range, dialect, outside), Some(false), "{range} {outside}");
        }
        for range in ["lts/*", "latest", "git+https://x", ">=", ">=a", "npm:x@1", "workspace:^1", "@1"] {
            assert_eq!(Range::parse(range, Npm), None, "{range}");
        }
        assert_eq!(meets("*", Npm, "1"), Some(true));
        assert_eq!(meets("", Npm, "1"), Some(true));
    }

    #[test]
    fn which_side() {
        let base = Range::line([1, 20, 0], 2);
        assert!(Range::at_least([1, 22, 0]).is_behind(&base));
        assert!(!Range::at_least([1, 20, 3]).is_behind(&base));
        assert!(!Range::line([1, 18, 0], 2).is_behind(&base));
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in "[0-9.<>=~^|*x, -]{0,30}|.{0,20}") {
            for dialect in [Dialect::Python, Dialect::Npm, Dialect::Composer, Dialect::Ruby] {
                let _ = Range::parse(&text, dialect);
            }
        }
    }
}
