//! Metrics: what the daemon counts, and how Prometheus reads it.

mod text;

use batv_config::{Config, Use};
use batv_core::{InboundDecision, KeyNumber, OutboundDecision};
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use text::{Kind, Text};

const DAY: i64 = 86_400;

/// What is counted of a decision: the fields of its log line that have few values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Decided {
    dir: &'static str,
    action: &'static str,
    reason: &'static str,
    key_number: Option<KeyNumber>,
}

impl From<&InboundDecision> for Decided {
    fn from(decision: &InboundDecision) -> Self {
        let InboundDecision { action, reason, key_number, .. } = decision;
        Self { dir: "in", action: action.as_str(), reason: reason.as_str(), key_number: *key_number }
    }
}

impl From<&OutboundDecision> for Decided {
    fn from(decision: &OutboundDecision) -> Self {
        let OutboundDecision { reason, key_number, .. } = decision;
        Self { dir: "out", action: decision.action(), reason: reason.as_str(), key_number: *key_number }
    }
}

/// What went wrong while the mail server was served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A session broke off.
    Session,
    /// No session could begin, for want of descriptors or memory.
    Resources,
}

/// What is counted while the daemon runs.
#[derive(Debug, Default)]
pub struct Counters(Mutex<Counts>);

#[derive(Clone, Debug, Default)]
struct Counts {
    decisions: BTreeMap<Decided, u64>,
    session_faults: u64,
    resource_faults: u64,
    good_reloads: u64,
    failed_reloads: u64,
    last_reload_failed: bool,
}

/// What is as it is at a moment.
#[derive(Clone, Copy, Debug)]
pub struct Moment<'a> {
    /// The time in UNIX seconds.
    pub time: u64,
    /// The configuration.
    pub config: &'a Config,
    /// The connections of the mail server that are open.
    pub sessions_open: usize,
    /// Those that there were since the daemon began.
    pub sessions: u64,
}

impl Counters {
    /// Counts a decision.
    pub fn decided(&self, decision: Decided) {
        *self.counts().decisions.entry(decision).or_default() += 1;
    }

    /// Counts a fault.
    pub fn failed(&self, fault: Fault) {
        let mut counts = self.counts();
        match fault {
            Fault::Session => counts.session_faults += 1,
            Fault::Resources => counts.resource_faults += 1,
        }
    }

    /// Counts an attempt to read the files again.
    pub fn reloaded(&self, is_good: bool) {
        let mut counts = self.counts();
        counts.last_reload_failed = !is_good;
        if is_good {
            counts.good_reloads += 1;
        } else {
            counts.failed_reloads += 1;
        }
    }

