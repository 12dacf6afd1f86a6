//! Secrets of any length and content, and that none of them is ever shown.

use crate::common::{NOON, address, default_ring, number, passes, ring, signed};
use batv_core::{Address, Delimiter, KeyNumber, KeyRing, Lifetime, Secret, SecretError, Settings};
use std::fmt::Debug;

#[test]
fn secrets_of_any_length_and_octets() {
    let all_octets: Vec<u8> = (0..=255).collect();
    for (secret, expected) in [
        (&b"k"[..], "prvs=0786881c70=alice@example.test"),
        (&[b'k'; 64], "prvs=0786526f9e=alice@example.test"),
        (&[b'k'; 65], "prvs=078604d446=alice@example.test"),
        (&[b'k'; 1000], "prvs=0786e2c680=alice@example.test"),
        (&all_octets, "prvs=0786c7510f=alice@example.test"),
        (b"\0", "prvs=07869ae697=alice@example.test"),
        (b"line\r\n", "prvs=0786392375=alice@example.test"),
    ] {
        let keys = ring(Settings::default(), 0, secret);
        assert_eq!(signed(&keys, b"alice@example.test", NOON), expected);
        assert_eq!(passes(&keys, expected, NOON), "alice@example.test");
    }
}

#[test]
fn an_empty_secret_is_an_error_and_a_short_one_is_weak() {
    assert!(matches!(Secret::new(b""), Err(SecretError)));
    assert!(Secret::new(&[b'k'; 15]).unwrap().is_weak());
    assert!(!Secret::new(&[b'k'; 16]).unwrap().is_weak());
}

#[test]
fn rotation_signs_with_one_and_verifies_with_all() {
    let mut keys = ring(Settings::default(), 0, b"old secret");
    let old = signed(&keys, b"user@example.test", NOON);
    keys.add(number(1), Secret::new(b"new secret").unwrap());
    assert_eq!(keys.signing(), Some(number(0)));
    keys.sign_with(number(1)).unwrap();
    let new = signed(&keys, b"user@example.test", NOON);
    assert_eq!((&old[..6], &new[..6]), ("prvs=0", "prvs=1"));
    for tagged in [old, new] {
        assert_eq!(passes(&keys, &tagged, NOON), "user@example.test");
    }
}

#[test]
fn a_ring_without_a_signing_key_signs_nothing() {
    let user = address(b"user@example.test");
    let mut keys = KeyRing::new(Settings::default());
    assert_eq!(keys.sign(&user, NOON).unwrap_err().to_string(), "no key signs");
    keys.add(number(4), Secret::new(b"secret").unwrap());
    assert_eq!(keys.sign(&user, NOON).unwrap_err().to_string(), "no key signs");
    assert_eq!(keys.sign_with(number(5)).unwrap_err().to_string(), "key ring has no key 5");
    assert_eq!(keys.signing(), None);
}

#[test]
fn no_debug_and_no_error_shows_a_secret() {
    let secret = b"Sesam-open-42-Sesam";
    let keys = ring(Settings::default(), 7, secret);
    let user = address(b"user@example.test");
    let signed = keys.sign(&user, NOON).unwrap();
    let tagged = signed.to_vec();
    let mut other = keys.clone();
    let unknown = other.sign_with(number(3)).unwrap_err();
    let shown: &[&dyn Debug] = &[
        &Secret::new(secret).unwrap(),
        &keys,
        &other.add(number(7), Secret::new(b"other").unwrap()),
        &keys.secret(number(7)),
        &signed,
        &keys.verify(&address(&tagged), NOON),
        &keys.verify(&address(&tagged), NOON + 8 * 86_400),
        &other.verify(&address(&tagged), NOON),
        &keys.sign(&address(&tagged), NOON),
        &unknown,
        &Secret::new(b""),
    ];
    // As text, as a list of decimal numbers, as hexadecimal digits.
    let hidden = ["Sesam".to_owned(), "83, 101".to_owned(), "536573".to_owned(), "53, 65".to_owned()];
    for value in shown {
        let text = format!("{value:?} {value:#?} {value:x?}").replace(char::is_whitespace, " ");
        assert!(!text.is_empty() && !hidden.iter().any(|secret| text.contains(secret)), "{text}");
    }
    assert_eq!(format!("{:?}", Secret::new(secret).unwrap()), "Secret(..)");
    assert_eq!(SecretError.to_string(), "secret is empty");
}

#[test]
fn numbers_out_of_range_are_named() {
    assert_eq!(KeyNumber::new(10).unwrap_err().to_string(), "key number 10 is not one of 0 to 9");
    assert_eq!(KeyNumber::all().map(KeyNumber::get).collect::<Vec<_>>(), (0..10).collect::<Vec<_>>());
    for days in [0, 100, 255] {
        assert!(Lifetime::from_days(days).unwrap_err().to_string().contains(&days.to_string()));
    }
    for days in [1, 7, 99] {
        assert_eq!(Lifetime::from_days(days).unwrap().days(), days);
    }
    assert_eq!(Lifetime::default().days(), 7);
    for octet in [b'=', b'%', b'!', b'a', b'7', b'@', b'"', b'\\', b' ', b'(', 0, 0xff] {
        assert!(Delimiter::new(octet).is_err(), "{octet}");
    }
    assert_eq!(Delimiter::default().get(), b'+');
    let error = Delimiter::new(b'=').unwrap_err().to_string();
    assert_eq!(error, "'=' cannot be a sub-address delimiter");
    let error = Address::parse(b"us\ner@example.com").unwrap_err().to_string();
    assert_eq!(error, r"control '\n' at octet 2");
    assert_eq!(default_ring().signing(), Some(number(0)));
}

#[test]
fn a_fingerprint_tells_secrets_apart_without_showing_them() {
    // By Python: hmac.new(secret, b"BATV secret fingerprint", "sha1").hexdigest()[:16]
    let long = [b'x'; 100];
    for (secret, fingerprint) in [(&b"secret"[..], "6d9bf9a276d92d83"), (&long, "f5116a9da449d393")] {
        assert_eq!(Secret::new(secret).unwrap().fingerprint().to_string(), fingerprint);
    }
}
