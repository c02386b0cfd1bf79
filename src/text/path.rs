//! Paths with `/` as text.

/// Adds the parts of a path to those of the folder it counts from; `..` takes one away. Above the top of a
/// `rooted` path there is nothing, elsewhere `..` stays.
pub fn add_parts<'p>(parts: &mut Vec<&'p str>, path: &'p str, rooted: bool) {
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            ".." if rooted => {}
            part => parts.push(part),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::add_parts;

    #[test]
    fn climbs_as_far_as_there_is_something() {
        let all = |base: &'static str, path: &'static str, rooted| {
            let mut parts = Vec::new();
            add_parts(&mut parts, base, rooted);
            add_parts(&mut parts, path, rooted);
            parts.join("/")
        };
        assert_eq!(all("/a/b", "../c//./d/", true), "a/c/d");
        assert_eq!(all("/a", "../../c", true), "c");
        assert_eq!(all("a", "../../c", false), "../c");
    }
}
