//! Permissions as `chmod` and `--chmod=` take them.

/// A mode that gives write permission to everybody, in the way it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WorldWritable<'a> {
    text: &'a str,
}

/// Write permission in an octal digit.
const WRITE: u8 = 0o2;
/// The sticky bit in the fourth octal digit: only the owner may delete what is in the directory.
const STICKY: u8 = 0o1;
/// The set-group-id bit in the fourth octal digit.
const SET_GROUP: u8 = 0o2;

impl<'a> WorldWritable<'a> {
    /// Reads a mode; `None` when it does not make anything writable for everybody, has the sticky bit, or is no
    /// mode. `+w` without a letter before it obeys the umask and is none.
    pub fn read(text: &'a str) -> Option<Self> {
        let found = if let Some([special, _, _, others]) = octal(text) {
            others & WRITE != 0 && special & STICKY == 0
        } else {
            let clauses: Vec<Clause<'_>> = text.split(',').map(Clause::read).collect::<Option<_>>()?;
            clauses.iter().any(Clause::opens) && !clauses.iter().any(|clause| clause.perms.contains('t'))
        };
        found.then_some(Self { text })
    }

    /// The same without write permission for others, and for the group unless that is to keep it: `777` → `755`,
    /// `a+rwx` → `u+rwx,go+rx`.
    pub fn closed(self, keep_group: bool) -> String {
        if let Some([special, _, group, other]) = octal(self.text) {
            let keep_group = keep_group || special & SET_GROUP != 0;
            let group = if keep_group { group } else { group & !WRITE };
            let head = self.text.get(..self.text.len() - 2).unwrap_or("");
            return format!("{head}{group}{}", other & !WRITE);
        }
        let clauses = self.text.split(',').filter_map(Clause::read);
        let parts: Vec<String> = clauses.flat_map(|clause| clause.closed(keep_group)).collect();
        parts.join(",")
    }

    /// The same with the sticky bit, as `/tmp` has it; `None` for a mode in letters.
    pub fn sticky(self) -> Option<String> {
        let [special, ..] = octal(self.text)?;
        let last = self.text.len().checked_sub(3)?;
        Some(format!("{}{}", special | STICKY, self.text.get(last..)?))
    }
}

/// Special bits, owner, group, others.
fn octal(text: &str) -> Option<[u8; 4]> {
    if !(3..=5).contains(&text.len()) || !text.bytes().all(|b| (b'0'..=b'7').contains(&b)) {
        return None;
    }
    let mut digits = [0; 4];
    for (digit, byte) in digits.iter_mut().rev().zip(text.bytes().rev()) {
        *digit = byte - b'0';
    }
    Some(digits)
}

/// `who`, operator, permissions.
struct Clause<'a> {
    who: &'a str,
    operator: char,
    perms: &'a str,
}

impl<'a> Clause<'a> {
    fn read(text: &'a str) -> Option<Self> {
        let at = text.find(['+', '-', '='])?;
        let (who, perms) = (text.get(..at)?, text.get(at + 1..)?);
        let operator = text.get(at..)?.chars().next()?;
        let known = who.chars().all(|c| "ugoa".contains(c)) && perms.chars().all(|c| "rwxXst".contains(c));
        known.then_some(Self { who, operator, perms })
    }

    fn opens(&self) -> bool {
        self.operator != '-' && self.who.contains(['o', 'a']) && self.perms.contains('w')
    }

    fn closed(&self, keep_group: bool) -> Vec<String> {
        let Self { who, operator, perms } = *self;
        if !self.opens() {
            return vec![format!("{who}{operator}{perms}")];
        }
        let rest = perms.replace('w', "");
        let names = |letter: char| who.contains(['a', letter]);
        let all = names('u') && names('g');
        let (open, closed) = match (all, keep_group) {
            (true, false) => ("u".to_owned(), "go"),
            (true, true) => ("ug".to_owned(), "o"),
            (false, _) => (who.replace('o', ""), "o"),
        };
        let mut out = Vec::new();
        if !open.is_empty() {
            out.push(format!("{open}{operator}{perms}"));
        }
        if !rest.is_empty() || operator == '=' {
            out.push(format!("{closed}{operator}{rest}"));
        }
        if out.is_empty() {
            // Nothing is left to give to others; the owner may always write.
            out.push("u+w".to_owned());
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn write_permission_for_all_is_taken_away() {
        for (mode, closed, with_group) in [
            ("777", "755", "775"),
            ("0777", "0755", "0775"),
            ("00777", "00755", "00775"),
            ("666", "644", "664"),
            ("2777", "2775", "2775"),
            ("772", "750", "770"),
            ("a+w", "u+w", "ug+w"),
            ("a+rwx", "u+rwx,go+rx", "ug+rwx,o+rx"),
            ("a=rwX", "u=rwX,go=rX", "ug=rwX,o=rX"),
            ("o+w", "u+w", "u+w"),
            ("o+rwx", "o+rx", "o+rx"),
            ("go+w", "g+w", "g+w"),
            ("ugo+rw", "u+rw,go+r", "ug+rw,o+r"),
            ("u=rwx,g=rwx,o=rwx", "u=rwx,g=rwx,o=rx", "u=rwx,g=rwx,o=rx"),
            ("a=w", "u=w,go=", "ug=w,o="),
        ] {
            let read = WorldWritable::read(mode).unwrap();
            assert_eq!(read.closed(false), closed, "{mode}");
            assert_eq!(read.closed(true), with_group, "{mode}");
            assert_eq!(WorldWritable::read(closed), None, "{closed}");
        }
        for mode in [
            "755", "1777", "775", "644", "0700", "+w", "+x", "g=u", "g+w", "u+w", "a+rx", "a-w", "o-w",
            "a+rwxt", "", "7", "77", "777777", "789", "$MODE", "a", "o=u",
        ] {
            assert_eq!(WorldWritable::read(mode), None, "{mode}");
        }
        assert_eq!(WorldWritable::read("777").unwrap().sticky().as_deref(), Some("1777"));
        assert_eq!(WorldWritable::read("0777").unwrap().sticky().as_deref(), Some("1777"));
        assert_eq!(WorldWritable::read("a+w").unwrap().sticky(), None);
    }
}
