//! A program without std that uses batv-core: it compiles only as long as the core, and
//! everything the core depends on, does without std too, for std brings a panic handler of its
//! own and there can be only one.

#![no_std]

use batv_core::{Address, KeyRing, Settings};
use core::alloc::{GlobalAlloc, Layout};

struct NoMemory;

// SAFETY: it hands out no memory at all, which the trait allows.
unsafe impl GlobalAlloc for NoMemory {
    unsafe fn alloc(&self, _: Layout) -> *mut u8 {
        core::ptr::null_mut()
    }

    unsafe fn dealloc(&self, _: *mut u8, _: Layout) {}
}

#[global_allocator]
static ALLOCATOR: NoMemory = NoMemory;

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    loop {}
}

/// Signs and verifies, so that the core is used and not only named.
pub fn passes(address: &[u8], time: u64) -> bool {
    let keys = KeyRing::new(Settings::default());
    Address::parse(address)
        .is_ok_and(|address| keys.sign(&address, time).is_ok() && keys.verify(&address, time).is_pass())
}
