//! What a log puts before a line of BATV: level, time, host, program, Exim's message id.
//!
//! Strangers choose much of what is in a log. So a line counts only if `batv: ` comes right after such a
//! prefix, which is read from the first octet of the line.

/// A date as a log writes it. Syslog's classic form has no year.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct WrittenDate {
    pub(crate) year: Option<u16>,
    pub(crate) month: u8,
    pub(crate) day: u8,
}

/// The date of a line, if it has one, and what follows `batv: `. None if it is not a line of BATV.
pub(crate) fn split(line: &[u8]) -> Option<(Option<WrittenDate>, &[u8])> {
    let line = without_level(line);
    let date_time =
        iso_date_time(line, b'T').or_else(|| classic_date_time(line)).or_else(|| full_date_time(line));
    let (date, rest) = match date_time {
        Some((date, rest)) => (Some(date), without_host_and_program(rest)),
        None => match exim_date_time(line) {
            Some((date, rest)) => (Some(date), without_exim_ids(rest)),
            None => (None, line),
        },
    };
    let rest = without_level(rest).strip_prefix(b"batv: ")?;
    // OpenSMTPD writes the name of its filter before each line of it.
    Some((date, rest.strip_prefix(b"batv: ").unwrap_or(rest)))
}

/// Takes off a level as systemd and the kernel read it, `<5>`.
fn without_level(text: &[u8]) -> &[u8] {
    let level = || {
        let (digits, rest) = digits(text.strip_prefix(b"<")?, 1, 3)?;
        (digits < 192).then(|| rest.strip_prefix(b">"))?
    };
    level().unwrap_or(text)
}

/// `host program[1]: `, or the same without the host, and after it what Exim writes to syslog.
fn without_host_and_program(text: &[u8]) -> &[u8] {
    // Programs that write the time themselves have neither.
    if without_level(text).starts_with(b"batv: ") {
        return text;
    }
    let (first, rest) = word(text);
    let rest = match first {
        [_, .., b':'] => rest,
        _ => match word(rest) {
            ([_, .., b':'], rest) => rest,
            _ => return text,
        },
    };
    without_exim_ids(exim_date_time(rest).map_or(rest, |(_, rest)| rest))
}

/// `[pid] message-id `, each of which may be missing.
fn without_exim_ids(text: &[u8]) -> &[u8] {
    let pid = || digits(text.strip_prefix(b"[")?, 1, 10)?.1.strip_prefix(b"] ");
    let text = pid().unwrap_or(text);
    match word(text) {
        (id, rest) if is_message_id(id) => rest,
        _ => text,
    }
}

/// `1abCDE-000000-XY`, since Exim 4.97 `1abCDE-00000000000-XYZ0`.
fn is_message_id(word: &[u8]) -> bool {
    let mut parts = word.split(|octet| *octet == b'-');
    let mut part = || parts.next().filter(|part| part.iter().all(u8::is_ascii_alphanumeric)).map(<[u8]>::len);
    matches!(
        (part(), part(), part(), parts.next()),
        (Some(6), Some(6), Some(2), None) | (Some(6), Some(11), Some(4), None)
    )
}

/// `2026-11-24T07:00:00`, a fraction, `Z` or `+01:00` or `+0100`, and a space.
fn iso_date_time(text: &[u8], between: u8) -> Option<(WrittenDate, &[u8])> {
    let (year, rest) = digits(text, 4, 4)?;
    let (month, rest) = digits(rest.strip_prefix(b"-")?, 2, 2)?;
    let (day, rest) = digits(rest.strip_prefix(b"-")?, 2, 2)?;
    let rest = time_of_day(rest.strip_prefix(&[between])?)?;
    let zone = || {
        let rest = rest.strip_prefix(b"+").or_else(|| rest.strip_prefix(b"-"))?;
        let (_, rest) = digits(rest, 2, 2)?;
        Some(digits(rest.strip_prefix(b":").unwrap_or(rest), 2, 2)?.1)
    };
    let rest = rest.strip_prefix(b"Z").or_else(zone).unwrap_or(rest);
    Some((written(Some(year), month, day)?, rest.strip_prefix(b" ")?))
}

