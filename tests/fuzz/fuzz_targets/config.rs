//! Any text as a configuration file: either every fault has its line, or what it says can be used.

#![no_main]

use batv_config::{Config, parse_key_text};
use batv_core::{Message, Recipient};
use libfuzzer_sys::fuzz_target;

const TIME: u64 = 1_795_348_800;

fuzz_target!(|octets: &[u8]| {
    let _ = parse_key_text(octets);
    let Ok(text) = std::str::from_utf8(octets) else { return };
    match Config::parse(text, |name| Ok(name.as_bytes().to_vec())) {
        Err(error) => {
            let lines = text.matches('\n').count() + 1;
            let mut before = 1;
            assert!(!error.faults().is_empty());
            for fault in error.faults() {
                let line = fault.line.expect("a fault of a text has a line");
                assert!((before..=lines).contains(&line), "{error}");
                before = line;
            }
        }
        Ok(config) => {
            for time in [0, TIME, u64::MAX] {
                for warning in config.warnings(time) {
                    assert!(!warning.to_string().contains('\n'));
                }
            }
            // A name of the file is used as an address, so that it meets the patterns.
            for word in text.split(['"', '\'', '\n']).take(20) {
                let _ = config.policy.outbound(&Message::new(word.as_bytes(), TIME));
                let _ = config.policy.inbound(&Recipient::new(b"", word.as_bytes(), TIME));
            }
        }
    }
});
