//! Lines of a stream, in constant memory and without waiting for more than is there.

use crate::failure::Failure;
use memchr::memchr;
use std::io::{ErrorKind, Read, Write};

/// The most octets of a line, without its end, that are read as one address.
pub(crate) const LIMIT: usize = 65_536;
/// The longest line with CRLF, and as much again to read at once.
const BUFFER: usize = 2 * LIMIT + 2;

/// Cuts what it reads into lines.
pub(crate) struct Lines<R> {
    source: R,
    buffer: Box<[u8]>,
    /// Where the octets that wait in the buffer begin and end.
    start: usize,
    end: usize,
    /// How many of them are known to hold no line feed.
    scanned: usize,
    ended: bool,
}

/// A line that waits in the buffer.
pub(crate) enum Line<'l> {
    /// A whole line, and how it ends: LF, CRLF or, the last one, not at all.
    Whole { octets: &'l [u8], ending: &'l [u8] },
    /// The beginning of a line longer than the limit: copy or skip it.
    TooLong,
}

impl<R: Read> Lines<R> {
    pub(crate) fn new(source: R) -> Self {
        let buffer = vec![0; BUFFER].into_boxed_slice();
        Self { source, buffer, start: 0, end: 0, scanned: 0, ended: false }
    }

    fn waiting(&self) -> &[u8] {
        self.buffer.get(self.start..self.end).unwrap_or_default()
    }

    /// The next line, if it has been read already; else [`fill`](Self::fill) goes on.
    pub(crate) fn next(&mut self) -> Option<Line<'_>> {
        let waiting = self.waiting();
        let feed = memchr(b'\n', waiting.get(self.scanned..).unwrap_or_default());
        let length = match feed {
            Some(position) => self.scanned + position + 1,
            None if waiting.len() > LIMIT + 1 => return Some(Line::TooLong),
            None if self.ended && !waiting.is_empty() => waiting.len(),
            None => {
                self.scanned = waiting.len();
                return None;
            }
        };
        let line = waiting.get(..length).unwrap_or_default();
        let ending = match line {
            [.., b'\r', b'\n'] => 2,
            [.., b'\n'] => 1,
            _ => 0,
        };
        if length - ending > LIMIT {
            return Some(Line::TooLong);
        }
        let start = self.start;
        self.consume(length);
        let line = self.buffer.get(start..start + length)?;
        let (octets, ending) = line.split_at(length - ending);
        Some(Line::Whole { octets, ending })
    }

    fn consume(&mut self, length: usize) {
        self.start += length;
        self.scanned = 0;
    }

    /// Reads on, once, after which the last line may have come; false when it had.
    pub(crate) fn fill(&mut self) -> Result<bool, Failure> {
        if self.ended {
            return Ok(false);
        }
        self.buffer.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
        let free = self.buffer.get_mut(self.end..).unwrap_or_default();
        let read = loop {
            match self.source.read(free) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                read => break read.map_err(Failure::Input)?,
            }
        };
        self.end += read;
        self.ended = read == 0;
        Ok(true)
    }

    /// Copies the line that waits up to its line feed, which stays.
    pub(crate) fn copy_line(&mut self, out: &mut impl Write) -> Result<(), Failure> {
        loop {
            let waiting = self.waiting();
            let feed = memchr(b'\n', waiting);
            let length = feed.unwrap_or(waiting.len());
            out.write_all(waiting.get(..length).unwrap_or_default())?;
            self.consume(length);
            if feed.is_some() || self.ended {
                return Ok(());
            }
            self.fill()?;
        }
    }

    /// Skips what is left of the line that waits, and returns its line feed if it has one.
    pub(crate) fn skip_line(&mut self) -> Result<&'static [u8], Failure> {
        self.copy_line(&mut std::io::sink())?;
        if self.waiting().is_empty() {
            return Ok(b"");
        }
        self.consume(1);
        Ok(b"\n")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use super::*;

    /// Hands over the octets in pieces of a size.
    struct Pieces<'a>(&'a [u8], usize);

    impl Read for Pieces<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            let length = self.1.min(buffer.len()).min(self.0.len());
            Read::take(&mut self.0, length as u64).read(buffer)
        }
    }

    /// The lines of a text that comes in pieces, their ends in brackets, long ones as their length.
    fn lines(text: &[u8], piece: usize) -> Vec<String> {
        let mut lines = Lines::new(Pieces(text, piece));
        let mut seen = Vec::new();
        loop {
            match lines.next() {
                Some(Line::Whole { octets, ending }) => {
                    seen.push(format!("{}[{}]", octets.escape_ascii(), ending.escape_ascii()));
                }
                Some(Line::TooLong) => {
                    let mut copy = Vec::new();
                    lines.copy_line(&mut copy).unwrap();
                    let ending = lines.skip_line().unwrap();
                    seen.push(format!("{}[{}]", copy.len(), ending.escape_ascii()));
                }
                None => {
                    if !lines.fill().unwrap() {
                        return seen;
                    }
                }
            }
        }
    }

    #[test]
    fn lines_are_the_same_however_they_arrive() {
        for piece in [1, 2, 3, 7, 1000] {
            assert_eq!(lines(b"", piece), [""; 0]);
            assert_eq!(lines(b"\n", piece), ["[\\n]"]);
            assert_eq!(
                lines(b"a\n\r\n\nb\r\r\n\xff", piece),
                ["a[\\n]", "[\\r\\n]", "[\\n]", "b\\r[\\r\\n]", "\\xff[]"]
            );
            assert_eq!(lines(b"a\r", piece), ["a\\r[]"]);
        }
    }

    #[test]
    fn a_line_is_too_long_from_the_octet_behind_the_limit_on() {
        let long = |length: usize, ending: &str| ["x".repeat(length), ending.to_owned(), "y".into()].concat();
        for piece in [1, 4096, LIMIT, usize::MAX] {
            for ending in ["\n", "\r\n"] {
                let seen = lines(long(LIMIT, ending).as_bytes(), piece);
                assert_eq!(seen.len(), 2);
                assert!(seen.iter().all(|line| !line.starts_with("65")), "{piece} {ending:?}");
            }
            assert_eq!(lines(long(LIMIT + 1, "\n").as_bytes(), piece), ["65537[\\n]", "y[]"]);
            assert_eq!(lines(long(LIMIT + 1, "\r\n").as_bytes(), piece), ["65538[\\n]", "y[]"]);
            assert_eq!(lines(long(10 * LIMIT, "\n").as_bytes(), piece), ["655360[\\n]", "y[]"]);
            assert_eq!(lines(&vec![b'x'; 3 * LIMIT], piece), ["196608[]"]);
        }
    }

    #[test]
    fn a_skipped_line_leaves_the_next_one_whole() {
        let text = ["x".repeat(5 * LIMIT), "\ny\n".to_owned()].concat();
        let mut lines = Lines::new(text.as_bytes());
        while !matches!(lines.next(), Some(Line::TooLong)) {
            assert!(lines.fill().unwrap());
        }
        assert_eq!(lines.skip_line().unwrap(), b"\n");
        assert!(matches!(lines.next(), Some(Line::Whole { octets: b"y", ending: b"\n" })));
    }
}
