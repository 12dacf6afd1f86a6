//! The hash-source: what a tag is a hash of, `0149user@example.com`
//! (draft-levine-smtp-batv-01 section 4.2).

use crate::address::Mailbox;
use crate::day::Day;
use crate::key_number::KeyNumber;
use crate::secret::{Place, Text};

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

impl Text for HashSource<'_> {
    #[inline(always)]
    fn write(&self, place: &mut impl Place) {
        let [d2, d1, d0] = self.expiry.digits();
        place.push(&[self.key_number.digit(), d2, d1, d0]);
        let Mailbox { local, at_domain, in_one, quoted, plain, folded } = self.mailbox;
        let as_it_stands = plain && folded || self.case == HashCase::Exact;
        match in_one {
            Some(mailbox) if as_it_stands => place.push(mailbox),
            None if as_it_stands => {
                let quote: &[u8] = if quoted { b"\"" } else { b"" };
                for part in [quote, local, quote, at_domain] {
                    place.push(part);
                }
            }
            _ => self.write_folded(place),
        }
    }
}

impl HashSource<'_> {
    /// The mailbox in lower case, with quotes and escapes only where it needs them.
    fn write_folded(&self, place: &mut impl Place) {
        if self.mailbox.plain {
            push_folded(self.mailbox.local, place);
        } else {
            self.mailbox.canonical().for_each(|octet| place.push(&[octet.to_ascii_lowercase()]));
        }
        push_folded(self.mailbox.at_domain, place);
    }
}

/// The octets in lower case.
fn push_folded(octets: &[u8], place: &mut impl Place) {
    for chunk in octets.chunks(32) {
        let mut folded = [0; 32];
        let (folded, _) = folded.split_at_mut(chunk.len());
        folded.copy_from_slice(chunk);
        folded.make_ascii_lowercase();
        place.push(folded);
    }
}
