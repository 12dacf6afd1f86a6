//! Decisions by a configuration: which mail is signed, which bounce is refused, and why.

use crate::config::Config;
use crate::guard::status_of;
use crate::memory::{
    Buffer, NUL_TERMINATED, Output, array, bad_value, fields, octets, pick, reference, unix_time,
};
use crate::status::{Failure, Status};
use batv_core::Action;
use std::ffi::{CStr, c_char, c_int};

/// Why a message is signed or not, why a recipient is accepted or refused.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReasonNumber {
    /// Signed.
    Signed = 0,
    /// Not signed: the null sender never is.
    NullSender = 1,
    /// Not signed, or accepted: it is no address that BATV could judge.
    Unreadable = 2,
    /// Not signed, or accepted: no key is for the address.
    NotOurs = 3,
    /// Not signed, or accepted: the address is exempt.
    Exempt = 4,
    /// Not signed: every recipient is ours, and such mail is left as it is.
    Local = 5,
    /// Not signed: a recipient's domain cannot bear tags.
    UntaggedDestination = 6,
    /// Not signed: it carries a tag already.
    Tagged = 7,
    /// Not signed: the local-part would be longer than 64 octets. Accepted: it could not have been
    /// signed.
    TooLong = 8,
    /// Not signed: no key that is for the address signs.
    NoSigningKey = 9,
    /// Accepted: the client is internal, authenticated or listed.
    Client = 10,
    /// Accepted: not a bounce.
    NotABounce = 11,
    /// Accepted: the tag is authentic and in time.
    Pass = 12,
    /// Refused: a bounce without a tag.
    Missing = 13,
    /// Refused: a bounce with a malformed tag.
    Malformed = 14,
    /// Refused: a bounce with a tag of an unknown key.
    UnknownKey = 15,
    /// Refused: a bounce with a tag that the key did not make.
    BadSignature = 16,
    /// Refused: a bounce with a tag whose day has passed.
    Expired = 17,
    /// Refused: a further recipient of a bounce.
    SecondRecipient = 18,
    /// Refused: ordinary mail to a tagged address.
    TaggedMail = 19,
}

const REASONS: [(ReasonNumber, &CStr); 20] = [
    (ReasonNumber::Signed, c"signed"),
    (ReasonNumber::NullSender, c"null-sender"),
    (ReasonNumber::Unreadable, c"unreadable"),
    (ReasonNumber::NotOurs, c"not-ours"),
    (ReasonNumber::Exempt, c"exempt"),
    (ReasonNumber::Local, c"local"),
    (ReasonNumber::UntaggedDestination, c"untagged-destination"),
    (ReasonNumber::Tagged, c"tagged"),
    (ReasonNumber::TooLong, c"too-long"),
    (ReasonNumber::NoSigningKey, c"no-signing-key"),
    (ReasonNumber::Client, c"client"),
    (ReasonNumber::NotABounce, c"not-a-bounce"),
    (ReasonNumber::Pass, c"pass"),
    (ReasonNumber::Missing, c"missing"),
    (ReasonNumber::Malformed, c"malformed"),
    (ReasonNumber::UnknownKey, c"unknown-key"),
    (ReasonNumber::BadSignature, c"bad-signature"),
    (ReasonNumber::Expired, c"expired"),
    (ReasonNumber::SecondRecipient, c"second-recipient"),
    (ReasonNumber::TaggedMail, c"tagged-mail"),
];

/// The number of the core's word.
fn reason(word: &str) -> Result<c_int, Failure> {
    let known = REASONS.into_iter().find(|(_, known)| known.to_bytes() == word.as_bytes());
    let reason = known.map(|(reason, _)| reason as c_int);
    reason.ok_or_else(|| Failure::new(Status::Internal, format_args!("reason {word} has no number")))
}

/// What to do with a recipient. None of them is 0.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActionNumber {
    /// Accept it as it is.
    Accept = 1,
    /// Accept it, for the original address.
    AcceptAs = 2,
    /// Refuse it with the reply.
    Refuse = 3,
}

