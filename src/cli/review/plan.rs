//! `tidewaiter review --plan`: the plan of a review as a file, for a later run that may write.

use super::super::write::create_in;
use crate::github::{PlanFile, Target};
use crate::review::Plan;
use anyhow::Context as _;
use camino::Utf8Path;
use std::io::Write as _;

/// Writes the plan, complete or not at all. A symbolic link of that name is replaced, not followed.
///
/// # Errors
/// When it cannot be written.
pub(super) fn write(path: &Utf8Path, target: &Target, plan: &Plan) -> anyhow::Result<()> {
    let repository = format!("{}/{}", target.owner, target.repo).parse()?;
    let text = PlanFile::new(&repository, target.number, plan.clone()).to_json()?;
    let folder = path.parent().filter(|folder| !folder.as_str().is_empty()).unwrap_or(Utf8Path::new("."));
    let put = || -> std::io::Result<()> {
        let mut file = create_in(folder)?;
        file.write_all(text.as_bytes())?;
        file.as_file().sync_all()?;
        file.persist(path).map(|_| ()).map_err(|error| error.error)
    };
    put().with_context(|| format!("cannot write the plan {path}; is its folder there?"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::review::Outcome;
    use std::fs;

    fn plan() -> Plan {
        Plan {
            head: "1".repeat(40),
            review: None,
            updates: Vec::new(),
            annotations: Vec::new(),
            notes: Vec::new(),
            summary: String::new(),
            outcome: Outcome::default(),
        }
    }

    #[test]
    fn the_file_is_replaced_as_a_whole() {
        let dir = tempfile::tempdir().unwrap();
        let folder = Utf8Path::from_path(dir.path()).unwrap();
        let target = Target::new("octo-org/shop".parse().unwrap(), 7);
        let path = folder.join("plan.json");
        let secret = folder.join("secret");
        fs::write(&secret, "old").unwrap();
        #[cfg(unix)]
        std::os::unix::fs::symlink(&secret, &path).unwrap();
        write(&path, &target, &plan()).unwrap();
        assert_eq!(PlanFile::read(&path).unwrap().plan, plan());
        assert_eq!(fs::read_to_string(&secret).unwrap(), "old");
        let before = fs::read_dir(folder).unwrap().count();
        let error = write(folder, &target, &plan()).unwrap_err().to_string();
        assert!(error.contains(folder.as_str()), "{error}");
        let error = write(&folder.join("none/plan.json"), &target, &plan()).unwrap_err();
        assert!(error.to_string().contains("none/plan.json"), "{error}");
        assert_eq!(fs::read_dir(folder).unwrap().count(), before, "something was left behind");
    }
}
