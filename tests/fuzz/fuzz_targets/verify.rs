//! Any octets: never authentic as they are, and authentic once they are signed.
#![no_main]

use batv_core::{Address, HashCase, KeyNumber, KeyRing, Secret, Settings, SignError, Syntax, Verdict, strip};
use libfuzzer_sys::fuzz_target;

const TIME: u64 = 1_795_348_800;
const DAY: u64 = 86_400;

fn ring(syntax: Syntax, hash_case: HashCase) -> KeyRing {
    let mut settings = Settings::default();
    settings.syntax = syntax;
    settings.hash_case = hash_case;
    settings.long_local_parts = true;
    let mut keys = KeyRing::new(settings);
    for number in KeyNumber::all() {
        keys.add(number, Secret::new(b"a secret that no input of a fuzzer knows").unwrap());
    }
    keys.sign_with(KeyNumber::new(3).unwrap()).unwrap();
    keys
}

fuzz_target!(|text: &[u8]| {
    let Ok(address) = Address::parse(text) else { return };
    for (syntax, hash_case) in [(Syntax::Prefix, HashCase::Fold), (Syntax::SubAddress, HashCase::Exact)] {
        let keys = ring(syntax, hash_case);
        let verdict = keys.verify(&address, TIME);
        assert!(verdict.authentic().is_none());
        let signed = match keys.sign(&address, TIME) {
            Ok(signed) => signed.to_vec(),
            Err(error) => {
                assert_eq!(error, SignError::Tagged);
                assert!(matches!(verdict, Verdict::BadSignature | Verdict::Malformed));
                return;
            }
        };
        let signed = Address::parse(&signed).unwrap();
        let Verdict::Pass(mut authentic) = keys.verify(&signed, TIME) else { panic!("{signed}") };
        assert_eq!(authentic.original.to_vec(), text);
        authentic.days_left = 0;
        assert_eq!(keys.verify(&signed, TIME + 8 * DAY), Verdict::Expired(authentic));
        assert_eq!(keys.sign(&signed, TIME), Err(SignError::Tagged));
        assert_eq!(strip(&signed).unwrap().original, authentic.original);
        // Relays fold case.
        if hash_case == HashCase::Fold {
            let folded = signed.as_bytes().to_ascii_uppercase();
            assert!(keys.verify(&Address::parse(&folded).unwrap(), TIME).is_pass());
        }
    }
});
