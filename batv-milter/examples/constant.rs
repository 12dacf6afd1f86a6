//! The floor of what a milter costs: it leads the same dialogue, and changes every sender to the same.
//!
//!     constant /path/of/socket '<sender@example.com>'
//!
//! `tests/bench/postfix.py` compares batv-milter with it.

use batv_config::RefuseAt;
use batv_milter::protocol::{Change, Event, Events, Reply};
use std::io::{self, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::Arc;
use std::thread;

fn main() -> io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let (Some(path), Some(sender)) = (arguments.next(), arguments.next()) else {
        return Err(io::Error::other("usage: constant SOCKET SENDER"));
    };
    let listener = UnixListener::bind(&path)?;
    eprintln!("constant listens on {path}");
    let sender: Arc<str> = sender.into();
    for stream in listener.incoming() {
        let (stream, sender) = (stream?, Arc::clone(&sender));
        thread::spawn(move || serve(stream, &sender));
    }
    Ok(())
}

fn serve(mut stream: UnixStream, sender: &str) -> io::Result<()> {
    let (mut events, mut octets, mut out) = (Events::default(), [0; 4096], Vec::new());
    loop {
        let length = stream.read(&mut octets)?;
        if length == 0 {
            return Ok(());
        }
        events.receive(octets.get(..length).unwrap_or_default());
        while let Some(event) = events.next().map_err(io::Error::other)? {
            match event {
                Event::Negotiation(offer) => {
                    offer.accept(RefuseAt::Rcpt).map_err(io::Error::other)?.write(&mut out);
                }
                Event::Recipient(_) => Reply::Continue.write(&mut out),
                Event::EndOfMessage => {
                    Change::Sender(sender.as_bytes()).write(&mut out);
                    Reply::Continue.write(&mut out);
                }
                _ => {}
            }
        }
        stream.write_all(&out)?;
        out.clear();
    }
}
