//! The tags that Exim 4.96 made, signed and verified by the command.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod common;

use common::{batv, run, secret};
use std::process::Command;

struct Vector<'a> {
    time: &'a str,
    secret: Vec<u8>,
    key_number: &'a str,
    address: &'a str,
    signed: &'a str,
}

fn vectors() -> Vec<Vector<'static>> {
    let lines = include_str!("../../tests/vectors/vectors.tsv").lines();
    let rows = lines.filter(|line| !line.starts_with('#')).map(|line| {
        let fields: Vec<_> = line.split('\t').collect();
        let [time, hex, key_number, address, signed] = *fields else { panic!("{line}") };
        let octets = hex.as_bytes().chunks(2).map(|digits| std::str::from_utf8(digits).unwrap());
        let secret = octets.map(|digits| u8::from_str_radix(digits, 16).unwrap()).collect();
        Vector { time, secret, key_number, address, signed }
    });
    rows.collect()
}

impl Vector<'_> {
    fn command(&self, name: &str) -> (Command, tempfile::NamedTempFile) {
        let secret = secret(&self.secret);
        let mut command = batv();
        command.args([name, "--at", self.time, "--key-number", self.key_number]);
        command.arg("--secret-file").arg(secret.path());
        (command, secret)
    }

    /// What Exim signs differently on purpose: tagged twice, before quotes, beyond 64 octets.
    fn differs(&self) -> bool {
        let local_part = self.address.rsplit_once('@').unwrap().0;
        self.address == "prvs=0123abcdef=alice@example.test"
            || local_part.starts_with('"')
            || local_part.len() > 48
    }
}

#[test]
fn exact_signs_what_exim_signs() {
    let mut same = 0;
    for vector in vectors().iter().filter(|vector| !vector.differs()) {
        let (mut sign, _secret) = vector.command("sign");
        let ran = run(sign.args(["--hash-case", "exact", "--", vector.address]), b"");
        assert_eq!((ran.text(), ran.status), (format!("{}\n", vector.signed).as_str(), 0));
        same += 1;
    }
    assert_eq!(same, 125);
}

#[test]
fn what_exim_signed_passes() {
    let vectors = vectors();
    assert_eq!(vectors.len(), 134);
    for vector in vectors {
        let (mut verify, _secret) = vector.command("verify");
        let ran = run(&mut verify, format!("{}\n", vector.signed).as_bytes());
        assert_eq!((ran.text(), ran.status), (format!("pass\t{}\n", vector.address).as_str(), 0));
    }
}
