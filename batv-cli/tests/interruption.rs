//! Editors that are killed, and many at once.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;

use common::{NOON, Site};
use std::collections::{BTreeSet, HashMap};
use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// strace, which must be there, running `batv keys rotate` in the site's folder.
fn rotate_under_strace(site: &Site, options: &[&str]) -> Command {
    let mut strace = Command::new("strace");
    strace.args(["-qq", "-o", "/dev/null"]).args(options);
    strace.args([env!("CARGO_BIN_EXE_batv"), "keys", "rotate", "--config", "batv.toml", "--at", NOON]);
    strace.current_dir(site.folder.path());
    strace
}

/// The system calls of an undisturbed run, in their order, with their arguments.
fn system_calls(site: &Site) -> Vec<(String, String)> {
    let trace = tempfile::NamedTempFile::new().unwrap();
    let mut strace = rotate_under_strace(site, &["-y", "-o", trace.path().to_str().unwrap()]);
    assert!(strace.output().unwrap().status.success());
    let text = std::fs::read_to_string(trace.path()).unwrap();
    let calls = text.lines().filter_map(|line| line.split_once('('));
    let calls = calls.map(|(name, rest)| (name.to_owned(), rest.to_owned()));
    calls
        .filter(|(name, _)| {
            name.bytes().all(|octet| octet.is_ascii_lowercase() || octet.is_ascii_digit() || octet == b'_')
        })
        .collect()
}

const INLINE: &str = "# ours\n[[key]]\nnumber = 0\nsecret = \"0123456789abcdef\"\nfor = [\"example.test\"]\n";
const BESIDE: &str = "[[key]]\nnumber = 0\nsecret-file = \"exim.key\"\nfor = [\"example.test\"]\n";

#[test]
fn killed_at_any_system_call_the_file_is_the_old_or_the_new_one() {
    for text in [INLINE, BESIDE] {
        let site = Site::new(text);
        let signed = site.out("sign alice@example.test");
        let verify = format!("verify {signed}");
        let calls = system_calls(&Site::new(text));
        assert!(calls.len() > 100, "{}", calls.len());
        let (mut killed, mut old, mut new) = (0, 0, 0);
        let mut seen: HashMap<&str, u32> = HashMap::new();
        // The first one starts the program.
        for (name, _) in calls.iter().skip(1) {
            let count = seen.entry(name).or_default();
            *count += 1;
            let inject = format!("inject={name}:signal=KILL:when={count}");
            let status = rotate_under_strace(&site, &["-e", &inject]).output().unwrap().status;
            killed += usize::from(status.signal() == Some(9) || status.code() == Some(128 + 9));

            let listed = site.out("keys list --json");
            if site.text() == text {
                old += 1;
            } else {
                new += 1;
                let numbers: Vec<_> = listed.lines().map(|line| &line[..23]).collect();
                assert_eq!(
                    numbers,
                    ["{\"number\":0,\"use\":\"veri", "{\"number\":1,\"use\":\"sign"],
                    "{name} {count}"
                );
            }
            assert_eq!(site.out(&verify), "pass\talice@example.test\n", "{name} {count}");
            // What is left behind is in nobody's way, and goes with the next change.
            site.out("keys rotate");
            assert_eq!(site.out(&verify), "pass\talice@example.test\n", "{name} {count}");
            let litter: Vec<_> = site.files().into_iter().filter(|name| name.starts_with('.')).collect();
            assert_eq!(litter, [""; 0], "{name} {count}");
            for name in site.files() {
                if !["batv.toml", "exim.key"].contains(&name.as_str()) {
                    std::fs::remove_file(site.path(&name)).unwrap();
                }
            }
            std::fs::write(site.path("batv.toml"), text).unwrap();
        }
        println!("{} system calls, killed {killed} times: {old} old files, {new} new ones", calls.len());
        assert!(killed + 5 > calls.len() && old > 50 && new > 0, "{killed} of {}: {old} {new}", calls.len());
    }
}

