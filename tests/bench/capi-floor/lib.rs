//! The two compressions of SHA-1 that HMAC cannot do without once the secret is taken in.

use sha1::block_api::compress;

/// Compresses the inner block, and then the outer one.
///
/// # Safety
/// The state has 5 words, the blocks have 128 octets.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn floor_compressions(state: *mut [u32; 5], blocks: *const [[u8; 64]; 2]) {
    // SAFETY: as the caller promises.
    let (state, blocks) = unsafe { (&mut *state, &*blocks) };
    compress(state, &blocks[..1]);
    compress(state, &blocks[1..]);
}
