//! Sorted text tables, embedded as they are and bisected: nothing is parsed at start.

use memchr::{memchr, memrchr};

/// Lines of tab-separated fields, sorted by the bytes of the first field (comment lines start with `#`,
/// which sorts before every image name).
#[derive(Debug, Clone, Copy)]
pub(super) struct Table(&'static str);

/// One line of a [`Table`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Row(&'static str);

impl Table {
    pub(super) const fn new(text: &'static str) -> Self {
        Self(text)
    }

    /// The contiguous rows whose first fields are `key` (fields joined by tabs), in the order of the file.
    pub(super) fn rows(self, key: &str) -> impl Iterator<Item = Row> + Clone + use<'_> {
        let mut rest = self.0.get(self.first_at_or_after(key)..).unwrap_or_default();
        std::iter::from_fn(move || {
            rest.strip_prefix(key).filter(|behind| behind.starts_with('\t'))?;
            let end = memchr(b'\n', rest.as_bytes()).unwrap_or(rest.len());
            let line = rest.get(..end)?;
            rest = rest.get(end + 1..).unwrap_or_default();
            Some(Row(line))
        })
    }

    pub(super) fn has(self, key: &str) -> bool {
        self.rows(key).next().is_some()
    }

    /// Byte offset of the first line that is not below `key` and a tab.
    fn first_at_or_after(self, key: &str) -> usize {
        let text = self.0.as_bytes();
        let (mut low, mut high) = (0, text.len());
        while low < high {
            let middle = low + (high - low) / 2;
            let start = text
                .get(low..middle)
                .and_then(|before| memrchr(b'\n', before))
                .map_or(low, |newline| low + newline + 1);
            let rest = text.get(start..).unwrap_or_default();
            let length = memchr(b'\n', rest).unwrap_or(rest.len());
            let line = rest.get(..length).unwrap_or_default();
            let below = match line.get(..key.len()) {
                Some(head) if head == key.as_bytes() => line.get(key.len()).is_none_or(|&b| b < b'\t'),
                Some(head) => head < key.as_bytes(),
                None => line.iter().lt(key.as_bytes().iter().chain(b"\t")),
            };
            if below {
                low = start + length + 1;
            } else {
                high = start;
            }
        }
        low
    }

    /// All rows, comments left out; for tests and small scans.
    #[cfg(test)]
    pub(super) fn scan(self) -> impl Iterator<Item = Row> {
        self.0.lines().filter(|line| !line.starts_with('#')).map(Row)
    }
}

impl Row {
    /// The field with this number, from 0; empty when the line is shorter.
    pub(super) fn field(self, number: usize) -> &'static str {
        self.fields().nth(number).unwrap_or_default()
    }

    /// The fields in order.
    pub(super) fn fields(self) -> impl Iterator<Item = &'static str> {
        let mut rest = Some(self.0);
        std::iter::from_fn(move || {
            let text = rest?;
            let Some(tab) = memchr(b'\t', text.as_bytes()) else { return rest.take() };
            rest = text.get(tab + 1..);
            text.get(..tab)
        })
    }

    /// As [`Row::field`], with `-` (none) as `None`.
    pub(super) fn value(self, number: usize) -> Option<&'static str> {
        Some(self.field(number)).filter(|field| !matches!(*field, "" | "-"))
    }
}

/// End of support of what base images are named for: image, release, code name, end, extended end, name.
pub(super) const EOL: Table = Table::new(include_str!("data/eol.tsv"));
/// Tags of official images that are no longer rebuilt: image, tag, last day.
pub(super) const RETIRED: Table = Table::new(include_str!("data/retired.tsv"));
/// Tags of one build of an official image: image, tags.
pub(super) const BUILDS: Table = Table::new(include_str!("data/builds.tsv"));
/// What is inside a base image: image (`*` at its end: any path that starts so), tags, facts, source.
pub(super) const DEFAULTS: Table = Table::new(include_str!("data/defaults.tsv"));

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_table_is_sorted_by_its_first_field() {
        for table in [EOL, RETIRED, BUILDS, DEFAULTS] {
            let keys: Vec<String> = table.scan().map(|row| format!("{}\t", row.field(0))).collect();
            assert!(keys.is_sorted(), "{:?}", keys.windows(2).find(|pair| pair[0] > pair[1]));
            assert!(keys.len() > 100);
            assert!(!table.0.contains('\r') && table.0.ends_with('\n'));
        }
        let retired: Vec<String> =
            RETIRED.scan().map(|row| format!("{}\t{}\t", row.field(0), row.field(1))).collect();
        assert!(retired.is_sorted_by(|a, b| a < b), "one line per tag, sorted by image and tag");
    }

    #[test]
    fn bisecting_agrees_with_a_scan() {
        for table in [EOL, BUILDS, DEFAULTS] {
            let keys: BTreeSet<&str> = table.scan().map(|row| row.field(0)).collect();
            for key in keys {
                let found: Vec<Row> = table.rows(key).collect();
                let scanned: Vec<Row> = table.scan().filter(|row| row.field(0) == key).collect();
                assert_eq!(found, scanned, "{key}");
                for other in [format!("{key}x"), format!("{key}-"), key[1..].to_owned()] {
                    assert_eq!(table.has(&other), table.scan().any(|row| row.field(0) == other), "{other}");
                }
            }
        }
        for row in RETIRED.scan() {
            let key = format!("{}\t{}", row.field(0), row.field(1));
            assert_eq!(RETIRED.rows(&key).collect::<Vec<_>>(), [row], "{key}");
            assert!(!RETIRED.has(&format!("{key}~")));
        }
        for odd in ["", "#", "~", "\t", "zzz", "python\t", "\n", "é"] {
            assert!(RETIRED.rows(odd).next().is_none(), "{odd:?}");
        }
    }
}
