//! The log line of a decision, the same from every face, so that one tool can read them all.

use super::inbound::{InboundDecision, Recipient};
use super::outbound::{Message, OutboundDecision};
use super::reading::without_brackets;
use crate::text;
use alloc::format;
use alloc::string::{String, ToString};

impl InboundDecision {
    /// The log line of the decision on a recipient, without a newline:
    /// `batv: dir=in action=refuse reason=missing from=<> to=<alice@example.com> client=192.0.2.1`.
    ///
    /// `queue` is the queue id, where the server has given one. Fields without a value are left out.
    /// Octets of values that are not printable ASCII, and space, `<`, `>`, `\` and `"`, are written
    /// `\xNN`: nothing that a stranger sends can begin a line or a field.
    #[must_use]
    pub fn log_line(&self, recipient: &Recipient<'_>, queue: Option<&[u8]>) -> String {
        let mut line = Line::new("in", self.action.as_str(), self.reason.as_str());
        line.address("from", recipient.mail_from);
        line.address("to", recipient.rcpt_to);
        line.value("client", recipient.client.map(|client| client.to_string().into_bytes()).as_deref());
        line.value("key", self.key_number.map(|number| [number.digit()]).as_ref().map(<[u8; 1]>::as_slice));
        line.value("left", self.days_left.map(|days| days.to_string().into_bytes()).as_deref());
        line.value("monitored", self.monitored.then_some(b"yes"));
        line.value("queue", queue);
        line.0
    }
}

impl OutboundDecision {
    /// The log line of the decision on a message, without a newline:
    /// `batv: dir=out action=sign reason=signed from=<alice@example.com> key=1 queue=4XyZ`.
    ///
    /// It is made as that of an [`InboundDecision`].
    #[must_use]
    pub fn log_line(&self, message: &Message<'_>, queue: Option<&[u8]>) -> String {
        let mut line = Line::new("out", self.action(), self.reason.as_str());
        line.address("from", message.mail_from);
        line.value("client", message.client.map(|client| client.to_string().into_bytes()).as_deref());
        line.value("key", self.key_number.map(|number| [number.digit()]).as_ref().map(<[u8; 1]>::as_slice));
        line.value("queue", queue);
        line.0
    }
}

/// A log line that was made without a queue id, with one: a server may give it only later.
#[must_use]
pub fn log_line_with_queue(log_line: String, queue: &[u8]) -> String {
    let mut line = Line(log_line);
    line.value("queue", Some(queue));
    line.0
}

struct Line(String);

impl Line {
    fn new(dir: &str, action: &str, reason: &str) -> Self {
        Self(format!("batv: dir={dir} action={action} reason={reason}"))
    }

    fn value(&mut self, name: &str, value: Option<&[u8]>) {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            self.begin(name);
            self.escaped(value);
        }
    }

    fn address(&mut self, name: &str, path: &[u8]) {
        self.begin(name);
        self.0.push('<');
        self.escaped(without_brackets(path));
        self.0.push('>');
    }

    fn begin(&mut self, name: &str) {
        self.0.push(' ');
        self.0.push_str(name);
        self.0.push('=');
    }

    fn escaped(&mut self, value: &[u8]) {
        for octet in value {
            if octet.is_ascii_graphic() && !matches!(octet, b'<' | b'>' | b'\\' | b'"') {
                self.0.push(char::from(*octet));
            } else {
                let (high, low) = (text::hex_digit(octet >> 4), text::hex_digit(*octet));
                self.0.extend(['\\', 'x', char::from(high), char::from(low)]);
            }
        }
    }
}
