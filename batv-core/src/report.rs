//! Delivery reports, by their Content-Type (RFC 3464 section 2, RFC 6522).

/// Whether a Content-Type says that a message is a delivery report:
/// `multipart/report; report-type=delivery-status`.
///
/// `content_type` is the value of the header field, folded or not. It is read as RFC 2045 says: upper
/// and lower case are the same, white space and comments may stand between any two parts, a value may
/// be quoted, and the order of the parameters does not matter.
///
/// Parameters in pieces or with a character set (RFC 2231, `report-type*0=...`) are not read: no mail
/// server writes so short a value like that. What is not understood is not a delivery report, and is let
/// through, as a forged bounce without a Content-Type is.
///
/// ```
/// use batv_core::is_delivery_report;
///
/// assert!(is_delivery_report(b"multipart/report; boundary=\"b\";\r\n\treport-type=delivery-status"));
/// assert!(!is_delivery_report(b"multipart/report; report-type=disposition-notification"));
/// ```
#[must_use]
pub fn is_delivery_report(content_type: &[u8]) -> bool {
    let mut rest = Rest(content_type);
    let is_report = rest.token().eq_ignore_ascii_case(b"multipart")
        && rest.take(b'/')
        && rest.token().eq_ignore_ascii_case(b"report");
    if !is_report || !rest.is_between_parameters() {
        return false;
    }
    while rest.next_parameter() {
        let is_it = rest.token().eq_ignore_ascii_case(b"report-type")
            && rest.take(b'=')
            && rest.value_is(b"delivery-status")
            && rest.is_between_parameters();
        if is_it {
            return true;
        }
    }
    false
}

/// What is not read yet. Each method only goes on, so that the whole is linear.
struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    /// White space, line ends and comments, which may be nested. An open comment takes all that follows.
    fn skip(&mut self) {
        let mut depth = 0_usize;
        while let [octet, rest @ ..] = self.0 {
            match octet {
                b'(' => depth += 1,
                b')' if depth > 0 => depth -= 1,
                b'\\' if depth > 0 => {
                    self.0 = rest.get(1..).unwrap_or_default();
                    continue;
                }
                b' ' | b'\t' | b'\r' | b'\n' => {}
                _ if depth > 0 => {}
                _ => return,
            }
            self.0 = rest;
        }
    }

    fn take(&mut self, wanted: u8) -> bool {
        self.skip();
        match self.0 {
            [octet, rest @ ..] if *octet == wanted => {
                self.0 = rest;
                true
            }
            _ => false,
        }
    }

    fn token(&mut self) -> &'a [u8] {
        self.skip();
        let is_token = |octet: &u8| octet.is_ascii_graphic() && !b"()<>@,;:\\\"/[]?=".contains(octet);
        let length = self.0.iter().take_while(|octet| is_token(octet)).count();
        let (token, rest) = self.0.split_at_checked(length).unwrap_or_default();
        self.0 = rest;
        token
    }

    fn value_is(&mut self, value: &[u8]) -> bool {
        if self.take(b'"') { self.quoted_is(value) } else { self.token().eq_ignore_ascii_case(value) }
    }

    /// Whether what stands up to the closing quote is this value. Without one it is no value.
    fn quoted_is(&mut self, value: &[u8]) -> bool {
        let (mut expected, mut same) = (value.iter(), true);
        while let [octet, rest @ ..] = self.0 {
            self.0 = rest;
            let octet = match (octet, rest) {
                (b'"', _) => return same && expected.next().is_none(),
                // Of a fold, the line end alone is not part of the value.
                (b'\r' | b'\n', _) => continue,
                (b'\\', [quoted, rest @ ..]) => {
                    self.0 = rest;
                    quoted
                }
                (octet, _) => octet,
            };
            same &= expected.next().is_some_and(|expected| expected.eq_ignore_ascii_case(octet));
        }
        false
    }

    /// Goes behind the next semicolon that separates parameters.
    fn next_parameter(&mut self) -> bool {
        loop {
            if self.take(b';') {
                return true;
            }
            if self.take(b'"') {
                self.quoted_is(b"");
            } else {
                let [_, rest @ ..] = self.0 else { return false };
                self.0 = rest;
            }
        }
    }

    fn is_between_parameters(&mut self) -> bool {
        self.skip();
        matches!(self.0, [] | [b';', ..])
    }
}
