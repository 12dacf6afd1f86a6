//! The decision on a recipient of mail that comes: accepted, accepted for the original, or refused.

use crate::config::batv_config;
use crate::enumeration::{known, word_of, words};
use crate::guard::status_of;
use crate::memory::{bad_value, fields, reference, small, truth, unix_time};
use crate::outbound::key_number;
use crate::output::{Buffer, Output};
use crate::reasons::batv_inbound_reason;
use crate::status::{Failure, batv_status};
use crate::text::{address, client, optional_address, optional_octets};
use batv_core::{Action, InboundDecision, Recipient, ReplyText, is_delivery_report};
use std::ffi::{CStr, c_char, c_int};
use std::mem::MaybeUninit;

/// A recipient of a message that comes in, and what is known of it at RCPT, for
/// batv_config_inbound. Begin with BATV_RECIPIENT_INIT.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct batv_recipient {
    /// sizeof(batv_recipient).
    pub struct_size: usize,
    /// The envelope sender, with or without angle brackets; the null sender is "" or "<>".
    pub mail_from: *const c_char,
    /// Its length in octets; BATV_NUL_TERMINATED for a string.
    pub mail_from_length: usize,
    /// The same as the server itself reads it, such as Postfix's macro {mail_addr}; NULL where it does
    /// not say.
    pub mail_from_resolved: *const c_char,
    /// Its length in octets; BATV_NUL_TERMINATED for a string.
    pub mail_from_resolved_length: usize,
    /// The recipient, with or without angle brackets.
    pub rcpt_to: *const c_char,
    /// Its length in octets; BATV_NUL_TERMINATED for a string.
    pub rcpt_to_length: usize,
    /// The same as the server itself reads it, such as Postfix's macro {rcpt_addr}; NULL where it does
    /// not say. It is the mailbox that the server delivers to, so where there is one, pass it. But not
    /// Sendmail's {rcpt_addr}, which is something else.
    pub rcpt_resolved: *const c_char,
    /// Its length in octets; BATV_NUL_TERMINATED for a string.
    pub rcpt_resolved_length: usize,
    /// Now, in UNIX seconds, 1 or more.
    pub time: i64,
    /// The IP address of the client as inet_ntop writes it; NULL if it is not known.
    pub client: *const c_char,
    /// Its length in octets; BATV_NUL_TERMINATED for a string.
    pub client_length: usize,
    /// 1 if the client is authenticated or local, else 0.
    pub trusted: c_int,
    /// The number of recipients of this message before this one.
    pub recipients_before: u32,
    /// The value of the header field Content-Type, folded or not, where the header of the message has
    /// been read; "" where it has no such field. Then a bounce that is not a delivery report,
    /// multipart/report with the report-type delivery-status, is not refused, and the reason is
    /// BATV_INBOUND_REASON_NOT_A_REPORT. NULL where the header has not been read.
    pub content_type: *const c_char,
    /// Its length in octets; BATV_NUL_TERMINATED for a string.
    pub content_type_length: usize,
}

/// The decision on a recipient. Begin with BATV_INBOUND_DECISION_INIT.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct batv_inbound_decision {
    /// sizeof(batv_inbound_decision), set by the caller.
    pub struct_size: usize,
    /// What to do.
    pub action: MaybeUninit<batv_action>,
    /// Why.
    pub reason: MaybeUninit<batv_inbound_reason>,
    /// 1 if the policy only monitors and the recipient would have been refused for this reason;
    /// else 0.
    pub monitored: c_int,
    /// The key number of the recipient's tag, 0 to 9; -1 if there was none.
    pub key_number: c_int,
    /// The days until the tag expires, 0 to 100; -1 if that is not known.
    pub days_left: c_int,
    /// The code of the reply for BATV_ACTION_REFUSE, "550" (RFC 5321 section 4.2.3), else "". The
    /// three strings are as smfi_setreply of libmilter takes them.
    pub reply_code: [c_char; 4],
    /// Its enhanced status code, "5.7.1" (RFC 3463), else "".
    pub reply_enhanced: [c_char; 16],
    /// Its text, without the codes: printable ASCII without '%', one line; else "".
    pub reply_text: [c_char; 512],
}

/// What to do with a recipient. None of them is 0.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum batv_action {
    /// Accept it as it is.
    Accept = 1,
    /// Accept it, for the original address.
    Original = 2,
    /// Refuse it with the reply.
    Refuse = 3,
}

