//! Keys of a configuration file over the years.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;

use common::{Site, noon, run};
use std::os::unix::fs::MetadataExt;

/// A list of keys with the word FINGERPRINT for each: those of new secrets differ.
fn without_fingerprints(list: &str) -> String {
    let is_one = |word: &str| word.len() == 16 && word.bytes().all(|octet| octet.is_ascii_hexdigit());
    let words = list.split_inclusive([' ', '"']).map(|word| match word.trim_end_matches([' ', '"']) {
        trimmed if is_one(trimmed) => word.replace(trimmed, "FINGERPRINT"),
        _ => word.to_owned(),
    });
    words.collect()
}

#[test]
fn the_first_key_signs_and_the_second_waits() {
    let site = Site::new("");
    assert_eq!(
        site.out("keys new --for Example.com *.example.com"),
        "key 0 for example.com, *.example.com: new, signs\n"
    );
    let first = "[[key]]\nnumber = 0\nsecret = \"SECRET\"\ncreated = 2026-11-22\n\
                 for = [\"example.com\", \"*.example.com\"]\n";
    assert_eq!(site.text_without_secrets(), first);
    assert_eq!(site.path("batv.toml").metadata().unwrap().mode() & 0o7777, 0o640);
    assert_eq!(
        site.out("keys new --for example.com --for *.example.com"),
        "key 1 for example.com, *.example.com: new, only verifies until it is promoted\n"
    );
    let second = "\n[[key]]\nnumber = 1\nsecret = \"SECRET\"\ncreated = 2026-11-22\nuse = \"verify\"\n\
                  for = [\"example.com\", \"*.example.com\"]\n";
    assert_eq!(site.text_without_secrets(), format!("{first}{second}"));
    // The first free number for the domain, not of the file.
    assert_eq!(site.out("keys new --for example.net"), "key 0 for example.net: new, signs\n");
    // To verify where nothing signs would refuse every bounce.
    assert_eq!(
        site.refused("keys new --for example.com example.org"),
        "batv: a key signs for example.com, but none for example.org: make one key for each\n"
    );
    let secrets: Vec<_> = ["0 --for example.com", "0 --for example.net", "1"]
        .map(|key| run(&mut site.command(&format!("keys show {key} --config batv.toml")), b"").out)
        .into();
    assert!(
        secrets
            .iter()
            .all(|secret| secret.len() == 64 && secrets.iter().filter(|s| *s == secret).count() == 1)
    );
    assert_eq!(
        without_fingerprints(&site.out("keys list")),
        "key  use                      created     fingerprint       for
0    sign                     2026-11-22  FINGERPRINT  example.com, *.example.com
1    verify                   2026-11-22  FINGERPRINT  example.com, *.example.com
0    sign                     2026-11-22  FINGERPRINT  example.net
"
    );
}

#[test]
fn numbers_wrap_and_are_not_reused_while_they_verify() {
    let site = Site::new("");
    site.out("keys new --for example.com");
    for number in 1..10 {
        assert!(site.out("keys rotate").starts_with(&format!("key {number} for example.com: new, signs\n")));
    }
    assert_eq!(
        site.refused("keys rotate"),
        "batv: all ten numbers are in use for example.com: retire some, and prune them later\n"
    );
    assert_eq!(site.refused("keys new --for example.com"), site.refused("keys rotate"));
    // 5 goes on verifying; behind 9 comes 0, which is free by then.
    let text = site.text();
    let parts: Vec<_> = text.split("verify-until = 2026-11-30").collect();
    let text = [parts[..6].join("verify-until = 2026-11-30"), parts[6..].join("verify-until = 2026-11-30")];
    std::fs::write(site.path("batv.toml"), text.join("verify-until = 2099-01-01")).unwrap();
    assert_eq!(site.run_at(&noon(9), "keys prune").text().lines().count(), 8);
    for number in [0, 1, 2, 3, 4, 6] {
        let ran = site.run_at(&noon(9), "keys rotate");
        assert!(
            ran.text().starts_with(&format!("key {number} for example.com: new, signs\n")),
            "{}",
            ran.text()
        );
    }
}

