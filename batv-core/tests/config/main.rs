//! The configuration file: every key, every fault with its line and key, and no secret in any.
#![cfg(feature = "config")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

#[path = "../common/mod.rs"]
mod common;

mod faults;
mod keys;
mod secrets;
mod settings;
mod warnings;

use batv_core::Config;

/// Reads a configuration without secret files.
fn parse(text: &str) -> Config {
    Config::parse(text, |name| panic!("{name}")).unwrap_or_else(|errors| panic!("{text}\n{errors}"))
}

/// What is wrong with a text, a line for each fault.
fn faults(text: &str) -> String {
    match Config::parse(text, |name| Err(format!("{name} cannot be read"))) {
        Ok(_) => panic!("no fault in {text}"),
        Err(errors) => errors.to_string(),
    }
}

/// The signed reverse-path, or the word that says why there is none.
fn sign(config: &Config, sender: &str, time: u64) -> String {
    let outbound = config.policy.outbound(sender.as_bytes(), [], time);
    outbound.signed.map_or(outbound.reason.to_string(), |signed| String::from_utf8(signed).unwrap())
}
