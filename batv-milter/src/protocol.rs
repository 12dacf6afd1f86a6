//! The milter protocol, without I/O: octets in, events and octets out.
//!
//! The mail server opens a connection and sends packets: a length (`u32`, in network order, of what
//! follows), a command (one octet), and data. It begins with a [negotiation](Offer), and then
//! sends an [`Event`] for each step of an SMTP session. The milter answers most of them with a
//! [`Reply`], and at the end of a message with [changes](Change) before it.
//!
//! There is no standard. This follows libmilter of Sendmail 8 and `src/milter/milter8.c` of Postfix.

mod error;
mod event;
mod macros;
mod negotiation;
mod packet;
mod reply;

pub use error::ProtocolError;
pub use event::{Client, Event};
pub use macros::Macros;
pub use negotiation::{Agreement, Offer};
use packet::Packets;
pub use reply::{Change, Reply};

/// What the mail server sends, one event after the other.
///
/// # Examples
/// ```
/// use batv_milter::protocol::{Event, Events};
///
/// let mut events = Events::default();
/// events.receive(b"\0\0\0\x07M<a@b");
/// assert_eq!(events.next(), Ok(None));
/// events.receive(b">\0");
/// assert_eq!(events.next(), Ok(Some(Event::Mail(b"<a@b>"))));
/// ```
#[derive(Debug, Default)]
pub struct Events {
    packets: Packets,
}

impl Events {
    /// Takes octets as they come from the mail server.
    pub fn receive(&mut self, octets: &[u8]) {
        self.packets.receive(octets);
    }

    /// The next event, None while it has not come as a whole.
    ///
    /// # Errors
    /// What came does not follow the protocol. The connection is of no use any more.
    #[expect(clippy::should_implement_trait, reason = "an event borrows the octets, so no iterator")]
    pub fn next(&mut self) -> Result<Option<Event<'_>>, ProtocolError> {
        self.packets.next_packet()?.map(Event::parse).transpose()
    }
}
