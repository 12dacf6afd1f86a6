//! The decisions on mail that leaves and on mail that comes.

use crate::address::Given;
use crate::error::guard;
use crate::value::{Action, DaysLeft, InboundReason, KeyNumber, Member, OutboundReason, Text, value};
use pyo3::prelude::*;

value! {
    /// The decision on the sender of a message that leaves.
    #[pyclass(frozen, generic, module = "batv")]
    OutboundDecision(mail_from, action, reason, line, key_number=None) {
        /// The sender to use: signed, or as it was given.
        mail_from: Text,
        /// The action: SIGN or LEAVE.
        action: Member<Action>,
        /// Why.
        reason: Member<OutboundReason>,
        /// The line for the log, without a queue id.
        line: String,
        /// The number of the key that signed.
        key_number: Option<KeyNumber>,
    }

    /// Return the line for the log, which is the same from all parts of libbatv.
    ///
    /// `queue` is the mail server's queue id, if there is one.
    #[pyo3(signature = (queue=None))]
    fn log_line(&self, queue: Option<&Bound<'_, PyAny>>) -> PyResult<String> {
        guard(|| with_queue(&self.line, queue))
    }
}

impl OutboundDecision {
    pub(crate) fn of(
        given: &Given<'_, '_>,
        decision: &batv_core::OutboundDecision,
        line: String,
    ) -> PyResult<Self> {
        let py = given.py();
        let signed = decision.signed.as_deref();
        let mail_from = signed.map_or_else(|| Ok(given.unchanged()), |signed| given.decode(signed))?;
        Ok(Self {
            mail_from: mail_from.into(),
            action: Member::of(py, decision.action())?,
            reason: Member::of(py, decision.reason.as_str())?,
            key_number: decision.key_number.map(|number| KeyNumber(number.get())),
            line,
        })
    }
}

value! {
    /// The decision on a recipient of a message that comes in.
    #[pyclass(frozen, generic, module = "batv")]
    InboundDecision(
        action, reason, line, original=None, reply=None, monitored=false, key_number=None, days_left=None
    ) {
        /// The action: ACCEPT, ORIGINAL or REFUSE.
        action: Member<Action>,
        /// Why.
        reason: Member<InboundReason>,
        /// The line for the log, without a queue id.
        line: String,
        /// The address without its tag, to deliver to, if the action is ORIGINAL.
        original: Option<Text>,
        /// The SMTP reply, `550 5.7.1 ...`, if the action is REFUSE.
        reply: Option<String>,
        /// Whether the recipient is only accepted because the policy is in monitor mode.
        monitored: bool,
        /// The key number in the tag, if there is one.
        key_number: Option<KeyNumber>,
        /// The number of days until the tag expires, if there is one.
        days_left: Option<DaysLeft>,
    }

    /// Return the line for the log, which is the same from all parts of libbatv.
    ///
    /// `queue` is the mail server's queue id, if there is one.
    #[pyo3(signature = (queue=None))]
    fn log_line(&self, queue: Option<&Bound<'_, PyAny>>) -> PyResult<String> {
        guard(|| with_queue(&self.line, queue))
    }
}

impl InboundDecision {
    pub(crate) fn of(
        given: &Given<'_, '_>,
        decision: &batv_core::InboundDecision,
        line: String,
    ) -> PyResult<Self> {
        let py = given.py();
        let (original, reply) = match &decision.action {
            batv_core::Action::Accept => (None, None),
            batv_core::Action::Original(original) => (Some(given.decode(original)?.into()), None),
            batv_core::Action::Refuse(reply) => (None, Some(reply.to_string())),
        };
        Ok(Self {
            action: Member::of(py, decision.action.as_str())?,
            reason: Member::of(py, decision.reason.as_str())?,
            original,
            reply,
            monitored: decision.monitored,
            key_number: decision.key_number.map(|number| KeyNumber(number.get())),
            days_left: decision.days_left.map(DaysLeft),
            line,
        })
    }
}

/// Say whether a message is a delivery report, given the value of its header field Content-Type.
///
/// A delivery report has `multipart/report; report-type=delivery-status`, however that is written. A
/// message without the field is not a delivery report.
#[pyfunction]
#[pyo3(signature = (content_type, /))]
pub(crate) fn is_delivery_report(content_type: &Bound<'_, PyAny>) -> PyResult<bool> {
    guard(|| {
        let given = Given::readable(content_type, "content_type")?;
        Ok(given.is_some_and(|given| batv_core::is_delivery_report(given.octets())))
    })
}

fn with_queue(line: &str, queue: Option<&Bound<'_, PyAny>>) -> PyResult<String> {
    let line = line.to_owned();
    match queue {
        None => Ok(line),
        Some(queue) => Ok(batv_core::log_line_with_queue(line, Given::named(queue, "queue")?.octets())),
    }
}
