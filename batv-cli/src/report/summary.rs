//! What a report shows, section by section: the same in a terminal and on a page.

use super::frequent::Commonest;
use super::reasons::{INBOUND, OUTBOUND};
use super::tally::Tally;
use batv_config::Date;

pub(super) struct Summary {
    /// The first and the last day with a bounce that was judged.
    pub(super) period: Option<(Date, Date)>,
    /// What it comes down to.
    pub(super) headlines: Vec<Headline>,
    pub(super) sections: Vec<Section>,
    /// What was read.
    pub(super) source: String,
}

pub(super) struct Headline {
    pub(super) count: u64,
    pub(super) what: &'static str,
    pub(super) series: Series,
}

/// A table.
pub(super) struct Section {
    pub(super) title: &'static str,
    pub(super) columns: Vec<Column>,
    pub(super) rows: Vec<Row>,
    pub(super) note: Option<String>,
}

pub(super) struct Column {
    pub(super) name: &'static str,
    /// What its part of a bar looks like; None: the bar leaves this column out.
    pub(super) series: Option<Series>,
}

pub(super) struct Row {
    pub(super) name: String,
    /// One for each column.
    pub(super) counts: Vec<u64>,
    pub(super) remark: String,
    /// The sum of what has no row of its own: a bar would dwarf the others.
    pub(super) others: bool,
}

impl Section {
    /// The parts of a row's bar.
    pub(super) fn bar<'a>(&'a self, row: &'a Row) -> impl Iterator<Item = (u64, Series)> + 'a {
        let columns = self.columns.iter().zip(&row.counts).filter(|_| !row.others);
        columns.filter_map(|(column, count)| Some((*count, column.series?)))
    }

    /// What the longest bar stands for; at least one.
    pub(super) fn longest_bar(&self) -> u64 {
        let sums = self.rows.iter().map(|row| self.bar(row).map(|(count, _)| count).sum());
        sums.fold(1, u64::max)
    }
}

/// What is counted, for its colour.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Series {
    Refused,
    Monitored,
    Genuine,
    Other,
}

const REFUSED: Column = Column { name: "refused", series: Some(Series::Refused) };
const MONITORED: Column = Column { name: "would be refused", series: Some(Series::Monitored) };
const GENUINE: Column = Column { name: "genuine", series: Some(Series::Genuine) };

impl Summary {
    /// Sums it up, with so many recipients, clients and senders at most.
    pub(super) fn new(tally: &Tally, most: usize) -> Self {
        let bounces = tally.bounces();
        let (signed, unsigned) = tally.left();
        let headline = |count, what, series| Headline { count, what, series };
        let mut dates = tally.days.keys().flatten().copied();
        let first = dates.next();
        let sections = vec![
            days(tally),
            refused_reasons(tally),
            commonest("Recipients of these", "bounces", tally.recipients.commonest(most)),
            commonest("Clients of these", "bounces", tally.clients.commonest(most)),
            accepted_reasons(tally),
            keys(tally),
            left_reasons(tally),
            commonest("Senders left unsigned", "messages", tally.senders.commonest(most)),
        ];
        Self {
            period: first.map(|first| (first, dates.next_back().unwrap_or(first))),
            headlines: vec![
                headline(bounces.refused, "refused", Series::Refused),
                headline(bounces.monitored, "would be refused, but for monitor mode", Series::Monitored),
                headline(bounces.genuine, "genuine", Series::Genuine),
                headline(signed, "left signed", Series::Other),
                headline(unsigned, "left unsigned", Series::Other),
            ],
            sections: sections.into_iter().filter(|section| !section.rows.is_empty()).collect(),
            source: format!(
                "Lines: {} read, {} decisions, {} not understood, {} too long",
                grouped(tally.lines),
                grouped(tally.decisions),
                grouped(tally.not_understood),
                grouped(tally.too_long)
            ),
        }
    }
}

