//! `Gemfile.lock`.

use super::{Gap, Locked};

/// The gems below `specs:`.
pub(super) fn gemfile_lock(text: &str) -> Locked {
    let mut out = Locked::default();
    for line in text.lines() {
        // Four blanks: a gem; six: what it needs.
        let Some(gem) = line.strip_prefix("    ").filter(|rest| !rest.starts_with(' ')) else { continue };
        if let Some((name, version)) = gem.split_once(" (") {
            // `nokogiri (1.16.0-x86_64-linux)`
            let version = version.trim_end_matches(')');
            let version = version.split_once('-').map_or(version, |(version, _)| version);
            out.add(name, version);
        }
    }
    out
}

/// Words of a `Gemfile` that decide at the time of the install what is asked for.
const DECIDES: [&str; 6] = [" if ", "if ", "unless", "case ", "eval_gemfile", "ENV["];

/// The first gem of a `Gemfile` that the lock file does not know.
pub(super) fn gap(manifest: &str, lock: &str) -> Option<Gap> {
    let (_, dependencies) = lock.split_once("\nDEPENDENCIES\n")?;
    let known: Vec<&str> = dependencies
        .lines()
        .take_while(|line| line.starts_with("  "))
        .filter_map(|line| line.trim().trim_end_matches('!').split(' ').next())
        .collect();
    let lines = || manifest.lines().map(str::trim).filter(|line| !line.starts_with('#'));
    if lines().any(|line| DECIDES.iter().any(|word| line.contains(word))) {
        return None;
    }
    lines().filter_map(gem).find(|name| !known.contains(name)).map(Gap::missing)
}

/// The name in `gem "name", …`.
pub(in super::super) fn gem(line: &str) -> Option<&str> {
    let rest = line.strip_prefix("gem")?.trim_start_matches([' ', '(']);
    let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    rest.get(1..)?.split(quote).next().filter(|name| !name.is_empty() && !name.contains("#{"))
}

#[cfg(test)]
mod tests {
    use super::super::{LockKind, gap, locked};

    const LOCK: &str = "GEM\n  remote: https://rubygems.org/\n  specs:\n    nokogiri (1.16.0-x86_64-linux)\n      \
                        racc (~> 1.4)\n    racc (1.7.3)\n\nPLATFORMS\n  ruby\n\nDEPENDENCIES\n  nokogiri (~> 1.16)\n  \
                        mine!\n\nBUNDLED WITH\n   2.5.0\n";

    #[test]
    fn gems() {
        let read = locked(LockKind::Bundler, LOCK).unwrap();
        assert_eq!((read.version("nokogiri"), read.version("racc")), (Some("1.16.0"), Some("1.7.3")));
        let missing = |manifest: &str| gap(LockKind::Bundler, manifest, LOCK).map(|gap| gap.name);
        assert_eq!(missing("source 'x'\ngem 'nokogiri', '~> 1.16'\ngem \"mine\", path: \"m\"\n"), None);
        assert_eq!(missing("gem 'nokogiri'\n# gem 'a'\ngem 'puma'\n"), Some("puma".to_owned()));
        assert_eq!(missing("gem 'puma' if ENV['X']\n"), None);
        assert_eq!(gap(LockKind::Bundler, "gem 'puma'\n", "GEM\n"), None);
    }
}
