//! The floor of what a milter costs: it leads the same dialogue, and changes every sender to the same.
//!
//!     constant /path/of/socket '<sender@example.com>'
//!
//! Without a sender it asks for no event but the end of a message, and changes nothing.
//! `tests/bench/postfix.py` compares batv-milter with both.

use batv_config::RefuseAt;
use batv_milter::protocol::{Change, Event, Events, Reply};
use std::io::{self, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::Arc;
use std::thread;

/// An answer to the negotiation: version 6, no change of a message, and no event that can be left out.
const NOTHING: &[u8] = b"\0\0\0\x0dO\0\0\0\x06\0\0\0\0\0\0\x03\x7f";

fn main() -> io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let Some(path) = arguments.next() else {
        return Err(io::Error::other("usage: constant SOCKET [SENDER]"));
    };
    let listener = UnixListener::bind(&path)?;
    eprintln!("constant listens on {path}");
    let sender: Option<Arc<str>> = arguments.next().map(Into::into);
    for stream in listener.incoming() {
        let (stream, sender) = (stream?, sender.clone());
        thread::spawn(move || serve(stream, sender.as_deref()));
    }
    Ok(())
}

fn serve(mut stream: UnixStream, sender: Option<&str>) -> io::Result<()> {
    let (mut events, mut octets, mut out) = (Events::default(), [0; 4096], Vec::new());
    loop {
        let length = stream.read(&mut octets)?;
        if length == 0 {
            return Ok(());
        }
        events.receive(octets.get(..length).unwrap_or_default());
        while let Some(event) = events.next().map_err(io::Error::other)? {
            match (event, sender) {
                (Event::Negotiation(_), None) => out.extend_from_slice(NOTHING),
                (Event::Negotiation(offer), Some(_)) => {
                    offer.accept(RefuseAt::Rcpt).map_err(io::Error::other)?.write(&mut out);
                }
                (Event::EndOfMessage, Some(sender)) => {
                    Change::Sender(sender.as_bytes()).write(&mut out);
                    Reply::Continue.write(&mut out);
                }
                (Event::Recipient(_) | Event::EndOfMessage, _) => Reply::Continue.write(&mut out),
                _ => {}
            }
        }
        stream.write_all(&out)?;
        out.clear();
    }
}
