//! Pictures in SVG. All lengths are integers, in tenths of a pixel of a page of 720 pixels.

use super::summary::{Series, grouped};
use super::tally::Bounces;
use batv_config::Date;
use std::collections::BTreeMap;
use std::fmt::{self, Formatter};

const WIDTH: u64 = 7200;
const HEIGHT: u64 = 2400;
/// Where the columns stand.
const LEFT: u64 = 500;
const RIGHT: u64 = 6800;
const TOP: u64 = 150;
const BOTTOM: u64 = 2150;
/// The most dates below the columns.
const LABELS: u64 = 6;
/// The length of the longest bar.
const BAR: u64 = 1000;

/// The class that gives a part its colour.
pub(super) fn class(series: Series) -> &'static str {
    match series {
        Series::Refused => "refused",
        Series::Monitored => "monitored",
        Series::Genuine => "genuine",
        Series::Other => "other",
    }
}

/// Writes one column for each day with a date; nothing when there are fewer than two.
pub(super) fn write(days: &BTreeMap<Option<Date>, Bounces>, f: &mut Formatter<'_>) -> fmt::Result {
    let days: Vec<_> = days.iter().filter_map(|(date, day)| Some(((*date)?, *day))).collect();
    let ([(first, _), ..], [.., (last, _)]) = (days.as_slice(), days.as_slice()) else { return Ok(()) };
    let place = |date: Date| u64::try_from(date.days_since(*first)).unwrap_or_default();
    let span = place(*last) + 1;
    if span < 2 {
        return Ok(());
    }
    let greatest = days.iter().map(|(_, day)| day.refused + day.monitored + day.genuine).max();
    let scale = round_up(greatest.unwrap_or_default());
    writeln!(
        f,
        "<figure><svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" \
         aria-label=\"Bounces by day; the numbers stand in the table\">"
    )?;
    let half = (scale & 1 == 0).then_some(scale / 2);
    for count in [Some(0), half, Some(scale)].into_iter().flatten() {
        let y = BOTTOM - height(count, scale);
        writeln!(
            f,
            "<line x1=\"{LEFT}\" x2=\"{RIGHT}\" y1=\"{y}\" y2=\"{y}\"/>\
             <text x=\"{}\" y=\"{}\" text-anchor=\"end\">{}</text>",
            LEFT - 80,
            y + 40,
            grouped(count)
        )?;
    }
    let left = |place: u64| LEFT + place * (RIGHT - LEFT) / span;
    for (date, day) in &days {
        let x = left(place(*date));
        let slot = (RIGHT - LEFT) / span;
        write_column(*date, *day, (x + slot / 10, (slot * 4 / 5).max(6)), scale, f)?;
    }
    let step = usize::try_from(span.div_ceil(LABELS)).unwrap_or(1);
    for label in (0..span).step_by(step) {
        let date = first.plus(i64::try_from(label).unwrap_or_default());
        let x = left(label).midpoint(left(label + 1));
        writeln!(f, "<text x=\"{x}\" y=\"{}\" text-anchor=\"middle\">{date}</text>", BOTTOM + 180)?;
    }
    writeln!(f, "</svg></figure>")
}

fn write_column(
    date: Date,
    day: Bounces,
    (x, width): (u64, u64),
    scale: u64,
    f: &mut Formatter<'_>,
) -> fmt::Result {
    let Bounces { refused, monitored, genuine } = day;
    write!(
        f,
        "<g><title>{date}: {} refused, {} would be refused, {} genuine</title>",
        grouped(refused),
        grouped(monitored),
        grouped(genuine)
    )?;
    let mut below = 0;
    for (count, series) in
        [(refused, Series::Refused), (monitored, Series::Monitored), (genuine, Series::Genuine)]
    {
        if count > 0 {
            let (bottom, top) = (height(below, scale), height(below + count, scale));
            let (y, height, class) = (BOTTOM - top, top - bottom, class(series));
            write!(f, "<rect class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\"/>")?;
        }
        below += count;
    }
    writeln!(f, "</g>")
}

fn height(count: u64, scale: u64) -> u64 {
    count.saturating_mul(BOTTOM - TOP) / scale
}

/// The next number with one digit before its zeros: 1, 2, 3, 4, 5, 6, 8, 10, 20 and so on.
fn round_up(count: u64) -> u64 {
    let mut unit = 1_u64;
    loop {
        if let Some(round) = [1, 2, 3, 4, 5, 6, 8]
            .map(|digit| unit.saturating_mul(digit))
            .iter()
            .find(|round| **round >= count)
        {
            return *round;
        }
        unit = unit.saturating_mul(10);
    }
}

/// Writes a bar with a part for each count.
pub(super) fn write_bar(
    parts: impl Iterator<Item = (u64, Series)>,
    longest: u64,
    f: &mut Formatter<'_>,
) -> fmt::Result {
    // The numbers beside it say the same.
    write!(f, "<svg viewBox=\"0 0 {BAR} 10\" preserveAspectRatio=\"none\" aria-hidden=\"true\">")?;
    let (mut sum, mut start) = (0, 0);
    for (count, series) in parts {
        sum += count;
        let end = sum.saturating_mul(BAR).div_ceil(longest);
        if count > 0 {
            let (width, class) = (end - start, class(series));
            write!(f, "<rect class=\"{class}\" x=\"{start}\" width=\"{width}\" height=\"10\"/>")?;
        }
        start = end;
    }
    write!(f, "</svg>")
}

#[cfg(test)]
mod tests {
    use super::round_up;

    #[test]
    fn scales_end_with_a_round_number() {
        for (count, round) in [(0, 1), (1, 1), (3, 3), (7, 8), (9, 10), (11, 20), (81, 100), (2001, 3000)] {
            assert_eq!(round_up(count), round);
        }
    }
}
