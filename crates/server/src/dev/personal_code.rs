//! National numbers of test persons, made here; what is expected of any is in the rules.

use countersign_domain::national_number::check_digit;
pub(super) use countersign_domain::national_number::fault;
use rand_core::CryptoRng;

/// The country whose numbers are made here.
pub(super) const HOME: &str = "EE";

/// A number as Estonia writes it (`GYYMMDDSSSC`), of somebody born from 1900 to 1907. Nobody with such a number is
/// alive; that is also how the demo environment chose many of its own.
pub(super) fn draw(rng: &mut impl CryptoRng) -> String {
    let mut below = |bound: u64| {
        let mut octets = [0; 8];
        rng.fill_bytes(&mut octets);
        u64::from_be_bytes(octets) % bound
    };
    // 3 and 4: men and women born from 1900 on. Every month has 28 days.
    let (gender, year, month, day, serial) =
        (3 + below(2), below(8), 1 + below(12), 1 + below(28), below(1000));
    let digits = format!("{gender}{year:02}{month:02}{day:02}{serial:03}");
    // Ten digits have a check digit.
    let check = check_digit(&digits).expect("ten digits");
    format!("{digits}{check}")
}

#[cfg(test)]
mod tests {
    use countersign_wire::id::DocumentNumber;
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng;

    use super::super::persons::PERSONS;
    use super::*;

    #[test]
    fn the_documented_persons_have_numbers_that_are_right() {
        for person in &PERSONS {
            let document = DocumentNumber::parse(person.document).unwrap();
            let (country, number) = (document.semantics().country(), document.semantics().identifier());
            assert_eq!(fault(country, number), None, "{}", person.document);
        }
    }

    #[test]
    fn drawn_numbers_are_right_and_nobodys() {
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        for _ in 0..1000 {
            let number = draw(&mut rng);
            assert_eq!(fault(HOME, &number), None, "{number}");
            assert!(number.starts_with("30") || number.starts_with("40"), "{number}");
        }
    }
}
