//! What mail servers take off a path before they read it: source routes, comments, white space.

/// Whether nothing is left of a sender when white space, comments, a source route and empty quotes
/// come off, or nothing before its at sign: Postfix makes `mailer-daemon` of that.
pub(super) fn is_null_sender(mut inside: &[u8]) -> bool {
    let mut is_routed = false;
    loop {
        inside = match inside {
            [b' ' | b'\t' | b'\r' | b'\n' | b'<' | b'>', rest @ ..] | [b'"', b'"', rest @ ..] => rest,
            [b'(', rest @ ..] => behind_comment(rest),
            [b'@', route @ ..] => match behind_colon(route) {
                Some(rest) if !is_routed => {
                    is_routed = true;
                    rest
                }
                _ => return true,
            },
            rest => return rest.is_empty(),
        };
    }
}

/// What stands behind a comment (RFC 5322 section 3.2.2), of which the opening parenthesis is gone.
fn behind_comment(text: &[u8]) -> &[u8] {
    let mut depth = 1_usize;
    let mut octets = text.iter();
    while depth > 0 {
        match octets.next() {
            Some(b'(') => depth += 1,
            Some(b')') => depth -= 1,
            Some(b'\\') => drop(octets.next()),
            Some(_) => {}
            None => break,
        }
    }
    octets.as_slice()
}

/// RFC 5321 section 4.1.2: `@one,@two:` before the mailbox is accepted and ignored.
pub(super) fn without_source_route(path: &[u8]) -> &[u8] {
    match path {
        [b'@', rest @ ..] => behind_colon(rest).unwrap_or(path),
        path => path,
    }
}

/// What stands behind the first colon that is not in an address literal or a comment.
fn behind_colon(mut text: &[u8]) -> Option<&[u8]> {
    let mut in_literal = false;
    loop {
        let (octet, rest) = text.split_first()?;
        match octet {
            b':' if !in_literal => return Some(rest),
            b'[' | b']' => in_literal = *octet == b'[',
            _ => {}
        }
        text = if *octet == b'(' { behind_comment(rest) } else { rest };
    }
}
