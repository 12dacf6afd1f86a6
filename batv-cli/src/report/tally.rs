//! What the lines of a log add up to.

use super::decision::{Decision, Outcome, escape, unescape};
use super::frequent::Frequent;
use super::prefix::{self, WrittenDate};
use super::reasons::{INBOUND, OUTBOUND};
use batv_config::Date;
use batv_core::{Address, strip};
use std::collections::BTreeMap;

/// The most days that are counted one by one: ten years.
const MOST_DAYS: usize = 3653;
/// The places of these words in [`INBOUND`] and [`OUTBOUND`].
const PASS: usize = 0;
const TAGGED_MAIL: usize = 8;
const SIGNED: usize = 0;
const NULL_SENDER: usize = 1;

/// The sums.
pub(super) struct Tally {
    /// The years of dates that have none.
    years: Years,
    /// All lines, among them those of which BATV is not the writer.
    pub(super) lines: u64,
    /// Those that are decisions.
    pub(super) decisions: u64,
    /// Those of BATV that are something else.
    pub(super) not_understood: u64,
    /// Those that were skipped.
    pub(super) too_long: u64,
    /// The bounces that were judged by their tags, by day; None stands for lines without a date.
    pub(super) days: BTreeMap<Option<Date>, Bounces>,
    /// By reason, in the order of [`INBOUND`].
    pub(super) inbound: [Outcomes; INBOUND.len()],
    /// By reason, in the order of [`OUTBOUND`].
    pub(super) outbound: [u64; OUTBOUND.len()],
    pub(super) keys: [Key; 10],
    /// The recipients of bounces that were, or would have been, refused.
    pub(super) recipients: Frequent,
    /// The clients that they came from.
    pub(super) clients: Frequent,
    /// The senders that left unsigned, each with the reason after a space.
    pub(super) senders: Frequent,
}

#[derive(Clone, Copy, Default)]
pub(super) struct Bounces {
    pub(super) refused: u64,
    pub(super) monitored: u64,
    pub(super) genuine: u64,
}

#[derive(Clone, Copy, Default)]
pub(super) struct Outcomes {
    pub(super) refused: u64,
    pub(super) monitored: u64,
    pub(super) accepted: u64,
}

/// What was seen of the keys with one number.
#[derive(Clone, Copy, Default)]
pub(super) struct Key {
    pub(super) signed: u64,
    pub(super) last_signed: Option<Date>,
    pub(super) genuine: u64,
    pub(super) last_genuine: Option<Date>,
}

impl Tally {
    pub(super) fn new(today: Date) -> Self {
        Self {
            years: Years::until(today),
            lines: 0,
            decisions: 0,
            not_understood: 0,
            too_long: 0,
            days: BTreeMap::new(),
            inbound: Default::default(),
            outbound: Default::default(),
            keys: Default::default(),
            recipients: Frequent::default(),
            clients: Frequent::default(),
            senders: Frequent::default(),
        }
    }

    /// Counts a line.
    pub(super) fn add(&mut self, line: &[u8]) {
        self.lines += 1;
        let Some((written, text)) = prefix::split(line) else { return };
        let Some(decision) = Decision::parse(text) else {
            self.not_understood += 1;
            return;
        };
        self.decisions += 1;
        let date = written.and_then(|written| self.years.date(written));
        match decision {
            Decision::Inbound { outcome, reason, to, client, key } => {
                self.add_inbound(outcome, reason, date);
                if outcome != Outcome::Accepted && reason != TAGGED_MAIL {
                    self.recipients.add(&mailbox(to));
                    self.clients.add(&client.map_or_else(|| "unknown".into(), |client| client.to_string()));
                } else if let (PASS, Some(key)) = (reason, self.key(key)) {
                    key.genuine += 1;
                    key.last_genuine = key.last_genuine.max(date);
                }
            }
            Decision::Outbound { signed, reason, from, key } => {
                if let Some(count) = self.outbound.get_mut(reason) {
                    *count += 1;
                }
                if signed {
                    if let Some(key) = self.key(key) {
                        key.signed += 1;
                        key.last_signed = key.last_signed.max(date);
                    }
                } else if reason != NULL_SENDER {
                    let (word, _) = OUTBOUND.get(reason).copied().unwrap_or_default();
                    self.senders.add(&format!("{} {word}", mailbox(from)));
                }
            }
        }
    }

    fn add_inbound(&mut self, outcome: Outcome, reason: usize, date: Option<Date>) {
        if let Some(counts) = self.inbound.get_mut(reason) {
            match outcome {
                Outcome::Accepted => counts.accepted += 1,
                Outcome::Monitored => counts.monitored += 1,
                Outcome::Refused => counts.refused += 1,
            }
        }
        if reason == TAGGED_MAIL || outcome == Outcome::Accepted && reason != PASS {
            return;
        }
        let known = self.days.len() < MOST_DAYS || self.days.contains_key(&date);
        let day = self.days.entry(date.filter(|_| known)).or_default();
        match outcome {
            Outcome::Accepted => day.genuine += 1,
            Outcome::Monitored => day.monitored += 1,
            Outcome::Refused => day.refused += 1,
        }
    }

