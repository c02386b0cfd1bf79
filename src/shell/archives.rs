//! Archives: which one a command unpacks, and which file a download makes.

use super::{Command, Word};

/// The archive that a command unpacks: `tar -xzf a.tar.gz`, `unzip a.zip`, `dpkg -i a.deb`. `None` where it comes
/// from standard input, and for other commands.
pub fn unpacked(command: &Command) -> Option<&Word> {
    let args = command.args();
    match command.name()? {
        "tar" | "bsdtar" | "gtar" => tar(args),
        "unzip" => operand(args, &["-d", "-x", "-P"]),
        "7z" | "7za" | "7zr" => {
            let (verb, rest) = args.split_first()?;
            if matches!(verb.text(), "x" | "e") { operand(rest, &[]) } else { None }
        }
        "dpkg" if args.iter().any(|word| matches!(word.text(), "-i" | "--install" | "-x" | "--extract")) => {
            operand(args, &[]).filter(|word| has_end(word, "deb"))
        }
        "rpm"
            if args
                .iter()
                .any(|word| matches!(word.text(), "-i" | "-U" | "-ivh" | "-Uvh" | "-ih" | "--install")) =>
        {
            operand(args, &[]).filter(|word| has_end(word, "rpm"))
        }
        _ => None,
    }
}

fn has_end(word: &Word, end: &str) -> bool {
    word.text().rsplit_once('.').is_some_and(|(_, extension)| extension == end)
}

/// The first word that is neither an option nor the value of one.
fn operand<'a>(args: &'a [Word], values: &[&str]) -> Option<&'a Word> {
    let mut words = args.iter();
    while let Some(word) = words.next() {
        if values.contains(&word.text()) {
            words.next();
        } else if !word.text().starts_with('-') {
            return Some(word).filter(|word| !word.text().contains("://"));
        }
    }
    None
}

/// Short options of tar that take a value (GNU tar's manual).
const TAR_VALUES: &str = "bCfFgHIKLNTVX";

fn tar(args: &[Word]) -> Option<&Word> {
    let mut extracts = false;
    let mut archive = None;
    let mut words = args.iter().enumerate();
    while let Some((at, word)) = words.next() {
        let text = word.text();
        if let Some(long) = text.strip_prefix("--") {
            match long.split_once('=').unwrap_or((long, "")) {
                ("extract" | "get", _) => extracts = true,
                ("file", "") => archive = words.next().map(|(_, word)| word),
                // The value is a part of the word.
                ("file", _) => return None,
                ("directory" | "strip-components" | "exclude" | "transform" | "use-compress-program", "") => {
                    words.next();
                }
                _ => {}
            }
            continue;
        }
        // The first word is a bundle with or without a dash: `tar xzf a.tar.gz`.
        let bundle = match text.strip_prefix('-') {
            Some(letters) => letters,
            None if at == 0 => text,
            None => continue,
        };
        let old = !text.starts_with('-');
        extracts |= bundle.contains('x');
        for (index, letter) in bundle.char_indices() {
            if !TAR_VALUES.contains(letter) {
                continue;
            }
            let last = index + letter.len_utf8() == bundle.len();
            if !last && !old {
                // `-fa.tar`: a part of the word.
                if letter == 'f' {
                    return None;
                }
                break;
            }
            let value = words.next().map(|(_, word)| word);
            if letter == 'f' {
                archive = value;
            }
        }
    }
    archive.filter(|word| extracts && !matches!(word.text(), "-" | "/dev/stdin"))
}

