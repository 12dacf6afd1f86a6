//! Any octets: an address whose parts make up the text again, or an error whose position lies in it.
#![no_main]

use batv_core::{Address, AddressError, ReversePath};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &[u8]| {
    match Address::parse(text) {
        Ok(address) => {
            assert_eq!(ReversePath::parse(text), Ok(ReversePath::Address(address)));
            assert_eq!(address.as_bytes(), text);
            let path = text.strip_prefix(b"<").and_then(|path| path.strip_suffix(b">")).unwrap_or(text);
            assert_eq!([address.local_part(), b"@", address.domain()].concat(), path);
            assert!(!text.iter().any(u8::is_ascii_control));
            assert!(!address.to_string().is_empty() && !format!("{address:?}").is_empty());
        }
        Err(AddressError::Null) => assert!(text.is_empty() || text == b"<>"),
        Err(error) => {
            if let AddressError::Control { octet, position }
            | AddressError::LocalPart { octet, position }
            | AddressError::Domain { octet, position } = error
            {
                assert_eq!(text[position], octet);
            }
            assert!(!error.to_string().is_empty());
        }
    }
});
