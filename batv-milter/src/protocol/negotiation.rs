//! The negotiation: what the mail server offers, and what BATV takes of it.

use super::ProtocolError;
use super::packet::write_packet;
use batv_config::RefuseAt;

/// What a milter may do to a message.
mod action {
    pub const ADD_HEADERS: u32 = 0x01;
    pub const ADD_RECIPIENTS: u32 = 0x04;
    pub const DELETE_RECIPIENTS: u32 = 0x08;
    pub const CHANGE_SENDER: u32 = 0x40;
    /// To say which macros it needs.
    pub const SET_MACROS: u32 = 0x100;
}

/// Which events a milter does without, and which it does not answer.
mod step {
    pub const NO_HELO: u32 = 0x02;
    pub const NO_BODY: u32 = 0x10;
    pub const NO_HEADERS: u32 = 0x20;
    pub const NO_END_OF_HEADERS: u32 = 0x40;
    pub const NO_REPLY_TO_HEADERS: u32 = 0x80;
    pub const NO_UNKNOWN: u32 = 0x100;
    pub const NO_DATA: u32 = 0x200;
    pub const NO_REPLY_TO_CONNECT: u32 = 0x1000;
    pub const NO_REPLY_TO_MAIL: u32 = 0x4000;
}

/// Without these, tags neither come nor go.
const NEEDED: u32 = action::CHANGE_SENDER | action::ADD_RECIPIENTS | action::DELETE_RECIPIENTS;

/// Each event less makes a message cheaper: with all of these a rate is 1.13 to 1.15 times as high.
const SKIPPED: u32 = step::NO_HELO
    | step::NO_BODY
    | step::NO_HEADERS
    | step::NO_END_OF_HEADERS
    | step::NO_UNKNOWN
    | step::NO_DATA
    | step::NO_REPLY_TO_CONNECT
    | step::NO_REPLY_TO_MAIL;

/// The macros of connection, sender, recipient and end of message. To ask for them overrides what
/// main.cf says, so that nobody can take them away.
const MACROS: [(u32, &[u8]); 4] =
    [(0, b"v"), (2, b"i {auth_type} {auth_authen} {mail_addr}"), (3, b"i {rcpt_addr}"), (5, b"i")];

/// The newest version of the protocol. Versions 3 to 6 add actions and steps; 2 is the oldest.
const NEWEST: u32 = 6;

/// What the mail server can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offer {
    /// The version of the protocol.
    pub version: u32,
    /// A bit for each thing that the milter may do to a message.
    pub actions: u32,
    /// A bit for each event that it can leave out or needs no answer to.
    pub steps: u32,
}

/// What both sides do from now on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Agreement {
    version: u32,
    actions: u32,
    steps: u32,
}

impl Offer {
    pub(super) fn parse(data: &[u8]) -> Result<Self, ProtocolError> {
        let word = |at: usize| data.get(at..).and_then(<[u8]>::first_chunk).copied().map(u32::from_be_bytes);
        match (word(0), word(4), word(8)) {
            (Some(version), Some(actions), Some(steps)) => Ok(Self { version, actions, steps }),
            _ => Err(ProtocolError::Malformed(b'O')),
        }
    }

    /// Takes what BATV needs to refuse bounces there.
    ///
    /// # Errors
    /// The version is too old, or senders and recipients could not be changed.
    pub fn accept(self, refuse_at: RefuseAt) -> Result<Agreement, ProtocolError> {
        if self.version < 2 {
            return Err(ProtocolError::Version(self.version));
        }
        if self.actions & NEEDED != NEEDED {
            return Err(ProtocolError::Actions(self.actions));
        }
        let skipped = match refuse_at {
            RefuseAt::Rcpt => SKIPPED,
            RefuseAt::Data => SKIPPED & !step::NO_DATA,
            RefuseAt::Headers => {
                (SKIPPED | step::NO_REPLY_TO_HEADERS) & !(step::NO_HEADERS | step::NO_END_OF_HEADERS)
            }
        };
        Ok(Agreement {
            version: self.version.min(NEWEST),
            actions: self.actions & (NEEDED | action::ADD_HEADERS | action::SET_MACROS),
            steps: self.steps & skipped,
        })
    }
}

impl Agreement {
    /// Whether the mail server waits for an answer to the connection of a client.
    #[must_use]
    pub fn answers_connect(self) -> bool {
        self.steps & step::NO_REPLY_TO_CONNECT == 0
    }