/// A message that leaves, for batv_config_outbound.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Outbound {
    /// sizeof(batv_outbound).
    pub struct_size: usize,
    /// The envelope sender, with or without angle brackets; the null sender is "" or "<>".
    pub mail_from: *const c_char,
    /// Its octets; BATV_NUL_TERMINATED for a string.
    pub mail_from_length: usize,
    /// When the message was received, in UNIX seconds, 0 or more. It must stay the same over all
    /// delivery attempts, or greylisting never lets the message through.
    pub time: i64,
    /// All its envelope recipients, with or without angle brackets. NULL where they are not known:
    /// the rules on them then do not apply.
    pub recipients: *const *const c_char,
    /// The octets of each; NULL where all of them are strings.
    pub recipient_lengths: *const usize,
    /// How many there are.
    pub recipient_count: usize,
}

/// A recipient of a message that comes in, and what is known of it at RCPT, for
/// batv_config_inbound.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Inbound {
    /// sizeof(batv_inbound).
    pub struct_size: usize,
    /// The envelope sender, with or without angle brackets; the null sender is "" or "<>".
    pub mail_from: *const c_char,
    /// Its octets; BATV_NUL_TERMINATED for a string.
    pub mail_from_length: usize,
    /// The recipient, with or without angle brackets.
    pub rcpt_to: *const c_char,
    /// Its octets; BATV_NUL_TERMINATED for a string.
    pub rcpt_to_length: usize,
    /// Now, in UNIX seconds, 0 or more.
    pub time: i64,
    /// The IP address of the client as inet_ntop writes it; NULL where it is not known.
    pub client: *const c_char,
    /// Its octets; BATV_NUL_TERMINATED for a string.
    pub client_length: usize,
    /// 1 when the client is authenticated or internal, else 0.
    pub trusted: c_int,
    /// The number of recipients of this message before this one.
    pub recipients_before: u32,
}

/// The decision on a recipient.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Decision {
    /// sizeof(batv_decision), set by the caller.
    pub struct_size: usize,
    /// A batv_action.
    pub action: c_int,
    /// A batv_reason.
    pub reason: c_int,
    /// 1 when the policy only monitors, and the recipient would have been refused for this reason;
    /// else 0.
    pub monitored: c_int,
    /// The code of the reply for BATV_ACTION_REFUSE, 550 (RFC 5321 section 4.2.3), else 0.
    pub reply_code: c_int,
    /// Its enhanced status code, "5.7.1" (RFC 3463), else "".
    pub reply_enhanced: [c_char; 16],
    /// Its text, without the codes: ASCII, one line; else "".
    pub reply_text: [c_char; 256],
}

/// Signs the sender of a message whose recipients are not known, if the configuration says so.
///
/// address, address_length: the envelope sender, with or without angle brackets;
/// BATV_NUL_TERMINATED for a string.
/// time: when the message was received, in UNIX seconds, 0 or more. It must stay the same over
/// all delivery attempts, or greylisting never lets the message through.
/// buffer, size, length: where the sender goes, signed or as it is, as with every buffer (see the
/// top). It has at most BATV_TAG_LENGTH octets more than the address, and those of '@' and the
/// default domain where the address has no domain.
/// reason: where a batv_reason goes, BATV_REASON_SIGNED or why not; may be NULL.
///
/// Returns BATV_STATUS_OK, signed or not, or _NULL_POINTER, _BAD_VALUE, _BUFFER_TOO_SMALL.
/// Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn batv_config_sign(
    config: *const Config,
    address: *const c_char,
    address_length: usize,
    time: i64,
    buffer: *mut c_char,
    size: usize,
    length: *mut usize,
    reason: *mut c_int,
) -> c_int {
    status_of(|| {
        // SAFETY: as the function's documentation asks for.
        let config = unsafe { reference(config, "config") }?;
        // SAFETY: as above.
        let text = unsafe { octets(address, address_length, "address") }?;
        let time = unix_time(time)?;
        // SAFETY: as above.
        let buffer = unsafe { Buffer::new(buffer, size, length, text) }?;
        // SAFETY: as above.
        let place = unsafe { Output::optional(reason) };
        write_sender(&config.now().policy.outbound(text, [], time), text, &buffer, &place)
    })
}

