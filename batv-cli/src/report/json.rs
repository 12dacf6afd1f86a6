//! The report as an object of JSON.

use super::decision::unescape;
use super::frequent::Commonest;
use super::reasons::{INBOUND, OUTBOUND};
use super::tally::Tally;
use serde::Serialize;

#[derive(Serialize)]
pub(super) struct Report {
    lines: u64,
    decisions: u64,
    not_understood: u64,
    too_long: u64,
    days: Vec<OfDay>,
    inbound: Vec<Inbound>,
    recipients: Values,
    clients: Values,
    keys: Vec<OfKey>,
    outbound: Vec<Outbound>,
    senders: Values,
}

#[derive(Serialize)]
struct OfDay {
    day: Option<String>,
    refused: u64,
    monitored: u64,
    genuine: u64,
}

#[derive(Serialize)]
struct Inbound {
    reason: &'static str,
    refused: u64,
    monitored: u64,
    accepted: u64,
}

#[derive(Serialize)]
struct Outbound {
    reason: &'static str,
    messages: u64,
}

#[derive(Serialize)]
struct OfKey {
    key_number: usize,
    signed: u64,
    last_signed: Option<String>,
    genuine: u64,
    last_genuine: Option<String>,
}

#[derive(Serialize)]
struct Values {
    commonest: Vec<Counted>,
    others: u64,
    too_low_by: u64,
}

#[derive(Serialize)]
struct Counted {
    value: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    count: u64,
}

impl Report {
    pub(super) fn new(tally: &Tally, most: usize) -> Self {
        let days = tally.days.iter().map(|(date, day)| OfDay {
            day: date.map(|date| date.to_string()),
            refused: day.refused,
            monitored: day.monitored,
            genuine: day.genuine,
        });
        let inbound = INBOUND.iter().zip(&tally.inbound).map(|((reason, _), outcomes)| Inbound {
            reason,
            refused: outcomes.refused,
            monitored: outcomes.monitored,
            accepted: outcomes.accepted,
        });
        let outbound = OUTBOUND
            .iter()
            .zip(&tally.outbound)
            .map(|((reason, _), count)| Outbound { reason, messages: *count });
        let keys = tally.keys.iter().enumerate().map(|(key_number, key)| OfKey {
            key_number,
            signed: key.signed,
            last_signed: key.last_signed.map(|date| date.to_string()),
            genuine: key.genuine,
            last_genuine: key.last_genuine.map(|date| date.to_string()),
        });
        Self {
            lines: tally.lines,
            decisions: tally.decisions,
            not_understood: tally.not_understood,
            too_long: tally.too_long,
            days: days.collect(),
            inbound: inbound.filter(|row| row.refused + row.monitored + row.accepted > 0).collect(),
            recipients: values(tally.recipients.commonest(most)),
            clients: values(tally.clients.commonest(most)),
            keys: keys.filter(|row| row.signed + row.genuine > 0).collect(),
            outbound: outbound.filter(|row| row.messages > 0).collect(),
            senders: values(tally.senders.commonest(most)),
        }
    }
}

fn values(found: Commonest) -> Values {
    let value = |(text, count): (String, u64)| {
        let (value, reason) = match text.split_once(' ') {
            Some((value, reason)) => (value, Some(reason.to_owned())),
            None => (text.as_str(), None),
        };
        Counted { value: String::from_utf8_lossy(&unescape(value)).into_owned(), reason, count }
    };
    let commonest = found.values.into_iter().map(value).collect();
    Values { commonest, others: found.others, too_low_by: found.too_low_by }
}
