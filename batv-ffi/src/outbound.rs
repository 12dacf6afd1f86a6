//! The decision on mail that leaves: signed or not.

use crate::config::batv_config;
use crate::enumeration::known;
use crate::guard::status_of;
use crate::memory::{array, bad_value, fields, reference, small, truth, unix_time};
use crate::output::{Buffer, Output};
use crate::reasons::batv_outbound_reason;
use crate::status::{Failure, batv_status};
use crate::text::{address, client, optional_address, optional_octets};
use batv_core::{KeyNumber, Message, OutboundDecision};
use std::ffi::{c_char, c_int};
use std::mem::MaybeUninit;

/// An address in an array of them.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct batv_address {
    /// Its octets, with or without angle brackets.
    pub text: *const c_char,
    /// Its length in octets; BATV_NUL_TERMINATED for a string.
    pub length: usize,
}

/// A message that leaves, for batv_config_outbound. Begin with BATV_MESSAGE_INIT.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct batv_message {
    /// sizeof(batv_message).
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
    /// When the message was received, in UNIX seconds, 1 or more. It must stay the same over all
    /// delivery attempts, or greylisting never lets the message through.
    pub time: i64,
    /// The IP address of the client as inet_ntop writes it; NULL if it is not known.
    pub client: *const c_char,
    /// Its length in octets; BATV_NUL_TERMINATED for a string.
    pub client_length: usize,
    /// 1 if the client is authenticated or local, else 0.
    pub trusted: c_int,
    /// All its envelope recipients. NULL if they are not known: the rules about them then do not apply.
    pub recipients: *const batv_address,
    /// How many there are.
    pub recipient_count: usize,
}

/// The decision on a message. Begin with BATV_OUTBOUND_DECISION_INIT.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct batv_outbound_decision {
    /// sizeof(batv_outbound_decision), set by the caller.
    pub struct_size: usize,
    /// BATV_OUTBOUND_REASON_SIGNED, or why the sender stays as it is.
    pub reason: MaybeUninit<batv_outbound_reason>,
    /// The number of the key that signed; -1 if none did.
    pub key_number: c_int,
}

/// Decides on the sender of a message that leaves: signed or not.
///
/// message: the message.
/// decision: where the decision goes; its struct_size has to be set. May be NULL.
/// buffer, size, length: where the sender goes, signed or as it is, as with every buffer (see the
/// top). It has at most BATV_TAG_LENGTH octets more than mail_from, or than mail_from_resolved if that
/// is what is signed, and those of '@' and the default domain where there is no domain.
///
/// Returns BATV_STATUS_OK, signed or not, or _NULL_POINTER, _BAD_VALUE, _BAD_ADDRESS for a control in
/// an address, _BUFFER_TOO_SMALL, _NO_MEMORY. Thread-safe.
/// cbindgen:postfix=BATV_NONNULL(1, 2)
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn batv_config_outbound(
    config: *const batv_config,
    message: *const batv_message,
    decision: *mut batv_outbound_decision,
    buffer: *mut c_char,
    size: usize,
    length: *mut usize,
) -> batv_status {
    status_of(|| {
        // SAFETY: the configuration is NULL or nobody frees it, and the message has its size.
        let (config, given) = unsafe { (reference(config, "config")?, fields(message, "message")?) };
        let place = if decision.is_null() {
            None
        } else {
            // SAFETY: the decision has its size.
            Some(unsafe { Output::structure(decision, "decision") }?)
        };
        // SAFETY: the recipients are as many as recipient_count says, each with its length or a NUL.
        let recipients = unsafe { recipients(&given) }?;
        // SAFETY: what is not NULL in the message has its length or a NUL.
        let message = unsafe { core_message(&given, &recipients) }?;
        let inputs = [message.mail_from, message.mail_from_resolved.unwrap_or_default()];
        // SAFETY: the buffer has its size, and the length is NULL or valid for writing.
        let buffer = unsafe { Buffer::new(buffer, size, length, &inputs) }?;
        let decision = config.with_policy(|policy| policy.outbound(&message));
        let reason = batv_outbound_reason::of(decision.reason)?;
        buffer.write_text(decision.signed.as_deref().unwrap_or(message.mail_from))?;
        if let Some(place) = place {
            place.write(batv_outbound_decision {
                struct_size: place.size(),
                reason: MaybeUninit::new(reason),
                key_number: decision.key_number.map_or(-1, |number| number.get().into()),
            });
        }
        Ok(())
    })
}

/// Signs the sender of a message about which nothing else is known, if the configuration says so.
///
/// address, address_length: the envelope sender, with or without angle brackets;
/// BATV_NUL_TERMINATED for a string.
/// time: when the message was received, in UNIX seconds, 1 or more. It must stay the same over
/// all delivery attempts, or greylisting never lets the message through.
/// buffer, size, length: where the sender goes, signed or as it is, as with every buffer (see the
/// top). It has at most BATV_TAG_LENGTH octets more than the address, and those of '@' and the
/// default domain where the address has no domain.
/// reason: where BATV_OUTBOUND_REASON_SIGNED goes, or why not; may be NULL.
///
/// Returns BATV_STATUS_OK, signed or not, or _NULL_POINTER, _BAD_VALUE, _BAD_ADDRESS for a control in
/// the address, _BUFFER_TOO_SMALL. Thread-safe.
/// cbindgen:postfix=BATV_NONNULL(1, 2)
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn batv_config_sign(
    config: *const batv_config,
    address: *const c_char,
    address_length: usize,
    time: i64,
    buffer: *mut c_char,
    size: usize,
    length: *mut usize,
    reason: *mut batv_outbound_reason,
) -> batv_status {
    status_of(|| {
        // SAFETY: the configuration is NULL or nobody frees it, and the address has its length or a NUL.
        let (config, text) =
            unsafe { (reference(config, "config")?, self::address(address, address_length, "address")?) };
        // SAFETY: the buffer has its size, and the places are NULL or valid for writing.
        let (buffer, place) =
            unsafe { (Buffer::new(buffer, size, length, &[text])?, Output::optional(reason)) };
        let message = Message::new(text, unix_time(time)?);
        let decision = config.with_policy(|policy| policy.outbound(&message));
        let reason = batv_outbound_reason::of(decision.reason)?;
        buffer.write_text(decision.signed.as_deref().unwrap_or(text))?;
        place.write(reason);
        Ok(())
    })
}

