//! Calendar dates of the days that tags count.

use batv_core::Day;
use time::Date;

const SECONDS_PER_DAY: u64 = 86_400;
/// The Julian day number of 1970-01-01.
const EPOCH: i32 = 2_440_588;

/// The days from the time until a tag of this expiry day expires, negative when it has.
///
/// A day number stands for a day of every thousand; the one meant lies at most 100 days ahead.
pub(crate) fn days_until_expiry(expiry: Day, time: u64) -> i64 {
    let today = Day::at(time);
    expiry.days_left(today).map_or_else(|| -days_since(expiry, today), i64::from)
}

/// The days from the time until the day of sending, of which a tag has the last three digits. It
/// is never more than a day ahead: two servers may see midnight at different moments.
pub(crate) fn days_until_sending(number: u64, time: u64) -> i64 {
    match days_since(Day::at(number * SECONDS_PER_DAY), Day::at(time)) {
        999 => 1,
        days => -days,
    }
}

fn days_since(day: Day, today: Day) -> i64 {
    (i64::from(today.get()) - i64::from(day.get())).rem_euclid(1000)
}

/// The date that many days from the time, as ISO 8601 writes it.
pub(crate) fn date(time: u64, days: i64) -> Option<String> {
    date_of_day((time / SECONDS_PER_DAY).checked_add_signed(days)?)
}

/// The date of a day, counted from 1970-01-01; None after the year 9999.
pub(crate) fn date_of_day(day: u64) -> Option<String> {
    let date = Date::from_julian_day(i32::try_from(day).ok()?.checked_add(EPOCH)?).ok()?;
    Some(date.to_string())
}

/// How far away a day is, in words.
pub(crate) fn distance(days: i64) -> String {
    match days {
        -1 => "yesterday".into(),
        0 => "today".into(),
        1 => "tomorrow".into(),
        ..0 => format!("{} days ago", -days),
        _ => format!("in {days} days"),
    }
}
