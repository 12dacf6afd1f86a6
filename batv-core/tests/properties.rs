//! What holds for every address, secret and time.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;

use batv_core::{
    Address, Delimiter, Dialect, HashCase, KeyNumber, KeyRing, Lifetime, ReversePath, Secret, Settings,
    SignError, Syntax, Verdict, strip,
};
use common::{DAY, address};
use proptest::prelude::*;
use proptest::sample::select;

/// A local-part: dot-string, quoted string that needs its quotes or does not, or what looks like a tag.
fn local_part() -> impl Strategy<Value = String> {
    let atom = "[a-zA-Z0-9!#$%&'*+/=?^_`{|}~é密-]{1,12}";
    let piece = select(vec![
        "prvs=",
        "PRVS=",
        "btv1==",
        "msprvs1=",
        "SRS0=",
        "0149c9be41",
        "149c9be41",
        "=",
        "+",
        "/",
        "a",
        "Zé",
        ".",
    ]);
    prop_oneof![
        proptest::collection::vec(atom, 1..4).prop_map(|atoms| atoms.join(".")),
        r#""([a-zA-Z0-9 .,;:@<>()é=+/-]|\\["\\aA @]){1,40}""#,
        proptest::collection::vec(piece, 1..6).prop_map(|pieces| pieces.concat()),
    ]
}

fn any_address() -> impl Strategy<Value = String> {
    let domain =
        r"([a-zA-Z0-9é-]{1,20}\.){0,3}[a-zA-Z0-9-]{1,20}\.?|\[IPv6:[0-9a-fA-F:]{2,20}\]|\[127\.0\.0\.1\]";
    let brackets = select(vec![("", ""), ("<", ">")]);
    (local_part(), domain, brackets)
        .prop_map(|(local_part, domain, (open, close))| format!("{open}{local_part}@{domain}{close}"))
}

/// Octets of which many are nearly addresses, nearly tagged.
fn any_octets() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        select(vec![
            "prvs=",
            "pRvS=",
            "btv1==",
            "msprvs1=",
            "0786864c09",
            "786864C09",
            "78600001234",
            "1234500Ab-_12",
            "=",
            "==",
            "/",
            "+",
            "@",
            "\"",
            "\\",
            "<",
            ">",
            "[",
            "]",
            ".",
            "user",
            "example.test",
        ])
        .prop_map(|piece| piece.as_bytes().to_vec()),
        proptest::collection::vec(any::<u8>(), 1..4),
    ];
    prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..300),
        proptest::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat()),
    ]
}

fn any_delimiter() -> impl Strategy<Value = Delimiter> {
    select(b"+-#./_&".to_vec()).prop_map(|octet| Delimiter::new(octet).unwrap())
}

fn any_settings() -> impl Strategy<Value = Settings> {
    (
        (1_u8..=99).prop_map(|days| Lifetime::from_days(days).unwrap()),
        select(vec![Syntax::Prefix, Syntax::SubAddress]),
        any_delimiter(),
        select(vec![HashCase::Fold, HashCase::Exact]),
    )
        .prop_map(|(lifetime, syntax, delimiter, hash_case)| {
            let mut settings = Settings::default();
            settings.lifetime = lifetime;
            settings.syntax = syntax;
            settings.delimiter = delimiter;
            settings.hash_case = hash_case;
            settings.long_local_parts = true;
            settings
        })
}

/// A key ring with all its ten numbers taken, the same secret in each.
fn ring(settings: Settings, signing: u8, secret: &[u8]) -> KeyRing {
    let mut keys = KeyRing::new(settings);
    for number in KeyNumber::all() {
        keys.add(number, Secret::new(secret).unwrap());
    }
    keys.sign_with(common::number(signing)).unwrap();
    keys
}

fn any_ring() -> impl Strategy<Value = KeyRing> {
    (any_settings(), 0_u8..10, proptest::collection::vec(any::<u8>(), 1..200))
        .prop_map(|(settings, signing, secret)| ring(settings, signing, &secret))
}

/// From 100 days after the epoch, so that 100 days before an expiry day is a time too.
fn any_time() -> impl Strategy<Value = u64> {
    100 * DAY..1_000_000 * DAY
}

/// The signed address, unless the generated one is tagged already.
fn sign(keys: &KeyRing, text: &str, time: u64) -> Result<Vec<u8>, TestCaseError> {
    match keys.sign(&address(text.as_bytes()), time) {
        Ok(signed) => Ok(signed.to_vec()),
        Err(SignError::Tagged) => Err(TestCaseError::reject("tagged")),
        Err(error) => Err(TestCaseError::fail(error.to_string())),
    }
}

/// The syntax of the tag that an address gets: a sub-address behind SRS would be another's.
fn syntax(keys: &KeyRing, text: &str) -> Syntax {
    let is_srs = text.trim_start_matches(['<', '"']).starts_with("SRS0=");
    if is_srs { Syntax::Prefix } else { keys.settings().syntax }
}

