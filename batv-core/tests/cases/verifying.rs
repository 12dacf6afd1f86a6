//! The six verdicts, in their order.

use crate::common::{
    DAY, NOON, address, default_ring, exact, number, passes, ring, settings, signed, verdict,
};
use batv_core::{Day, Delimiter, KeyRing, Lifetime, Secret, Settings, Syntax, Verdict};

#[test]
fn without_a_tag_missing() {
    let keys = default_ring();
    for text in [
        "alice@example.test",
        "prvs=abc@example.test",
        "prvs=0786864c09@example.test",
        "prvs0786864c09=alice@example.test",
        "x-prvs=0786864c09=alice@example.test",
        "prvs=user/0786864c09@example.test",
        "btv1==08501234bcd==alice@example.test",
        "alice+prvs=0786864c0@example.test",
        "alice+prvs=0786864c091@example.test",
        "alice-prvs=0786864c09@example.test",
        "+prvs=0786864c09@example.test",
    ] {
        assert_eq!(keys.verify(&address(text.as_bytes()), NOON), Verdict::Missing, "{text}");
    }
}

#[test]
fn with_no_tag_value_between_malformed() {
    // Malformed comes before unknown-key: this ring has no key at all.
    let keys = KeyRing::new(Settings::default());
    for text in [
        "prvs=abc=user@example.test",
        "prvs==user@example.test",
        "prvs=0786864c0=alice@example.test",
        "prvs=0786864c090=alice@example.test",
        "prvs=0786864c0g=alice@example.test",
        "prvs=a786864c09=alice@example.test",
        "prvs=078a864c09=alice@example.test",
        "prvs=0786864c09=@example.test",
        "prvs=alice=0786864c09@example.test",
        r#""prvs=abc=john doe"@example.test"#,
    ] {
        assert_eq!(keys.verify(&address(text.as_bytes()), NOON), Verdict::Malformed, "{text}");
    }
}

#[test]
fn without_the_secret_unknown_key() {
    let keys = default_ring();
    for text in ["prvs=1786864c09=alice@example.test", "alice+prvs=9000000000@example.test"] {
        assert_eq!(keys.verify(&address(text.as_bytes()), NOON), Verdict::UnknownKey, "{text}");
    }
}

#[test]
fn with_another_hash_bad_signature_even_if_its_day_has_passed() {
    let keys = default_ring();
    for text in [
        "prvs=0786864c08=alice@example.test",
        "prvs=0786864c09=bob@example.test",
        "prvs=0786864c09=alice@example.org",
        "prvs=0785864c09=alice@example.test",
        "prvs=0500864c09=alice@example.test",
    ] {
        assert_eq!(keys.verify(&address(text.as_bytes()), NOON), Verdict::BadSignature, "{text}");
        assert_eq!(keys.verify(&address(text.as_bytes()), NOON + 500 * DAY), Verdict::BadSignature, "{text}");
    }
    let other = ring(Settings::default(), 0, b"secret2");
    assert_eq!(verdict(&other, "prvs=0786864c09=alice@example.test", NOON), "bad-signature");
}

#[test]
fn a_pass_and_an_expired_tag_say_the_same_of_the_address() {
    let keys = default_ring();
    let text = address(b"<prvs=0786864C09=Alice@Example.Test>");
    for (days, days_left, pass) in [(0, 7, true), (3, 4, true), (7, 0, true), (8, 0, false)] {
        let verdict = keys.verify(&text, NOON + days * DAY);
        let authentic = verdict.authentic().unwrap();
        assert_eq!(authentic.original.to_vec(), b"<Alice@Example.Test>");
        assert_eq!(authentic.original.to_string(), "<Alice@Example.Test>");
        assert_eq!((authentic.key_number, authentic.expiry.get()), (number(0), 786));
        assert_eq!((authentic.days_left, verdict.is_pass()), (days_left, pass));
        assert_eq!(matches!(verdict, Verdict::Expired(_)), !pass);
    }
}

