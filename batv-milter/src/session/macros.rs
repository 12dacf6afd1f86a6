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

/// What the mail server makes of a recipient.
#[derive(Debug)]
pub(crate) enum Resolved {
    /// It does not say, or nothing that matters.
    Unknown,
    /// Postfix's own reading of the address.
    Reading(Vec<u8>),
    /// Sendmail's rules have found somebody to deliver to whose address has no tag.
    Untagged,
}

impl Resolved {
    /// Postfix's own reading of the address.
    pub(super) fn reading(&self) -> Option<&[u8]> {
        if let Self::Reading(reading) = self { Some(reading) } else { None }
    }
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
                // Sendmail says its version, Postfix its name before that, which main.cf can change
                // (`mail_name`): mailcow's is Postcow.
                b"v" => self.postfix = value.first().is_some_and(|octet| !octet.is_ascii_digit()),
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

    /// What is made of the recipient.
    pub(super) fn recipient(&mut self) -> Resolved {
        match self.recipient.take() {
            Some(recipient) if self.postfix => Resolved::Reading(recipient),
            Some(recipient) => {
                // All syntaxes that are ours have this word, and it is the same in capitals. For a local
                // user there is no domain, and what stands behind the name is a detail of it.
                let word = recipient.windows(5).position(|part| part.eq_ignore_ascii_case(b"prvs="));
                let tagged = word.is_some_and(|at| at == 0 || recipient.contains(&b'@'));
                if tagged || recipient.is_empty() { Resolved::Unknown } else { Resolved::Untagged }
            }
            None => Resolved::Unknown,
        }
    }

    /// Forgets what belongs to one message.
    pub(super) fn forget_message(&mut self) {
        *self = Self { postfix: self.postfix, ..Self::default() };
    }
}
