//! The commonest of many values, in bounded memory.
//!
//! The algorithm is that of Misra and Gries, "Finding repeated elements" (1982), which takes
//! something off all counters only once in a while, as Apache `DataSketches` does.

use std::collections::HashMap;

/// How many values are left after a purge; twice as many are kept before it.
const CAPACITY: usize = 16_384;
/// The longest value that gets a counter: 256 octets of a path (RFC 5321, 4.5.3.1.3), each
/// escaped, and a reason.
const LONGEST: usize = 1100;

/// Counts values.
///
/// Of up to 32,768 different values all counts are exact. Of more, a count may be too low, by
/// at most the total divided by 16,385, and never too high: so every value that is more frequent
/// than that has a counter.
pub(super) struct Frequent {
    counts: HashMap<Box<str>, u64>,
    capacity: usize,
    total: u64,
    too_low_by: u64,
}

impl Default for Frequent {
    fn default() -> Self {
        Self::with_capacity(CAPACITY)
    }
}

impl Frequent {
    fn with_capacity(capacity: usize) -> Self {
        Self { counts: HashMap::new(), capacity, total: 0, too_low_by: 0 }
    }

    pub(super) fn add(&mut self, value: &str) {
        self.total += 1;
        if let Some(count) = self.counts.get_mut(value) {
            *count += 1;
        } else if value.len() <= LONGEST {
            if self.counts.len() >= 2 * self.capacity {
                self.purge();
            }
            self.counts.insert(value.into(), 1);
        }
    }

    /// Takes off all counters what the first one beyond the capacity has, and drops those at zero.
    fn purge(&mut self) {
        let mut counts: Vec<u64> = self.counts.values().copied().collect();
        let by = |a: &u64, b: &u64| b.cmp(a);
        let (_, &mut taken, _) = counts.select_nth_unstable_by(self.capacity, by);
        self.too_low_by += taken;
        self.counts.retain(|_, count| {
            *count = count.saturating_sub(taken);
            *count > 0
        });
    }

    /// The commonest, in descending order of their counts.
    pub(super) fn commonest(&self, most: usize) -> Commonest {
        let mut all: Vec<(&str, u64)> = self.counts.iter().map(|(value, count)| (&**value, *count)).collect();
        all.sort_unstable_by(|(a, a_count), (b, b_count)| b_count.cmp(a_count).then(a.cmp(b)));
        let values: Vec<_> =
            all.into_iter().take(most).map(|(value, count)| (value.to_owned(), count)).collect();
        let counted: u64 = values.iter().map(|(_, count)| count).sum();
        Commonest { values, others: self.total - counted, too_low_by: self.too_low_by }
    }
}

/// The commonest of the values.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Commonest {
    pub(super) values: Vec<(String, u64)>,
    /// How many of the counted are none of these.
    pub(super) others: u64,
    /// By how much each count may be too low; zero where all are exact.
    pub(super) too_low_by: u64,
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn few_values_are_counted_exactly() {
        let mut frequent = Frequent::default();
        for value in "b a c b b c d".split(' ') {
            frequent.add(value);
        }
        let values = |pairs: &[(&str, u64)]| -> Vec<(String, u64)> {
            pairs.iter().map(|(value, count)| ((*value).to_owned(), *count)).collect()
        };
        let commonest = |values, others| Commonest { values, others, too_low_by: 0 };
        assert_eq!(frequent.commonest(3), commonest(values(&[("b", 3), ("c", 2), ("a", 1)]), 1));
        assert_eq!(frequent.commonest(0), commonest(vec![], 7));
        assert_eq!(frequent.commonest(9), commonest(values(&[("b", 3), ("c", 2), ("a", 1), ("d", 1)]), 0));
    }

    #[test]
    fn among_many_values_the_frequent_ones_are_found_within_the_bound() {
        let mut frequent = Frequent::with_capacity(10);
        // A third is "a", a sixth "b", and half are values that come once.
        for number in 0..6000_u32 {
            frequent.add(&match number % 6 {
                0 | 3 => "a".to_owned(),
                1 => "b".to_owned(),
                _ => format!("once{number}"),
            });
            assert!(frequent.counts.len() <= 20);
        }
        let commonest = frequent.commonest(2);
        let [(first, a), (second, b)] = commonest.values.as_slice() else { unreachable!() };
        assert_eq!((first.as_str(), second.as_str()), ("a", "b"));
        assert!(commonest.too_low_by > 0 && commonest.too_low_by <= 6000 / 11);
        assert!((2000 - commonest.too_low_by..=2000).contains(a));
        assert!((1000 - commonest.too_low_by..=1000).contains(b));
        assert_eq!(a + b + commonest.others, 6000);
    }

    #[test]
    fn a_value_without_end_gets_no_counter() {
        let mut frequent = Frequent::default();
        frequent.add(&"x".repeat(LONGEST + 1));
        assert_eq!(frequent.commonest(9), Commonest { values: vec![], others: 1, too_low_by: 0 });
    }
}
