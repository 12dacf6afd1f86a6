//! What the core costs, in multiples of the two SHA-1 blocks that an HMAC needs at least.
//!
//! Prints lines of four columns: what, compared with what, the ratio, the bar it may not exceed.
//! The machine's clock speed drifts; so each round measures the floor right before its subject, and
//! the median of the rounds' ratios counts.
#![allow(clippy::unwrap_used, missing_docs)]
#![allow(unsafe_code)] // OpenSSL is written in C

use batv_core::{Address, KeyNumber, KeyRing, Secret, Settings, strip};
use std::ffi::{c_int, c_uchar, c_uint, c_void};
use std::hint::black_box;
use std::time::Instant;

const CALLS: u32 = 250;
const TIME: u64 = 1_795_348_800;
const EXPIRED: u64 = TIME + 8 * 86_400;
const SECRET: &[u8] = b"secret";

// By file name, as the library is on every Debian but its headers need not be.
#[link(name = "libcrypto.so.3", kind = "dylib", modifiers = "+verbatim")]
unsafe extern "C" {
    fn EVP_sha1() -> *const c_void;
    fn HMAC(
        digest: *const c_void,
        key: *const c_void,
        key_len: c_int,
        data: *const c_uchar,
        data_len: usize,
        hash: *mut c_uchar,
        hash_len: *mut c_uint,
    ) -> *mut c_uchar;
}

fn openssl_hmac(data: &[u8]) -> [u8; 20] {
    let mut hash = [0; 20];
    // SAFETY: the lengths are those of the slices, and a SHA-1 hash has 20 octets.
    unsafe {
        let key = SECRET.as_ptr().cast();
        let key_len = c_int::try_from(SECRET.len()).unwrap();
        HMAC(EVP_sha1(), key, key_len, data.as_ptr(), data.len(), hash.as_mut_ptr(), std::ptr::null_mut());
    }
    hash
}

/// The least that an HMAC of a short text takes: a block from the inner state, and its hash in a block
/// from the outer state.
///
/// One call does not wait for the other, as one HMAC does not: a chain of all the calls would be
/// slower, and flatter what is compared with it.
fn floor() {
    let (mut inner, mut outer) = (black_box([1; 5]), black_box([2; 5]));
    sha1::block_api::compress(&mut inner, &[black_box([0; 64])]);
    let mut block = black_box([0; 64]);
    for (place, word) in block.chunks_exact_mut(4).zip(inner) {
        place.copy_from_slice(&word.to_be_bytes());
    }
    sha1::block_api::compress(&mut outer, &[block]);
    black_box(outer);
}

fn seconds(work: impl Fn()) -> f64 {
    let start = Instant::now();
    for _ in 0..CALLS {
        work();
    }
    start.elapsed().as_secs_f64()
}

/// How many times longer the work takes than the floor.
fn ratio(rounds: usize, work: impl Fn()) -> f64 {
    let round = || {
        let floor = seconds(floor);
        seconds(&work) / floor
    };
    let mut ratios: Vec<f64> = (0..rounds).map(|_| round()).collect();
    ratios.sort_by(f64::total_cmp);
    *ratios.get(rounds / 2).unwrap()
}

fn ring(secret: &[u8]) -> KeyRing {
    let mut keys = KeyRing::new(Settings::default());
    let number = KeyNumber::new(0).unwrap();
    keys.add(number, Secret::new(secret).unwrap());
    keys.sign_with(number).unwrap();
    keys
}

fn main() {
    // `cargo test` runs this too, to see that it works.
    let rounds = if std::env::args().any(|argument| argument == "--bench") { 2001 } else { 1 };
    let keys = ring(SECRET);
    let other = ring(b"another secret");
    for text in [
        "alice@example.test",
        "first.last+tag@mail.sub.department.of.example1.test",
        "first.middle.last+of.a.long.name.of.44.octet@mail.sub.department.of.a.long.company.name.example.test",
    ] {
        let octets = text.len();
        let text = text.as_bytes();
        let sign =
            |text| keys.sign(&Address::parse(black_box(text)).unwrap(), black_box(TIME)).unwrap().to_vec();
        let signed = sign(text);
        let verify = |keys: &KeyRing, time, verdict: &str| {
            let judge = || Address::parse(black_box(&signed)).unwrap();
            assert_eq!(keys.verify(&judge(), time).as_str(), verdict);
            ratio(rounds, || {
                black_box(keys.verify(&judge(), black_box(time)));
            })
        };
        let bar = |bar: &'static str| if octets == 18 { bar } else { "" };
        let row = |what: &str, ratio: f64, bar: &str| {
            println!("{what}, {octets} octets\ttwo SHA-1 blocks\t{ratio:.2}\t{bar}");
        };
        row(
            "sign",
            ratio(rounds, || {
                let address = Address::parse(black_box(text)).unwrap();
                black_box(keys.sign(&address, black_box(TIME)).unwrap());
            }),
            bar("1.8"),
        );
        row("verify: pass", verify(&keys, TIME, "pass"), bar("2.1"));
        row("verify: bad-signature", verify(&other, TIME, "bad-signature"), bar("2.1"));
        row("verify: expired", verify(&keys, EXPIRED, "expired"), bar("2.1"));
        row(
            "strip",
            ratio(rounds, || {
                black_box(strip(&Address::parse(black_box(&signed)).unwrap()).unwrap());
            }),
            bar("0.5"),
        );
        let source = [b"0786", text].concat();
        // The same hash, so that the same work is compared.
        let [a, b, c, ..] = openssl_hmac(&source);
        assert!(signed.starts_with(format!("prvs=0786{a:02x}{b:02x}{c:02x}=").as_bytes()));
        row(
            "OpenSSL's HMAC()",
            ratio(rounds, || {
                black_box(openssl_hmac(black_box(&source)));
            }),
            "",
        );
    }
}
