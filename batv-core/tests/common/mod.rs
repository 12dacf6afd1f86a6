//! What the test files share.
#![allow(dead_code)] // each file uses a part of it

use batv_core::{Address, HashCase, KeyNumber, KeyRing, Secret, Settings, Verdict};

/// Noon of day 20779, whose expiry day with the default lifetime is 786.
pub const NOON: u64 = 1_795_348_800;
pub const DAY: u64 = 86_400;

pub fn address(text: &[u8]) -> Address<'_> {
    Address::parse(text).unwrap_or_else(|error| panic!("{}: {error}", text.escape_ascii()))
}

pub fn number(number: u8) -> KeyNumber {
    KeyNumber::new(number).unwrap()
}

/// The settings as shipped, but for a change.
pub fn settings(change: impl FnOnce(&mut Settings)) -> Settings {
    let mut settings = Settings::default();
    change(&mut settings);
    settings
}

/// A key ring of one secret, which signs.
pub fn ring(settings: Settings, key_number: u8, secret: &[u8]) -> KeyRing {
    let mut keys = KeyRing::new(settings);
    keys.add(number(key_number), Secret::new(secret).unwrap());
    keys.sign_with(number(key_number)).unwrap();
    keys
}

/// The ring that most cases use: `secret` as key 0, signing as shipped.
pub fn default_ring() -> KeyRing {
    ring(Settings::default(), 0, b"secret")
}

/// Settings that hash addresses as they stand, and sign long ones too: what Exim does.
pub fn exact() -> Settings {
    settings(|settings| {
        settings.hash_case = HashCase::Exact;
        settings.long_local_parts = true;
    })
}

pub fn signed(keys: &KeyRing, text: &[u8], time: u64) -> String {
    let signed = keys.sign(&address(text), time);
    let signed = signed.unwrap_or_else(|error| panic!("{}: {error}", text.escape_ascii()));
    String::from_utf8(signed.to_vec()).unwrap()
}

pub fn verdict(keys: &KeyRing, text: impl AsRef<[u8]>, time: u64) -> &'static str {
    keys.verify(&address(text.as_ref()), time).as_str()
}

/// The original of an address that passes.
pub fn passes(keys: &KeyRing, text: impl AsRef<[u8]>, time: u64) -> String {
    let text = text.as_ref();
    match keys.verify(&address(text), time) {
        Verdict::Pass(authentic) => String::from_utf8(authentic.original.to_vec()).unwrap(),
        verdict => panic!("{}: {verdict}", text.escape_ascii()),
    }
}
