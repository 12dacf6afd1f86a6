//! What is signed, with what, and where the tag goes.

use crate::common::{DAY, NOON, address, default_ring, exact, ring, settings, signed, verdict};
use batv_core::{Delimiter, HashCase, Lifetime, SignError, Syntax};

#[test]
fn a_message_keeps_its_tag_over_a_whole_day_utc() {
    let keys = default_ring();
    let midnight = NOON - NOON % DAY;
    for time in [midnight, NOON, midnight + DAY - 1] {
        assert_eq!(signed(&keys, b"alice@example.test", time), "prvs=0786864c09=alice@example.test");
    }
    assert!(signed(&keys, b"alice@example.test", midnight - 1).starts_with("prvs=0785"));
    assert!(signed(&keys, b"alice@example.test", midnight + DAY).starts_with("prvs=0787"));
}

#[test]
fn the_expiry_day_is_the_lifetime_ahead_modulo_1000() {
    for (lifetime, day, prefix) in
        [(1, 0, "prvs=0001"), (99, 0, "prvs=0099"), (1, 999, "prvs=0000"), (99, 20_901, "prvs=0000")]
    {
        let lifetime = Lifetime::from_days(lifetime).unwrap();
        let keys = ring(settings(|settings| settings.lifetime = lifetime), 0, b"secret");
        assert!(signed(&keys, b"alice@example.test", day * DAY).starts_with(prefix));
    }
    // The last second that a time can name.
    assert!(default_ring().sign(&address(b"alice@example.test"), u64::MAX).is_ok());
}

#[test]
fn days_998_to_1007_are_counted_modulo_1000() {
    let days = (20_991 * DAY..).step_by(usize::try_from(DAY).unwrap());
    for (today, tag) in days.zip([
        "09982d38fe",
        "0999b56791",
        "00007e9070",
        "0001bf304b",
        "00023c8f26",
        "0003ffd10a",
        "00047dabd6",
        "00057183a7",
        "00061b09e5",
        "0007191d48",
    ]) {
        let tagged = format!("prvs={tag}=alice@example.test");
        let keys = default_ring();
        assert_eq!(signed(&keys, b"alice@example.test", today), tagged);
        assert_eq!(verdict(&keys, &tagged, today), "pass");
        assert_eq!(verdict(&keys, &tagged, today + 8 * DAY - 1), "pass");
        assert_eq!(verdict(&keys, &tagged, today + 8 * DAY), "expired");
    }
}

#[test]
fn the_hash_is_over_lower_case_and_the_address_keeps_its_own() {
    let keys = default_ring();
    assert_eq!(signed(&keys, b"John.Doe@Example.Test", NOON), "prvs=07860ef1cc=John.Doe@Example.Test");
    assert_eq!(signed(&keys, b"john.doe@example.test", NOON), "prvs=07860ef1cc=john.doe@example.test");
    let exact = ring(exact(), 0, b"secret");
    assert_eq!(signed(&exact, b"John.Doe@Example.Test", NOON), "prvs=0786c3578f=John.Doe@Example.Test");
    assert_eq!(signed(&keys, b"User@[IPv6:2001:DB8::A]", NOON), "prvs=078649228d=User@[IPv6:2001:DB8::A]");
}

