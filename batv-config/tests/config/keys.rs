//! Keys: their secrets, what they are for, and which of them signs.

use crate::{NOON, faults, number, parse, sign};
use batv_config::{Config, Date, Use};
use batv_core::Address;

#[test]
fn the_secret_stands_in_one_of_three_places() {
    // What Exim made with this secret, `another key`.
    for secret in [
        "secret = \"another key\"",
        "secret-base64 = \"YW5vdGhlciBrZXk=\"",
        "secret-base64 = \"YW5vdGhlciBrZXk\"",
    ] {
        let config = parse(&format!("[[key]]\nnumber = 4\n{secret}\nfor = [\"example.test\"]"));
        assert_eq!(sign(&config, "bob@example.test", 1_813_881_601), "prvs=4001cfc540=bob@example.test");
    }
    // A file holds any octets, and its name is handed over as it stands.
    let text = "hash-case = \"exact\"\n[[key]]\nnumber = 0\nsecret-file = \"../keys/0 .key\"\nfor = [\"*\"]";
    let config = Config::parse(text, |name| {
        assert_eq!(name, "../keys/0 .key");
        Ok(b"\xff\xfe\x80\x01".to_vec())
    });
    let config = config.unwrap();
    let signed = sign(&config, "First.Last+tag@example.test", EXIM_TIME);
    assert_eq!(signed, "prvs=079634d3d3=First.Last+tag@example.test");
}

/// When Exim signed with the secret `fffe8001`.
const EXIM_TIME: u64 = 1_796_212_800;

#[test]
fn what_the_file_says_of_a_key() {
    let config = parse(
        r#"
        [[key]]
        number = 3
        secret = "secret"
        for = ["example.test"]

        [[key]]
        number = 2
        use = "verify"
        secret = "other"
        created = 2026-11-22
        verify-until = 2026-11-29
        for = ["example.test"]"#,
    );
    let [first, second] = &config.keys[..] else { panic!() };
    assert_eq!((first.number, first.line, first.r#use), (number(3), 2, Use::Sign));
    assert_eq!((first.created, first.verify_until), (None, None));
    assert_eq!((second.number, second.line, second.r#use), (number(2), 7, Use::Verify));
    assert_eq!(second.created, Some(Date::from_days(20_779)));
    assert_eq!(second.verify_until, Some(Date::from_days(20_786)));
    // The day counts to its end.
    assert!(!second.is_spent(20_787 * 86_400 - 1));
    assert!(second.is_spent(20_787 * 86_400));
    assert!(!first.is_spent(u64::MAX));
}

/// A key of a number whose secret is `secret`.
fn key(number: u8, rest: &str, patterns: &str) -> String {
    format!("[[key]]\nnumber = {number}\nsecret = \"secret\"\n{rest}\nfor = [{patterns}]\n")
}

#[test]
fn the_most_specific_pattern_wins() {
    let text = [
        key(1, "", "\"*\""),
        key(2, "", "\"*.example.test\""),
        key(3, "", "\"EXAMPLE.test.\""),
        key(4, "", "\"Alice@example.test\""),
        key(5, "", "\"*@other.test\", \"[192.0.2.1]\""),
    ];
    let config = parse(&text.concat());
    for (sender, key_number) in [
        ("alice@example.test", 4),
        ("\"ALICE\"@EXAMPLE.test", 4),
        ("bob@example.test", 3),
        ("alice@sub.example.test", 2),
        ("alice@a.sub.example.test", 2),
        ("alice@anexample.test", 1),
        ("alice@other.test", 5),
        ("alice@sub.other.test", 1),
        ("alice@[192.0.2.1]", 5),
        ("alice@[192.0.2.2]", 1),
    ] {
        let keys = config.policy.key_ring(&Address::parse(sender.as_bytes()).unwrap()).unwrap();
        assert_eq!(keys.signing(), Some(number(key_number)), "{sender}");
        // Wider patterns lend it none of their keys.
        let others = (0..10).filter(|other| keys.secret(number(*other)).is_some());
        assert_eq!(others.collect::<Vec<_>>(), [key_number], "{sender}");
    }
}

#[test]
fn keys_for_one_pattern_make_one_ring_whatever_else_they_are_for() {
    let text = [
        key(1, "", "\"a.test\", \"b.test\", \"a.test\""),
        key(2, "use = \"verify\"", "\"b.test\", \"c.test\", \"B.TEST\""),
        key(3, "", "\"c.test\""),
        key(4, "use = \"verify\"", "\"a.test\", \"b.test\", \"c.test\", \"d.test\""),
    ];
    let config = parse(&text.concat());
    for (domain, signing, numbers) in [
        ("a.test", Some(1), &[1, 4][..]),
        ("b.test", Some(1), &[1, 2, 4]),
        ("c.test", Some(3), &[2, 3, 4]),
        ("d.test", None, &[4]),
    ] {
        let address = format!("x@{domain}");
        let keys = config.policy.key_ring(&Address::parse(address.as_bytes()).unwrap()).unwrap();
        assert_eq!(keys.signing().map(batv_core::KeyNumber::get), signing, "{domain}");
        let present = (0..10).filter(|present| keys.secret(number(*present)).is_some());
        assert_eq!(present.collect::<Vec<_>>(), numbers, "{domain}");
    }
    assert_eq!(config.unsigned(), ["d.test"]);
    assert_eq!(sign(&config, "x@d.test", NOON), "no-signing-key");
}

#[test]
fn one_number_and_one_signing_key_for_a_pattern() {
    let conflict = |second: &str| {
        let unreadable = key(9, "colour = 1", "\"x.test\"");
        faults(
            &[unreadable.replace('9', "10"), key(1, "", "\"a.test\", \"b.test\""), second.to_owned()]
                .concat(),
        )
    };
    let expected = |faults: &str| {
        format!(
            "line 2: key[1].number: must be a whole number, 0 to 9\n\
             line 4: key[1].colour: unknown setting{faults}"
        )
    };
    assert_eq!(
        conflict(&key(1, "use = \"verify\"", "\"c.test\", \"B.test\", \"a.test\"")),
        expected("\nline 11: key[3].number: another key for \"b.test\" has number 1 already")
    );
    assert_eq!(
        conflict(&key(2, "", "\"b.test\"")),
        expected(
            "\nline 11: key[3].use: another key signs for \"b.test\" already; \
             one of them must have use = \"verify\""
        )
    );
    // For other patterns, wider ones too, there is no conflict.
    assert_eq!(conflict(&key(1, "", "\"c.test\", \"*.a.test\", \"x@a.test\", \"*\"")), expected(""));
}
