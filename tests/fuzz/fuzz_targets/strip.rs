//! Any octets: what is left of an address without its tag is a shorter address of the same domain.
#![no_main]

use batv_core::{Address, strip};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &[u8]| {
    let Ok(address) = Address::parse(text) else { return };
    let Some(stripped) = strip(&address) else { return };
    let original = stripped.original.to_vec();
    assert!(original.len() < text.len());
    if let Some(part) = stripped.original.as_part() {
        assert_eq!(part, original);
        assert_eq!(part.as_ptr_range().end, text.as_ptr_range().end);
    }
    let read = Address::parse(&original).unwrap();
    assert_eq!(read.domain(), address.domain());
    assert_eq!(text.first() == Some(&b'<'), original.first() == Some(&b'<'));
});