#[test]
fn quotes_are_hashed_only_where_they_are_needed() {
    let keys = default_ring();
    for (text, expected) in [
        ("john@example.test", "prvs=0786fde16f=john@example.test"),
        (r#""john"@example.test"#, r#""prvs=0786fde16f=john"@example.test"#),
        (r#""\j\ohn"@example.test"#, r#""prvs=0786fde16f=\j\ohn"@example.test"#),
        (r#""john doe"@example.test"#, r#""prvs=078648d440=john doe"@example.test"#),
        (r#""John\ Doe"@example.test"#, r#""prvs=078648d440=John\ Doe"@example.test"#),
        (r#""a\"b"@example.test"#, r#""prvs=078657f523=a\"b"@example.test"#),
        ("\"ü b\"@example.test", "\"prvs=07865e5a8e=ü b\"@example.test"),
    ] {
        assert_eq!(signed(&keys, text.as_bytes(), NOON), expected);
    }
    let exact = ring(exact(), 0, b"secret");
    for (text, expected) in [
        (r#""john"@example.test"#, r#""prvs=0786ecd095=john"@example.test"#),
        (r#""John Doe"@example.test"#, r#""prvs=0786292dcc=John Doe"@example.test"#),
    ] {
        assert_eq!(signed(&exact, text.as_bytes(), NOON), expected);
    }
}

#[test]
fn a_local_part_longer_than_any_buffer_is_hashed_whole() {
    let text = format!("\"{}\"@Example.Test", "A b".repeat(60));
    for (hash_case, tag) in [(HashCase::Fold, "0786f106b0"), (HashCase::Exact, "0786698795")] {
        let mut settings = exact();
        settings.hash_case = hash_case;
        let keys = ring(settings, 0, b"secret");
        assert_eq!(signed(&keys, text.as_bytes(), NOON), text.replacen('"', &format!("\"prvs={tag}="), 1));
    }
}

#[test]
fn local_parts_of_48_49_and_64_octets() {
    let keys = default_ring();
    let lifted = ring(settings(|settings| settings.long_local_parts = true), 0, b"secret");
    let long = |octets| format!("{}@example.test", "l".repeat(octets));
    assert_eq!(signed(&keys, long(48).as_bytes(), NOON), format!("prvs=0786655c59={}", long(48)));
    for (octets, tag) in [(49, "0786f490e2"), (64, "0786557758")] {
        let text = long(octets);
        let text_address = address(text.as_bytes());
        assert!(keys.is_too_long(&text_address));
        let error = keys.sign(&text_address, NOON).unwrap_err();
        assert_eq!(error, SignError::TooLong { octets: octets + 16 });
        assert!(error.to_string().contains(&format!("{} octets", octets + 16)));
        assert!(!lifted.is_too_long(&text_address));
        assert_eq!(signed(&lifted, text.as_bytes(), NOON), format!("prvs={tag}={text}"));
    }
}

#[test]
fn quotes_count_for_the_length_and_brackets_do_not() {
    let keys = default_ring();
    let quoted = |octets: usize| format!("<\"{} \"@example.test>", "l".repeat(octets - 3));
    assert_eq!(
        signed(&keys, quoted(48).as_bytes(), NOON),
        format!("<\"prvs=07863ed7ad={} \"@example.test>", "l".repeat(45))
    );
    assert_eq!(keys.sign(&address(quoted(49).as_bytes()), NOON), Err(SignError::TooLong { octets: 65 }));
}

#[test]
fn a_tagged_address_is_left_as_it_is() {
    let keys = default_ring();
    for tagged in [
        "prvs=0786864c09=alice@example.test",
        "PRVS=0786864C09=alice@example.test",
        "<prvs=0786864c09=alice@example.test>",
        r#""prvs=0786864c09=alice"@example.test"#,
        r#"prvs=0786864c09="john doe"@example.test"#,
        "prvs=9000000000=somebody@elsewhere.test",
        "user+prvs=0786841748@example.test",
        r#""john doe+prvs=0786841748"@example.test"#,
    ] {
        assert_eq!(keys.sign(&address(tagged.as_bytes()), NOON), Err(SignError::Tagged), "{tagged}");
    }
}

#[test]
fn what_only_looks_tagged_is_signed() {
    let keys = default_ring();
    for (text, tag) in [("prvs=abc@example.test", "0786fce862"), ("a=b@example.test", "07867a7509")] {
        let expected = format!("prvs={tag}={text}");
        assert_eq!(signed(&keys, text.as_bytes(), NOON), expected);
        assert_eq!(crate::common::passes(&keys, &expected, NOON), text);
    }
    for text in
        ["prvs=@example.test", "prvs=0786864c0=alice@example.test", "user+prvs=078684174@example.test"]
    {
        assert!(keys.sign(&address(text.as_bytes()), NOON).is_ok(), "{text}");
    }
}

#[test]
fn sub_addresses_hash_the_same_original() {
    for (delimiter, expected) in [
        (b'+', "user+prvs=0786841748@example.test"),
        (b'-', "user-prvs=0786841748@example.test"),
        (b'#', "user#prvs=0786841748@example.test"),
    ] {
        let delimiter = Delimiter::new(delimiter).unwrap();
        let keys = ring(
            settings(|settings| {
                settings.syntax = Syntax::SubAddress;
                settings.delimiter = delimiter;
            }),
            0,
            b"secret",
        );
        assert_eq!(signed(&keys, b"user@example.test", NOON), expected);
        assert_eq!(signed(&keys, b"<user@example.test>", NOON), format!("<{expected}>"));
        let signed_address = keys.sign(&address(b"user@example.test"), NOON).unwrap();
        let mark = expected.as_bytes()[4] as char;
        let tag = format!("{mark}prvs=0786841748");
        assert_eq!(signed_address.parts(), [&b"user"[..], tag.as_bytes(), b"@example.test"]);
    }
    let keys = ring(settings(|settings| settings.syntax = Syntax::SubAddress), 0, b"secret");
    assert_eq!(
        signed(&keys, br#""john doe"@example.test"#, NOON),
        r#""john doe+prvs=078648d440"@example.test"#
    );
}

#[test]
fn an_srs_address_is_signed_before_it_in_either_syntax() {
    // Behind it, the tag would be read as that of the sender in it.
    let srs = "SRS0=HHH=TT=other.test=carol@example.test";
    for syntax in [Syntax::Prefix, Syntax::SubAddress] {
        let keys = ring(settings(|settings| settings.syntax = syntax), 0, b"secret");
        let expected = format!("prvs=0786bbd103={srs}");
        assert_eq!(signed(&keys, srs.as_bytes(), NOON), expected);
        assert_eq!(crate::common::passes(&keys, &expected, NOON), srs);
    }
}

#[test]
fn a_tag_with_nothing_behind_it_gets_no_sub_address_for_its_original() {
    let keys = ring(settings(|settings| settings.syntax = Syntax::SubAddress), 0, b"secret");
    for text in ["prvs=600531a531=@example.test", r#"PRVS=600531A531=""@example.test"#] {
        assert_eq!(keys.sign(&address(text.as_bytes()), NOON), Err(SignError::Tagged), "{text}");
    }
    for text in ["prvs=abc=@example.test", "prvs=not-a-value=@example.test", "prvsx0123456789=@example.test"]
    {
        assert!(keys.sign(&address(text.as_bytes()), NOON).is_ok(), "{text}");
    }
}

#[test]
fn angle_brackets_are_kept() {
    let keys = default_ring();
    let alice = keys.sign(&address(b"<alice@example.test>"), NOON).unwrap();
    assert_eq!(alice.to_string(), "<prvs=0786864c09=alice@example.test>");
    assert_eq!(format!("{alice:?}"), r#"Signed("<prvs=0786864c09=alice@example.test>")"#);
    assert_eq!(signed(&keys, b"<alice@example.test>", NOON), "<prvs=0786864c09=alice@example.test>");
    assert_eq!(
        signed(&keys, br#"<"john doe"@example.test>"#, NOON),
        r#"<"prvs=078648d440=john doe"@example.test>"#
    );
}
