//! What the tests of the command share.
#![allow(dead_code)] // each test file uses its part

use std::fs::Permissions;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use tempfile::NamedTempFile;

/// Sunday, 2026-11-22 12:00 UTC, day 20779.
pub const NOON: &str = "1795348800";

/// [`NOON`] of a later day.
pub fn noon(days: u64) -> String {
    (NOON.parse::<u64>().unwrap() + days * 86_400).to_string()
}

pub fn batv() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_batv"));
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// A secret file.
pub fn secret(octets: &[u8]) -> NamedTempFile {
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(octets).unwrap();
    file
}

/// What a command printed, and its exit status.
#[derive(Debug, PartialEq)]
pub struct Ran {
    pub out: Vec<u8>,
    pub err: String,
    pub status: i32,
}

impl Ran {
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.out).unwrap()
    }
}

/// Runs the command with arguments and, as its standard input, the octets.
pub fn run(command: &mut Command, input: &[u8]) -> Ran {
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let output = std::thread::scope(|scope| {
        // A command that fails early reads nothing.
        scope.spawn(move || stdin.write_all(input));
        child.wait_with_output().unwrap()
    });
    Ran {
        out: output.stdout,
        err: String::from_utf8(output.stderr).unwrap(),
        status: output.status.code().unwrap(),
    }
}

/// Runs the command with arguments and empty standard input.
pub fn batv_with(arguments: &[&str]) -> Ran {
    run(batv().args(arguments), b"")
}

/// A command that takes a secret file, at noon.
pub fn keyed(command: &str, secret: &NamedTempFile) -> Command {
    keyed_at(command, secret, NOON)
}

/// A command that takes a secret file, at a time.
pub fn keyed_at(command: &str, secret: &NamedTempFile, time: &str) -> Command {
    let mut batv = batv();
    batv.args([command, "--at", time, "--secret-file"]).arg(secret.path());
    batv
}

/// A secret of 64 octets that Exim has signed with, in tests/vectors/vectors.tsv.
pub fn exims_secret() -> NamedTempFile {
    secret(&(0x80..0xc0).collect::<Vec<u8>>())
}

/// What Exim made of alice@example.test with [`exims_secret`] as key 0 at [`NOON`].
pub const ALICE: &str = "prvs=078613a076=alice@example.test";

/// A folder with a configuration file, and commands that use it.
pub struct Site {
    pub folder: tempfile::TempDir,
}

impl Site {
    /// The text may name the secret file exim.key, of [`exims_secret`].
    pub fn new(text: &str) -> Self {
        let site = Self { folder: tempfile::tempdir().unwrap() };
        std::fs::copy(exims_secret().path(), site.path("exim.key")).unwrap();
        std::fs::write(site.path("batv.toml"), text).unwrap();
        std::fs::set_permissions(site.path("batv.toml"), Permissions::from_mode(0o640)).unwrap();
        site
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn text(&self) -> String {
        std::fs::read_to_string(self.path("batv.toml")).unwrap()
    }

    /// The text with the word SECRET for every secret of 64 hexadecimal digits.
    pub fn text_without_secrets(&self) -> String {
        let text = self.text();
        let secret = |part: &str| part.len() == 64 && part.bytes().all(|octet| octet.is_ascii_hexdigit());
        text.split('"').map(|part| if secret(part) { "SECRET" } else { part }).collect::<Vec<_>>().join("\"")
    }

    /// The names of the files, in alphabetical order.
    pub fn files(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.folder.path()).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// A command in the folder; the words are separated by spaces.
    pub fn command(&self, words: &str) -> Command {
        let mut command = batv();
        command.current_dir(self.folder.path()).args(words.split_ascii_whitespace());
        command
    }

    /// Runs a command with the configuration file at a time.
    pub fn run_at(&self, time: &str, words: &str) -> Ran {
        run(self.command(words).args(["--config", "batv.toml", "--at", time]), b"")
    }

    /// Runs a command with the configuration file at [`NOON`].
    pub fn run(&self, words: &str) -> Ran {
        self.run_at(NOON, words)
    }

    /// What a command that succeeds prints, at [`NOON`].
    pub fn out(&self, words: &str) -> String {
        let ran = self.run(words);
        assert_eq!((ran.err.as_str(), ran.status), ("", 0), "{words}");
        ran.text().to_owned()
    }

    /// The message of a command that is refused, and leaves the files as they are.
    pub fn refused(&self, words: &str) -> String {
        let (text, files) = (self.text(), self.files());
        let ran = self.run(words);
        assert_eq!((ran.text(), ran.status), ("", 2), "{words}");
        assert_eq!((self.text(), self.files()), (text, files), "{words}");
        ran.err
    }
}