/// Decides on the sender of a message that leaves: signed or not.
///
/// outbound: the message.
/// buffer, size, length: where the sender goes, signed or as it is, as with every buffer (see the
/// top). It has at most BATV_TAG_LENGTH octets more than mail_from, and those of '@' and the
/// default domain where that has no domain.
/// reason: where a batv_reason goes, BATV_REASON_SIGNED or why not; may be NULL.
///
/// Returns BATV_STATUS_OK, signed or not, or _NULL_POINTER, _BAD_VALUE, _BUFFER_TOO_SMALL.
/// Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn batv_config_outbound(
    config: *const Config,
    outbound: *const Outbound,
    buffer: *mut c_char,
    size: usize,
    length: *mut usize,
    reason: *mut c_int,
) -> c_int {
    status_of(|| {
        // SAFETY: as the function's documentation asks for.
        let config = unsafe { reference(config, "config") }?;
        // SAFETY: as above.
        let outbound = unsafe { fields(outbound, "outbound") }?;
        // SAFETY: as above.
        let mail_from = unsafe { octets(outbound.mail_from, outbound.mail_from_length, "mail_from") }?;
        let time = unix_time(outbound.time)?;
        // SAFETY: as above.
        let recipients = unsafe { recipients(&outbound) }?;
        // SAFETY: as above.
        let buffer = unsafe { Buffer::new(buffer, size, length, mail_from) }?;
        // SAFETY: as above.
        let place = unsafe { Output::optional(reason) };
        write_sender(&config.now().policy.outbound(mail_from, recipients, time), mail_from, &buffer, &place)
    })
}

/// # Safety
/// The recipients and their lengths are as the fields' documentation asks for, for the time of the
/// call.
unsafe fn recipients<'a>(outbound: &Outbound) -> Result<Vec<&'a [u8]>, Failure> {
    let count = outbound.recipient_count;
    // SAFETY: as the caller promises.
    let starts = unsafe { array(outbound.recipients, count, "recipients") }?;
    let lengths = if outbound.recipient_lengths.is_null() {
        None
    } else {
        // SAFETY: as the caller promises.
        Some(unsafe { array(outbound.recipient_lengths, count, "recipient_lengths") }?)
    };
    let recipient = |(index, start): (usize, &*const c_char)| {
        let length = lengths.and_then(|lengths| lengths.get(index)).copied().unwrap_or(NUL_TERMINATED);
        // SAFETY: as the caller promises.
        unsafe { octets(*start, length, format_args!("recipients[{index}]")) }
    };
    starts.iter().enumerate().map(recipient).collect()
}

fn write_sender(
    decision: &batv_core::Outbound,
    mail_from: &[u8],
    buffer: &Buffer,
    place: &Output<c_int>,
) -> Result<(), Failure> {
    let reason = reason(decision.reason.as_str())?;
    buffer.write([decision.signed.as_deref().unwrap_or(mail_from), b"", b""])?;
    place.write(reason);
    Ok(())
}

