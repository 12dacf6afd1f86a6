//! What is an address, and what is none.

use crate::common::{NOON, address, default_ring, signed, verdict};
use batv_core::{Address, AddressError, ReversePath};

fn error(text: impl AsRef<[u8]>) -> AddressError {
    Address::parse(text.as_ref()).unwrap_err()
}

#[test]
fn the_null_sender_is_no_address_and_stays_null() {
    assert_eq!(ReversePath::parse(b""), Ok(ReversePath::Null));
    assert_eq!(ReversePath::parse(b"<>"), Ok(ReversePath::Null));
    assert_eq!(error(""), AddressError::Null);
    assert_eq!(error("<>"), AddressError::Null);
    assert_ne!(ReversePath::parse(b" "), Ok(ReversePath::Null));
    assert_ne!(ReversePath::parse(b"< >"), Ok(ReversePath::Null));
}

#[test]
fn the_parts_of_an_address() {
    for (text, local_part, domain) in [
        ("user@example.com", "user", "example.com"),
        ("<user@example.com>", "user", "example.com"),
        ("a=b@example.com", "a=b", "example.com"),
        ("a..b.@example.com", "a..b.", "example.com"),
        ("user%elsewhere@example.com.", "user%elsewhere", "example.com."),
        (r#""a@b"@example.com"#, r#""a@b""#, "example.com"),
        (r#"<"a\"@b>"@example.com>"#, r#""a\"@b>""#, "example.com"),
        (r#"prvs=0149c9be41="a@b"@example.com"#, r#"prvs=0149c9be41="a@b""#, "example.com"),
        ("üser@bücher.example", "üser", "bücher.example"),
        ("user@[127.0.0.1]", "user", "[127.0.0.1]"),
        ("user@[IPv6:2001:db8::1]", "user", "[IPv6:2001:db8::1]"),
    ] {
        let read = address(text.as_bytes());
        assert_eq!(read.local_part(), local_part.as_bytes(), "{text}");
        assert_eq!(read.domain(), domain.as_bytes(), "{text}");
        assert_eq!(read.to_string(), text);
        assert!(
            matches!(ReversePath::parse(text.as_bytes()), Ok(ReversePath::Address(same)) if same == read)
        );
    }
}

#[test]
fn what_is_no_address_says_why() {
    assert_eq!(error("user"), AddressError::NoAtSign);
    assert_eq!(error(r#""user@example.com""#), AddressError::NoAtSign);
    assert_eq!(error("@example.com"), AddressError::EmptyLocalPart);
    assert_eq!(error(r#"""@example.com"#), AddressError::EmptyLocalPart);
    assert_eq!(error(r#"""""@example.com"#), AddressError::EmptyLocalPart);
    assert_eq!(error("user@"), AddressError::EmptyDomain);
    assert_eq!(error("<user@>"), AddressError::EmptyDomain);
    assert_eq!(error("user@."), AddressError::EmptyDomain);
    assert_eq!(error("user@[]"), AddressError::EmptyDomain);
    assert_eq!(error("<user@example.com"), AddressError::UnclosedBracket);
    assert_eq!(error("<"), AddressError::UnclosedBracket);
    assert_eq!(error(r#""user@example.com"#), AddressError::UnclosedQuote);
    assert_eq!(error(r#""user\"@example.com"#), AddressError::UnclosedQuote);
    assert_eq!(error(r#""user\"#), AddressError::UnclosedQuote);
    assert_eq!(error("john doe@example.com"), AddressError::LocalPart { octet: b' ', position: 4 });
    assert_eq!(error("<john,doe@example.com>"), AddressError::LocalPart { octet: b',', position: 5 });
    assert_eq!(error("user@example.com>"), AddressError::Domain { octet: b'>', position: 16 });
    assert_eq!(error("user@a@b"), AddressError::Domain { octet: b'@', position: 6 });
    assert_eq!(error("user@exam ple.com"), AddressError::Domain { octet: b' ', position: 9 });
    assert_eq!(error("<user@[127.0.0.1]x>"), AddressError::Domain { octet: b'[', position: 6 });
}

#[test]
fn controls_are_errors_wherever_they_stand() {
    let address = br#"<"us\er"@example.com>"#;
    for octet in (0..=0x1f).chain([0x7f]) {
        for position in 0..=address.len() {
            let mut text = address.to_vec();
            text.insert(position, octet);
            match (Address::parse(&text), position) {
                // Before the opening bracket and behind the closing one the brackets are none.
                (Err(_), 0 | 21) => {}
                (result, _) => assert_eq!(result, Err(AddressError::Control { octet, position })),
            }
        }
    }
    for text in ["us\0er@example.com", "user\r\n@example.com", "user@example.com\n", "user@exam\0ple.com"] {
        assert!(matches!(error(text), AddressError::Control { .. }), "{text:?}");
    }
}

#[test]
fn octets_above_127_are_octets_like_any_others() {
    let text = b"us\xff\x80er@ex\xe9mple.test";
    let keys = default_ring();
    let read = address(text);
    let signed = keys.sign(&read, NOON).unwrap().to_vec();
    assert!(signed.ends_with(b"=us\xff\x80er@ex\xe9mple.test"));
    assert_eq!(verdict(&keys, &signed, NOON), "pass");
    assert_eq!(format!("{read:?}"), r#"Address("us\xff\x80er@ex\xe9mple.test")"#);
    assert_eq!(read.to_string(), "us\u{fffd}\u{fffd}er@ex\u{fffd}mple.test");
}

#[test]
fn utf8_is_hashed_as_its_octets() {
    assert_eq!(
        signed(&default_ring(), "üser@bücher.test".as_bytes(), NOON),
        "prvs=0786ef5661=üser@bücher.test"
    );
    // Only ASCII letters fold: these two are two mailboxes.
    let keys = default_ring();
    assert_eq!(verdict(&keys, "prvs=0786ef5661=Üser@bücher.test", NOON), "bad-signature");
    assert_eq!(verdict(&keys, "prvs=0786EF5661=üSER@BüCHER.TEST", NOON), "pass");
}

#[test]
fn debug_shows_every_octet() {
    let tagged = address(b"prvs=0149c9be41=a\xff@example.com");
    assert_eq!(format!("{tagged:?}"), r#"Address("prvs=0149c9be41=a\xff@example.com")"#);
    let original = batv_core::strip(&tagged).unwrap().original;
    assert_eq!(format!("{original:?}"), r#"Original("a\xff@example.com")"#);
}

#[test]
fn a_domain_has_no_two_dots_and_a_literal_no_brackets() {
    for (text, octet, position) in [
        ("user@example..com", b'.', 13),
        ("user@a..b..", b'.', 7),
        ("user@[1[2]", b'[', 5),
        ("user@[1 2]", b'[', 5),
        ("user@[1\x012]", b'[', 5),
    ] {
        assert_eq!(error(text), AddressError::Domain { octet, position }, "{text}");
    }
}

#[test]
fn a_literal_is_folded_too() {
    // By Python: hmac.new(b"secret", b"0786alice@[ipv6:2001:db8::1]", "sha1").hexdigest()[:6]
    let signed = signed(&default_ring(), b"alice@[IPv6:2001:DB8::1]", NOON);
    assert_eq!(signed, "prvs=0786c002b4=alice@[IPv6:2001:DB8::1]");
}

#[test]
fn quotes_that_do_not_enclose_the_whole_stay_behind_the_tag() {
    // By Python, of 0786abc@example.test.
    let signed = signed(&default_ring(), br#""a"b"c"@example.test"#, NOON);
    assert_eq!(signed, r#"prvs=078641915d="a"b"c"@example.test"#);
}