words!(batv_action {
    Accept => c"accept",
    Original => c"original",
    Refuse => c"refuse",
});

/// Decides on a recipient of a message that comes in: accepted, accepted for the original address,
/// or refused. Each recipient is judged by itself.
///
/// recipient: the recipient, and what is known of it.
/// decision: where the decision goes; its struct_size has to be set.
/// buffer, size, length: where the address to deliver to goes, as with every buffer (see the top):
/// the original address for BATV_ACTION_ORIGINAL, with angle brackets if the recipient had; the
/// recipient as it is for BATV_ACTION_ACCEPT; the empty string for BATV_ACTION_REFUSE. It is no
/// longer than rcpt_to or rcpt_resolved, but for '@' and the default domain where there is no domain.
///
/// On failure nothing is decided: answer 451, so that the sender tries again.
///
/// Returns BATV_STATUS_OK, whatever the decision, or _NULL_POINTER, _BAD_VALUE (also for a client that
/// is not an IP address), _BAD_ADDRESS for a control character in an address, _BUFFER_TOO_SMALL. Thread-safe.
/// cbindgen:postfix=BATV_NONNULL(1, 2, 3)
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn batv_config_inbound(
    config: *const batv_config,
    recipient: *const batv_recipient,
    decision: *mut batv_inbound_decision,
    buffer: *mut c_char,
    size: usize,
    length: *mut usize,
) -> batv_status {
    status_of(|| {
        // SAFETY: the configuration is NULL or nobody frees it, and both structures have their sizes.
        let (config, given, place) = unsafe {
            (
                reference(config, "config")?,
                fields(recipient, "recipient")?,
                Output::structure(decision, "decision")?,
            )
        };
        // SAFETY: what is not NULL in the recipient has its length or a NUL.
        let recipient = unsafe { core_recipient(&given) }?;
        let inputs = [recipient.rcpt_to, recipient.rcpt_resolved.unwrap_or_default(), recipient.mail_from];
        // SAFETY: the buffer has its size, and the length is NULL or valid for writing.
        let buffer = unsafe { Buffer::new(buffer, size, length, &inputs) }?;
        let decision = config.with_policy(|policy| policy.inbound(&recipient));
        let reason = batv_inbound_reason::of(decision.reason)?;
        let (action, address, reply) = match &decision.action {
            Action::Accept => (batv_action::Accept, recipient.rcpt_to, None),
            Action::Original(original) => (batv_action::Original, original.as_slice(), None),
            Action::Refuse(reply) => (batv_action::Refuse, &b""[..], Some(reply)),
        };
        buffer.write_text(address)?;
        place.write(batv_inbound_decision {
            struct_size: place.size(),
            action: MaybeUninit::new(action),
            reason: MaybeUninit::new(reason),
            monitored: decision.monitored.into(),
            key_number: decision.key_number.map_or(-1, |number| number.get().into()),
            days_left: decision.days_left.map_or(-1, c_int::from),
            reply_code: string(&reply.map_or(String::new(), |reply| reply.code.to_string())),
            reply_enhanced: string(reply.map_or("", |reply| reply.enhanced)),
            reply_text: string(reply.map_or("", |reply| &reply.text)),
        });
        Ok(())
    })
}

/// Writes the log line of a decision on a recipient, such as
/// "batv: dir=in action=refuse reason=missing from=<> to=<alice@example.com> client=192.0.2.1". All
/// programs of libbatv write the same, and nothing that a stranger sends can begin a line or a field.
///
/// recipient: the recipient, as batv_config_inbound got it.
/// decision: what batv_config_inbound made of it.
/// queue, queue_length: the queue id; BATV_NUL_TERMINATED for a string. NULL if there is none.
/// buffer, size, length: where the line goes, without a newline, as with every buffer (see the top).
///
/// Returns BATV_STATUS_OK, _NULL_POINTER, _BAD_VALUE, _BAD_ADDRESS or _BUFFER_TOO_SMALL. Thread-safe.
/// cbindgen:postfix=BATV_NONNULL(1, 2)
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn batv_inbound_log_line(
    recipient: *const batv_recipient,
    decision: *const batv_inbound_decision,
    queue: *const c_char,
    queue_length: usize,
    buffer: *mut c_char,
    size: usize,
    length: *mut usize,
) -> batv_status {
    status_of(|| {
        // SAFETY: both structures have their sizes.
        let (given, decision) = unsafe { (fields(recipient, "recipient")?, fields(decision, "decision")?) };
        // SAFETY: what is not NULL in the recipient has its length or a NUL, and so has the queue id.
        let (recipient, queue) =
            unsafe { (core_recipient(&given)?, optional_octets(queue, queue_length, "queue")?) };
        let inputs = [recipient.mail_from, recipient.rcpt_to, queue.unwrap_or_default()];
        // SAFETY: the buffer has its size, and the length is NULL or valid for writing.
        let buffer = unsafe { Buffer::new(buffer, size, length, &inputs) }?;
        // SAFETY: the decision is C's, whose fields are initialised.
        let decision = unsafe { core_decision(&decision) }?;
        buffer.write_text(decision.log_line(&recipient, queue).as_bytes())
    })
}