/// Writes the log line of a decision on a message, such as
/// "batv: dir=out action=sign reason=signed from=<alice@example.com> key=1 queue=4XyZ". All programs of
/// libbatv write the same, and nothing that a stranger sends can begin a line or a field.
///
/// message: the message, as batv_config_outbound got it; its recipients are not in the line.
/// decision: what batv_config_outbound made of it.
/// queue, queue_length: the queue id; BATV_NUL_TERMINATED for a string. NULL if there is none.
/// buffer, size, length: where the line goes, without a newline, as with every buffer (see the top).
///
/// Returns BATV_STATUS_OK, _NULL_POINTER, _BAD_VALUE, _BAD_ADDRESS or _BUFFER_TOO_SMALL. Thread-safe.
/// cbindgen:postfix=BATV_NONNULL(1, 2)
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn batv_outbound_log_line(
    message: *const batv_message,
    decision: *const batv_outbound_decision,
    queue: *const c_char,
    queue_length: usize,
    buffer: *mut c_char,
    size: usize,
    length: *mut usize,
) -> batv_status {
    status_of(|| {
        // SAFETY: both structures have their sizes.
        let (given, decision) = unsafe { (fields(message, "message")?, fields(decision, "decision")?) };
        // SAFETY: what is not NULL in the message has its length or a NUL, and so has the queue id.
        let (message, queue) =
            unsafe { (core_message(&given, &[])?, optional_octets(queue, queue_length, "queue")?) };
        let inputs = [message.mail_from, queue.unwrap_or_default()];
        // SAFETY: the buffer has its size, and the length is NULL or valid for writing.
        let buffer = unsafe { Buffer::new(buffer, size, length, &inputs) }?;
        // SAFETY: the decision is C's, whose fields are initialised.
        let decision = unsafe { core_decision(&decision) }?;
        buffer.write_text(decision.log_line(&message, queue).as_bytes())
    })
}

/// # Safety
/// What is not NULL in the message has its length or a NUL, for the time of the call.
unsafe fn core_message<'a>(given: &batv_message, recipients: &'a [&'a [u8]]) -> Result<Message<'a>, Failure> {
    // SAFETY: the strings have their lengths or a NUL, as the caller promises.
    let (mail_from, resolved, client) = unsafe {
        (
            address(given.mail_from, given.mail_from_length, "mail_from")?,
            optional_address(
                given.mail_from_resolved,
                given.mail_from_resolved_length,
                "mail_from_resolved",
            )?,
            client(given.client, given.client_length)?,
        )
    };
    let mut message = Message::new(mail_from, unix_time(given.time)?);
    message.mail_from_resolved = resolved;
    message.client = client;
    message.trusted = truth(given.trusted, "trusted")?;
    message.recipients = recipients;
    Ok(message)
}

/// # Safety
/// The recipients are as many as the message says, each with its length or a NUL, for the time of the
/// call.
unsafe fn recipients<'a>(given: &batv_message) -> Result<Vec<&'a [u8]>, Failure> {
    // SAFETY: there are as many recipients, as the caller promises.
    let given = unsafe { array(given.recipients, given.recipient_count, "recipients") }?;
    let mut recipients = Vec::new();
    recipients
        .try_reserve_exact(given.len())
        .map_err(|_| Failure::new(batv_status::NoMemory, "no memory for the recipients"))?;
    for (index, recipient) in given.iter().enumerate() {
        // SAFETY: each has its length or a NUL, as the caller promises.
        let recipient =
            unsafe { address(recipient.text, recipient.length, format_args!("recipients[{index}]")) };
        recipients.push(recipient?);
    }
    Ok(recipients)
}

/// # Safety
/// The reason is initialised.
unsafe fn core_decision(given: &batv_outbound_decision) -> Result<OutboundDecision, Failure> {
    // SAFETY: initialised, as the caller promises.
    let reason = unsafe { known(given.reason) }
        .map_err(|number| bad_value(format_args!("reason {number} is not a batv_outbound_reason")))?;
    let signed = (reason == batv_outbound_reason::Signed).then(Vec::new);
    let mut decision = OutboundDecision::new(signed, reason.core());
    decision.key_number = key_number(given.key_number)?;
    Ok(decision)
}

/// A key number of a decision, -1 for none.
pub(crate) fn key_number(given: c_int) -> Result<Option<KeyNumber>, Failure> {
    if given == -1 {
        return Ok(None);
    }
    KeyNumber::new(small(given, "key number")?).map(Some).map_err(bad_value)
}