fn days(tally: &Tally) -> Section {
    let row = |(date, day): (&Option<Date>, &super::tally::Bounces)| Row {
        name: date.map_or_else(|| "no date".into(), |date| date.to_string()),
        counts: vec![day.refused, day.monitored, day.genuine],
        remark: String::new(),
        others: false,
    };
    let columns = vec![REFUSED, MONITORED, GENUINE];
    Section { title: "Bounces by day", columns, rows: tally.days.iter().map(row).collect(), note: None }
}

fn refused_reasons(tally: &Tally) -> Section {
    let row = |((word, meaning), outcomes): (&(&str, &str), &super::tally::Outcomes)| Row {
        name: (*word).to_owned(),
        counts: vec![outcomes.refused, outcomes.monitored],
        remark: (*meaning).to_owned(),
        others: false,
    };
    let rows = sorted(INBOUND.iter().zip(&tally.inbound).map(row));
    Section { title: "Why refused, or would be", columns: vec![REFUSED, MONITORED], rows, note: None }
}

fn accepted_reasons(tally: &Tally) -> Section {
    let row = |((word, meaning), outcomes): (&(&str, &str), &super::tally::Outcomes)| Row {
        name: (*word).to_owned(),
        counts: vec![outcomes.accepted],
        remark: (*meaning).to_owned(),
        others: false,
    };
    let columns = vec![Column { name: "accepted", series: Some(Series::Other) }];
    let rows = sorted(INBOUND.iter().zip(&tally.inbound).map(row));
    Section { title: "Why accepted", columns, rows, note: None }
}

fn left_reasons(tally: &Tally) -> Section {
    let row = |((word, meaning), count): (&(&str, &str), &u64)| Row {
        name: (*word).to_owned(),
        counts: vec![*count],
        remark: (*meaning).to_owned(),
        others: false,
    };
    let columns = vec![Column { name: "messages", series: Some(Series::Other) }];
    let rows = sorted(OUTBOUND.iter().zip(&tally.outbound).map(row));
    Section { title: "Why signed or unsigned", columns, rows, note: None }
}

/// May a key go? Not while it signs, nor while genuine bounces come with it.
fn keys(tally: &Tally) -> Section {
    let last = |what: &str, date: Option<Date>| date.map(|date| format!("last {what} {date}"));
    let rows = tally.keys.iter().enumerate().filter(|(_, key)| key.signed + key.genuine > 0);
    let rows = rows.map(|(number, key)| Row {
        name: format!("key {number}"),
        counts: vec![key.signed, key.genuine],
        remark: [last("signed", key.last_signed), last("genuine", key.last_genuine)]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join(", "),
        others: false,
    });
    let columns = vec![Column { name: "signed", series: None }, GENUINE];
    Section { title: "Keys in use", columns, rows: rows.collect(), note: None }
}

fn commonest(title: &'static str, column: &'static str, found: Commonest) -> Section {
    let row = |name, count, others| Row { name, counts: vec![count], remark: String::new(), others };
    let name = |value: String| match value.split_once(' ') {
        Some((address, reason)) => format!("{address} ({reason})"),
        None => value,
    };
    let mut rows: Vec<_> =
        found.values.into_iter().map(|(value, count)| row(name(value), count, false)).collect();
    if found.others > 0 {
        rows.push(row("all others".to_owned(), found.others, true));
    }
    let note = (found.too_low_by > 0).then(|| {
        format!(
            "There were too many to count each: a count may be too low by up to {}.",
            grouped(found.too_low_by)
        )
    });
    Section { title, columns: vec![Column { name: column, series: Some(Series::Other) }], rows, note }
}

/// The rows that have a count, in descending order.
fn sorted(rows: impl Iterator<Item = Row>) -> Vec<Row> {
    let sum = |row: &Row| row.counts.iter().sum::<u64>();
    let mut rows: Vec<_> = rows.filter(|row| sum(row) > 0).collect();
    rows.sort_by_key(|row| std::cmp::Reverse(sum(row)));
    rows
}

/// A number as people read it: 1,234,567.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (digit, left) in digits.chars().zip((1..=digits.len()).rev()) {
        text.push(digit);
        if left > 1 && left % 3 == 1 {
            text.push(',');
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_for_people() {
        for (number, text) in [(0, "0"), (999, "999"), (1000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(grouped(number), text);
        }
    }
}
