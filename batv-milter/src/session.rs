//! A session: the messages of one client after the other, and what is decided on them.
//!
//! Each recipient is judged at RCPT, where a refusal has a text and costs little. Where the file says
//! so, the first one waits for DATA or for the header. Changes are legal
//! only at the end of the message: there the sender is signed, and tagged recipients become the
//! originals. A message is judged by one configuration and one time, those of its MAIL, so that all
//! its recipients see the same rules, and all attempts to deliver it the same tag: it is in the queue
//! file.

mod macros;
mod transaction;

use crate::log::Level;
use crate::metrics::Decided;
use crate::protocol::{Agreement, Client, Event, ProtocolError, Reply};
use batv_config::{Config, RefuseAt};
use macros::Kept;
pub(crate) use macros::Resolved;
use std::sync::Arc;
pub(crate) use transaction::Transaction;

/// What a session takes from the daemon around it.
pub trait Site {
    /// The configuration as it is now.
    fn config(&self) -> Arc<Config>;
    /// Writes a line to the log.
    fn log(&self, level: Level, line: &str);
    /// Counts a decision, whether or not its line is logged.
    fn count(&self, decision: Decided);
}

/// The state of a connection of the mail server.
#[derive(Debug)]
pub struct Session {
    agreement: Option<Agreement>,
    /// As it was when the connection began: the agreement follows from it.
    refuse_at: RefuseAt,
    client: Client,
    macros: Kept,
    transaction: Option<Transaction>,
}

/// Whether a connection goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// It does.
    Continue,
    /// The mail server has ended it.
    End,
}

impl Default for Session {
    fn default() -> Self {
        Self {
            agreement: None,
            refuse_at: RefuseAt::default(),
            client: Client::Unknown,
            macros: Kept::default(),
            transaction: None,
        }
    }
}

impl Session {
    /// Whether a message is in progress.
    #[must_use]
    pub fn in_message(&self) -> bool {
        self.transaction.is_some()
    }

    /// Acts on an event that comes at a time in UNIX seconds, and appends the answer to `out`.
    ///
    /// # Errors
    /// The event cannot come here. The connection is of no use any more.
    pub fn handle(
        &mut self,
        event: Event<'_>,
        time: u64,
        site: &impl Site,
        out: &mut Vec<u8>,
    ) -> Result<Flow, ProtocolError> {
        let agreement = match event {
            Event::Negotiation(offer) => {
                let refuse_at =
                    site.config().milter.as_ref().map(|milter| milter.refuse_at).unwrap_or_default();
                let agreement = offer.accept(refuse_at)?;
                agreement.write(out);
                *self = Self { agreement: Some(agreement), refuse_at, ..Self::default() };
                return Ok(Flow::Continue);
            }
            Event::Quit => return Ok(Flow::End),
            _ => self.agreement.ok_or(ProtocolError::OutOfOrder)?,
        };
        let mut answers = true;
        match event {
            Event::Negotiation(_) | Event::Quit => answers = false,
            Event::Macros(macros) => {
                self.macros.take(&macros);
                answers = false;
            }
            Event::Connect(client) => {
                self.client = client;
                answers = agreement.answers_connect();
            }
            Event::Mail(mail_from) => {
                self.transaction = Some(self.begin(mail_from, time, site.config()));
                answers = agreement.answers_mail();
            }
            Event::Recipient(rcpt_to) => {
                let transaction = self.transaction.as_mut().ok_or(ProtocolError::OutOfOrder)?;
                let resolved = self.macros.recipient();
                if let Some(reply) = transaction.recipient(rcpt_to, resolved, self.macros.queue(), site) {
                    Reply::Refuse(&reply).write(out);
                    answers = false;
                }
            }
            Event::Data => answers = self.refuse_at != RefuseAt::Data || !self.refuse(site, out),
            Event::Header(name, value) => {
                if let Some(transaction) = &mut self.transaction {
                    transaction.header(name, value);
                }
                answers = agreement.answers_header();
            }
            Event::EndOfHeaders => answers = self.refuse_at != RefuseAt::Headers || !self.refuse(site, out),
            Event::EndOfMessage => {
                // Without an event for it, what was to be refused before is refused now.
                let refused = self.refuse(site, out);
                let transaction = self.transaction.take().ok_or(ProtocolError::OutOfOrder)?;
                if !refused {
                    transaction.end(agreement, self.macros.queue(), site, out);
                }
                answers = !refused;
                self.macros.forget_message();
            }
            Event::Abort => {
                self.abort();
                answers = false;
            }
            Event::QuitNewConnection => {
                self.abort();
                self.client = Client::Unknown;
                answers = false;
            }
            Event::Unneeded => {}
        }
        if answers {
            Reply::Continue.write(out);
        }
        Ok(Flow::Continue)
    }

    /// Refuses the message if that is what its first recipient has waited for.
    fn refuse(&mut self, site: &impl Site, out: &mut Vec<u8>) -> bool {
        let queue = self.macros.queue();
        let reply = self.transaction.as_mut().and_then(|transaction| transaction.refusal(queue, site));
        if let Some(reply) = &reply {
            Reply::Refuse(&reply.to_string()).write(out);
        }
        reply.is_some()
    }

    fn begin(&mut self, mail_from: &[u8], time: u64, config: Arc<Config>) -> Transaction {
        let mail_from = (mail_from, self.macros.sender());
        let client = (self.client, self.macros.authenticated);
        Transaction::new(config, self.refuse_at, time, mail_from, client)
    }

    fn abort(&mut self) {
        self.transaction = None;
        self.macros.forget_message();
    }
}
