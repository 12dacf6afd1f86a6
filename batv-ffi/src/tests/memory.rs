//! What a call asks of the allocator, whatever it is passed.

use super::*;
use crate::config::batv_config_open;
use crate::inbound::{batv_config_inbound, batv_inbound_log_line};
use crate::outbound::{batv_address, batv_config_outbound, batv_outbound_log_line};
use crate::status::batv_status::{BadAddress, BadValue, NoMemory, Ok as OK};
use crate::strip::batv_strip;
use crate::text::LONGEST;
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::ptr::null_mut;

/// As the header says.
const MOST: usize = 2 * 1024 * 1024;

thread_local! {
    static LARGEST: Cell<usize> = const { Cell::new(0) };
    static LIMIT: Cell<usize> = const { Cell::new(usize::MAX) };
}

/// Notes the largest allocation of a thread, and has no memory for one beyond its limit.
struct Watched;

#[global_allocator]
static ALLOCATOR: Watched = Watched;

// SAFETY: it is the system's allocator, where it has memory.
unsafe impl GlobalAlloc for Watched {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        LARGEST.set(LARGEST.get().max(layout.size()));
        if layout.size() > LIMIT.get() {
            return null_mut();
        }
        // SAFETY: the layout is as the caller promises.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, start: *mut u8, layout: Layout) {
        // SAFETY: it was allocated above.
        unsafe { System.dealloc(start, layout) }
    }
}

/// Texts of as many octets: addresses, what looks like one, and what grows most when it is logged.
fn texts(octets: usize) -> [Vec<u8>; 5] {
    let filled = |start: &str, octet: u8, end: &str| {
        let mut text = start.as_bytes().to_vec();
        text.resize(octets - end.len(), octet);
        [&text, end.as_bytes()].concat()
    };
    [
        filled("", b'a', "@example.test"),
        filled("<prvs=0786864c09=", b'A', "@example.test>"),
        filled("\"", b'"', "\"@example.test"),
        filled("a@", b'b', "%example.test"),
        filled("", 0xff, ""),
    ]
}

#[test]
fn no_text_makes_a_large_allocation() {
    for text in texts(LONGEST) {
        let (start, length) = (text.as_ptr().cast(), text.len());
        let message = batv_message {
            mail_from: start,
            mail_from_length: length,
            mail_from_resolved: start,
            mail_from_resolved_length: length,
            ..message()
        };
        let recipient = batv_recipient {
            mail_from: start,
            mail_from_length: length,
            rcpt_to: start,
            rcpt_to_length: length,
            rcpt_resolved: start,
            rcpt_resolved_length: length,
            ..recipient()
        };
        let (mut out, mut inward, mut config_of_it) = (outbound_decision(), inbound_decision(), null_mut());
        let (no, none) = (null_mut(), null_mut());
        // SAFETY: everything is valid.
        with_config(|config| unsafe {
            LARGEST.set(0);
            let (message, recipient) = (&raw const message, &raw const recipient);
            assert_eq!(batv_config_outbound(config, message, &raw mut out, no, 0, none), OK);
            assert_eq!(batv_config_inbound(config, recipient, &raw mut inward, no, 0, none), OK);
            assert_eq!(batv_outbound_log_line(message, &raw const out, start, length, no, 0, none), OK);
            assert_eq!(batv_inbound_log_line(recipient, &raw const inward, start, length, no, 0, none), OK);
            let opened = batv_config_open(start, length, &raw mut config_of_it);
            assert_eq!(opened, batv_status::BadFile);
        });
        assert!((1..=MOST).contains(&LARGEST.get()), "{}", LARGEST.get());
    }
}

#[test]
fn a_longer_text_is_refused() {
    let mut parts = crate::strip::batv_parts::default();
    for mut text in texts(LONGEST + 1) {
        text.push(0);
        let start = text.as_ptr().cast();
        for length in [LONGEST + 1, NUL_TERMINATED] {
            // SAFETY: everything is valid.
            let strip = unsafe { batv_strip(start, length, null_mut(), &raw mut parts) };
            assert_eq!(failed(strip), (BadValue, "address has 65537 octets, more than 65536"));
        }
        // With one octet less it is one, or only not an address.
        // SAFETY: everything is valid.
        let strip = unsafe { batv_strip(start, LONGEST, null_mut(), &raw mut parts) };
        assert!([OK, BadAddress].contains(&strip));
    }
}

#[test]
fn without_memory_for_the_recipients_there_is_a_status() {
    let recipients = [batv_address { text: ALICE.as_ptr(), length: NUL_TERMINATED }; 1000];
    let (recipients, recipient_count) = (recipients.as_ptr(), recipients.len());
    let message = batv_message { recipients, recipient_count, ..message() };
    let mut statuses = [OK; 2];
    // SAFETY: everything is valid.
    with_config(|config| unsafe {
        let outbound =
            || batv_config_outbound(config, &raw const message, null_mut(), null_mut(), 0, null_mut());
        LIMIT.set(recipient_count * size_of::<&[u8]>() - 1);
        statuses[0] = outbound();
        LIMIT.set(LIMIT.get() + 1);
        statuses[1] = outbound();
        LIMIT.set(usize::MAX);
    });
    assert_eq!(statuses, [NoMemory, OK]);
}