proptest! {
    // A failure prints its smallest input, which is written down as a case then.
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn a_tag_passes_from_100_days_before_its_expiry_day_to_its_end(
        keys in any_ring(),
        text in any_address(),
        time in any_time(),
        seconds in proptest::collection::vec(0..1000 * DAY, 20),
    ) {
        let signed = sign(&keys, &text, time)?;
        let expiry_day = time / DAY + u64::from(keys.settings().lifetime.days());
        let first = (expiry_day - 100) * DAY;
        let end = (expiry_day + 1) * DAY;
        let boundaries = [0, 1, end - first - 1, end - first, 1000 * DAY - 1];
        for at in boundaries.into_iter().chain(seconds).map(|second| first + second).chain([time]) {
            let verdict = keys.verify(&address(&signed), at);
            let Some(authentic) = verdict.authentic() else { panic!("{verdict} at {at}") };
            prop_assert_eq!(verdict.is_pass(), at < end, "{} at {}", verdict, at);
            prop_assert_eq!(u64::from(authentic.days_left), expiry_day.saturating_sub(at / DAY));
            prop_assert_eq!(authentic.original.to_vec(), text.as_bytes());
        }
    }

    #[test]
    fn stripping_undoes_signing(keys in any_ring(), text in any_address(), time in any_time()) {
        let mut settings = keys.settings();
        settings.delimiter = Delimiter::default();
        let keys = ring(settings, 3, b"secret");
        let signed = sign(&keys, &text, time)?;
        let signed = address(&signed);
        let stripped = strip(&signed).expect("a tag");
        let dialect = match syntax(&keys, &text) { Syntax::Prefix => Dialect::Draft, Syntax::SubAddress => Dialect::SubAddress };
        prop_assert_eq!(stripped.dialect, dialect);
        prop_assert_eq!(stripped.original.to_vec(), text.as_bytes());
        if let Some(part) = stripped.original.as_part() {
            prop_assert!(signed.as_bytes().as_ptr_range().contains(&part.as_ptr()));
            prop_assert_eq!(part, text.as_bytes());
        } else {
            prop_assert!(settings.syntax == Syntax::SubAddress || text.starts_with(['<', '"']));
        }
    }

    #[test]
    fn signing_twice_changes_nothing(keys in any_ring(), text in any_address(), time in any_time(), later in any_time()) {
        let signed = sign(&keys, &text, time)?;
        prop_assert_eq!(keys.sign(&address(&signed), later), Err(SignError::Tagged));
    }

    #[test]
    fn folding_any_letters_of_a_signed_address_changes_nothing(
        keys in any_ring(),
        text in any_address(),
        time in any_time(),
        folds in proptest::collection::vec(any::<bool>(), 256),
    ) {
        let mut settings = keys.settings();
        settings.hash_case = HashCase::Fold;
        let keys = ring(settings, 3, b"secret");
        let mut signed = sign(&keys, &text, time)?;
        for (octet, fold) in signed.iter_mut().zip(folds) {
            *octet = if fold { octet.to_ascii_uppercase() } else { octet.to_ascii_lowercase() };
        }
        let signed = address(&signed);
        prop_assert!(keys.verify(&signed, time).is_pass(), "{}", signed);
    }

    #[test]
    fn changing_any_digit_of_a_tag_never_passes(
        keys in any_ring(),
        text in any_address(),
        time in any_time(),
        digit in 0_usize..10,
        other in select(b"0123456789abcdefABCDEFg/: ".to_vec()),
    ) {
        let signed = sign(&keys, &text, time)?;
        let mut changed = signed.clone();
        let at = {
            let signed = address(&signed);
            let signed = keys.verify(&signed, time);
            let tail = signed.authentic().unwrap().original.parts()[2].len();
            match syntax(&keys, &text) {
                Syntax::Prefix => usize::from(text.starts_with('<')) + usize::from(text.contains('"')) + 5,
                Syntax::SubAddress => changed.len() - tail - 10,
            }
        };
        prop_assume!(!changed[at + digit].eq_ignore_ascii_case(&other));
        changed[at + digit] = other;
        if let Ok(changed) = Address::parse(&changed) {
            prop_assert!(!matches!(keys.verify(&changed, time), Verdict::Pass(_) | Verdict::Expired(_)), "{}", changed);
        }
    }

    #[test]
    fn no_octets_panic(keys in any_ring(), octets in any_octets(), time in any::<u64>()) {
        let path = ReversePath::parse(&octets);
        let Ok(ReversePath::Address(address)) = path else {
            prop_assert_eq!(path == Ok(ReversePath::Null), octets.is_empty() || octets == b"<>");
            return Ok(());
        };
        prop_assert_eq!(address.as_bytes(), &octets);
        let inside = octets.strip_prefix(b"<").and_then(|inside| inside.strip_suffix(b">")).unwrap_or(&octets);
        prop_assert_eq!([address.local_part(), b"@", address.domain()].concat(), inside);
        prop_assert!(keys.verify(&address, time).authentic().is_none(), "a forged tag");
        if let Ok(signed) = keys.sign(&address, time) {
            let signed = signed.to_vec();
            prop_assert!(keys.verify(&common::address(&signed), time).is_pass());
        }
        if let Some(stripped) = strip(&address) {
            let original = stripped.original.to_vec();
            prop_assert!(original.len() < octets.len());
            let original = common::address(&original);
            prop_assert_eq!(original.domain(), address.domain());
        }
    }
}
