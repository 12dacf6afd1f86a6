//! The report as text.

use super::summary::{Column, Section, Series, Summary, grouped};
use std::io::{self, Write};

/// The columns of the longest bar.
const BAR: usize = 20;
/// A longer name moves its row to the right.
const LONGEST_NAME: usize = 40;

/// Writes the report; with bars for a terminal.
pub(super) fn write(summary: &Summary, bars: bool, out: &mut impl Write) -> io::Result<()> {
    if let Some((first, last)) = summary.period {
        writeln!(out, "Bounces from {first} to {last}")?;
    }
    let counts: Vec<_> = summary.headlines.iter().map(|headline| grouped(headline.count)).collect();
    let width = widest(counts.iter().map(String::as_str));
    for (count, headline) in counts.iter().zip(&summary.headlines) {
        writeln!(out, "  {count:>width$} {}", headline.what)?;
    }
    for section in &summary.sections {
        writeln!(out)?;
        write_section(section, bars, out)?;
    }
    writeln!(out, "\n{}", summary.source)
}

fn write_section(section: &Section, bars: bool, out: &mut impl Write) -> io::Result<()> {
    // A remark takes the place of a bar: both do not fit.
    let bars = bars && section.rows.iter().all(|row| row.remark.is_empty());
    let names = section.rows.iter().map(|row| row.name.as_str());
    let name_width = widest(names).min(LONGEST_NAME).max(section.title.chars().count().saturating_sub(2));
    let header = |column: &Column| match column.series {
        Some(series) if bars && section.columns.len() > 1 => format!("{} {}", column.name, glyph(series)),
        _ => column.name.to_owned(),
    };
    let headers: Vec<_> = section.columns.iter().map(header).collect();
    let widths: Vec<_> = headers
        .iter()
        .enumerate()
        .map(|(index, header)| {
            let counts = section.rows.iter().filter_map(|row| row.counts.get(index));
            counts.map(|count| grouped(*count).len()).fold(header.chars().count(), usize::max)
        })
        .collect();
    write!(out, "{:1$}", section.title, name_width + 2)?;
    for (header, width) in headers.iter().zip(&widths) {
        write!(out, "  {header:>width$}")?;
    }
    writeln!(out)?;
    let longest = section.longest_bar();
    for row in &section.rows {
        write!(out, "  {:name_width$}", row.name)?;
        for (count, width) in row.counts.iter().zip(&widths) {
            write!(out, "  {:>width$}", grouped(*count))?;
        }
        if !row.remark.is_empty() {
            write!(out, "  {}", row.remark)?;
        }
        if bars && !row.others {
            write!(out, "  {}", bar(section.bar(row), longest))?;
        }
        writeln!(out)?;
    }
    section.note.iter().try_for_each(|note| writeln!(out, "  {note}"))
}

fn widest<'a>(texts: impl Iterator<Item = &'a str>) -> usize {
    texts.map(str::len).max().unwrap_or_default()
}

/// A bar with a part for each count; nothing that was counted is too small to be seen.
fn bar(parts: impl Iterator<Item = (u64, Series)>, longest: u64) -> String {
    let mut text = String::new();
    let (mut sum, mut length) = (0, 0);
    for (count, series) in parts {
        sum += count;
        let end = (sum * BAR as u64).div_ceil(longest);
        text.extend((length..end).map(|_| glyph(series)));
        length = end;
    }
    text
}

fn glyph(series: Series) -> char {
    match series {
        Series::Refused | Series::Other => '█',
        Series::Monitored => '▒',
        Series::Genuine => '░',
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::report::summary::Row;

    #[test]
    fn a_terminal_shows_bars() {
        let column = |name, series| Column { name, series: Some(series) };
        let row = |name: &str, counts: &[u64], others| Row {
            name: name.to_owned(),
            counts: counts.to_vec(),
            remark: String::new(),
            others,
        };
        let section = Section {
            title: "Days",
            columns: vec![column("refused", Series::Refused), column("genuine", Series::Genuine)],
            rows: vec![
                row("one", &[1500, 500], false),
                row("two", &[1, 1], false),
                row("three", &[0, 1000], false),
                row("all others", &[9999, 0], true),
            ],
            note: Some("A note.".to_owned()),
        };
        let mut out = Vec::new();
        write_section(&section, true, &mut out).unwrap();
        let expected = "\
Days          refused █  genuine ░
  one             1,500        500  ███████████████░░░░░
  two                 1          1  █
  three               0      1,000  ░░░░░░░░░░
  all others      9,999          0
  A note.
";
        assert_eq!(std::str::from_utf8(&out).unwrap(), expected);
    }
}