#[test]
fn a_change_is_on_the_disk_before_it_is_seen_and_the_folder_after() {
    let site = Site::new(BESIDE);
    let folder = site.folder.path().canonicalize().unwrap();
    let folder = folder.to_str().unwrap();
    let calls = system_calls(&site);
    let place = |names: &[&str], needle: &str| {
        let found =
            calls.iter().position(|(name, rest)| names.contains(&name.as_str()) && rest.contains(needle));
        found.unwrap_or_else(|| panic!("{names:?} {needle}: {calls:#?}"))
    };
    let rename = ["rename", "renameat", "renameat2"];
    let lock = place(&["flock"], &format!("{folder}>, LOCK_EX"));
    let secret = place(&["fsync"], "/.batv.toml.key.new>");
    let secret_seen = place(&["link", "linkat", "renameat2"], "batv-2026-11-22-1.key\"");
    let config = place(&["fsync"], "/.batv.toml.new>");
    let config_seen = place(&rename, "/batv.toml\"");
    let folders: Vec<_> = calls
        .iter()
        .enumerate()
        .filter(|(_, (name, rest))| name == "fsync" && rest.contains(&format!("{folder}>")))
        .map(|(place, _)| place)
        .collect();
    assert_eq!(folders.len(), 2);
    let order = [lock, secret, secret_seen, folders[0], config, config_seen, folders[1]];
    assert!(order.is_sorted(), "{order:?}");
}

#[test]
fn ten_editors_at_once_all_get_through() {
    let site = Site::new("");
    let start = |words: String| {
        let mut command = site.command(&words);
        command.args(["--config", "batv.toml", "--at", NOON]).spawn().unwrap()
    };
    let editors: Vec<_> = (0..10)
        .flat_map(|number| {
            [start("keys new --for example.com".into()), start(format!("keys new --for d{number}.test"))]
        })
        .collect();
    let mut signing = 0;
    for editor in editors {
        let output = editor.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        signing += usize::from(output.stdout.ends_with(b"signs\n"));
    }
    assert_eq!(signing, 11);
    let listed = site.out("keys list --json");
    let lines_with = |word: &str| listed.lines().filter(|line| line.contains(word)).count();
    assert_eq!((listed.lines().count(), lines_with("\"example.com\""), lines_with(".test\"")), (20, 10, 10));
    let shared: BTreeSet<_> =
        listed.lines().filter(|line| line.contains("example.com")).map(|line| &line[..11]).collect();
    assert_eq!(shared.len(), 10);
    assert_eq!(site.files(), ["batv.toml", "exim.key"]);
}

#[test]
fn an_editor_that_waits_says_so() {
    let site = Site::new("");
    let mut holder = Command::new("flock");
    holder.arg(site.folder.path()).args(["sh", "-c", "echo held; read line"]);
    let mut holder = holder.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let first_line = |stream: &mut dyn Read| {
        let mut line = String::new();
        BufReader::new(stream).read_line(&mut line).unwrap();
        line
    };
    assert_eq!(first_line(&mut holder.stdout.take().unwrap()), "held\n");
    let mut editor = site.command("keys new --for example.com --config batv.toml").spawn().unwrap();
    let told = first_line(editor.stderr.as_mut().unwrap());
    assert_eq!(told, "batv: batv.toml: waiting for another program that is changing it\n");
    drop(holder.stdin.take());
    holder.wait().unwrap();
    let output = editor.wait_with_output().unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "key 0 for example.com: new, signs\n");
    assert!(output.status.success());
}

#[test]
fn what_another_program_changes_meanwhile_is_not_overwritten() {
    // Stopped when it has read the file and begins to write: at the first fsync, of the new secret.
    let site = Site::new(BESIDE);
    let stop = ["-e", "inject=fsync:signal=STOP:when=1"];
    let mut strace = rotate_under_strace(&site, &stop).stderr(Stdio::piped()).spawn().unwrap();
    let deadline = Instant::now() + Duration::from_secs(60);
    while !site.path(".batv.toml.key.new").exists() {
        assert_eq!(strace.try_wait().unwrap(), None);
        assert!(Instant::now() < deadline, "the new secret is not written");
        std::thread::yield_now();
    }
    let edited = format!("{BESIDE}# by hand\n");
    std::fs::write(site.path("batv.toml"), &edited).unwrap();
    let id = strace.id();
    let children = std::fs::read_to_string(format!("/proc/{id}/task/{id}/children")).unwrap();
    while strace.try_wait().unwrap().is_none() {
        // It may not have stopped yet, so again.
        Command::new("sh").args(["-c", "kill -CONT $0 2>&-", children.trim()]).status().unwrap();
    }
    let output = strace.wait_with_output().unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(
        error.ends_with("another program has changed it in the meantime; nothing was written\n"),
        "{error}"
    );
    assert_eq!((output.status.code(), site.text()), (Some(2), edited));
}
