//! Whatever byte is changed, the signature fails; and what is refused is refused without a panic.

use countersign_container::Level;
use countersign_container::pades::{self, PdfLimits};
use proptest::prelude::*;

use super::make::{check, signed};
use super::sample::Sample;

#[test]
fn every_flipped_byte_that_is_covered_breaks_the_signature() {
    for file in [Sample::new().with_table(), Sample::with_form().with_stream()] {
        let file = signed(&file, Level::B);
        let document = pades::open(&file, &PdfLimits::default()).unwrap();
        let [_, first, second, _] = document.signatures[0].byte_range;
        for at in (0..first).chain(second..file.len()) {
            let mut flipped = file.clone();
            flipped[at] ^= 1 << (at % 8);
            let report = check(&flipped, Level::B);
            assert!(!report.is_valid(), "byte {at} of {}", file.len());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn bytes_cut_out_or_put_in_are_noticed(at in 0usize..1_000_000, length in 1usize..64, fill in any::<u8>(), cut in any::<bool>()) {
        use std::sync::LazyLock;
        static FILE: LazyLock<Vec<u8>> = LazyLock::new(|| signed(&Sample::with_form().with_stream(), Level::Lta));
        let mut file = FILE.clone();
        let at = at % file.len();
        if cut {
            file.drain(at..(at + length).min(file.len()));
        } else {
            file.splice(at..at, std::iter::repeat_n(fill, length));
        }
        let report = check(&file, Level::B);
        // White space may follow the end, and be missing there.
        let only_space = file.strip_suffix(b"\n").unwrap_or(&file).starts_with(FILE.strip_suffix(b"\n").unwrap())
            && file.len() <= FILE.len() + length
            && file[FILE.len() - 1..].iter().all(|byte| byte.is_ascii_whitespace() || *byte == 0);
        prop_assert!(only_space || !report.is_valid());
    }

    #[test]
    fn anything_is_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
        let file = [b"%PDF-1.7\n", &bytes[..], b"\nstartxref\n9\n%%EOF\n"].concat();
        let _ = pades::open(&file, &PdfLimits::default());
    }
}
