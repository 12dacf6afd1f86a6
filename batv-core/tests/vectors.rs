//! Tags that Exim 4.96 made, and its verdicts.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;

use batv_core::{Address, AddressError, KeyRing, Settings, SignError, Verdict};
use common::{DAY, address, exact, number, ring, settings, verdict};

const VECTORS: &str = include_str!("../../tests/vectors/vectors.tsv");
const CHECK_VECTORS: &str = include_str!("../../tests/vectors/check-vectors.tsv");

/// An address that Exim signed.
struct Made {
    time: u64,
    secret: Vec<u8>,
    key_number: u8,
    address: &'static str,
    signed: &'static str,
}

impl Made {
    fn all() -> impl Iterator<Item = Self> {
        rows(VECTORS).map(|row| {
            let [time, secret, key_number, address, signed] = row[..] else { panic!("{row:?}") };
            Self {
                time: time.parse().unwrap(),
                secret: hex(secret),
                key_number: key_number.parse().unwrap(),
                address,
                signed,
            }
        })
    }

    fn ring(&self, settings: Settings) -> KeyRing {
        ring(settings, self.key_number, &self.secret)
    }

    fn local_part(&self) -> &'static str {
        self.address.rsplit_once('@').unwrap().0
    }

    /// What Exim signs and we leave alone.
    fn is_tagged(&self) -> bool {
        self.address == "prvs=0123abcdef=alice@example.test"
    }

    /// The tag before the quotes, where Exim puts it, moved inside.
    fn signed_inside_quotes(&self) -> String {
        match self.signed.split_at(16) {
            (tag, quoted) if quoted.starts_with('"') => format!("\"{tag}{}", &quoted[1..]),
            _ => self.signed.to_owned(),
        }
    }
}

fn rows(file: &'static str) -> impl Iterator<Item = Vec<&'static str>> {
    file.lines().filter(|line| !line.starts_with('#')).map(|line| line.split('\t').collect())
}

fn hex(digits: &str) -> Vec<u8> {
    let octets = (0..digits.len()).step_by(2);
    octets.map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap()).collect()
}

#[test]
fn exact_signs_as_exim_does() {
    let mut quoted = 0;
    let mut same = 0;
    for made in Made::all().filter(|made| !made.is_tagged()) {
        let ours = common::signed(&made.ring(exact()), made.address.as_bytes(), made.time);
        assert_eq!(ours, made.signed_inside_quotes());
        if made.local_part().starts_with('"') {
            quoted += 1;
        } else {
            same += usize::from(ours == made.signed);
        }
    }
    assert_eq!((same, quoted), (129, 4));
}

#[test]
fn lower_case_addresses_are_signed_alike_when_folded() {
    let fold = settings(|settings| settings.long_local_parts = true);
    let (mut same, mut capitals, mut needless_quotes) = (0, 0, 0);
    for made in Made::all().filter(|made| !made.is_tagged()) {
        let ours = common::signed(&made.ring(fold), made.address.as_bytes(), made.time);
        if made.address.contains(|letter: char| letter.is_ascii_uppercase()) {
            capitals += 1;
            assert_ne!(ours, made.signed, "{}", made.address);
        } else if made.local_part() == r#""prvs=0""# {
            needless_quotes += 1;
            assert_ne!(ours, made.signed_inside_quotes());
        } else {
            same += 1;
            assert_eq!(ours, made.signed_inside_quotes());
        }
        assert_eq!(verdict(&made.ring(exact()), &ours, made.time), "pass");
    }
    assert_eq!((same, capitals, needless_quotes), (98, 33, 2));
}

#[test]
fn what_exim_signs_and_we_do_not() {
    let mut tagged = 0;
    let mut long = 0;
    for made in Made::all() {
        for hash_case in [Settings::default().hash_case, exact().hash_case] {
            let keys = made.ring(settings(|settings| settings.hash_case = hash_case));
            let ours = keys.sign(&address(made.address.as_bytes()), made.time);
            let octets = made.local_part().len() + 16;
            if made.is_tagged() {
                tagged += 1;
                assert_eq!(ours, Err(SignError::Tagged));
            } else if octets > 64 {
                long += 1;
                assert_eq!(ours, Err(SignError::TooLong { octets }));
            } else {
                assert!(ours.is_ok(), "{}", made.address);
            }
        }
    }
    assert_eq!((tagged, long), (2, 2 * 4));
}