#[test]
fn several_servers_get_a_key_before_it_signs() {
    let site = Site::new("");
    site.out("keys new --for example.com example.org");
    let before = site.out("sign a@example.com");
    site.out("keys new --for example.com example.org");
    assert_eq!(site.out("sign a@example.com"), before);
    assert_eq!(
        site.out("keys rotate --to 1"),
        "key 1 for example.com, example.org: signs\nkey 0 for example.com, example.org: verifies until 2026-11-30\n"
    );
    assert!(site.out("sign a@example.com").starts_with("prvs=1786"));
    assert_eq!(site.out(&format!("verify {before}")), "pass\ta@example.com\n");
    assert_eq!(
        site.refused("keys rotate --to 1"),
        "batv: there is no key 1 for example.com, example.org that only verifies\n"
    );
    assert_eq!(
        site.refused("keys rotate --to 7"),
        "batv: there is no key 7 for example.com, example.org that only verifies\n"
    );
    // One that is only for a part would leave the rest unsigned.
    site.out("keys new --for example.com");
    assert_eq!(site.refused("keys rotate --to 2"), "batv: no key would sign for example.org any more\n");
    assert_eq!(site.refused("keys rotate --for example.net"), "batv: no key signs for example.net\n");
}

#[test]
fn what_a_key_is_for_is_written_once_and_with_its_quotes() {
    let site = Site::new("");
    let quoted = "\"John Doe\"@example.com";
    let mut command = site.command("keys new --config batv.toml --for");
    let ran = run(command.args(["Example.com.", quoted, "EXAMPLE.com", quoted]), b"");
    assert_eq!(ran.text(), "key 0 for example.com, \"john doe\"@example.com: new, signs\n");
    assert!(site.text().contains("for = [\"example.com\", '\"john doe\"@example.com']\n"), "{}", site.text());
    let ran = run(site.command("sign --config batv.toml").arg(quoted), b"");
    assert!(ran.text().starts_with("\"prvs=0") && ran.status == 0, "{ran:?}");
}

#[test]
fn a_key_for_what_several_keys_sign_for_takes_over_from_all_of_them() {
    let site = Site::new("");
    site.out("keys new --for example.com");
    site.out("keys new --for example.org");
    site.out("keys new --for example.com example.org");
    assert_eq!(
        site.out("keys rotate --to 1"),
        "key 1 for example.com, example.org: signs\n\
         key 0 for example.com: verifies until 2026-11-30\n\
         key 0 for example.org: verifies until 2026-11-30\n"
    );
    assert!(site.out("sign a@example.com a@example.org").lines().all(|line| line.starts_with("prvs=1786")));
}

#[test]
fn a_key_for_a_more_specific_domain_takes_no_bounce_away() {
    let site = Site::new("");
    site.out("keys new --for *");
    let before = site.out("sign boss@example.com");
    assert_eq!(
        site.out("keys new --for example.com boss@example.com"),
        "key 0 for example.com, boss@example.com: copied\n\
         key 1 for example.com, boss@example.com: new, only verifies until it is promoted\n"
    );
    assert_eq!(site.out("sign boss@example.com"), before);
    assert_eq!(
        site.refused("keys rotate --to 1"),
        "batv: there is no key 1 for * that only verifies: choose with --for\n"
    );
    site.out("keys rotate --to 1 --for example.com");
    assert!(site.out("sign boss@example.com").starts_with("prvs=1"));
    assert!(site.out("sign boss@example.org").starts_with("prvs=0"));
    assert_eq!(site.out(&format!("verify {before}")), "pass\tboss@example.com\n");
}