#[test]
fn verdicts_have_words() {
    let keys = default_ring();
    for (text, word) in [
        ("alice@example.test", "missing"),
        ("prvs=abc=alice@example.test", "malformed"),
        ("prvs=1786864c09=alice@example.test", "unknown-key"),
        ("prvs=0786864c08=alice@example.test", "bad-signature"),
        ("prvs=0778d278ac=alice@example.test", "expired"),
        ("prvs=0786864c09=alice@example.test", "pass"),
    ] {
        let text = address(text.as_bytes());
        assert_eq!(format!("{:>13}", keys.verify(&text, NOON)), format!("{word:>13}"), "{text}");
    }
}

#[test]
fn midnight_between_two_servers() {
    let keys = default_ring();
    let midnight = NOON - NOON % DAY;
    // The signer's clock is past midnight, the verifier's is not: eight days are left.
    let early = signed(&keys, b"alice@example.test", midnight);
    let Verdict::Pass(authentic) = keys.verify(&address(early.as_bytes()), midnight - 1) else {
        panic!("{early} is refused");
    };
    assert_eq!(authentic.days_left, 8);
    // And the other way round.
    let late = signed(&keys, b"alice@example.test", midnight - 1);
    assert_eq!(passes(&keys, late, midnight), "alice@example.test");
}

#[test]
fn a_lifetime_shortened_from_30_to_7_loses_no_bounce() {
    let month = settings(|settings| settings.lifetime = Lifetime::from_days(30).unwrap());
    let tagged = signed(&ring(month, 0, b"secret"), b"alice@example.test", NOON);
    let week = default_ring();
    for day in 0..=30 {
        assert_eq!(verdict(&week, &tagged, NOON + day * DAY), "pass", "day {day}");
    }
    assert_eq!(verdict(&week, &tagged, NOON + 31 * DAY), "expired");
}

#[test]
fn an_expired_tag_turns_valid_again_899_days_after_its_day() {
    let keys = default_ring();
    let expiry = NOON + 7 * DAY;
    assert_eq!(verdict(&keys, "prvs=0786864c09=alice@example.test", expiry + 899 * DAY), "expired");
    assert_eq!(verdict(&keys, "prvs=0786864c09=alice@example.test", expiry + 900 * DAY), "pass");
}

#[test]
fn days_left_are_0_to_100_or_none() {
    let day = |number: u64| Day::at(number * DAY);
    assert_eq!(day(1000).get(), 0);
    assert_eq!(day(20_779).get(), 779);
    for (expiry, today, left) in [
        (786, 786, Some(0)),
        (786, 787, None),
        (786, 686, Some(100)),
        (786, 685, None),
        (0, 999, Some(1)),
        (99, 999, Some(100)),
        (100, 999, None),
        (999, 0, None),
    ] {
        assert_eq!(day(expiry).days_left(day(today)), left, "{expiry} at {today}");
    }
}

#[test]
fn mixed_case_tags_of_either_setting_pass_under_both() {
    let [fold, exact] = [Settings::default(), exact()].map(|settings| ring(settings, 0, b"secret"));
    for keys in [&fold, &exact] {
        for text in [
            "prvs=07860ef1cc=John.Doe@Example.Test",
            "prvs=07860ef1cc=john.doe@example.test",
            "PRVS=07860EF1CC=JOHN.DOE@EXAMPLE.TEST",
            "prvs=0786c3578f=John.Doe@Example.Test",
        ] {
            assert_eq!(passes(keys, text, NOON).to_lowercase(), "john.doe@example.test");
        }
        // Hashed as it stood, then folded by a relay: nobody can check that.
        assert_eq!(verdict(keys, "prvs=0786c3578f=john.doe@example.test", NOON), "bad-signature");
    }
}

