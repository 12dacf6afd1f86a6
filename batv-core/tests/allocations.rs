//! Reading, signing, verifying and stripping allocate nothing: mail servers do it for each recipient.
#![allow(clippy::unwrap_used, missing_docs)]
#![allow(unsafe_code)] // a global allocator cannot be written without

use batv_core::{Address, HashCase, KeyNumber, KeyRing, Secret, Settings, Syntax, strip};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::hint::black_box;

thread_local! {
    // Of one thread, as the test harness allocates in others.
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

struct Counting;

// SAFETY: the system's allocator does the work, and the counter allocates nothing.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.with(|count| count.set(count.get() + 1));
        // SAFETY: as the caller guarantees.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as the caller guarantees; the pointer came from `alloc`.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn allocations(work: impl FnOnce()) -> usize {
    let before = ALLOCATIONS.get();
    work();
    ALLOCATIONS.get() - before
}

fn ring(settings: Settings) -> KeyRing {
    let mut keys = KeyRing::new(settings);
    let number = KeyNumber::new(0).unwrap();
    keys.add(number, Secret::new(b"secret").unwrap());
    keys.sign_with(number).unwrap();
    keys
}

#[test]
fn nothing_is_allocated() {
    const TIME: u64 = 1_795_348_800;
    let long = format!("\"{}\"@Example.Test", "A b".repeat(100));
    let texts =
        ["alice@example.test", "<First.Last@Example.Test>", r#""john \"x\" doe"@example.test"#, &long];
    for (syntax, hash_case) in [(Syntax::Prefix, HashCase::Fold), (Syntax::SubAddress, HashCase::Exact)] {
        let mut settings = Settings::default();

        settings.syntax = syntax;
        settings.hash_case = hash_case;
        settings.long_local_parts = true;

        let keys = ring(settings);
        for text in texts {
            let mut tagged = Vec::with_capacity(512);
            let signing = allocations(|| {
                let address = Address::parse(black_box(text.as_bytes())).unwrap();
                let signed = keys.sign(&address, TIME).unwrap();
                signed.parts().iter().for_each(|part| tagged.extend_from_slice(part));
            });
            let reading = allocations(|| {
                let address = Address::parse(black_box(&tagged)).unwrap();
                assert!(keys.verify(&address, TIME).is_pass());
                assert!(keys.verify(&address, TIME + 8 * 86_400).authentic().is_some());
                assert!(strip(&address).is_some());
            });
            assert_eq!((signing, reading), (0, 0), "{text}");
        }
    }
    let forged =
        [&b"prvs=0786000000=alice@example.test"[..], b"prvs=abc=alice@example.test", b"a@b", b"<>", b"a"];
    let keys = ring(Settings::default());
    let refusing = allocations(|| {
        for text in forged {
            if let Ok(address) = Address::parse(black_box(text)) {
                assert!(!keys.verify(&address, TIME).is_pass());
            }
        }
    });
    assert_eq!(refusing, 0);
    // The counter counts.
    assert_eq!(allocations(|| drop(black_box(Vec::<u8>::with_capacity(16)))), 1);
}