#[test]
fn retiring_and_switching_off() {
    let site = Site::new("lifetime = 30");
    site.out("keys new --for example.com");
    assert_eq!(
        site.refused("keys retire 0"),
        "batv: key 0 signs: rotate it, or use --force to sign no more\n"
    );
    assert_eq!(site.refused("keys retire 3"), "batv: there is no key 3\n");
    assert_eq!(site.refused("keys retire 0 --for example.org"), "batv: there is no key 0 for example.org\n");
    let signed = site.out("sign a@example.com");
    assert_eq!(site.out("keys retire 0 --force"), "key 0 for example.com: verifies until 2026-12-23\n");
    // A second time nothing is put off.
    assert_eq!(
        site.run_at(&noon(5), "keys retire 0").text(),
        "key 0 for example.com: verifies until 2026-12-23\n"
    );
    assert_eq!(site.run_at(&noon(30), &format!("verify {signed}")).status, 0);
    assert_eq!(site.run_at(&noon(31), "keys prune").text(), "no key is spent\n");
    assert_eq!(
        without_fingerprints(site.run_at(&noon(31), "keys list").text()).lines().nth(1),
        Some("0    verify until 2026-12-23  2026-11-22  FINGERPRINT  example.com")
    );
    assert_eq!(
        without_fingerprints(site.run_at(&noon(32), "keys list --json").text()),
        "{\"number\":0,\"use\":\"verify\",\"verify_until\":\"2026-12-23\",\"spent\":true,\
         \"created\":\"2026-11-22\",\"fingerprint\":\"FINGERPRINT\",\"for\":[\"example.com\"],\"line\":3}\n"
    );
    assert!(site.run_at(&noon(32), "keys list").text().contains("\n0    spent  "));
    assert_eq!(site.run_at(&noon(32), "keys prune").text(), "key 0 for example.com: removed\n");
    assert_eq!(site.text(), "lifetime = 30\n");
}

#[test]
fn keys_of_one_number_are_told_apart() {
    let site = Site::new("");
    site.out("keys new --for example.com");
    site.out("keys new --for example.org");
    let several = "batv: several keys have number 0 (lines 1, 7): choose with --for\n";
    assert_eq!(site.refused("keys retire --force 0"), several);
    let ran = run(&mut site.command("keys show 0 --config batv.toml"), b"");
    assert_eq!((ran.text(), ran.err.as_str(), ran.status), ("", several, 2));
    site.out("keys retire --force 0 --for example.org");
    let listed = without_fingerprints(&site.out("keys list"));
    assert!(listed.contains("0    verify until 2026-11-30  2026-11-22  FINGERPRINT  example.org\n"));
    assert!(listed.contains("0    sign                     2026-11-22  FINGERPRINT  example.com\n"));
}

#[test]
fn a_table_has_the_keys_of_each_domain() {
    let text = "[[key]]\nnumber = 0\nsecret = \"old.secret\"\nuse = \"verify\"\nfor = [\"example.com\", \"*\"]\n\
                [[key]]\nnumber = 3\nsecret = \"gone\"\nuse = \"verify\"\nverify-until = 2026-11-01\nfor = [\"example.com\"]\n\
                [[key]]\nnumber = 1\nsecret = \"with a space\"\nfor = [\"example.com\", \"*.example.org\"]\n\
                [[key]]\nnumber = 2\nsecret-base64 = \"gA==\"\nfor = [\"*\"]\n";
    let site = Site::new(text);
    assert_eq!(
        site.out("keys export"),
        "example.com: 1:base64:d2l0aCBhIHNwYWNl 0:old.secret\n\
         *: 2:base64:gA== 0:old.secret\n\
         *.example.org: 1:base64:d2l0aCBhIHNwYWNl\n"
    );
    let address = format!("{text}[[key]]\nnumber = 5\nsecret = \"s\"\nfor = [\"user@example.com\"]\n");
    std::fs::write(site.path("batv.toml"), address).unwrap();
    assert_eq!(
        site.refused("keys export"),
        "batv: line 20: a key for user@example.com, and a table is for domains\n"
    );
    std::fs::write(site.path("batv.toml"), text.replace("number = 2", "number = 2\nuse = \"verify\""))
        .unwrap();
    assert_eq!(site.refused("keys export"), "batv: no key signs for *, and in a table the first does\n");
}