#[test]
fn one_mailbox_however_it_is_quoted() {
    let keys = default_ring();
    for text in [
        "prvs=0786fde16f=john@example.test",
        r#""prvs=0786fde16f=john"@example.test"#,
        r#"prvs=0786fde16f="john"@example.test"#,
        r#"prvs=0786fde16f="\john"@example.test"#,
        r#""prvs=0786fde16f=\j\o\h\n"@example.test"#,
        // Hashed with its needless quotes, by a peer.
        r#"prvs=0786ecd095="john"@example.test"#,
        r#""prvs=0786ecd095=john"@example.test"#,
        r#""prvs=078648d440=john doe"@example.test"#,
        r#"prvs=078648d440="john doe"@example.test"#,
        r#"prvs=078648d440="john\ doe"@example.test"#,
        r#"prvs=078648d440=john" "doe@example.test"#,
        r#""prvs=078657f523=a\"b"@example.test"#,
        r#"prvs=078657f523="a\"b"@example.test"#,
        r#"prvs=078657f523="\a\"\b"@example.test"#,
    ] {
        assert_eq!(verdict(&keys, text, NOON), "pass", "{text}");
    }
    for text in ["prvs=0786ecd095=john@example.test", r#""prvs=0786fde16f=john doe"@example.test"#] {
        assert_eq!(verdict(&keys, text, NOON), "bad-signature", "{text}");
    }
}

#[test]
fn dots_anywhere_pass_with_quotes_and_without_them() {
    let keys = default_ring();
    // What Exim signs; a hash over `"a..b"@` could not be checked there.
    assert_eq!(signed(&keys, b"a..b@example.test", NOON), "prvs=0786e18aa3=a..b@example.test");
    for (bare, quoted) in [("a..b", r#""a..b""#), (".a", r#"".a""#), ("a.", r#""a.""#)] {
        for (from, to) in [(bare, quoted), (quoted, bare)] {
            let tagged = signed(&keys, format!("{from}@example.test").as_bytes(), NOON);
            let tag = &tagged[tagged.find("prvs").unwrap()..][..16];
            assert_eq!(passes(&keys, format!("{tag}{to}@example.test"), NOON), format!("{to}@example.test"));
        }
    }
}

#[test]
fn the_original_keeps_the_quotes_it_came_with() {
    let keys = default_ring();
    for (tagged, original) in [
        (r#""prvs=078648d440=john doe"@example.test"#, r#""john doe"@example.test"#),
        (r#"prvs=078648d440="john doe"@example.test"#, r#""john doe"@example.test"#),
        (r#"<"prvs=078648d440=john doe">@example.test"#, ""),
        (r#"<"prvs=0786fde16f=john"@example.test>"#, r#"<"john"@example.test>"#),
        (r#""john doe+prvs=078648d440"@example.test"#, r#""john doe"@example.test"#),
        (r#""john doe"+prvs=078648d440@example.test"#, r#""john doe"@example.test"#),
    ] {
        if original.is_empty() {
            assert!(batv_core::Address::parse(tagged.as_bytes()).is_err());
        } else {
            assert_eq!(passes(&keys, tagged, NOON), original);
        }
    }
}

#[test]
fn both_syntaxes_are_read_with_the_delimiter_of_the_ring() {
    for syntax in [Syntax::Prefix, Syntax::SubAddress] {
        for (delimiter, other) in [(b'+', b'-'), (b'-', b'+')] {
            let delimiter = Delimiter::new(delimiter).unwrap();
            let keys = ring(
                settings(|settings| {
                    settings.syntax = syntax;
                    settings.delimiter = delimiter;
                }),
                0,
                b"secret",
            );
            assert_eq!(passes(&keys, "prvs=0786841748=user@example.test", NOON), "user@example.test");
            let sub_address = |mark: u8| format!("user{}prvs=0786841748@example.test", mark as char);
            assert_eq!(passes(&keys, sub_address(delimiter.get()), NOON), "user@example.test");
            assert_eq!(verdict(&keys, sub_address(other), NOON), "missing");
            assert_eq!(passes(&keys, sub_address(delimiter.get()).to_uppercase(), NOON), "USER@EXAMPLE.TEST");
        }
    }
}

#[test]
fn a_twice_tagged_address_loses_its_outer_tag() {
    let mut keys = default_ring();
    keys.add(number(9), Secret::new(b"another secret").unwrap());
    // The outer tag is Exim's, which signs tagged addresses again.
    let keys_of_exim = ring(Settings::default(), 9, b"colon:comma,semi;");
    let text = "prvs=98863a7bc9=prvs=0123abcdef=alice@example.test";
    assert_eq!(passes(&keys_of_exim, text, 1_803_988_800), "prvs=0123abcdef=alice@example.test");
    assert_eq!(verdict(&keys, text, 1_803_988_800), "bad-signature");
}
