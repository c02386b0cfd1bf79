//! The JSON (exec) form of arguments: an array of strings.

use super::{Joined, Word};

/// What the text after keyword and flags is.
pub(super) enum JsonForm {
    /// An array of strings.
    Strings(Vec<Word>),
    /// A JSON array that holds something else; BuildKit refuses it.
    NotStrings,
    /// No JSON array: the shell form.
    No,
}

/// Reads a range of the logical line as BuildKit does: `[` first, then strictly JSON.
pub(super) fn parse(joined: &Joined, start: usize, end: usize) -> JsonForm {
    let text = &joined.text()[start..end];
    let trimmed = text.trim_start();
    if !trimmed.starts_with('[') {
        return JsonForm::No;
    }
    let offset = start + (text.len() - trimmed.len());
    if let Some(ranges) = string_array(trimmed) {
        let words = ranges
            .into_iter()
            .map(|(from, to, text)| Word { text, span: joined.span(offset + from..offset + to) })
            .collect();
        return JsonForm::Strings(words);
    }
    let first = serde_json::Deserializer::from_str(trimmed).into_iter::<Vec<serde_json::Value>>().next();
    match first {
        // Go's decoder replaces lone surrogates where serde_json refuses; `string_array` has taken those.
        Some(Ok(values)) if values.iter().any(|v| !v.is_string()) => JsonForm::NotStrings,
        _ => JsonForm::No,
    }
}

/// Elements of an array of JSON strings: start, end (quotes included), decoded text.
///
/// What follows the array is ignored, as BuildKit's decoder does: `CMD ["a"] && b` runs `a` alone.
fn string_array(text: &str) -> Option<Vec<(usize, usize, String)>> {
    let bytes = text.as_bytes();
    let mut out = Vec::new();
    let mut at = skip_blanks(bytes, 1);
    if bytes.get(at) == Some(&b']') {
        return Some(out);
    }
    loop {
        let (end, value) = string(text, at)?;
        out.push((at, end, value));
        at = skip_blanks(bytes, end);
        match bytes.get(at)? {
            b',' => at = skip_blanks(bytes, at + 1),
            b']' => return Some(out),
            _ => return None,
        }
    }
}

fn skip_blanks(bytes: &[u8], mut at: usize) -> usize {
    while matches!(bytes.get(at), Some(b' ' | b'\t' | b'\n' | b'\r')) {
        at += 1;
    }
    at
}

/// Reads the JSON string that starts at `at`; returns the offset after it and its value.
fn string(text: &str, at: usize) -> Option<(usize, String)> {
    let bytes = text.as_bytes();
    if bytes.get(at) != Some(&b'"') {
        return None;
    }
    let mut out = String::new();
    let mut i = at + 1;
    loop {
        match *bytes.get(i)? {
            b'"' => return Some((i + 1, out)),
            b'\\' => {
                let simple = match *bytes.get(i + 1)? {
                    b'"' => '"',
                    b'\\' => '\\',
                    b'/' => '/',
                    b'b' => '\u{8}',
                    b'f' => '\u{c}',
                    b'n' => '\n',
                    b'r' => '\r',
                    b't' => '\t',
                    b'u' => {
                        let (next, decoded) = unicode_escape(bytes, i)?;
                        out.push(decoded);
                        i = next;
                        continue;
                    }
                    _ => return None,
                };
                out.push(simple);
                i += 2;
            }
            byte if byte < 0x20 => return None,
            _ => {
                let rest = &bytes[i..];
                let run = rest.iter().position(|b| matches!(b, b'"' | b'\\' | 0..0x20)).unwrap_or(rest.len());
                out.push_str(&text[i..i + run]);
                i += run;
            }
        }
    }
}

/// Decodes `\uXXXX` (with a following low surrogate) at `i`.
fn unicode_escape(bytes: &[u8], i: usize) -> Option<(usize, char)> {
    let unit = |at: usize| -> Option<u32> {
        let digits = std::str::from_utf8(bytes.get(at + 2..at + 6)?).ok()?;
        (bytes.get(at) == Some(&b'\\')
            && bytes.get(at + 1) == Some(&b'u')
            && digits.bytes().all(|b| b.is_ascii_hexdigit()))
        .then(|| u32::from_str_radix(digits, 16).ok())?
    };
    let first = unit(i)?;
    if (0xd800..0xdc00).contains(&first)
        && let Some(second) = unit(i + 6)
        && (0xdc00..0xe000).contains(&second)
    {
        let code = 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
        return Some((i + 12, char::from_u32(code)?));
    }
    Some((i + 6, char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Option<Vec<String>> {
        match parse(&Joined::verbatim(text, 0), 0, text.len()) {
            JsonForm::Strings(words) => Some(words.into_iter().map(|w| w.text).collect()),
            JsonForm::NotStrings | JsonForm::No => None,
        }
    }

    #[test]
    fn reads_strings_only() {
        assert_eq!(words(r#"["a", "b \" c"]"#).unwrap(), ["a", "b \" c"]);
        assert_eq!(words("[]").unwrap(), Vec::<String>::new());
        assert_eq!(words(r#"["a"] && b"#).unwrap(), ["a"]);
        assert_eq!(words(r#"["\u00e9\ud83d\ude00\ud800"]"#).unwrap(), ["é😀\u{fffd}"]);
        for bad in ["['a']", r#"["a",]"#, r#"["a" "b"]"#, r#"["a""#, r#"["\d"]"#, "[ -f x ] && y"] {
            assert_eq!(words(bad), None, "{bad}");
        }
    }

    #[test]
    fn tells_other_arrays_from_the_shell_form() {
        assert!(matches!(parse(&Joined::verbatim("[1]", 0), 0, 3), JsonForm::NotStrings));
        assert!(matches!(parse(&Joined::verbatim("[a]", 0), 0, 3), JsonForm::No));
    }
}
