//! Secrets: read to the last octet, and printed by nothing but keygen.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;

use common::{NOON, Ran, batv, batv_with, keyed, run, secret};

fn sign(secret_octets: &[u8]) -> Ran {
    run(keyed("sign", &secret(secret_octets)).arg("alice@example.test"), b"")
}

#[test]
fn every_octet_of_the_file_is_the_secret() {
    let tags: Vec<_> = [&b"secret"[..], b"secret\n", b"secret\r\n", b"secret ", b" secret", b"secret\0x"]
        .map(|octets| sign(octets).out)
        .into();
    for (position, tag) in tags.iter().enumerate() {
        assert!(!tags[..position].contains(tag), "{position}");
    }
    // HMAC pads a secret with NUL up to 64 octets (RFC 2104 section 2).
    assert_eq!(sign(b"secret").out, sign(b"secret\0").out);
    assert_ne!(sign(&vec![b'x'; 65_535]).out, sign(&vec![b'x'; 65_536]).out);
}

#[test]
fn a_secret_file_that_is_none_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let empty = secret(b"");
    let long = secret(&vec![b'x'; 65_537]);
    let missing = folder.path().join("missing");
    for command in ["sign", "verify"] {
        for (path, reason) in [
            (missing.as_path(), "No such file or directory (os error 2)"),
            (folder.path(), "Is a directory (os error 21)"),
            (empty.path(), "secret is empty"),
            (long.path(), "more than 65536 octets"),
        ] {
            let ran = run(batv().args([command, "alice@example.test", "--secret-file"]).arg(path), b"");
            assert_eq!((ran.text(), ran.status), ("", 2));
            assert_eq!(ran.err, format!("batv: secret file {path:?}: {reason}\n"));
        }
    }
}

#[test]
fn a_short_secret_is_used_with_a_warning() {
    let short = secret(b"fifteen octets!");
    let ran = run(keyed("sign", &short).arg("alice@example.test"), b"");
    assert_eq!(
        ran.err,
        format!("batv: secret file {:?}: has fewer than 16 octets and can be guessed\n", short.path())
    );
    assert_eq!(ran.status, 0);
    let ran = run(keyed("verify", &short).arg(ran.text().trim_end()), b"");
    assert_eq!((ran.text(), ran.status), ("pass\talice@example.test\n", 0));
    assert_eq!(sign(b"sixteen octets!!").err, "");
    // A secret that `echo` has written is another one than that of `printf`.
    let echoed = secret(b"sixteen octets!!\n");
    let ran = run(keyed("sign", &echoed).arg("alice@example.test"), b"");
    let message = "ends in a line break, which is part of the secret";
    assert_eq!(ran.err, format!("batv: secret file {:?}: {message}\n", echoed.path()));
}

#[test]
fn keygen_prints_a_secret_and_nothing_else() {
    let [one, two] = [batv_with(&["keygen"]), batv_with(&["keygen"])];
    for ran in [&one, &two] {
        assert_eq!((ran.err.as_str(), ran.status, ran.out.len()), ("", 0, 64));
        assert!(ran.text().bytes().all(|octet| matches!(octet, b'0'..=b'9' | b'a'..=b'f')));
    }
    assert_ne!(one, two);
    let file = secret(&one.out);
    let signed = run(keyed("sign", &file).arg("alice@example.test"), b"");
    let ran = run(keyed("verify", &file).arg(signed.text().trim_end()), b"");
    assert_eq!((ran.text(), ran.status), ("pass\talice@example.test\n", 0));
}

#[test]
fn no_answer_and_no_message_shows_the_secret() {
    let octets = b"Zq7-never-shown-to-anybody";
    let secret = secret(octets);
    let hex = "6e657665722d73686f776e"; // never-shown
    for command in ["sign", "verify"] {
        for options in [&[][..], &["--json"], &["--key-number", "11"], &["--at", "x"], &["--nonsense"]] {
            let ran = run(
                keyed(command, &secret).args(options),
                b"alice@example.test\nfoo\nprvs=0786aaaaaa=alice@example.test\n",
            );
            assert_ne!(ran.out.len() + ran.err.len(), 0);
            let shown = format!("{}{}", String::from_utf8_lossy(&ran.out), ran.err);
            assert!(!shown.contains("never-shown") && !shown.contains(hex), "{shown}");
        }
    }
    // Nor is there an option that would put a secret on the command line.
    assert!(!batv_with(&["sign", "--help"]).text().contains("--secret <"));
    assert_eq!(batv_with(&["sign", "--secret", "x", "--at", NOON, "a@b"]).status, 2);
}
