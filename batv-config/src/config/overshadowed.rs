//! Keys that a narrower pattern has put out of use, of which tags may be under way.

use super::key::Key;
use super::key_rings::{KeyRings, KeySet};
use crate::date::Date;
use batv_core::Pattern;
use std::sync::Arc;

/// A key that is for a wider pattern, and that narrower ones with keys of their own do without.
///
/// For an address the most specific pattern counts, and that alone. So a key for `*` does not verify
/// what it signed for `example.com` once that has a key of its own.
#[derive(Clone, Debug)]
pub(crate) struct Overshadowed {
    /// Its index in the file.
    pub(crate) key: usize,
    /// Since when the narrower patterns have keys of their own, if the file says so.
    pub(crate) since: Option<Date>,
    /// The narrower patterns.
    pub(crate) patterns: Vec<String>,
}

/// Every key that is out of use for a part of what it was for.
pub(super) fn find(rings: &KeyRings<'_>, keys: &[Key]) -> Vec<Overshadowed> {
    let mut found: Vec<(usize, Option<Date>, String)> = Vec::new();
    for (pattern, own) in rings.patterns() {
        let text = pattern.to_string();
        let Some(wider) = wider(&text).find_map(|wider| rings.of(&wider)) else { continue };
        if Arc::ptr_eq(&wider.ring, &own.ring) {
            continue;
        }
        found.extend(lost(keys, wider, own).into_iter().map(|(key, since)| (key, since, text.clone())));
    }
    found.sort_unstable();
    let mut entries: Vec<Overshadowed> = Vec::new();
    for (key, since, pattern) in found {
        match entries.last_mut().filter(|last| (last.key, last.since) == (key, since)) {
            Some(last) => last.patterns.push(pattern),
            None => entries.push(Overshadowed { key, since, patterns: vec![pattern] }),
        }
    }
    entries
}

/// The patterns that are wider than one, the most specific first: for `user@a.b.test` they are
/// `a.b.test`, `*.b.test`, `*.test` and `*`.
fn wider(text: &str) -> impl Iterator<Item = Pattern> {
    let (local, domain) = text.rsplit_once('@').map_or(("", text), |(local, domain)| (local, domain));
    let of_address = (!local.is_empty()).then(|| domain.to_owned());
    let named = domain.strip_prefix("*.").unwrap_or(domain);
    let above = named.match_indices('.').map(|(dot, _)| format!("*{}", named.split_at(dot).1));
    let every = (text != "*").then(|| "*".to_owned());
    of_address.into_iter().chain(above).chain(every).filter_map(|text| Pattern::parse(&text).ok())
}

/// The keys that signed for a pattern while it had none of its own, and that are not among those
/// which it has now; each with the day since when.
fn lost(keys: &[Key], wider: &KeySet, own: &KeySet) -> Vec<(usize, Option<Date>)> {
    let of = |set: &KeySet| -> Vec<(usize, &Key)> {
        set.keys.iter().filter_map(|index| Some((*index, keys.get(*index)?))).collect()
    };
    let (wider, own) = (of(wider), of(own));
    let has = |keys: &[(usize, &Key)], one: &Key| keys.iter().any(|(_, key)| key.is_same(one));
    let new: Vec<_> = own.iter().filter(|(_, key)| !has(&wider, key)).collect();
    let since = new.iter().map(|(_, key)| key.created).min().flatten();
    let shares = new.len() < own.len();
    let may_have_signed = |(index, key): &(usize, &Key)| match (since, key.created) {
        // A key that was made on the same day came later where older ones were copied.
        (Some(since), Some(created)) => created < since || created == since && !shares,
        (Some(_), None) => true,
        // Without dates the order of the file counts.
        (None, _) => new.iter().all(|(new, _)| index < new),
    };
    let lost = wider.iter().filter(|(_, key)| !has(&own, key)).filter(|key| may_have_signed(key));
    lost.map(|(index, _)| (*index, since)).collect()
}
