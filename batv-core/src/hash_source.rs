//! The hash-source: what a tag is a hash of, `0149user@example.com`
//! (draft-levine-smtp-batv-01 section 4.2).

use crate::address::{Mailbox, is_escaped};
use crate::day::Day;
use crate::key_number::KeyNumber;
use crate::secret::{Running, Secret};

/// Which writing of an address is hashed when signing. Verifying accepts both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum HashCase {
    /// The address in ASCII lower case and without needless quotes, so that the tag survives
    /// servers that fold the local-part or rewrite its quotes.
    #[default]
    Fold,
    /// The address as it stands, for peers that compare case.
    Exact,
}

/// The hash-source: `KDDD` and the original address, `0149user@example.com`.
pub(crate) struct HashSource<'a> {
    pub(crate) key_number: KeyNumber,
    pub(crate) expiry: Day,
    pub(crate) mailbox: Mailbox<'a>,
    pub(crate) case: HashCase,
}

impl HashSource<'_> {
    /// The first three octets of the HMAC over the hash-source, without allocating.
    #[inline]
    pub(crate) fn hash(&self, secret: &Secret) -> [u8; 3] {
        let mut running = secret.start();
        self.feed(&mut running);
        let [a, b, c, ..] = running.finish();
        [a, b, c]
    }

    #[inline]
    fn feed(&self, running: &mut Running) {
        let [d2, d1, d0] = self.expiry.digits();
        running.update(&[self.key_number.digit(), d2, d1, d0]);
        let Mailbox { local, at_domain, in_one, quoted, plain, folded } = self.mailbox;
        let as_it_stands = self.case == HashCase::Exact || plain && folded;
        match in_one {
            Some(mailbox) if as_it_stands => running.update(mailbox),
            None if as_it_stands => {
                let quote: &[u8] = if quoted { b"\"" } else { b"" };
                for part in [quote, local, quote, at_domain] {
                    running.update(part);
                }
            }
            _ => {
                if plain {
                    feed_folded(local, running);
                } else {
                    self.feed_canonical(running);
                }
                feed_folded(at_domain, running);
            }
        }
    }

    /// The local-part in lower case, with quotes and escapes only where it needs them.
    fn feed_canonical(&self, running: &mut Running) {
        let quote: &[u8] = if self.mailbox.needs_quotes() { b"\"" } else { b"" };
        running.update(quote);
        for octet in self.mailbox.content() {
            if is_escaped(octet) {
                running.update(b"\\");
            }
            running.update(&[octet.to_ascii_lowercase()]);
        }
        running.update(quote);
    }
}

/// The octets in lower case.
fn feed_folded(octets: &[u8], running: &mut Running) {
    for chunk in octets.chunks(32) {
        let mut folded = [0; 32];
        let (folded, _) = folded.split_at_mut(chunk.len());
        folded.copy_from_slice(chunk);
        folded.make_ascii_lowercase();
        running.update(folded);
    }
}
