//! What the core costs, in multiples of the two SHA-1 blocks that an HMAC needs at least.
//!
//! The machine's clock speed drifts; so each round measures what is compared with right before its
//! subject, and the median of the rounds' ratios counts.
#![allow(clippy::unwrap_used, missing_docs)]
#![allow(unsafe_code)] // OpenSSL is written in C

mod rounds;

use batv_core::{Address, KeyNumber, KeyRing, Secret, Settings, strip};
use floor::two_sha1_blocks;
use rounds::{rounds, row};
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

fn ring(secret: &[u8]) -> KeyRing {
    let mut keys = KeyRing::new(Settings::default());
    let number = KeyNumber::new(0).unwrap();
    keys.add(number, Secret::new(secret).unwrap());
    keys.sign_with(number).unwrap();
    keys
}

/// An address, and what is done with it.
struct Case {
    original: &'static [u8],
    signed: Vec<u8>,
}

impl Case {
    fn new(original: &'static str, keys: &KeyRing) -> Self {
        let original = original.as_bytes();
        let signed = keys.sign(&Address::parse(original).unwrap(), TIME).unwrap().to_vec();
        Self { original, signed }
    }

    fn sign(&self, keys: &KeyRing) -> impl Fn() {
        || {
            let address = Address::parse(black_box(self.original)).unwrap();
            black_box(keys.sign(&address, black_box(TIME)).unwrap());
        }
    }

    fn verify<'a>(&'a self, keys: &'a KeyRing, time: u64, verdict: &str) -> impl Fn() + use<'a> {
        let address = || Address::parse(black_box(&self.signed)).unwrap();
        assert_eq!(keys.verify(&address(), time).as_str(), verdict);
        move || {
            black_box(keys.verify(&address(), black_box(time)));
        }
    }

    fn strip(&self) -> impl Fn() {
        || {
            black_box(strip(&Address::parse(black_box(&self.signed)).unwrap()).unwrap());
        }
    }

    fn openssl(&self) -> impl Fn() {
        let source = [b"0786", self.original].concat();
        // The same hash, so that the same work is compared.
        let [a, b, c, ..] = openssl_hmac(&source);
        assert!(self.signed.starts_with(format!("prvs=0786{a:02x}{b:02x}{c:02x}=").as_bytes()));
        move || {
            black_box(openssl_hmac(black_box(&source)));
        }
    }
}

fn seconds(work: impl Fn()) -> f64 {
    let start = Instant::now();
    for _ in 0..CALLS {
        work();
    }
    start.elapsed().as_secs_f64()
}

/// How many times longer the work takes than the other.
fn ratio(work: impl Fn(), other: impl Fn()) -> f64 {
    let rounds = rounds(2001);
    let round = || {
        let other = seconds(&other);
        seconds(&work) / other
    };
    let mut ratios: Vec<f64> = (0..rounds).map(|_| round()).collect();
    ratios.sort_by(f64::total_cmp);
    *ratios.get(rounds / 2).unwrap()
}

fn main() {
    let keys = ring(SECRET);
    let other = ring(b"another secret");
    let short = Case::new("alice@example.test", &keys);

    let of_floor = |what: &str, ratio: f64, bar: f64| {
        row(&format!("{what}, 18 octets"), "two SHA-1 blocks", ratio, bar);
    };
    let floor = two_sha1_blocks as extern "C" fn();
    let floor = || black_box(floor)();
    of_floor("sign", ratio(short.sign(&keys), floor), 1.8);
    of_floor("verify: pass", ratio(short.verify(&keys, TIME, "pass"), floor), 2.1);
    of_floor("verify: bad-signature", ratio(short.verify(&other, TIME, "bad-signature"), floor), 2.1);
    of_floor("verify: expired", ratio(short.verify(&keys, EXPIRED, "expired"), floor), 2.1);
    of_floor("strip", ratio(short.strip(), floor), 0.5);
    row("sign, 18 octets", "OpenSSL's HMAC()", ratio(short.sign(&keys), short.openssl()), 0.5);

    // 51 octets fit into the blocks that 18 need, and 100 need one more.
    let full = Case::new("first.last+tag@mail.sub.department.of.example1.test", &keys);
    let long = "first.middle.last+of.a.long.name.of.44.octet@mail.sub.department.of.a.long.company.name.example.test";
    let long = Case::new(long, &keys);
    for (case, bar) in [(&full, 1.2), (&long, 2.0)] {
        let octets = case.original.len();
        row(&format!("sign, {octets} octets"), "18 octets", ratio(case.sign(&keys), short.sign(&keys)), bar);
        let [this, other] = [case, &short].map(|case| case.verify(&keys, TIME, "pass"));
        row(&format!("verify: pass, {octets} octets"), "18 octets", ratio(this, other), bar);
    }
    // No hash takes the time here, but every octet.
    row("strip, 51 octets", "18 octets", ratio(full.strip(), short.strip()), 1.5);
}
