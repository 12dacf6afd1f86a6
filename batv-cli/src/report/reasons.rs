//! The words for reasons in log lines, and what they mean to whoever reads a report.

/// Why a recipient was accepted or refused.
pub(crate) const INBOUND: [(&str, &str); 15] = [
    ("pass", "genuine: an authentic tag, in time"),
    ("missing", "no tag: forged, or sent unsigned"),
    ("malformed", "prvs=, but no tag value"),
    ("unknown-key", "no key has the tag's number"),
    ("bad-signature", "the key did not make this tag"),
    ("expired", "an authentic tag, too old"),
    ("second-recipient", "a bounce to several recipients"),
    ("unreadable", "not an address that could be signed"),
    ("tagged-mail", "not a bounce, but to a tagged address"),
    ("not-a-bounce", "ordinary mail"),
    ("not-a-report", "forged or unsigned, but not a delivery report"),
    ("client", "from a trusted or listed client"),
    ("exempt", "to an exempt address"),
    ("too-long", "to an address too long to be signed"),
    ("not-ours", "there is no key for the recipient"),
];

/// Why a message left signed or unsigned.
pub(crate) const OUTBOUND: [(&str, &str); 11] = [
    ("signed", "a key signs for the sender"),
    ("null-sender", "a bounce, which is never signed"),
    ("not-ours", "there is no key for the sender"),
    ("no-signing-key", "the sender's keys only verify"),
    ("not-internal", "from a client that is not ours"),
    ("untagged-destination", "to a destination without tags"),
    ("local", "all recipients are ours"),
    ("exempt", "from an exempt address"),
    ("tagged", "signed before"),
    ("too-long", "the tagged address would be too long"),
    ("unreadable", "the sender is not an address"),
];

/// The place of a word in one of the lists.
pub(crate) fn position(reasons: &[(&str, &str)], word: &str) -> Option<usize> {
    reasons.iter().position(|(known, _)| *known == word)
}