/// `2026-11-24 07:00:00`, a fraction, a space and, by Exim's `log_timezone`, `+0100` and a space.
fn exim_date_time(text: &[u8]) -> Option<(WrittenDate, &[u8])> {
    let (date, rest) = iso_date_time(text, b' ')?;
    let zone = || {
        let digits = digits(rest.strip_prefix(b"+").or_else(|| rest.strip_prefix(b"-"))?, 4, 4)?;
        digits.1.strip_prefix(b" ")
    };
    Some((date, zone().unwrap_or(rest)))
}

/// `Nov 24 07:00:00`, `Nov  4`, a fraction, and a space.
fn classic_date_time(text: &[u8]) -> Option<(WrittenDate, &[u8])> {
    const MONTHS: [&[u8]; 12] =
        [b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec"];
    let (name, rest) = word(text);
    let (_, month) = MONTHS.iter().zip(1..).find(|(month, _)| **month == name)?;
    let (day, rest) = digits(rest.strip_prefix(b" ").unwrap_or(rest), 1, 2)?;
    let rest = time_of_day(rest.strip_prefix(b" ")?)?;
    Some((written(None, month, day)?, rest.strip_prefix(b" ")?))
}

/// `Tue 2026-11-24 07:00:00 UTC `, as `journalctl -o short-full` writes it.
fn full_date_time(text: &[u8]) -> Option<(WrittenDate, &[u8])> {
    const WEEKDAYS: [&[u8]; 7] = [b"Mon", b"Tue", b"Wed", b"Thu", b"Fri", b"Sat", b"Sun"];
    let (weekday, rest) = word(text);
    let (date, rest) = iso_date_time(rest, b' ').filter(|_| WEEKDAYS.contains(&weekday))?;
    Some((date, word(rest).1))
}

fn written(year: Option<u16>, month: u16, day: u16) -> Option<WrittenDate> {
    let (month, day) = (u8::try_from(month).ok()?, u8::try_from(day).ok()?);
    ((1..=12).contains(&month) && (1..=31).contains(&day)).then_some(WrittenDate { year, month, day })
}

/// Takes off `07:00:00` and a fraction.
fn time_of_day(text: &[u8]) -> Option<&[u8]> {
    let (_, rest) = digits(text, 2, 2)?;
    let (_, rest) = digits(rest.strip_prefix(b":")?, 2, 2)?;
    let (_, rest) = digits(rest.strip_prefix(b":")?, 2, 2)?;
    let fraction = || Some(digits(rest.strip_prefix(b".").or_else(|| rest.strip_prefix(b","))?, 1, 9)?.1);
    Some(fraction().unwrap_or(rest))
}

/// The number that so many digits at the beginning make, modulo 65536, and what follows them.
fn digits(text: &[u8], least: usize, most: usize) -> Option<(u16, &[u8])> {
    let count = text.iter().take(most).take_while(|octet| octet.is_ascii_digit()).count();
    let (digits, rest) = text.split_at_checked(count)?;
    let push = |number: u16, digit: &u8| number.wrapping_mul(10).wrapping_add(u16::from(digit - b'0'));
    (count >= least).then(|| (digits.iter().fold(0, push), rest))
}

/// What comes before the first space, and what comes after it.
fn word(text: &[u8]) -> (&[u8], &[u8]) {
    match memchr::memchr(b' ', text) {
        Some(length) => (text.get(..length).unwrap_or_default(), text.get(length + 1..).unwrap_or_default()),
        None => (text, b""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const IN_2026: Option<WrittenDate> = Some(WrittenDate { year: Some(2026), month: 11, day: 24 });
    const THIS_YEAR: Option<WrittenDate> = Some(WrittenDate { year: None, month: 11, day: 24 });

    #[test]
    fn prefixes_of_logs() {
        for (date, prefixes) in [
            (None, ["", "<5>", "<0>", "<191>", "batv: "].as_slice()),
            (
                THIS_YEAR,
                &[
                    "Nov 24 07:00:00 mx batv-milter[12]: ",
                    "Nov 24 07:00:00 mx batv-milter: ",
                    "Nov 24 07:00:00.123456 mx batv-milter[12]: ",
                    "Nov 24 07:00:00 batv-milter[12]: ",
                    "Nov 24 07:00:00 mx smtpd[12]: batv: ",
                    "Nov 24 07:00:00 ",
                    "<22>Nov 24 07:00:00 mx prog: ",
                    "Nov 24 07:00:00 2001:db8::1 prog: ",
                    "Nov 24 07:00:00 mx exim[12]: 2026-11-24 07:00:00 1abCDE-000000-XY ",
                    "Nov 24 07:00:00 mx exim[12]: 1abCDE-000000-XY ",
                    "Nov 24 07:00:00 mx exim[12]: [12] ",
                ],
            ),
            (
                IN_2026,
                &[
                    "2026-11-24T07:00:00.123456+00:00 mx batv-milter[12]: ",
                    "2026-11-24T07:00:00+0100 mx batv-milter[12]: ",
                    "2026-11-24T07:00:00-05:00 mx batv-milter: ",
                    "2026-11-24T07:00:00Z mx prog[1]: ",
                    "2026-11-24T07:00:00 mx prog[1]: ",
                    "Tue 2026-11-24 07:00:00 UTC mx batv-milter[12]: ",
                    "2026-11-24T07:00:00.123456789Z ",
                    "2026-11-24T07:00:00.123456789Z <5>",
                    "2026-11-24 07:00:00 ",
                    "2026-11-24 07:00:00 1abCDE-000000-XY ",
                    "2026-11-24 07:00:00 [12] 1abCDE-000000-XY ",
                    "2026-11-24 07:00:00.123 +0100 [123456] 1abCDE-00000000000-XYZ0 ",
                    "2026-11-24 07:00:00 +0000 ",
                    "2026-11-24 07:00:00 -0330 [1] ",
                ],
            ),
        ] {
            for prefix in prefixes {
                let line = format!("{prefix}batv: dir=in");
                assert_eq!(split(line.as_bytes()), Some((date, b"dir=in".as_slice())), "{prefix:?}");
            }
        }
    }

    #[test]
    fn a_single_digit_of_a_day_has_a_space_or_a_zero_before_it() {
        let fourth = Some(WrittenDate { year: None, month: 1, day: 4 });
        for line in
            ["Jan  4 07:00:00 mx a: batv: x", "Jan 04 07:00:00 mx a: batv: x", "Jan 4 07:00:00 mx a: batv: x"]
        {
            assert_eq!(split(line.as_bytes()), Some((fourth, b"x".as_slice())), "{line}");
        }
    }

    #[test]
    fn what_only_looks_like_it() {
        for line in [
            "",
            "batv",
            "batv:",
            " batv: dir=in",
            "Batv: dir=in",
            "xbatv: dir=in",
            "batv:  dir=in".trim_end_matches("  dir=in"),
            "<5> batv: dir=in",
            "<>batv: dir=in",
            "<192>batv: dir=in",
            "<1234>batv: dir=in",
            "Nov 24 07:00:00 mx batv: dir=in",
            "Nov 24 07:00:00 mx postfix/smtpd[1]: NOQUEUE: helo=<batv: dir=in>",
            "Nov 24 07:00:00 mx a b: batv: dir=in",
            "Nov 24 07:00:00 mx a: b: batv: dir=in",
            "Nov 24 07:00:00 mx a: b: batv: batv: dir=in",
            "Nov 24 07:00:00 mx a:  batv: dir=in",
            "Nov 24 07:00:00 mx a: 1abCDE-000000-XY: batv: dir=in",
            "Nov 24 07:00 mx a: batv: dir=in",
            "Nov 32 07:00:00 mx a: batv: dir=in",
            "nov 24 07:00:00 mx a: batv: dir=in",
            "2026-13-24T07:00:00Z mx a: batv: dir=in",
            "2026-11-24T07:00:00Zmx a: batv: dir=in",
            "2026-11-24 07:00:00 mx a: batv: dir=in",
            "Tux 2026-11-24 07:00:00 UTC mx a: batv: dir=in",
            "Tue 2026-11-24 07:00:00 mx a: b: batv: dir=in",
            "2026-11-24 07:00:00 H=(batv: dir=in) [192.0.2.1] rejected",
            "2026-11-24 07:00:00 1abCDE-000000-XY <= batv: dir=in",
            "2026-11-24 07:00:00 1abCDE-000000-XY T=batv: dir=in",
            "2026-11-24 07:00:00 1abCDE-000000-X batv: dir=in",
            "2026-11-24 07:00:00 [x] batv: dir=in",
        ] {
            assert_eq!(split(line.as_bytes()), None, "{line:?}");
        }
    }
}
