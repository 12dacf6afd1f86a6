//! A mail server's side of a dialogue.

use batv_config::Config;
use batv_milter::log::Level;
use batv_milter::metrics::{Counters, Decided, Moment};
use batv_milter::protocol::{Events, ProtocolError};
use batv_milter::session::{Flow, Session, Site};
use std::cell::RefCell;
use std::sync::Arc;

/// Noon of 2026-11-22.
pub(crate) const TIME: u64 = 1_795_348_800;
/// What Postfix 3.7 offers.
pub(crate) const OFFER: &[u8] = b"\0\0\0\x0dO\0\0\0\x06\0\0\x01\xff\0\x1f\xff\xff";
/// Signed on 2026-11-22 for 7 days, by Exim.
pub(crate) const ALICE: &str = "<prvs=0786864c09=alice@example.test>";
pub(crate) const MISSING: &str =
    "550 5.7.1 Not a bounce of mail sent from here (BATV: the address has no tag)";

/// A packet of the milter.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Sent {
    pub(crate) command: char,
    pub(crate) data: String,
}

impl Sent {
    pub(crate) fn new(command: char, data: &str) -> Self {
        Self { command, data: data.to_owned() }
    }
}

pub(crate) struct Surroundings {
    config: Arc<Config>,
    pub(crate) lines: RefCell<Vec<String>>,
    counters: Counters,
}

impl Surroundings {
    /// `policy` is what follows `[policy]` in the configuration.
    pub(crate) fn new(policy: &str) -> Self {
        let config = config("secret = \"secret\"", policy);
        Self { config, lines: RefCell::default(), counters: Counters::default() }
    }
}

impl Site for Surroundings {
    fn config(&self) -> Arc<Config> {
        Arc::clone(&self.config)
    }

    fn log(&self, level: Level, line: &str) {
        self.lines.borrow_mut().push(format!("{} {line}", level as u8));
    }

    fn count(&self, decision: Decided) {
        self.counters.decided(decision);
    }
}

pub(crate) struct Dialogue {
    events: Events,
    session: Session,
    site: Surroundings,
    pub(crate) time: u64,
    pub(crate) ended: bool,
}

impl Dialogue {
    /// `policy` is what follows `[policy]` in the configuration.
    pub(crate) fn new(policy: &str) -> Self {
        let (events, session, site) = (Events::default(), Session::default(), Surroundings::new(policy));
        Self { events, session, site, time: TIME, ended: false }
    }

    pub(crate) fn configure(&mut self, secret: &str, policy: &str) {
        self.site.config = config(secret, policy);
    }

    /// Sends octets, and returns the packets that are the answer.
    pub(crate) fn try_send(&mut self, octets: &[u8]) -> Result<Vec<Sent>, ProtocolError> {
        let mut out = Vec::new();
        self.events.receive(octets);
        while let Some(event) = self.events.next()? {
            self.ended |= self.session.handle(event, self.time, &self.site, &mut out)? == Flow::End;
        }
        Ok(packets(&out))
    }

    pub(crate) fn send(&mut self, octets: &[u8]) -> Vec<Sent> {
        self.try_send(octets).unwrap()
    }

    pub(crate) fn try_packet(&mut self, command: char, data: &str) -> Result<Vec<Sent>, ProtocolError> {
        let length = u32::try_from(data.len() + 1).unwrap();
        self.try_send(
            &[&length.to_be_bytes()[..], &[u8::try_from(command).unwrap()], data.as_bytes()].concat(),
        )
    }

    pub(crate) fn packet(&mut self, command: char, data: &str) -> Vec<Sent> {
        self.try_packet(command, data).unwrap()
    }

    pub(crate) fn macros(&mut self, command: char, macros: &[(&str, &str)]) {
        let pairs: Vec<_> = macros.iter().flat_map(|(name, value)| [*name, "\0", *value, "\0"]).collect();
        assert_eq!(self.packet('D', &format!("{command}{}", pairs.concat())), []);
    }

    /// What was logged since the last question, each line behind its level.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.site.lines.borrow().clone()
    }

    /// What was counted: the samples of decisions that are not zero.
    pub(crate) fn counted(&self) -> Vec<String> {
        let site = &self.site;
        let moment = Moment { time: self.time, config: &site.config, sessions_open: 0, sessions: 0 };
        let text = site.counters.text(moment);
        let samples = text.lines().filter_map(|line| line.strip_prefix("batv_milter_decisions_total"));
        samples.filter(|sample| !sample.ends_with(" 0")).map(ToOwned::to_owned).collect()
    }
}

fn config(secret: &str, policy: &str) -> Arc<Config> {
    let socket = "socket = \"unix:/nonexistent\"\n";
    let policy = policy.replace("[milter]\n", &format!("[milter]\n{socket}"));
    let text = format!("[[key]]\nnumber = 0\n{secret}\nfor = [\"example.test\"]\n[policy]\n{policy}");
    Config::parse(&text, |_| unreachable!()).unwrap().into()
}

fn packets(mut octets: &[u8]) -> Vec<Sent> {
    let mut packets = Vec::new();
    while let Some((length, rest)) = octets.split_first_chunk() {
        let (packet, rest) = rest.split_at(u32::from_be_bytes(*length) as usize);
        let data = String::from_utf8_lossy(&packet[1..]).into_owned();
        packets.push(Sent { command: packet[0].into(), data });
        octets = rest;
    }
    packets
}

/// What stands between the tests: a connection of Postfix's client at an address.
pub(crate) fn connected(address: &str) -> Dialogue {
    connected_with("", address)
}

pub(crate) fn connected_with(policy: &str, address: &str) -> Dialogue {
    let mut dialogue = Dialogue::new(policy);
    dialogue.send(OFFER);
    dialogue.macros('C', &[("v", "Postfix 3.7.11")]);
    assert_eq!(dialogue.packet('C', &format!("client.example.net\0{address}\0")), []);
    dialogue
}

pub(crate) fn stranger() -> Dialogue {
    connected("4\x04\x01192.0.2.7")
}

pub(crate) fn goes_on() -> Vec<Sent> {
    vec![Sent::new('c', "")]
}

pub(crate) fn refused(text: &str) -> Vec<Sent> {
    vec![Sent::new('y', &format!("{text}\0"))]
}
