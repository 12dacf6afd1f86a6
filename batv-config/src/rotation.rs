//! What must hold when keys change, so that no bounce of mail that was sent is lost.

use crate::config::{Config, Key, Use};
use crate::date::Date;
use batv_core::{KeyNumber, Pattern};

impl Key {
    /// Whether nothing that the key signed can still be good, at a time in UNIX seconds: it may
    /// be removed. A key that signs, or does not say until when it verifies, is never spent.
    #[must_use]
    pub fn is_spent(&self, time: u64) -> bool {
        self.r#use == Use::Verify && self.verify_until.is_some_and(|last| Date::at(time) > last)
    }
}

impl Config {
    /// Domains and addresses that have keys, but none that signs, in alphabetical order.
    #[must_use]
    pub fn unsigned(&self) -> &[String] {
        &self.unsigned
    }

    /// The last day on which a key has to verify that stops signing on a day.
    ///
    /// The last tag it made is good for the lifetime. A day more is for servers that learn of the
    /// change later, and whose clocks differ.
    #[must_use]
    pub fn verify_until(&self, day: Date) -> Date {
        day.plus(i64::from(self.lifetime.days()) + 1)
    }

    /// A number for a new key, one that no key for any of the patterns has now: the first one after
    /// `after`, or the first of all ten without it. After 9 comes 0.
    ///
    /// A key for a wider pattern counts when there is none for the pattern itself: it made the
    /// tags that are on their way.
    #[cfg_attr(not(feature = "edit"), allow(dead_code))]
    pub(crate) fn free_number(&self, patterns: &[Pattern], after: Option<KeyNumber>) -> Option<KeyNumber> {
        let is_free = |number: &KeyNumber| {
            patterns.iter().all(|pattern| {
                let ring = self.policy.keys().covering(pattern);
                ring.is_none_or(|(_, ring)| ring.secret(*number).is_none())
            })
        };
        let first = after.map_or(0, |number| usize::from(number.get()) + 1);
        KeyNumber::all().chain(KeyNumber::all()).skip(first).take(10).find(is_free)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXAMPLES: &str = r#"
        [[key]]
        number = 0
        secret = "0123456789abcdef"
        for = ["example.com", "*.example.com"]

        [[key]]
        number = 9
        secret = "0123456789abcdef"
        use = "verify"
        for = ["example.com"]

        [[key]]
        number = 1
        secret = "0123456789abcdef"
        use = "verify"
        verify-until = 2026-11-30
        for = ["example.org"]
    "#;

    fn config(text: &str) -> Config {
        Config::parse(text, |_| unreachable!()).unwrap()
    }

    #[test]
    fn a_number_is_free_where_no_key_has_it() {
        let config = config(EXAMPLES);
        for (patterns, after, expected) in [
            (&["example.com"][..], None, 1),
            (&["example.com"], Some(0), 1),
            (&["example.com"], Some(8), 1),
            (&["example.com"], Some(9), 1),
            (&["example.org"], None, 0),
            (&["example.org"], Some(9), 0),
            (&["example.org"], Some(0), 2),
            // Both have to be free.
            (&["example.com", "example.org"], None, 2),
            // The keys of the wider pattern signed until now.
            (&["sub.example.com"], None, 1),
            (&["*.sub.example.com", "boss@example.org"], None, 2),
            (&["example.net"], None, 0),
        ] {
            let parsed: Vec<_> = patterns.iter().map(|text| Pattern::parse(text).unwrap()).collect();
            let after = after.map(|number| KeyNumber::new(number).unwrap());
            let number = config.free_number(&parsed, after).map(KeyNumber::get);
            assert_eq!(number, Some(expected), "{patterns:?} {after:?}");
        }
    }

    #[test]
    fn after_ten_keys_no_number_is_free() {
        let keys = KeyNumber::all().map(|number| {
            format!("[[key]]\nnumber = {number}\nsecret = \"x\"\nuse = \"verify\"\nfor = [\"*\"]\n")
        });
        let config = config(&keys.collect::<Vec<_>>().concat());
        assert_eq!(config.free_number(&[Pattern::parse("example.com").unwrap()], None), None);
    }

    #[test]
    fn a_key_verifies_one_day_longer_than_its_last_tag_is_good() {
        let today = Date::at(1_795_348_800); // 2026-11-22
        assert_eq!(config("").verify_until(today).to_string(), "2026-11-30");
        assert_eq!(config("lifetime = 30").verify_until(today).to_string(), "2026-12-23");
    }

    #[test]
    fn a_key_is_spent_when_its_last_day_is_over() {
        let config = config(EXAMPLES);
        let end = 1_796_083_200; // 2026-12-01T00:00:00Z
        let spent = |time| config.keys.iter().map(|key| key.is_spent(time)).collect::<Vec<_>>();
        assert_eq!(spent(end - 1), [false, false, false]);
        // Neither one that signs, nor one that does not say until when.
        assert_eq!(spent(end), [false, false, true]);
        assert_eq!(config.unsigned(), ["example.org"]);
    }
}