#[test]
fn fingerprints_compare_secrets_without_showing_them() {
    let text = "[[key]]\nnumber = 0\nsecret-file = \"exim.key\"\nfor = [\"a.test\"]\n\
                [[key]]\nnumber = 1\nsecret = \"short\"\nuse = \"verify\"\nfor = [\"a.test\"]\n";
    let site = Site::new(text);
    // Of Python's hmac: HMAC-SHA1 of `BATV secret fingerprint`.
    assert_eq!(
        site.out("keys list"),
        "key  use                      created     fingerprint       for
0    sign                     -           ee0856c83ee47df5  a.test
1    verify                   -           6c0e16204d02d57a  a.test
"
    );
    let fingerprint = |name: &str| run(&mut site.command(&format!("keys fingerprint {name}")), b"");
    let ran = fingerprint("exim.key");
    assert_eq!((ran.text(), ran.err.as_str(), ran.status), ("ee0856c83ee47df5\n", "", 0));
    std::fs::write(site.path("1.key"), "short").unwrap();
    let ran = fingerprint("1.key");
    let weak = "batv: secret file \"1.key\": has fewer than 16 octets and can be guessed\n";
    assert_eq!((ran.text(), ran.err.as_str(), ran.status), ("6c0e16204d02d57a\n", weak, 0));
    assert_eq!(fingerprint("none.key").status, 2);
}

/// A small generator of numbers, the same in every run (Knuth's MMIX).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % bound
    }
}

#[test]
fn whatever_is_done_no_bounce_is_lost() {
    const DOMAINS: [&str; 5] = ["*", "example.com", "*.example.com", "boss@example.com", "a.example.com"];
    const SENDERS: &[u8] =
        b"boss@example.com\nuser@example.com\nuser@a.example.com\nuser@b.example.com\nuser@example.org\n";
    for seed in 0..4 {
        let mut numbers = Numbers(seed);
        let site = Site::new("lifetime = 5\n");
        let mut signed: Vec<(u64, String)> = Vec::new();
        let (mut today, mut done) = (0, 0);
        for _ in 0..60 {
            let (domain, number) = (DOMAINS[numbers.below(5)], numbers.below(10));
            let words = match numbers.below(7) {
                0 | 1 => format!("keys new --for {domain} {}", DOMAINS[numbers.below(5)]),
                2 => format!("keys rotate --for {domain}"),
                3 => "keys rotate".to_owned(),
                4 => format!("keys rotate --to {number} --for {domain}"),
                5 => format!("keys retire {number} --for {domain} --force"),
                _ => "keys prune".to_owned(),
            };
            done += usize::from(site.run_at(&noon(today), &words).status == 0);
            let sign = run(site.command("sign --config batv.toml --at").arg(noon(today)), SENDERS);
            let tagged = sign.text().lines().filter(|line| line.starts_with("prvs="));
            signed.extend(tagged.map(|line| (today, line.to_owned())));
            today += numbers.below(3) as u64;
            signed.retain(|(day, _)| today <= day + 5);
            let bounces: Vec<_> = signed.iter().map(|(_, address)| address.as_str()).collect();
            let verify = run(
                site.command("verify --config batv.toml --at").arg(noon(today)),
                bounces.join("\n").as_bytes(),
            );
            assert_eq!(
                verify.text().lines().filter(|line| !line.starts_with("pass\t")).count(),
                0,
                "seed {seed}, {words}: {}",
                verify.text()
            );
        }
        assert!(done > 20 && today > 30, "{done} {today}");
    }
}