/// The file that a call of `curl` or `wget` writes.
#[derive(Debug, Clone)]
pub enum DownloadFile<'a> {
    /// This word names it.
    Named(&'a Word),
    /// The last part of the URL, below the directory that an option names.
    Remote(String, Option<&'a Word>),
}

/// The file that a download makes; `None` where it goes to standard output, into several files, or where that is not
/// known.
pub fn downloaded(command: &Command) -> Option<DownloadFile<'_>> {
    let curl = match command.name()? {
        "curl" => true,
        "wget" => false,
        _ => return None,
    };
    if let Some(redirect) = command.output_file() {
        let stdout =
            curl || command.args().iter().any(|word| word.text().ends_with("O-") || word.text() == "-");
        return redirect.target.as_ref().filter(|_| stdout).map(DownloadFile::Named);
    }
    let (output, long) = if curl { ('o', "--output") } else { ('O', "--output-document") };
    // Short options with a value, from the tools' manuals.
    let values = if curl { "ouHAbcdeFKmMPQrtTuUwxXyYzC" } else { "OPoaeitTwQUBlARDIX" };
    let (mut named, mut dir, mut remote, mut urls) = (None, None, !curl, Vec::new());
    let mut words = command.args().iter();
    while let Some(word) = words.next() {
        let text = word.text();
        let Some(option) = text.strip_prefix('-') else {
            urls.push(word);
            continue;
        };
        if option.starts_with('-') {
            match text {
                _ if text == long => named = words.next(),
                "--remote-name" => remote = true,
                "--directory-prefix" | "--output-dir" => dir = words.next(),
                // The value is a part of the word, or the server names the file.
                _ if text.starts_with(long) || text.starts_with("--remote-header-name") => return None,
                "--content-disposition" | "--input-file" | "--remote-name-all" => return None,
                "--header" | "--retry" | "--connect-timeout" | "--max-time" | "--user-agent"
                | "--retry-delay" | "--url" | "--user" | "--tries" | "--timeout" | "--proto" => {
                    words.next();
                }
                _ => {}
            }
            continue;
        }
        if curl && option.contains('J') {
            return None;
        }
        let letter = option.char_indices().find(|(_, letter)| values.contains(*letter));
        remote |= curl
            && option.contains('O')
            && letter.is_none_or(|(at, _)| option.find('O').is_some_and(|o| o < at));
        let Some((at, letter)) = letter else { continue };
        let rest = option.get(at + letter.len_utf8()..).unwrap_or("");
        if !rest.is_empty() {
            if letter == output || letter == 'P' {
                return None;
            }
            continue;
        }
        let value = words.next();
        if letter == output {
            named = value;
        } else if letter == 'P' && !curl {
            dir = value;
        }
    }
    if let Some(named) = named {
        return (!matches!(named.text(), "-" | "/dev/null" | "/dev/stdout"))
            .then_some(DownloadFile::Named(named));
    }
    let [url] = urls.as_slice() else { return None };
    let name = url
        .text()
        .rsplit('/')
        .next()
        .filter(|name| remote && !name.contains(['?', '#']) && !name.is_empty())?;
    Some(DownloadFile::Remote(name.to_owned(), dir))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dockerfile::Joined;
    use crate::shell::parse;

    #[test]
    fn what_is_unpacked() {
        for (text, expected) in [
            ("tar -xzf a.tar.gz -C /opt", Some("a.tar.gz")),
            ("tar xf a.tar", Some("a.tar")),
            ("tar -C /opt -xJf /tmp/a.tar.xz --strip-components=1", Some("/tmp/a.tar.xz")),
            ("tar --extract --file a.tar.gz --directory /x", Some("a.tar.gz")),
            ("tar x -z -f /tmp/c.tar.gz -C /usr/bin c", Some("/tmp/c.tar.gz")),
            ("tar -xz -C /opt", None),
            ("tar -xzf - -C /opt", None),
            ("tar -czf a.tar.gz dir", None),
            ("unzip -q -d /opt a.zip", Some("a.zip")),
            ("dpkg -i /tmp/a.deb", Some("/tmp/a.deb")),
            ("dpkg -l", None),
            ("rpm -ivh https://h/a.rpm", None),
        ] {
            let script = parse(&Joined::verbatim(text, 0));
            let found = script.commands().find_map(unpacked).map(|word| word.text().to_owned());
            assert_eq!(found.as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn what_is_downloaded() {
        for (text, expected) in [
            ("curl -fsSLo /tmp/a.tgz https://h/x", Some("/tmp/a.tgz")),
            ("curl -fsSLO https://h/a-$V.tgz", Some("a-$V.tgz")),
            ("curl -sSL https://h/a.tgz > b.tgz", Some("b.tgz")),
            ("curl -H 'A: b' --output c https://h/a", Some("c")),
            ("curl -fsSL https://h/a.tgz", None),
            ("curl -OJ https://h/a", None),
            ("wget -q https://h/a.zip", Some("a.zip")),
            ("wget -qO a.zip https://h/b?c=1", Some("a.zip")),
            ("wget -qO- https://h/a.zip", None),
            ("wget https://h/a https://h/b", None),
            ("wget 'https://h/a?x=1'", None),
        ] {
            let script = parse(&Joined::verbatim(text, 0));
            let found = script.commands().find_map(downloaded).map(|file| match file {
                DownloadFile::Named(word) => word.text().to_owned(),
                DownloadFile::Remote(name, _) => name,
            });
            assert_eq!(found.as_deref(), expected, "{text}");
        }
        let script = parse(&Joined::verbatim("wget -P /tmp https://h/a", 0));
        let found = script.commands().find_map(downloaded);
        assert!(
            matches!(found, Some(DownloadFile::Remote(name, Some(dir))) if name == "a" && dir.text() == "/tmp")
        );
    }
}
