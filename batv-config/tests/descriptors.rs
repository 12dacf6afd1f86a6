//! Passing faults of the system. In a process of its own, since it has no descriptors left.
#![allow(clippy::unwrap_used, missing_docs)]

use batv_config::Store;
use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

const TEXT: &str = "[[key]]\nnumber = 0\nsecret = \"secret\"\nfor = [\"example.test\"]\n";

#[test]
fn without_descriptors_the_old_configuration_stays_until_there_are_some() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("batv.toml");
    fs::write(&path, TEXT).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    let store = Store::open(&path).unwrap();
    fs::write(&path, format!("lifetime = 8\n{TEXT}")).unwrap();

    let process = std::process::id().to_string();
    let limited = Command::new("prlimit").args(["--nofile=64", "--pid", &process]).status().unwrap();
    assert!(limited.success());
    let mut open: Vec<_> = std::iter::from_fn(|| File::open("/dev/null").ok()).collect();

    // It is said once, and tried again each time, though nobody changes the file.
    let error = store.refresh().unwrap_err();
    assert_eq!(error.to_string(), format!("{}: Too many open files (os error 24)", path.display()));
    assert!(error.io_error().is_some() && error.is_of_file());
    assert!(!store.refresh().unwrap());
    assert!(!store.refresh().unwrap());
    assert_eq!(store.config().policy.settings().lifetime.days(), 7);
    open.clear();
    assert!(store.refresh().unwrap());
    assert_eq!(store.config().policy.settings().lifetime.days(), 8);
    assert!(!store.refresh().unwrap());
}
