//! The newest tag of an image whose version somebody accepts.

use super::lifecycle::{State, end_of_life};
use super::name::Image;
use super::official::newest_os_variant;
use super::table::BUILDS;
use jiff::civil::Date;

/// The tag of an official image with the newest version that `accepts`, in the precision, variant and distribution of
/// `tag`. Where that version is not built on the distribution any more, it moves to the newest one. Versions that get no
/// fixes on `today` are left out. `accepts` is given the numbers of a version and how many there are, at most three.
pub fn newest_tag_within(
    image: &Image,
    tag: &str,
    today: Date,
    accepts: impl Fn([u64; 3], usize) -> bool,
) -> Option<String> {
    if !image.official {
        return None;
    }
    let (version, rest) = split(tag)?;
    let depth = version.split('.').count();
    let mut found: Vec<([u64; 3], &str)> = BUILDS
        .rows(&image.repository)
        .flat_map(|row| row.field(1).split(' '))
        .filter_map(|other| split(other))
        .filter(|(other, _)| other.split('.').count() == depth)
        .filter_map(|(other, _)| Some((numbers(other)?, other)))
        .filter(|(release, _)| accepts(*release, depth))
        .collect();
    found.sort_unstable();
    found.dedup();
    let lives = |tag: &String| end_of_life(image, tag, today).iter().all(|eol| eol.state != State::Ended);
    found.into_iter().rev().find_map(|(_, version)| {
        let exact = format!("{version}{rest}");
        let listed = super::official::build_of(image, &exact).is_some();
        let moved = || newest_os_variant(image, &exact, today).filter(lives);
        Some(exact.clone()).filter(|tag| listed && lives(tag)).or_else(moved)
    })
}

/// The version that a tag begins with, and what follows.
fn split(tag: &str) -> Option<(&str, &str)> {
    let end = tag.find('-').unwrap_or(tag.len());
    let (version, rest) = tag.split_at(end);
    version.starts_with(|c: char| c.is_ascii_digit()).then_some((version, rest))
}

/// The numbers of a version of at most three parts; pre-releases have letters and are none.
fn numbers(version: &str) -> Option<[u64; 3]> {
    let mut out = [0; 3];
    for (at, part) in version.split('.').enumerate() {
        *out.get_mut(at)? = part.parse().ok()?;
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_variant_and_precision() {
        let python = Image { repository: "python".to_owned(), official: true };
        let today = jiff::civil::date(2026, 11, 24);
        let below = |minor: u64| move |release: [u64; 3], _: usize| release[0] == 3 && release[1] < minor;
        let find = |tag: &str, minor| newest_tag_within(&python, tag, today, below(minor));
        assert_eq!(find("3.9-slim-trixie", 14).as_deref(), Some("3.13-slim-trixie"));
        // Python 3.9 has ended.
        assert_eq!(find("3.12-slim", 10), None);
        assert_eq!(find("slim", 14), None);
        // No longer built on this distribution.
        assert_eq!(find("3.9-slim-buster", 14).as_deref(), Some("3.13-slim-trixie"));
        // Still built on a distribution that has ended.
        let node = Image { repository: "node".to_owned(), official: true };
        let newest = newest_tag_within(&node, "20-bullseye", today, |release, _| release[0] == 24);
        assert_eq!(newest.as_deref(), Some("24-trixie"));
        let precise = find("3.9.18", 14).unwrap();
        assert!(precise.starts_with("3.13.") && precise.split('.').count() == 3, "{precise}");
    }
}
