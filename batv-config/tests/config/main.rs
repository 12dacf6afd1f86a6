//! The configuration file: every setting, every fault with its line and setting, and no secret in any.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod faults;
mod keys;
mod milter;
mod secrets;
mod settings;
mod warnings;

use batv_config::Config;
use batv_core::{KeyNumber, Message};

/// 2026-11-22T12:00:00Z.
const NOON: u64 = 1_795_348_800;

fn number(number: u8) -> KeyNumber {
    KeyNumber::new(number).unwrap()
}

/// Reads a configuration without secret files.
fn parse(text: &str) -> Config {
    Config::parse(text, |name| panic!("{name}")).unwrap_or_else(|error| panic!("{text}\n{error}"))
}

/// What is wrong with a text, a line for each fault.
fn faults(text: &str) -> String {
    match Config::parse(text, |name| Err(format!("{name} cannot be read"))) {
        Ok(_) => panic!("no fault in {text}"),
        Err(error) => error.to_string(),
    }
}

/// The signed reverse-path, or the word that says why there is none.
fn sign(config: &Config, sender: &str, time: u64) -> String {
    let outbound = config.policy.outbound(&Message::new(sender.as_bytes(), time));
    outbound.signed.map_or(outbound.reason.to_string(), |signed| String::from_utf8(signed).unwrap())
}
