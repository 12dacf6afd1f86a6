//! Buffers of every size, and such as overlap the input.

use super::*;
use crate::keyring::batv_keyring_sign;
use crate::reasons::batv_outbound_reason;
use crate::strip::batv_strip_copy;
use std::ptr::null_mut;

#[test]
fn a_buffer_one_octet_too_small_stays_as_it_was() {
    with_keyring(|keyring| {
        let needed = TAGGED.count_bytes();
        for size in 0..=needed + 1 {
            let mut buffer = [0x55; 64];
            let (mut length, mut reason) = (0, batv_outbound_reason::Local);
            // SAFETY: everything is valid.
            let status = unsafe {
                batv_keyring_sign(
                    keyring,
                    ALICE.as_ptr(),
                    ALICE.count_bytes(),
                    TIME,
                    buffer.as_mut_ptr(),
                    size,
                    &raw mut length,
                    &raw mut reason,
                )
            };
            assert_eq!(length, needed);
            if size <= needed {
                let untouched = (batv_status::BufferTooSmall, batv_outbound_reason::Local, [0x55; 64]);
                assert_eq!((status, reason, buffer), untouched, "{size}");
            } else {
                assert_eq!((status, reason), (batv_status::Ok, batv_outbound_reason::Signed));
                assert_eq!((text(buffer.as_ptr()), buffer[needed + 1]), (TAGGED.to_str().unwrap(), 0x55));
            }
        }
    });
}

#[test]
fn a_buffer_that_overlaps_the_input_is_refused() {
    let mut memory = [0; 80];
    let start: *mut c_char = memory.as_mut_ptr();
    // SAFETY: both lie in memory.
    let strip_at = |place: usize, size| unsafe {
        TAGGED.as_ptr().copy_to(start.add(20), 34);
        batv_strip_copy(start.add(20), 34, null_mut(), start.add(place), size, null_mut())
    };
    let refused = (batv_status::BadValue, "buffer overlaps the input");
    assert_eq!(failed(strip_at(20, 60)), refused);
    assert_eq!(failed(strip_at(53, 20)), refused);
    assert_eq!(failed(strip_at(0, 21)), refused);
    assert_eq!(strip_at(0, 20), batv_status::Ok);
    assert_eq!(strip_at(54, 20), batv_status::Ok);
}