    /// All that is counted, and what follows from the moment, in Prometheus' text format 0.0.4.
    #[must_use]
    pub fn text(&self, moment: Moment<'_>) -> String {
        let counts = self.counts().clone();
        let mut text = Text::default();
        decisions(&mut text, &counts, moment.config);
        sessions(&mut text, &counts, moment);
        files(&mut text, &counts, moment);
        text.into()
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn decisions(text: &mut Text, counts: &Counts, config: &Config) {
    let mut decisions = expected(config);
    decisions.extend(&counts.decisions);
    text.family(
        "batv_milter_decisions_total",
        Kind::Counter,
        "Decisions, by the fields of their log lines. The key is that of the tag, if there is one.",
    );
    for (Decided { dir, action, reason, key_number }, count) in decisions {
        let key = key_number.map(|number| number.to_string()).unwrap_or_default();
        text.sample(&[("dir", dir), ("action", action), ("reason", reason), ("key", &key)], count);
    }
}

/// The decisions that come sooner or later, none of them yet. Without a zero to rise from, Prometheus
/// would take the first ones for old ones.
fn expected(config: &Config) -> BTreeMap<Decided, u64> {
    let missing = Decided { dir: "in", action: "refuse", reason: "missing", key_number: None };
    let mut expected = BTreeMap::from([(missing, 0)]);
    for key in &config.keys {
        let decided = |dir, action, reason| Decided { dir, action, reason, key_number: Some(key.number) };
        expected.insert(decided("in", "original", "pass"), 0);
        expected.insert(decided("in", "refuse", "bad-signature"), 0);
        expected.insert(decided("in", "refuse", "expired"), 0);
        if key.r#use == Use::Sign {
            expected.insert(decided("out", "sign", "signed"), 0);
        }
    }
    expected
}

fn sessions(text: &mut Text, counts: &Counts, moment: Moment<'_>) {
    text.family("batv_milter_sessions_open", Kind::Gauge, "Connections of the mail server that are open.");
    text.sample(&[], moment.sessions_open);
    text.family("batv_milter_sessions_total", Kind::Counter, "Connections of the mail server.");
    text.sample(&[], moment.sessions);
    text.family(
        "batv_milter_faults_total",
        Kind::Counter,
        "Sessions that broke off, and times at which none could begin for want of resources.",
    );
    text.sample(&[("kind", "resources")], counts.resource_faults);
    text.sample(&[("kind", "session")], counts.session_faults);
}

fn files(text: &mut Text, counts: &Counts, Moment { time, config, .. }: Moment<'_>) {
    text.family(
        "batv_milter_reloads_total",
        Kind::Counter,
        "Times that the configuration was read again. After one that failed the old configuration stays.",
    );
    text.sample(&[("result", "failed")], counts.failed_reloads);
    text.sample(&[("result", "good")], counts.good_reloads);
    text.family(
        "batv_milter_last_reload_successful",
        Kind::Gauge,
        "Whether the last attempt to read the configuration was good.",
    );
    text.sample(&[], u8::from(!counts.last_reload_failed));
    text.family("batv_milter_config_warnings", Kind::Gauge, "Warnings of batv config check.");
    text.sample(&[], config.warnings(time).len());
    text.family(
        "batv_milter_key_remaining_seconds",
        Kind::Gauge,
        "Time until a secret is 900 days old, in whole days. The domain is the first that the key is for.",
    );
    for key in &config.keys {
        if let (Some(days), Some(first)) = (key.days_left(time), key.patterns.first()) {
            let (domain, number) = (first.to_string(), key.number.to_string());
            text.sample(&[("domain", &domain), ("key", &number), ("use", key.r#use.as_str())], days * DAY);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use batv_core::{Action, InboundReason, OutboundReason};

    const NOON: u64 = 1_795_348_800; // of 2026-11-22
    const CONFIG: &str = r#"
        [[key]]
        number = 1
        secret = "a secret of 16 octets or more"
        created = 2026-11-21
        for = ["*.example.com", "example.com"]

        [[key]]
        number = 0
        use = "verify"
        secret = "another secret of so many octets"
        created = 2024-06-04
        for = ['"a\"b"@example.org']

        [[key]]
        number = 0
        use = "verify"
        secret = "one of which nobody knows the day"
        for = ["example.com"]
    "#;

    fn text(counters: &Counters) -> String {
        let config = Config::parse(CONFIG, |_| unreachable!()).unwrap();
        counters.text(Moment { time: NOON, config: &config, sessions_open: 2, sessions: 17 })
    }

    #[test]
    fn what_is_expected_is_there_before_it_comes() {
        let text = text(&Counters::default());
        let (decisions, _) = text.split_once("# HELP batv_milter_sessions_open").unwrap();
        let expected = r#"# HELP batv_milter_decisions_total Decisions, by the fields of their log lines. The key is that of the tag, if there is one.
# TYPE batv_milter_decisions_total counter
batv_milter_decisions_total{dir="in",action="original",reason="pass",key="0"} 0
batv_milter_decisions_total{dir="in",action="original",reason="pass",key="1"} 0
batv_milter_decisions_total{dir="in",action="refuse",reason="bad-signature",key="0"} 0
batv_milter_decisions_total{dir="in",action="refuse",reason="bad-signature",key="1"} 0
batv_milter_decisions_total{dir="in",action="refuse",reason="expired",key="0"} 0
batv_milter_decisions_total{dir="in",action="refuse",reason="expired",key="1"} 0
batv_milter_decisions_total{dir="in",action="refuse",reason="missing",key=""} 0
batv_milter_decisions_total{dir="out",action="sign",reason="signed",key="1"} 0
"#;
        assert_eq!(decisions, expected);
    }

    #[test]
    fn the_whole_text() {
        let counters = Counters::default();
        let mut forged = InboundDecision::new(Action::Accept, InboundReason::BadSignature);
        forged.key_number = Some(KeyNumber::new(1).unwrap());
        counters.decided((&forged).into());
        // By the action's word, whatever the address is.
        for original in ["a@example.com", "b@example.com"] {
            forged.action = Action::Original(original.into());
            counters.decided((&forged).into());
        }
        for signed in [None, Some(b"prvs=1786752d3a=user@example.com".to_vec())] {
            let mut decision = OutboundDecision::new(signed, OutboundReason::Signed);
            decision.key_number = Some(KeyNumber::new(1).unwrap());
            counters.decided((&decision).into());
        }
        counters.failed(Fault::Session);
        for _ in 0..2 {
            counters.failed(Fault::Resources);
        }
        for is_good in [true, true, false] {
            counters.reloaded(is_good);
        }
        let expected = r#"# HELP batv_milter_decisions_total Decisions, by the fields of their log lines. The key is that of the tag, if there is one.
# TYPE batv_milter_decisions_total counter
batv_milter_decisions_total{dir="in",action="accept",reason="bad-signature",key="1"} 1
batv_milter_decisions_total{dir="in",action="original",reason="bad-signature",key="1"} 2
batv_milter_decisions_total{dir="in",action="original",reason="pass",key="0"} 0
batv_milter_decisions_total{dir="in",action="original",reason="pass",key="1"} 0
batv_milter_decisions_total{dir="in",action="refuse",reason="bad-signature",key="0"} 0
batv_milter_decisions_total{dir="in",action="refuse",reason="bad-signature",key="1"} 0
batv_milter_decisions_total{dir="in",action="refuse",reason="expired",key="0"} 0
batv_milter_decisions_total{dir="in",action="refuse",reason="expired",key="1"} 0
batv_milter_decisions_total{dir="in",action="refuse",reason="missing",key=""} 0
batv_milter_decisions_total{dir="out",action="leave",reason="signed",key="1"} 1
batv_milter_decisions_total{dir="out",action="sign",reason="signed",key="1"} 1
# HELP batv_milter_sessions_open Connections of the mail server that are open.
# TYPE batv_milter_sessions_open gauge
batv_milter_sessions_open 2
# HELP batv_milter_sessions_total Connections of the mail server.
# TYPE batv_milter_sessions_total counter
batv_milter_sessions_total 17
# HELP batv_milter_faults_total Sessions that broke off, and times at which none could begin for want of resources.
# TYPE batv_milter_faults_total counter
batv_milter_faults_total{kind="resources"} 2
batv_milter_faults_total{kind="session"} 1
# HELP batv_milter_reloads_total Times that the configuration was read again. After one that failed the old configuration stays.
# TYPE batv_milter_reloads_total counter
batv_milter_reloads_total{result="failed"} 1
batv_milter_reloads_total{result="good"} 2
# HELP batv_milter_last_reload_successful Whether the last attempt to read the configuration was good.
# TYPE batv_milter_last_reload_successful gauge
batv_milter_last_reload_successful 0
# HELP batv_milter_config_warnings Warnings of batv config check.
# TYPE batv_milter_config_warnings gauge
batv_milter_config_warnings 3
# HELP batv_milter_key_remaining_seconds Time until a secret is 900 days old, in whole days. The domain is the first that the key is for.
# TYPE batv_milter_key_remaining_seconds gauge
batv_milter_key_remaining_seconds{domain="*.example.com",key="1",use="sign"} 77673600
batv_milter_key_remaining_seconds{domain="\"a\\\"b\"@example.org",key="0",use="verify"} -86400
"#;
        assert_eq!(text(&counters), expected);
    }

    #[test]
    fn a_good_reload_after_a_bad_one_counts() {
        let counters = Counters::default();
        let last = || text(&counters).contains("\nbatv_milter_last_reload_successful 1\n");
        assert!(last(), "the files that the daemon began with are good");
        counters.reloaded(false);
        assert!(!last());
        counters.reloaded(true);
        assert!(last());
    }
}
