//! The macros that matter, kept until their event comes.

use crate::protocol::Macros;

/// What macros said, each as long as it holds.
#[derive(Debug, Default)]
pub(super) struct Kept {
    /// Whether the mail server is Postfix: then its reading of an address says to whom it delivers.
    /// Sendmail's macros of the same names are something else, what its rules made of the address.
    postfix: bool,
    /// Whether the client has authenticated.
    pub(super) authenticated: bool,
    queue: Option<Vec<u8>>,
    sender: Option<Vec<u8>>,
    recipient: Option<Vec<u8>>,
}

impl Kept {
    /// Takes macros that come before an event.
    pub(super) fn take(&mut self, macros: &Macros<'_>) {
        match macros.command {
            b'M' => self.forget_message(),
            b'R' => self.recipient = None,
            _ => {}
        }
        for (name, value) in macros.iter() {
            match name {
                b"v" => self.postfix = value.starts_with(b"Postfix"),
                b"i" if !value.is_empty() => self.queue = Some(value.to_vec()),
                b"auth_type" | b"auth_authen" => self.authenticated |= !value.is_empty(),
                b"mail_addr" => self.sender = Some(value.to_vec()),
                b"rcpt_addr" => self.recipient = Some(value.to_vec()),
                _ => {}
            }
        }
    }

    /// The queue id, once there is one.
    pub(super) fn queue(&self) -> Option<&[u8]> {
        self.queue.as_deref()
    }

    /// Postfix's own reading of the sender.
    pub(super) fn sender(&mut self) -> Option<Vec<u8>> {
        self.sender.take().filter(|_| self.postfix)
    }

    /// Postfix's own reading of the recipient.
    pub(super) fn recipient(&mut self) -> Option<Vec<u8>> {
        self.recipient.take().filter(|_| self.postfix)
    }

    /// Forgets what belongs to one message.
    pub(super) fn forget_message(&mut self) {
        *self = Self { postfix: self.postfix, ..Self::default() };
    }
}
