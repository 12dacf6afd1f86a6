//! What the linker is told about libbatv.so.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    for argument in [
        // The ABI's number, not the crate's: it changes when a released function does.
        "-soname,libbatv.so.0",
        // Rust's thread-locals do not survive dlclose.
        "-z,nodelete",
        // Only batv_* is exported, whatever the dependencies mark as no_mangle.
        "--exclude-libs,ALL",
    ] {
        println!("cargo:rustc-cdylib-link-arg=-Wl,{argument}");
    }
}
