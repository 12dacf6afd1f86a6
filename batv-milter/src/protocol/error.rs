//! Why a connection is of no use any more.

use std::fmt;

/// What does not follow the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProtocolError {
    /// A packet without a command.
    Empty,
    /// A packet of so many octets.
    TooLong(u32),
    /// A packet with a command that does not exist.
    UnknownCommand(u8),
    /// A packet whose data is not what its command says.
    Malformed(u8),
    /// An event that cannot come here: a recipient without a message, anything before the negotiation.
    OutOfOrder,
    /// A version of the protocol before 2.
    Version(u32),
    /// The mail server does not let the milter change senders and recipients; these are the actions
    /// that it offers.
    Actions(u32),
}

impl fmt::Display for ProtocolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("a packet without a command"),
            Self::TooLong(length) => write!(f, "a packet of {length} octets is too long"),
            Self::UnknownCommand(command) => write!(f, "unknown command 0x{command:02x}"),
            Self::Malformed(command) => write!(f, "malformed command '{}'", command.escape_ascii()),
            Self::OutOfOrder => f.write_str("a command out of order"),
            Self::Version(version) => write!(f, "version {version} of the milter protocol is too old"),
            Self::Actions(actions) => {
                write!(
                    f,
                    "the mail server does not let milters change senders and recipients (actions 0x{actions:x})"
                )
            }
        }
    }
}

impl std::error::Error for ProtocolError {}
