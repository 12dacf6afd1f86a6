//! Calendar dates of the days that tags count.

use batv_core::Day;

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
    match days_since(Day::at(number * Day::SECONDS), Day::at(time)) {
        999 => 1,
        days => -days,
    }
}

fn days_since(day: Day, today: Day) -> i64 {
    (i64::from(today.get()) - i64::from(day.get())).rem_euclid(1000)
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
