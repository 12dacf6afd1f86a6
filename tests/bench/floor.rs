//! What every signature and every verdict is compared with, in Rust and in C.
#![allow(unsafe_code)] // for the name that C calls

use sha1::block_api::compress;
use std::hint::black_box;

/// The least that an HMAC of a short text takes: a block from the inner state, and its hash in a block
/// from the outer state.
///
/// One call does not wait for the other, as one HMAC does not: a chain of all the calls would be
/// slower, and flatter what is compared with it.
#[inline(never)]
#[unsafe(no_mangle)]
pub extern "C" fn two_sha1_blocks() {
    let (mut inner, mut outer) = (black_box([1; 5]), black_box([2; 5]));
    compress(&mut inner, &[black_box([0; 64])]);
    let mut block = black_box([0; 64]);
    for (place, word) in block.chunks_exact_mut(4).zip(inner) {
        place.copy_from_slice(&word.to_be_bytes());
    }
    compress(&mut outer, &[block]);
    black_box(outer);
}
