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

#[test]
fn a_file_that_another_program_removes_meanwhile_stays_away() {
    let (_folder, path) = site("");
    let error = change(&path, Duration::ZERO, &|| (), |keys| {
        fs::remove_file(&path).unwrap();
        add(keys)
    });
    let message = "another program has changed it in the meantime; nothing was written";
    assert!(error.unwrap_err().to_string().ends_with(message));
    assert!(!path.exists());
}

/// Access control lists, as the kernel has them (acl(5)).
#[cfg(target_os = "linux")]
mod access {
    use super::*;
    use rustix::fs::{XattrFlags, getxattr, setxattr};
    use rustix::io::Errno;

    const LIST: &str = "system.posix_acl_access";
    const DEFAULT: &str = "system.posix_acl_default";

    /// `user::rw-`, `user:4242:r--`, `group::r--`, `mask::r--`, `other::---`.
    fn list() -> Vec<u8> {
        let entry = |tag: u16, rights: u16, id: u32| {
            [&tag.to_le_bytes()[..], &rights.to_le_bytes(), &id.to_le_bytes()].concat()
        };
        let anybody = u32::MAX;
        let entries =
            [(1, 6, anybody), (2, 4, 4242), (4, 4, anybody), (0x10, 4, anybody), (0x20, 0, anybody)];
        let entries = entries.map(|(tag, rights, id)| entry(tag, rights, id)).concat();
        [&2_u32.to_le_bytes()[..], &entries].concat()
    }

    fn list_of(path: &Path) -> Option<Vec<u8>> {
        let mut list = vec![0; 1000];
        let length = getxattr(path, LIST, list.as_mut_slice()).ok()?;
        list.truncate(length);
        Some(list)
    }

    #[test]
    fn who_may_read_the_files_stays() {
        let key = "[[key]]\nnumber = 0\nsecret-file = \"keys/0.key\"\nfor = [\"example.test\"]\n";
        let (folder, path) = site(key);
        let keys = folder.path().join("keys");
        fs::create_dir(&keys).unwrap();
        fs::write(keys.join("0.key"), "0123456789abcdef").unwrap();
        fs::set_permissions(keys.join("0.key"), Permissions::from_mode(0o600)).unwrap();
        // A file has a list of its own, or none, whatever its folder gives to new ones.
        let set = |path: &Path, name| setxattr(path, name, &list(), XattrFlags::empty());
        let given = [set(&path, LIST), set(&keys, DEFAULT)];
        let has_lists = given == [Ok(()); 2];
        assert!(has_lists || given == [Err(Errno::NOTSUP); 2], "{given:?}");
        change(&path, Duration::ZERO, &|| (), |keys| keys.rotate(&[], None)).unwrap();
        assert_eq!(list_of(&path), has_lists.then(list));
        let new = keys.join("batv-2026-11-22-1.key");
        assert_eq!(list_of(&new), None);
        assert_eq!(fs::metadata(new).unwrap().permissions().mode() & 0o777, 0o600);
    }
}
