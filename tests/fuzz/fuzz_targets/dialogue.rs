//! Any octets from the mail server: an error or answers, which are packets, and memory that grows by
//! what arrives.
#![no_main]

use batv_config::Config;
use batv_milter::log::Level;
use batv_milter::metrics::{Counters, Decided};
use batv_milter::protocol::Events;
use batv_milter::session::{Flow, Session, Site};
use libfuzzer_sys::fuzz_target;
use std::sync::{Arc, LazyLock};

const TIME: u64 = 1_795_348_800;
const FILE: &str = r#"
[[key]]
number = 0
secret = "secret"
for = ["example.test"]
[policy]
default-domain = "example.test"
monitor = ["bob@example.test"]
[milter]
socket = "unix:/nonexistent"
mark = "X-BATV"
"#;

static COUNTERS: LazyLock<Counters> = LazyLock::new(Counters::default);
static CONFIG: LazyLock<Arc<Config>> =
    LazyLock::new(|| Config::parse(FILE, |_| unreachable!()).unwrap().into());

struct Nowhere;

impl Site for Nowhere {
    fn config(&self) -> Arc<Config> {
        Arc::clone(&CONFIG)
    }

    fn log(&self, _level: Level, line: &str) {
        assert!(line.starts_with("batv: dir="));
        assert!(line.bytes().all(|octet| octet == b' ' || octet.is_ascii_graphic()));
    }

    fn count(&self, decision: Decided) {
        COUNTERS.decided(decision);
    }
}

fuzz_target!(|octets: &[u8]| {
    let (mut events, mut session, mut out) = (Events::default(), Session::default(), Vec::new());
    for piece in octets.chunks(1024) {
        events.receive(piece);
        loop {
            let event = match events.next() {
                Ok(Some(event)) => event,
                Ok(None) => break,
                Err(_) => return,
            };
            match session.handle(event, TIME, &Nowhere, &mut out) {
                Ok(Flow::Continue) => {}
                Ok(Flow::End) | Err(_) => return,
            }
        }
    }
    let mut rest = &*out;
    while let Some((length, after)) = rest.split_first_chunk() {
        let (packet, after) = after.split_at(u32::from_be_bytes(*length) as usize);
        assert!(b"Ocye+-h".contains(&packet[0]));
        rest = after;
    }
    assert!(rest.is_empty());
});
