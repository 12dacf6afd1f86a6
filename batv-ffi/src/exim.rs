//! Functions that Exim calls through `${dlfunc{libbatv.so.0}{NAME}{ARGUMENT}...}`.
//!
//! Exim copies a result at once, and keeps the pointer to the text of a failure. A result in
//! memory of the library is untainted, whatever it was made of. So an original address, which is
//! made of parts of an argument, is handed back inside that argument, and stays tainted.

mod answer;
mod arguments;
mod keys;
#[cfg(test)]
mod tests;

use crate::status::Failure;
use crate::text::parse;
use answer::{Answer, answer};
use arguments::Arguments;
use batv_core::{Action, Message, Recipient, Verdict, strip};
use keys::with_policy;
use std::ffi::{c_int, c_uchar};

/// Signs an address: keys, address [, UNIX time of the message's receipt].
///
/// The result is the address as it is where nothing signs it. A signed address is longer than its
/// argument and comes out untainted.
/// cbindgen:ignore
#[unsafe(no_mangle)]
pub unsafe extern "C" fn batv_exim_sign(
    result: *mut *mut c_uchar,
    argc: c_int,
    argv: *mut *mut c_uchar,
) -> c_int {
    // SAFETY: Exim passes a place for the result, and argc strings of its own.
    unsafe { answer(result, argc, argv, 2..=3, sign) }
}

fn sign(arguments: &Arguments<'_>) -> Result<Answer, Failure> {
    let address = arguments.get(1)?;
    let message = message(arguments)?;
    with_policy(arguments.get(0)?.text, |policy| match policy.outbound(&message).signed {
        Some(signed) => Answer::Text(signed),
        None => address.unchanged(),
    })
}

/// Verifies an address: keys, address [, UNIX time]. The result is the verdict's word.
/// cbindgen:ignore
#[unsafe(no_mangle)]
pub unsafe extern "C" fn batv_exim_verify(
    result: *mut *mut c_uchar,
    argc: c_int,
    argv: *mut *mut c_uchar,
) -> c_int {
    // SAFETY: Exim passes a place for the result, and argc strings of its own.
    unsafe { answer(result, argc, argv, 2..=3, verify) }
}

fn verify(arguments: &Arguments<'_>) -> Result<Answer, Failure> {
    let address = parse(arguments.get(1)?.text).ok();
    let time = arguments.time(2)?;
    with_policy(arguments.get(0)?.text, |policy| {
        let verdict = address.map_or(Verdict::Missing, |address| policy.verify(&address, time));
        Answer::Text(verdict.as_str().into())
    })
}

/// Takes a tag of any dialect off an address, for readers of mail. The result is the address as it is
/// where there is none.
/// cbindgen:ignore
#[unsafe(no_mangle)]
pub unsafe extern "C" fn batv_exim_strip(
    result: *mut *mut c_uchar,
    argc: c_int,
    argv: *mut *mut c_uchar,
) -> c_int {
    // SAFETY: Exim passes a place for the result, and argc strings of its own.
    unsafe { answer(result, argc, argv, 1..=1, without_tag) }
}

fn without_tag(arguments: &Arguments<'_>) -> Result<Answer, Failure> {
    let address = arguments.get(0)?;
    let stripped = parse(address.text).ok().and_then(|address| strip(&address));
    Ok(stripped.map_or_else(|| address.unchanged(), |stripped| address.holding(stripped.original.to_vec())))
}

/// The address to deliver to: keys, address. One layer of a tag of our own comes off an address that
/// has keys, by its shape: judging happened at RCPT. Else the result is the address as it is.
/// cbindgen:ignore
#[unsafe(no_mangle)]
pub unsafe extern "C" fn batv_exim_recipient(
    result: *mut *mut c_uchar,
    argc: c_int,
    argv: *mut *mut c_uchar,
) -> c_int {
    // SAFETY: Exim passes a place for the result, and argc strings of its own.
    unsafe { answer(result, argc, argv, 2..=2, original) }
}

fn original(arguments: &Arguments<'_>) -> Result<Answer, Failure> {
    let address = arguments.get(1)?;
    let parsed = parse(address.text).ok();
    with_policy(arguments.get(0)?.text, |policy| {
        let original = parsed.and_then(|parsed| policy.original(&parsed));
        original.map_or_else(|| address.unchanged(), |original| address.holding(original.to_vec()))
    })
}

/// Judges a recipient: keys, sender, recipient [, client [, UNIX time [, recipients before it]]].
///
/// The result is empty where the recipient is accepted, else the reply that refuses it.
/// cbindgen:ignore
#[unsafe(no_mangle)]
pub unsafe extern "C" fn batv_exim_refuse(
    result: *mut *mut c_uchar,
    argc: c_int,
    argv: *mut *mut c_uchar,
) -> c_int {
    // SAFETY: Exim passes a place for the result, and argc strings of its own.
    unsafe { answer(result, argc, argv, 3..=6, refuse) }
}

fn refuse(arguments: &Arguments<'_>) -> Result<Answer, Failure> {
    let recipient = recipient(arguments)?;
    with_policy(arguments.get(0)?.text, |policy| match policy.inbound(&recipient).action {
        Action::Refuse(reply) => Answer::Text(reply.to_string().into()),
        Action::Accept | Action::Original(_) => Answer::Text(Vec::new()),
    })
}

/// The log line of what `batv_exim_refuse` decides on the same arguments.
/// cbindgen:ignore
#[unsafe(no_mangle)]
pub unsafe extern "C" fn batv_exim_log_inbound(
    result: *mut *mut c_uchar,
    argc: c_int,
    argv: *mut *mut c_uchar,
) -> c_int {
    // SAFETY: Exim passes a place for the result, and argc strings of its own.
    unsafe { answer(result, argc, argv, 3..=6, log_inbound) }
}

fn log_inbound(arguments: &Arguments<'_>) -> Result<Answer, Failure> {
    let recipient = recipient(arguments)?;
    with_policy(arguments.get(0)?.text, |policy| {
        Answer::Text(policy.inbound(&recipient).log_line(&recipient, None).into())
    })
}

/// The log line of what `batv_exim_sign` decides on the same arguments.
/// cbindgen:ignore
#[unsafe(no_mangle)]
pub unsafe extern "C" fn batv_exim_log_outbound(
    result: *mut *mut c_uchar,
    argc: c_int,
    argv: *mut *mut c_uchar,
) -> c_int {
    // SAFETY: Exim passes a place for the result, and argc strings of its own.
    unsafe { answer(result, argc, argv, 2..=3, log_outbound) }
}

fn log_outbound(arguments: &Arguments<'_>) -> Result<Answer, Failure> {
    let message = message(arguments)?;
    with_policy(arguments.get(0)?.text, |policy| {
        Answer::Text(policy.outbound(&message).log_line(&message, None).into())
    })
}

/// The message that keys, address [, UNIX time] are about.
fn message<'a>(arguments: &Arguments<'a>) -> Result<Message<'a>, Failure> {
    Ok(Message::new(arguments.get(1)?.text, arguments.time(2)?))
}

/// The recipient that keys, sender, recipient [, client [, UNIX time [, recipients before it]]] are
/// about.
fn recipient<'a>(arguments: &Arguments<'a>) -> Result<Recipient<'a>, Failure> {
    let mut recipient = Recipient::new(arguments.get(1)?.text, arguments.get(2)?.text, arguments.time(4)?);
    recipient.client = arguments.optional(3, "an IP address")?;
    recipient.recipients_before = arguments.optional(5, "a number of recipients")?.unwrap_or(0);
    Ok(recipient)
}
