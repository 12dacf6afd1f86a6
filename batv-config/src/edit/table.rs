//! The keys of a file as a table that a mail server looks up by domain.

use super::{EditError, Keys};
use crate::config::Use;
use crate::secret::encode_base64;
use std::collections::HashMap;
use zeroize::Zeroizing;

impl Keys {
    /// A line for each domain, in the order of the file: `DOMAIN: NUMBER:SECRET NUMBER:SECRET`. The key
    /// that signs is the first; those that are spent are left out. What follows the colon is what
    /// [`parse_key_text`](crate::parse_key_text) reads.
    ///
    /// # Errors
    /// [`EditError`] for a key of an address, which nobody finds by a domain, and for a domain where no
    /// key signs, since the first of a text does.
    pub fn table(&self, time: u64) -> Result<Vec<Zeroizing<String>>, EditError> {
        let mut table: Vec<Row> = Vec::new();
        let mut places = HashMap::new();
        for (index, key) in self.as_slice().iter().enumerate().filter(|(_, key)| !key.is_spent(time)) {
            let text = Zeroizing::new(format!(" {}:{}", key.number, &*as_text(&self.secret_at(index)?)));
            for pattern in &key.patterns {
                let domain = pattern.to_string();
                if domain.contains('@') {
                    let line = key.line;
                    let message = format!("line {line}: a key for {domain}, and a table is for domains");
                    return Err(EditError::Refused(message));
                }
                let place = *places.entry(domain.clone()).or_insert(table.len());
                if place == table.len() {
                    table.push(Row { domain, signing: None, others: Zeroizing::default() });
                }
                if let Some(row) = table.get_mut(place) {
                    match key.r#use {
                        Use::Sign => row.signing = Some(text.clone()),
                        Use::Verify => row.others.push_str(&text),
                    }
                }
            }
        }
        table.into_iter().map(Row::line).collect()
    }
}

/// The keys of a domain, as text.
struct Row {
    domain: String,
    signing: Option<Zeroizing<String>>,
    others: Zeroizing<String>,
}

impl Row {
    fn line(self) -> Result<Zeroizing<String>, EditError> {
        let domain = self.domain;
        let Some(signing) = self.signing else {
            return Err(EditError::Refused(format!(
                "no key signs for {domain}, and in a table the first does"
            )));
        };
        Ok(Zeroizing::new(format!("{domain}:{}{}", &*signing, &*self.others)))
    }
}

/// A secret as it is where nothing in it can be taken for something else, or as base64.
fn as_text(secret: &[u8]) -> Zeroizing<String> {
    let plain = std::str::from_utf8(secret)
        .ok()
        .filter(|text| text.bytes().all(|octet| octet.is_ascii_alphanumeric() || b"-._+/=".contains(&octet)));
    match plain {
        Some(text) => Zeroizing::new(text.to_owned()),
        None => Zeroizing::new(format!("base64:{}", &*encode_base64(secret))),
    }
}
