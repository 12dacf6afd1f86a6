//! The store: what it refuses, and when it loads again.
#![allow(clippy::unwrap_used, clippy::panic)]

use batv_config::{ConfigError, Store};
use batv_core::Message;
use std::fs::{self, File};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use tempfile::TempDir;

const TIME: u64 = 1_795_348_800;
/// Made by Exim with `secret` as key 0.
const ALICE: &str = "prvs=0786864c09=alice@example.test";
const INLINE: &str = "[[key]]\nnumber = 0\nsecret = \"secret\"\nfor = [\"example.test\"]\n";

/// A folder with a configuration file that only its owner may read.
struct Site {
    folder: TempDir,
}

impl Site {
    fn new(text: &str) -> Self {
        let site = Self { folder: tempfile::tempdir().unwrap() };
        site.replace("batv.toml", text);
        site
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Replaces a file atomically, as an editor of mail servers should.
    fn replace(&self, name: &str, octets: impl AsRef<[u8]>) {
        let new = self.path("new");
        fs::write(&new, octets).unwrap();
        set_mode(&new, 0o600);
        fs::rename(new, self.path(name)).unwrap();
    }

    fn open(&self) -> Result<Store, Arc<ConfigError>> {
        Store::open(self.path("batv.toml"))
    }

    /// What is said of the file, with the folder's name left out.
    fn fault(&self) -> String {
        self.shown(&self.open().map(|_| ()).unwrap_err())
    }

    fn shown(&self, error: &ConfigError) -> String {
        error.to_string().replace(&format!("{}/", self.folder.path().display()), "")
    }
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn signed(store: &Store) -> String {
    let outbound = store.config().policy.outbound(&Message::new(b"alice@example.test", TIME));
    outbound.signed.map_or(outbound.reason.to_string(), |signed| String::from_utf8(signed).unwrap())
}

fn with_file(name: &str) -> String {
    format!("[[key]]\nnumber = 0\nsecret-file = \"{name}\"\nfor = [\"example.test\"]\n")
}

#[test]
fn a_file_is_loaded() {
    let site = Site::new(INLINE);
    let store = site.open().unwrap();
    assert_eq!(signed(&store), ALICE);
    assert_eq!(store.path(), site.path("batv.toml"));
    assert!(!format!("{store:?}").contains("\"secret\""));
}

#[test]
fn secret_files_are_named_from_the_folder_of_the_file() {
    let site = Site::new(&with_file("keys/0.key"));
    fs::create_dir(site.path("keys")).unwrap();
    site.replace("keys/0.key", "secret");
    assert_eq!(signed(&site.open().unwrap()), ALICE);
    let absolute = site.path("keys/0.key");
    site.replace("batv.toml", with_file(absolute.to_str().unwrap()));
    assert_eq!(signed(&site.open().unwrap()), ALICE);
    // Every octet of the file is the secret's; the tag is Python's hmac with `secret\n`.
    site.replace("keys/0.key", "secret\n");
    assert_eq!(signed(&site.open().unwrap()), "prvs=0786dad82e=alice@example.test");
}

#[test]
fn secrets_that_others_may_read_are_refused_with_the_command_that_mends_it() {
    let site = Site::new(INLINE);
    let path = site.path("batv.toml");
    for mode in [0o604, 0o602, 0o601, 0o644, 0o666] {
        set_mode(&path, mode);
        let error = site.open().map(|_| ()).unwrap_err();
        assert!(error.is_of_file() && error.io_error().is_none(), "{mode:o}");
        assert_eq!(error.path(), Some(&*path));
        let shown = path.display();
        let mend = format!("chmod o= -- '{shown}'");
        assert_eq!(
            error.to_string(),
            format!("{shown}: holds secrets and is open to every user; fix it with: {mend}")
        );
        assert!(Command::new("sh").args(["-c", &mend]).status().unwrap().success());
        assert_eq!(signed(&site.open().unwrap()), ALICE);
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, mode & 0o770);
    }
    // The group may: that of the mail server.
    set_mode(&path, 0o660);
    assert_eq!(signed(&site.open().unwrap()), ALICE);
    // A shell reads the name as it is.
    let quoted = site.path("it's $HOME.toml");
    fs::write(&quoted, INLINE).unwrap();
    set_mode(&quoted, 0o644);
    let error = Store::open(&quoted).map(|_| ()).unwrap_err().to_string();
    let (_, mend) = error.split_once("fix it with: ").unwrap();
    assert!(Command::new("sh").args(["-c", mend]).status().unwrap().success());
    assert!(Store::open(&quoted).is_ok());
}

#[test]
fn secret_files_that_others_may_read_are_refused_all_at_once() {
    let site = Site::new(&[with_file("0.key"), with_file("1.key").replace("= 0", "= 10")].concat());
    for name in ["0.key", "1.key"] {
        site.replace(name, "secret");
        set_mode(&site.path(name), 0o640 + 4);
    }
    let refused = "holds secrets and is open to every user; fix it with: chmod o= --";
    let folder = site.folder.path().display();
    assert_eq!(
        site.open().map(|_| ()).unwrap_err().to_string(),
        format!(
            "{folder}/batv.toml:3: key[1].secret-file: {folder}/0.key: {refused} '{folder}/0.key'\n\
             {folder}/batv.toml:6: key[2].number: must be a whole number, 0 to 9\n\
             {folder}/batv.toml:7: key[2].secret-file: {folder}/1.key: {refused} '{folder}/1.key'"
        )
    );
    // Without secrets of its own the configuration may be read by everybody.
    site.replace("batv.toml", with_file("0.key"));
    set_mode(&site.path("batv.toml"), 0o644);
    set_mode(&site.path("0.key"), 0o440);
    assert_eq!(signed(&site.open().unwrap()), ALICE);
}

#[test]
fn what_is_no_file_is_refused() {
    let site = Site::new(INLINE);
    fs::remove_file(site.path("batv.toml")).unwrap();
    assert_eq!(site.fault(), "batv.toml: No such file or directory (os error 2)");
    fs::create_dir(site.path("batv.toml")).unwrap();
    assert_eq!(site.fault(), "batv.toml: not a file");
    fs::remove_dir(site.path("batv.toml")).unwrap();
    // Opening a pipe would wait for its writer.
    assert!(Command::new("mkfifo").arg(site.path("batv.toml")).status().unwrap().success());
    assert_eq!(site.fault(), "batv.toml: not a file");
    let error = Store::open("/dev/zero").map(|_| ()).unwrap_err();
    assert_eq!(error.to_string(), "/dev/zero: not a file");
    let site = Site::new(&with_file("missing.key"));
    assert_eq!(
        site.fault(),
        "batv.toml:3: key[1].secret-file: missing.key: No such file or directory (os error 2)"
    );
    fs::create_dir(site.path("missing.key")).unwrap();
    assert_eq!(site.fault(), "batv.toml:3: key[1].secret-file: missing.key: not a file");
}

#[test]
fn what_is_not_utf_8_is_refused_with_its_line() {
    let site = Site::new("");
    for (octets, line) in [
        (&b"\xff"[..], 1),
        (b"lifetime = 7\n# \xe9t\xe9\n", 2),
        ("é\n\n\u{1f4e8}".as_bytes().split_last().unwrap().1, 3),
    ] {
        site.replace("batv.toml", octets);
        assert_eq!(site.fault(), format!("batv.toml:{line}: not UTF-8"));
    }
}

#[test]
fn every_fault_is_on_a_line_of_its_own() {
    let site = Site::new("lifetime = 700\n[policy]\nmonitor = yes\nuntagged-clients = [\"x\"]\n");
    assert_eq!(
        site.fault(),
        "batv.toml:1: lifetime: must be a whole number, 1 to 99\n\
         batv.toml:3: string values must be quoted, expected literal string\n\
         batv.toml:4: policy.untagged-clients: \"x\" is not an address or a network such as 192.0.2.0/24"
    );
}

#[test]
fn only_what_has_changed_is_loaded_again() {
    let site = Site::new(INLINE);
    let store = site.open().unwrap();
    assert!(!store.refresh().unwrap());
    site.replace("batv.toml", INLINE.replace("= 0", "= 1"));
    assert!(store.refresh().unwrap());
    assert_eq!(signed(&store), "prvs=1786b69434=alice@example.test");
    assert!(!store.refresh().unwrap());
    store.reload().unwrap();
    assert!(!store.refresh().unwrap());
    // Written in place, which is longer now.
    fs::write(site.path("batv.toml"), format!("{INLINE}#\n")).unwrap();
    assert!(store.refresh().unwrap());
    assert_eq!(signed(&store), ALICE);
}

#[test]
fn a_file_of_the_same_size_and_time_is_another_one() {
    let site = Site::new(INLINE);
    let store = site.open().unwrap();
    let modified = fs::metadata(site.path("batv.toml")).unwrap().modified().unwrap();
    site.replace("other.toml", INLINE.replace("= 0", "= 1"));
    File::options().write(true).open(site.path("other.toml")).unwrap().set_modified(modified).unwrap();
    fs::rename(site.path("other.toml"), site.path("batv.toml")).unwrap();
    assert!(store.refresh().unwrap());
    assert_eq!(signed(&store), "prvs=1786b69434=alice@example.test");
}

#[test]
fn a_secret_file_that_has_changed_is_loaded_again() {
    let site = Site::new(&with_file("0.key"));
    site.replace("0.key", "another");
    let store = site.open().unwrap();
    assert!(!store.refresh().unwrap());
    site.replace("0.key", "secret");
    assert!(store.refresh().unwrap());
    assert_eq!(signed(&store), ALICE);
    // Others may read it now: the old secret stays.
    set_mode(&site.path("0.key"), 0o644);
    assert!(store.refresh().unwrap_err().to_string().contains("fix it with"));
    assert!(!store.refresh().unwrap());
    set_mode(&site.path("0.key"), 0o600);
    assert!(store.refresh().unwrap());
    assert_eq!(signed(&store), ALICE);
}

#[test]
fn a_bad_file_leaves_the_old_one_and_is_told_once() {
    let site = Site::new(INLINE);
    let store = site.open().unwrap();
    for (bad, expected) in [
        ("lifetime = 0\n", "batv.toml:1: lifetime: must be a whole number, 1 to 99"),
        ("# \u{0}", "batv.toml:1: invalid comment character"),
    ] {
        site.replace("batv.toml", bad);
        let error = store.refresh().unwrap_err();
        assert!(!error.is_of_file());
        assert!(site.shown(&error).starts_with(expected), "{error}");
        assert!(!store.refresh().unwrap());
        assert_eq!(signed(&store), ALICE);
        // Told to load it, it tells again.
        assert_eq!(site.shown(&store.reload().unwrap_err()), site.shown(&error));
        assert_eq!(signed(&store), ALICE);
    }
    site.replace("batv.toml", INLINE.replace("= 0", "= 1"));
    assert!(store.refresh().unwrap());
    assert_eq!(signed(&store), "prvs=1786b69434=alice@example.test");
}

#[test]
fn a_deleted_file_leaves_the_old_one_until_it_is_back() {
    let site = Site::new(&with_file("0.key"));
    site.replace("0.key", "secret");
    let store = site.open().unwrap();
    for name in ["batv.toml", "0.key"] {
        fs::rename(site.path(name), site.path("away")).unwrap();
        let error = store.refresh().unwrap_err().to_string();
        assert!(error.ends_with("No such file or directory (os error 2)"), "{error}");
        assert!(!store.refresh().unwrap());
        assert_eq!(signed(&store), ALICE);
        fs::rename(site.path("away"), site.path(name)).unwrap();
        assert!(store.refresh().unwrap());
        assert_eq!(signed(&store), ALICE);
    }
}

/// A file that can be looked at and not opened, by root neither: it is there to be written.
const UNREADABLE: &str = "/proc/sys/vm/compact_memory";

#[test]
fn what_may_not_be_opened_is_named_once_with_the_true_reason() {
    let site = Site::new(&with_file("0.key"));
    site.replace("0.key", "secret");
    let store = site.open().unwrap();
    for (name, expected) in [
        ("batv.toml", "batv.toml: Permission denied (os error 13)"),
        ("0.key", "batv.toml:3: key[1].secret-file: 0.key: Permission denied (os error 13)"),
    ] {
        fs::rename(site.path(name), site.path("away")).unwrap();
        symlink(UNREADABLE, site.path(name)).unwrap();
        assert_eq!(site.shown(&store.refresh().unwrap_err()), expected);
        for _ in 0..3 {
            assert!(!store.refresh().unwrap());
        }
        assert_eq!(signed(&store), ALICE);
        assert_eq!(site.fault(), expected);
        fs::rename(site.path("away"), site.path(name)).unwrap();
        assert!(store.refresh().unwrap());
        assert_eq!(signed(&store), ALICE);
    }
}

#[test]
fn files_are_read_up_to_a_limit() {
    let site = Site::new(&with_file("0.key"));
    site.replace("0.key", "secret");
    let store = site.open().unwrap();
    // Sparse files of a terabyte, for which no memory would be enough.
    for (name, expected) in [
        ("batv.toml", "batv.toml: more than 33554432 octets"),
        ("0.key", "batv.toml:3: key[1].secret-file: 0.key: more than 65536 octets"),
    ] {
        fs::rename(site.path(name), site.path("away")).unwrap();
        site.replace(name, "");
        File::options().write(true).open(site.path(name)).unwrap().set_len(1 << 40).unwrap();
        assert_eq!(site.shown(&store.refresh().unwrap_err()), expected);
        assert!(!store.refresh().unwrap());
        assert_eq!(signed(&store), ALICE);
        fs::rename(site.path("away"), site.path(name)).unwrap();
        assert!(store.refresh().unwrap());
    }
    site.replace("0.key", vec![b'x'; 65_536]);
    assert!(store.refresh().unwrap());
    site.replace("0.key", vec![b'x'; 65_537]);
    assert_eq!(
        site.shown(&store.refresh().unwrap_err()),
        "batv.toml:3: key[1].secret-file: 0.key: more than 65536 octets"
    );
}

#[test]
fn a_secret_file_named_on_the_spot_is_read_up_to_a_limit() {
    let site = Site::new("");
    let read =
        |name: &str| batv_config::read_secret_file(&site.path(name)).map_err(|error| error.to_string());
    site.replace("0.key", vec![b'x'; 65_536]);
    assert_eq!(read("0.key").unwrap().len(), 65_536);
    File::options().write(true).open(site.path("0.key")).unwrap().set_len(1 << 40).unwrap();
    assert_eq!(read("0.key").unwrap_err(), "more than 65536 octets");
    assert_eq!(read("1.key").unwrap_err(), "No such file or directory (os error 2)");
}