/// # Safety
/// What is not NULL in the recipient has its length or a NUL, for the time of the call.
unsafe fn core_recipient<'a>(given: &batv_recipient) -> Result<Recipient<'a>, Failure> {
    // SAFETY: the strings have their lengths or a NUL, as the caller promises.
    let (mail_from, mail_from_resolved, rcpt_to, rcpt_resolved, client, content_type) = unsafe {
        (
            address(given.mail_from, given.mail_from_length, "mail_from")?,
            optional_address(
                given.mail_from_resolved,
                given.mail_from_resolved_length,
                "mail_from_resolved",
            )?,
            address(given.rcpt_to, given.rcpt_to_length, "rcpt_to")?,
            optional_address(given.rcpt_resolved, given.rcpt_resolved_length, "rcpt_resolved")?,
            client(given.client, given.client_length)?,
            optional_octets(given.content_type, given.content_type_length, "content_type")?,
        )
    };
    if content_type.is_some() && given.content_type_length == 0 {
        return Err(bad_value("content_type has length 0; without the field it is the string \"\""));
    }
    let mut recipient = Recipient::new(mail_from, rcpt_to, unix_time(given.time)?);
    recipient.mail_from_resolved = mail_from_resolved;
    recipient.rcpt_resolved = rcpt_resolved;
    recipient.client = client;
    recipient.trusted = truth(given.trusted, "trusted")?;
    recipient.recipients_before = given.recipients_before;
    recipient.is_report = content_type.map(is_delivery_report);
    Ok(recipient)
}

/// The decision as far as its log line goes: the address and the reply are not in it.
///
/// # Safety
/// Action and reason are initialised.
unsafe fn core_decision(given: &batv_inbound_decision) -> Result<InboundDecision, Failure> {
    // SAFETY: initialised, as the caller promises.
    let action = unsafe { known(given.action) }
        .map_err(|number| bad_value(format_args!("action {number} is not a batv_action")))?;
    // SAFETY: initialised, as the caller promises.
    let reason = unsafe { known(given.reason) }
        .map_err(|number| bad_value(format_args!("reason {number} is not a batv_inbound_reason")))?;
    let reason = reason.core();
    let action = match action {
        batv_action::Accept => Action::Accept,
        batv_action::Original => Action::Original(Vec::new()),
        batv_action::Refuse => Action::Refuse(ReplyText::default().reply(reason)),
    };
    let mut decision = InboundDecision::new(action, reason);
    decision.monitored = truth(given.monitored, "monitored")?;
    decision.key_number = key_number(given.key_number)?;
    decision.days_left = match given.days_left {
        -1 => None,
        days => Some(small(days, "days_left")?),
    };
    Ok(decision)
}

/// A text and its NUL, as far as they fit.
fn string<const SIZE: usize>(text: &str) -> [c_char; SIZE] {
    let mut string = [0; SIZE];
    let places = string.iter_mut().take(SIZE - 1);
    places.zip(text.bytes()).for_each(|(place, octet)| *place = c_char::from_ne_bytes([octet]));
    string
}

/// The word of an action for logs: "accept", "original" or "refuse". These do not change.
///
/// Returns a static string, "unknown" for a number that is not an action; never NULL. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn batv_action_text(action: MaybeUninit<batv_action>) -> *const c_char {
    // SAFETY: C passes a number.
    unsafe { word_of(action, c"unknown") }
}
