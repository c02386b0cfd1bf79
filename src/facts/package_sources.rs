//! Where the package manager of a distribution looks for packages: what may point it away from the mirrors.

use super::{InstructionFacts, Step};
use crate::dockerfile::Keyword;
use crate::shell::{Command, Script};

impl InstructionFacts<'_> {
    /// Whether this instruction may give the package manager other places to ask than those of the base image.
    pub fn may_change_package_sources(&self) -> bool {
        let node = self.instruction;
        match node.keyword {
            Keyword::Run => {
                let mounted = |value: &str| value.contains("/etc");
                let unseen = |script: &Script| script.commands().any(is_unseen);
                self.body.is_none()
                    || self.scripts().any(|script| points_elsewhere(script.text()) || unseen(script))
                    || node
                        .flags
                        .iter()
                        .any(|flag| flag.value.as_ref().is_some_and(|value| mounted(&value.text)))
            }
            Keyword::Copy | Keyword::Add => {
                let places = ["/etc/apt", "/etc/yum", "sources.list", ".repo"];
                let destination = node.args.last().map_or("", |word| word.text.as_str());
                matches!(destination, "/" | "/etc" | "/etc/")
                    || node.args.iter().any(|word| places.iter().any(|place| word.text.contains(place)))
            }
            _ => false,
        }
    }

    /// Whether the commands before one of this RUN may do so.
    pub fn may_change_package_sources_before(&self, step: &Step<'_, '_>) -> bool {
        let start = step.command.place.start as usize;
        let before = step.script.text().get(..start);
        let earlier = self.steps().take_while(|other| !std::ptr::eq(other.command, step.command));
        before.is_none_or(points_elsewhere) || earlier.into_iter().any(|other| is_unseen(other.command))
    }
}

/// Whether a command is a script that nobody sees into.
fn is_unseen(command: &Command) -> bool {
    let shell = || matches!(command.name(), Some("sh" | "bash" | "source" | ".")) && command.script.is_none();
    let file = command.name_word().is_some_and(|word| {
        let end = word.text().rsplit('.').next().unwrap_or("");
        word.has_expansion() || end == "sh" || word.text().starts_with("./")
    });
    file || shell()
}

/// Whether commands may give the package manager other places to ask. Another repository beside the mirrors is none,
/// and neither is another component of theirs.
fn points_elsewhere(text: &str) -> bool {
    let any = |words: &[&str]| words.iter().any(|word| text.contains(word));
    let main_list = || text.split("sources.list").skip(1).any(|rest| !rest.starts_with(".d"));
    any(&[
        "archive.debian",
        "debian-archive",
        "snapshot.debian",
        "vault.centos",
        "archive.kernel",
        "mirrorlist",
        "baseurl",
    ]) || (main_list()
        && any(&["://", "debian.org", "mirror", "$", "cp ", "mv ", "rm ", "curl", "wget", "install -"]))
        || (text.contains("yum.repos.d") && any(&["sed ", "rm ", "mv ", "cp ", "CentOS-", "$"]))
}

#[cfg(test)]
mod tests {
    use super::points_elsewhere;

    #[test]
    fn tells_other_places_from_further_ones() {
        for text in [
            "echo 'deb http://archive.debian.org/debian stretch main' > /etc/apt/sources.list",
            "sed -i s/deb.debian.org/mirror.example.com/ /etc/apt/sources.list",
            "cp /sources.list /etc/apt/sources.list",
            "sed -i 's/^mirrorlist/#mirrorlist/' /etc/yum.repos.d/*",
            "rm /etc/yum.repos.d/CentOS-*.repo",
        ] {
            assert!(points_elsewhere(text), "{text}");
        }
        for text in [
            "apt-get update",
            "curl https://archive.apache.org/x.tgz",
            "echo 'deb https://example.com stable main' > /etc/apt/sources.list.d/x.list",
            "sed -i 's/jessie main/jessie main contrib/' /etc/apt/sources.list",
            "curl https://example.com/x.repo -o /etc/yum.repos.d/x.repo",
        ] {
            assert!(!points_elsewhere(text), "{text}");
        }
    }
}