#[test]
fn every_tag_of_exim_passes_for_seven_days() {
    let mut verified = 0;
    for made in Made::all() {
        for (settings, text) in [Settings::default(), exact()].into_iter().flat_map(|settings| {
            [made.signed.to_owned(), made.signed_inside_quotes()].map(|text| (settings, text))
        }) {
            let keys = made.ring(settings);
            let midnight = made.time - made.time % DAY;
            for (time, days_left) in [
                (made.time, 7),
                (midnight, 7),
                (midnight + DAY - 1, 7),
                (midnight + DAY, 6),
                (midnight + 8 * DAY - 1, 0),
            ] {
                let Verdict::Pass(authentic) = keys.verify(&address(text.as_bytes()), time) else {
                    panic!("{text} at {time}");
                };
                assert_eq!(authentic.original.to_vec(), made.address.as_bytes());
                assert_eq!(authentic.key_number, number(made.key_number));
                assert_eq!(authentic.days_left, days_left);
                verified += 1;
            }
            assert_eq!(verdict(&keys, &text, midnight + 8 * DAY), "expired", "{text}");
        }
    }
    assert_eq!(verified, 134 * 2 * 2 * 5);
}

#[test]
fn verdicts_are_exims_but_for_the_wrap() {
    let (mut authentic, mut exim_is_wrong, mut bad) = (0, 0, 0);
    for row in rows(CHECK_VECTORS) {
        let [time, secret, input, exim, _, original, within_7, within_500, ..] = row[..] else {
            panic!("{row:?}")
        };
        let (time, input): (u64, _) = (time.parse().unwrap(), input.as_bytes());
        if exim == "nomatch" {
            continue; // these are judged one by one below
        }
        let key_number = input[5] - b'0';
        let keys = ring(Settings::default(), key_number, &hex(secret));
        let ours = keys.verify(&address(input), time);
        if exim == "bad" {
            bad += 1;
            assert_eq!(ours, Verdict::BadSignature);
            continue;
        }
        let expiry: u64 = std::str::from_utf8(&input[6..9]).unwrap().parse().unwrap();
        let left = (expiry + 1000 - time / DAY % 1000) % 1000;
        assert_eq!(ours.as_str(), if left <= 100 { "pass" } else { "expired" }, "{row:?}");
        // A window of 100 days lies between the windows of 7 and of 500.
        assert!(within_7 == "expired" || ours.is_pass(), "{row:?}");
        assert!(within_500 == "pass" || !ours.is_pass(), "{row:?}");
        assert_eq!(ours.authentic().unwrap().original.to_vec(), original.as_bytes());
        authentic += 1;
        exim_is_wrong += usize::from(ours.as_str() != exim);
    }
    // Exim passes nine that are far from their day, and refuses ten of peers who sign for longer.
    assert_eq!((authentic, exim_is_wrong, bad), (106, 19, 2));
}

#[test]
fn what_exim_does_not_read_has_a_verdict_of_its_own() {
    let mut inputs = rows(CHECK_VECTORS).filter(|row| row[3] == "nomatch").map(|row| (row[0], row[2]));
    let keys = ring(Settings::default(), 0, b"secret");
    let mut ours = |expected_input: &str| {
        let (time, input) = inputs.next().unwrap();
        assert_eq!(input, expected_input);
        Address::parse(input.as_bytes()).map(|address| keys.verify(&address, time.parse().unwrap()).as_str())
    };
    assert_eq!(ours("prvs=0786864c090=alice@example.test"), Ok("malformed"));
    assert_eq!(ours("prvs=0786g64c09=alice@example.test"), Ok("malformed"));
    assert_eq!(ours("prvs=086864c09=alice@example.test"), Ok("malformed"));
    assert_eq!(ours("prvs=07a6864c09=alice@example.test"), Ok("malformed"));
    assert_eq!(ours("prvs=0786864c09/alice@example.test"), Ok("missing"));
    assert_eq!(ours("prvs=0786864c09=@example.test"), Ok("malformed"));
    assert_eq!(ours("prvs=0786864c09=alice"), Err(AddressError::NoAtSign));
    assert_eq!(ours(""), Err(AddressError::Null));
    assert_eq!(ours(r#""prvs=0786864c09=alice"@example.test"#), Ok("pass"));
    assert_eq!(inputs.next(), None);
}