/// Decides on a recipient of a message that comes in: accepted, accepted for the original address,
/// or refused. Each recipient is judged by itself.
///
/// inbound: the recipient, and what is known of it.
/// decision: where the decision goes; its struct_size has to be set.
/// buffer, size, length: where the address to deliver to goes, as with every buffer (see the top):
/// the original address for BATV_ACTION_ACCEPT_AS, with angle brackets if the recipient had; the
/// recipient as it is for BATV_ACTION_ACCEPT; the empty string for BATV_ACTION_REFUSE. It is no
/// longer than the recipient, but for '@' and the default domain where that has no domain.
///
/// On failure nothing is decided: answer 451, so that the sender tries again. Returns
/// BATV_STATUS_OK, whatever the decision, or _NULL_POINTER, _BAD_VALUE (also for a client that is
/// no IP address), _BUFFER_TOO_SMALL. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn batv_config_inbound(
    config: *const Config,
    inbound: *const Inbound,
    decision: *mut Decision,
    buffer: *mut c_char,
    size: usize,
    length: *mut usize,
) -> c_int {
    status_of(|| {
        // SAFETY: as the function's documentation asks for.
        let config = unsafe { reference(config, "config") }?;
        // SAFETY: as above.
        let given = unsafe { fields(inbound, "inbound") }?;
        // SAFETY: as above.
        let place = unsafe { Output::structure(decision, "decision") }?;
        // SAFETY: as above.
        let inbound = unsafe { core_inbound(&given) }?;
        // SAFETY: as above.
        let buffer = unsafe { Buffer::new(buffer, size, length, inbound.rcpt_to) }?;
        let decision = config.now().policy.inbound(&inbound);
        let reason = reason(decision.reason.as_str())?;
        let (action, address, reply) = match &decision.action {
            Action::Accept => (ActionNumber::Accept, inbound.rcpt_to, None),
            Action::AcceptAs(original) => (ActionNumber::AcceptAs, original.as_slice(), None),
            Action::Refuse(reply) => (ActionNumber::Refuse, &b""[..], Some(reply)),
        };
        buffer.write([address, b"", b""])?;
        place.write(Decision {
            struct_size: place.size(),
            action: action as c_int,
            reason,
            monitored: decision.monitored.into(),
            reply_code: reply.map_or(0, |reply| reply.code.into()),
            reply_enhanced: string(reply.map_or("", |reply| reply.enhanced)),
            reply_text: string(reply.map_or("", |reply| reply.text)),
        });
        Ok(())
    })
}

/// # Safety
/// The strings are as the fields' documentation asks for, for the time of the call.
unsafe fn core_inbound<'a>(given: &Inbound) -> Result<batv_core::Inbound<'a>, Failure> {
    // SAFETY: as the caller promises.
    let mail_from = unsafe { octets(given.mail_from, given.mail_from_length, "mail_from") }?;
    // SAFETY: as the caller promises.
    let rcpt_to = unsafe { octets(given.rcpt_to, given.rcpt_to_length, "rcpt_to") }?;
    let client = if given.client.is_null() {
        None
    } else {
        // SAFETY: as the caller promises.
        let text = unsafe { octets(given.client, given.client_length, "client") }?;
        let client = str::from_utf8(text).ok().and_then(|text| text.parse().ok());
        let fault = || bad_value(format_args!("client '{}' is no IP address", text.escape_ascii()));
        Some(client.ok_or_else(fault)?)
    };
    Ok(batv_core::Inbound {
        client,
        trusted: pick(given.trusted, [(0, false), (1, true)], "trusted")?,
        recipients_before: given.recipients_before,
        ..batv_core::Inbound::new(mail_from, rcpt_to, unix_time(given.time)?)
    })
}

/// A text and its NUL, as far as they fit.
fn string<const SIZE: usize>(text: &str) -> [c_char; SIZE] {
    let mut string = [0; SIZE];
    let places = string.iter_mut().take(SIZE - 1);
    places.zip(text.bytes()).for_each(|(place, octet)| *place = c_char::from_ne_bytes([octet]));
    string
}

/// The word of a reason for logs, such as "not-a-bounce" for BATV_REASON_NOT_A_BOUNCE. These do
/// not change.
///
/// reason: a batv_reason.
///
/// Returns a static string, "unknown" for a number that is no reason; never NULL. Thread-safe.
#[unsafe(no_mangle)]
pub extern "C" fn batv_reason_text(reason: c_int) -> *const c_char {
    let known = REASONS.into_iter().find(|(known, _)| *known as c_int == reason);
    known.map_or(c"unknown", |(_, word)| word).as_ptr()
}

/// The word of an action for logs: "accept", "accept-as" or "refuse". These do not change.
///
/// action: a batv_action.
///
/// Returns a static string, "unknown" for a number that is no action; never NULL. Thread-safe.
#[unsafe(no_mangle)]
pub extern "C" fn batv_action_text(action: c_int) -> *const c_char {
    const WORDS: [(ActionNumber, &CStr); 3] = [
        (ActionNumber::Accept, c"accept"),
        (ActionNumber::AcceptAs, c"accept-as"),
        (ActionNumber::Refuse, c"refuse"),
    ];
    let known = WORDS.into_iter().find(|(known, _)| *known as c_int == action);
    known.map_or(c"unknown", |(_, word)| word).as_ptr()
}
