//! Many threads on one store, while the file is replaced.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use batv_config::Store;
use batv_core::Message;
use std::fmt::Write;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

const TIME: u64 = 1_795_348_800;
const READERS: usize = 8;
/// Readers need less to see both files, however busy the machine is.
const DEADLINE: Duration = Duration::from_secs(120);

/// A file whose every part says the same number.
fn text(number: usize) -> String {
    let mut text = format!("lifetime = {number}\n");
    for domain in 0..50 {
        let for_domain = format!("for = [\"domain-{domain}.test\"]");
        let _ = writeln!(text, "[[key]]\nnumber = {number}\nsecret = \"secret {number}\"\n{for_domain}");
    }
    text + &format!("[policy]\ndefault-domain = \"default-{number}.test\"\n")
}

fn replace(path: &Path, text: &str) {
    let new = path.with_extension("new");
    fs::write(&new, text).unwrap();
    fs::set_permissions(&new, fs::Permissions::from_mode(0o600)).unwrap();
    fs::rename(new, path).unwrap();
}

/// The number that every part of the configuration says.
fn whole(store: &Store) -> usize {
    let config = store.config();
    let number = usize::from(config.keys.first().unwrap().number.get());
    assert_eq!(config.keys.len(), 50);
    assert_eq!(config.policy.default_domain, Some(format!("default-{number}.test")));
    for domain in [0, 49] {
        let sender = format!("alice@domain-{domain}.test");
        let signed = config.policy.outbound(&Message::new(sender.as_bytes(), TIME)).signed.unwrap();
        // Key number, and the expiry day: 779 and the lifetime.
        assert!(signed.starts_with(format!("prvs={number}{}", 779 + number).as_bytes()));
    }
    number
}

#[test]
fn a_reader_sees_one_file_or_the_other_and_all_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("batv.toml");
    let texts = [text(1), text(2)];
    replace(&path, &texts[0]);
    let store = Store::open(&path).unwrap();
    let seen: [[AtomicUsize; 2]; READERS] = Default::default();
    let (done, told) = (AtomicBool::new(false), AtomicUsize::new(0));
    let mut bad = 0;
    thread::scope(|scope| {
        for seen in &seen {
            let (store, done, told) = (&store, &done, &told);
            scope.spawn(move || {
                while !done.load(Ordering::Relaxed) {
                    if store.refresh().is_err_and(|error| !error.is_of_file()) {
                        told.fetch_add(1, Ordering::Relaxed);
                    }
                    seen[whole(store) - 1].fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        let saw_both = || seen.iter().flatten().all(|count| count.load(Ordering::Relaxed) >= 100);
        let start = Instant::now();
        for change in 1.. {
            if saw_both() && told.load(Ordering::Relaxed) > 0 || start.elapsed() > DEADLINE {
                break;
            }
            if change % 5 == 0 {
                replace(&path, &format!("{}lifetime = 0\n", texts[0]));
                bad += 1;
            }
            replace(&path, &texts[change % 2]);
            thread::yield_now();
        }
        done.store(true, Ordering::Relaxed);
    });
    let seen = seen.map(|counts| counts.map(AtomicUsize::into_inner));
    assert!(seen.iter().flatten().all(|count| *count >= 100), "{seen:?}");
    let told = told.into_inner();
    assert!((1..=bad).contains(&told), "{told} of {bad} bad files were told");
}

#[test]
fn one_thread_loads_a_change() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("batv.toml");
    replace(&path, &text(1));
    let store = Store::open(&path).unwrap();
    for change in 2..30 {
        let number = 1 + change % 2;
        let good = change % 3 != 0;
        replace(&path, &if good { text(number) } else { format!("{}x = 1\n", text(number)) });
        let barrier = Barrier::new(READERS);
        let results: Vec<_> = thread::scope(|scope| {
            let refresh = || {
                barrier.wait();
                store.refresh().map_err(drop)
            };
            let threads: Vec<_> = (0..READERS).map(|_| scope.spawn(refresh)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        let loaded = results.iter().filter(|result| **result != Ok(false)).count();
        assert_eq!(loaded, 1, "{results:?}");
        assert!(results.contains(&if good { Ok(true) } else { Err(()) }), "{results:?}");
        assert_eq!(store.refresh().map_err(drop), Ok(false));
        if good {
            assert_eq!(whole(&store), number);
        }
    }
}
