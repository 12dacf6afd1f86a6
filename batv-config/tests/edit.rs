//! Editors of one file: the lock, and what killed ones leave behind.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use batv_config::Date;
use batv_config::edit::{Change, EditError, Editor, Keys};
use batv_core::Pattern;
use rustix::fs::{FlockOperation, flock};
use std::cell::Cell;
use std::fs::{self, File, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;

const TODAY: u64 = 1_795_348_800;

fn site(text: &str) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("batv.toml");
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
    (folder, path)
}

fn change(
    path: &Path,
    patience: Duration,
    waiting: &dyn Fn(),
    change: impl FnOnce(&mut Keys) -> Result<(), EditError>,
) -> Result<Vec<Change>, EditError> {
    Editor { path, today: Date::at(TODAY), may_stop: false, patience, waiting }.change(change)
}

fn add(keys: &mut Keys) -> Result<(), EditError> {
    keys.add(&[Pattern::parse("example.test").unwrap()])
}

#[test]
fn a_held_lock_is_told_and_given_up_after_a_time() {
    let (folder, path) = site("");
    let holder = File::open(folder.path()).unwrap();
    flock(&holder, FlockOperation::LockExclusive).unwrap();
    let told = Cell::new(0);
    let error = change(&path, Duration::from_millis(60), &|| told.set(told.get() + 1), add).unwrap_err();
    assert!(matches!(error, EditError::Locked(_)));
    assert_eq!(
        error.to_string(),
        format!("{}: another program is changing it; try again later", path.display())
    );
    assert_eq!((told.get(), fs::read_to_string(&path).unwrap().as_str()), (1, ""));

    // When it comes free meanwhile, the change is made.
    let changes =
        change(&path, Duration::from_secs(60), &|| flock(&holder, FlockOperation::Unlock).unwrap(), add);
    assert_eq!(changes.unwrap().len(), 1);
    // And when it is free, nothing is told.
    change(&path, Duration::ZERO, &|| panic!("told"), add).unwrap();
}

#[test]
fn what_a_killed_editor_left_behind_goes_with_the_next_change_of_another_day() {
    let key = "[[key]]\nnumber = 0\nsecret-file = \"keys/0.key\"\nfor = [\"example.test\"]\n";
    let (folder, path) = site(key);
    let keys = folder.path().join("keys");
    fs::create_dir(&keys).unwrap();
    fs::write(keys.join("0.key"), "0123456789abcdef").unwrap();
    fs::set_permissions(keys.join("0.key"), Permissions::from_mode(0o600)).unwrap();
    let left = [folder.path().join(".batv.toml.new"), keys.join(".batv.toml.key.new")];
    for file in &left {
        fs::write(file, "half a secr").unwrap();
    }
    let changes = change(&path, Duration::ZERO, &|| (), |keys| {
        keys.prune();
        Ok(())
    });
    assert_eq!(changes.unwrap(), []);
    assert!(!left.iter().any(|file| file.exists()));
    assert_eq!(fs::read_to_string(&path).unwrap(), key);
}