    fn key(&mut self, number: Option<u8>) -> Option<&mut Key> {
        self.keys.get_mut(usize::from(number?))
    }

    /// The bounces of all days.
    pub(super) fn bounces(&self) -> Bounces {
        self.days.values().fold(Bounces::default(), |sum, day| Bounces {
            refused: sum.refused + day.refused,
            monitored: sum.monitored + day.monitored,
            genuine: sum.genuine + day.genuine,
        })
    }

    /// How many messages left signed, and how many unsigned.
    pub(super) fn left(&self) -> (u64, u64) {
        let signed = self.outbound.get(SIGNED).copied().unwrap_or_default();
        (signed, self.outbound.iter().sum::<u64>() - signed)
    }
}

/// Finds the day of a date. Without a year, it is the last such day that is not later than tomorrow,
/// since servers write the time of their own zone.
struct Years {
    tomorrow: Date,
    latest: u16,
}

impl Years {
    fn until(today: Date) -> Self {
        let tomorrow = today.plus(1);
        let year = tomorrow.to_string().get(..4).and_then(|year| year.parse().ok());
        Self { tomorrow, latest: year.unwrap_or_default() }
    }

    fn date(&self, written: WrittenDate) -> Option<Date> {
        let of_year = |year| Date::from_calendar(year, written.month, written.day);
        if written.year.is_some() {
            return of_year(written.year?);
        }
        // Eight years, since 29 February may have been that long ago.
        let years = (0..=8).map(|ago| self.latest.saturating_sub(ago));
        years.filter_map(of_year).find(|date| *date <= self.tomorrow)
    }
}

/// The mailbox that an address means, so that forged tags and capitals do not make many of one.
fn mailbox(address: &str) -> String {
    let folded = address.to_ascii_lowercase();
    if !folded.contains('=') {
        return folded;
    }
    let octets = unescape(&folded);
    let original = Address::parse(&octets).ok().and_then(|address| strip(&address));
    original.map_or(folded, |stripped| escape(&stripped.original.parts().concat()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn date(year: u16, month: u8, day: u8) -> Date {
        Date::from_calendar(year, month, day).unwrap()
    }

    #[test]
    fn the_places_of_the_words() {
        assert_eq!(
            (INBOUND[PASS].0, OUTBOUND[SIGNED].0, OUTBOUND[NULL_SENDER].0),
            ("pass", "signed", "null-sender")
        );
    }

    #[test]
    fn years_that_a_log_does_not_write() {
        let years = Years::until(date(2026, 1, 1));
        for (month, day, expected) in [
            (1, 1, Some(date(2026, 1, 1))),
            (1, 2, Some(date(2026, 1, 2))),
            (1, 3, Some(date(2025, 1, 3))),
            (12, 31, Some(date(2025, 12, 31))),
            (2, 29, Some(date(2024, 2, 29))),
            (2, 30, None),
        ] {
            assert_eq!(years.date(WrittenDate { year: None, month, day }), expected);
        }
        let new_year = WrittenDate { year: None, month: 1, day: 1 };
        assert_eq!(Years::until(date(2026, 12, 31)).date(new_year), Some(date(2027, 1, 1)));
        let long_ago = WrittenDate { year: None, month: 2, day: 29 };
        assert_eq!(Years::until(date(2104, 2, 27)).date(long_ago), Some(date(2096, 2, 29)));
        let written = WrittenDate { year: Some(2030), month: 2, day: 1 };
        assert_eq!(years.date(written), Some(date(2030, 2, 1)));
    }

    #[test]
    fn one_mailbox_is_counted_once() {
        for (address, expected) in [
            ("Alice@Example.COM", "alice@example.com"),
            ("prvs=0149c9be41=Alice@example.com", "alice@example.com"),
            ("\\x22prvs=0149c9be41=john\\x20doe\\x22@example.com", "\\x22john\\x20doe\\x22@example.com"),
            ("a=b@example.com", "a=b@example.com"),
            ("prvs=0149c9be=a@example.com", "prvs=0149c9be=a@example.com"),
            ("=", "="),
            ("", ""),
        ] {
            assert_eq!(mailbox(address), expected);
        }
    }

    #[test]
    fn days_are_bounded() {
        let mut tally = Tally::new(date(2026, 1, 1));
        for day in (0..).take(2 * MOST_DAYS) {
            tally.add_inbound(Outcome::Refused, 1, Some(date(2000, 1, 1).plus(day)));
        }
        assert!(tally.days.len() <= MOST_DAYS + 1);
        assert_eq!(tally.bounces().refused, 2 * MOST_DAYS as u64);
    }
}