    /// Whether the mail server waits for an answer to a sender.
    #[must_use]
    pub fn answers_mail(self) -> bool {
        self.steps & step::NO_REPLY_TO_MAIL == 0
    }

    /// Whether the mail server waits for an answer to a header field.
    #[must_use]
    pub fn answers_header(self) -> bool {
        self.steps & step::NO_REPLY_TO_HEADERS == 0
    }

    /// Whether header fields can be added.
    #[must_use]
    pub fn adds_headers(self) -> bool {
        self.actions & action::ADD_HEADERS != 0
    }

    /// Appends the answer to the offer.
    pub fn write(self, out: &mut Vec<u8>) {
        write_packet(out, b'O', |out| {
            for word in [self.version, self.actions, self.steps] {
                out.extend_from_slice(&word.to_be_bytes());
            }
            if self.actions & action::SET_MACROS != 0 {
                for (stage, names) in MACROS {
                    out.extend_from_slice(&stage.to_be_bytes());
                    out.extend_from_slice(names);
                    out.push(0);
                }
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(offer: &[u8]) -> Result<Vec<u8>, ProtocolError> {
        let mut out = Vec::new();
        Offer::parse(offer)?.accept(RefuseAt::Rcpt)?.write(&mut out);
        Ok(out)
    }

    #[test]
    fn postfix_is_asked_for_as_little_as_can_be() {
        // What Postfix 3.7 offers: version 6, actions 0x1ff, steps 0x1fffff.
        assert_eq!(
            answer(b"\0\0\0\x06\0\0\x01\xff\0\x1f\xff\xff").unwrap(),
            *b"\0\0\0\x57O\0\0\0\x06\0\0\x01\x4d\0\0\x53\x72\
               \0\0\0\0v\0\
               \0\0\0\x02i {auth_type} {auth_authen} {mail_addr}\0\
               \0\0\0\x03i {rcpt_addr}\0\
               \0\0\0\x05i\0"
        );
    }

    #[test]
    fn only_what_is_offered_is_taken() {
        // Without macros, header fields and steps.
        assert_eq!(
            answer(b"\0\0\0\x02\0\0\0\x4c\0\0\0\0").unwrap(),
            *b"\0\0\0\rO\0\0\0\x02\0\0\0\x4c\0\0\0\0"
        );
        // Version 4 has the first 12 bits of the steps.
        assert_eq!(
            answer(b"\0\0\0\x04\0\0\0\xff\0\0\x03\xff").unwrap(),
            *b"\0\0\0\rO\0\0\0\x04\0\0\0\x4d\0\0\x03\x72"
        );
        // A later version speaks 6 too.
        assert_eq!(answer(b"\0\0\0\x07\0\0\0\x4c\0\0\0\0").unwrap()[8], 6);
    }

    #[test]
    fn what_refusals_wait_for_is_asked_for() {
        let steps = |refuse_at| {
            Offer { version: 6, actions: 0x4c, steps: 0x1f_ffff }.accept(refuse_at).unwrap().steps
        };
        assert_eq!(steps(RefuseAt::Rcpt), 0x5372);
        assert_eq!(steps(RefuseAt::Data), 0x5172);
        assert_eq!(steps(RefuseAt::Headers), 0x5392);
    }

    #[test]
    fn what_is_missing_is_said() {
        assert_eq!(answer(b"\0\0\0\x01\0\0\x01\xff\0\0\0\0"), Err(ProtocolError::Version(1)));
        assert_eq!(answer(b"\0\0\0\x06\0\0\x01\xbf\0\0\0\0"), Err(ProtocolError::Actions(0x1bf)));
        for length in 0..12 {
            assert_eq!(answer(&[6; 12][..length]), Err(ProtocolError::Malformed(b'O')));
        }
    }

    #[test]
    fn without_the_steps_events_are_answered() {
        let accept = |steps| Offer { version: 6, actions: 0x4c, steps }.accept(RefuseAt::Rcpt).unwrap();
        assert!(accept(0).answers_connect() && accept(0).answers_mail());
        assert!(!accept(0x1000).answers_connect() && accept(0x1000).answers_mail());
        assert!(accept(0x4000).answers_connect() && !accept(0x4000).answers_mail());
        assert!(!accept(0).adds_headers());
    }
}
