//! National numbers of test persons: made, and checked as far as their country publishes how.

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

/// What is expected of a national number of this country, where it is not kept.
pub(super) fn fault(country: &str, number: &str) -> Option<&'static str> {
    let digits = |text: &str, count: usize| text.len() == count && text.bytes().all(|b| b.is_ascii_digit());
    match country {
        "EE" | "LT" => {
            let right = digits(number, 11)
                && number.get(..10).and_then(check_digit) == number.bytes().last().map(|b| b - b'0');
            (!right).then_some("expected 11 digits, the last of which checks the others")
        }
        "LV" => {
            let right =
                number.split_once('-').is_some_and(|(first, last)| digits(first, 6) && digits(last, 5));
            (!right).then_some("expected six digits, a hyphen and five digits")
        }
        "BE" => (!digits(number, 11)).then_some("expected 11 digits"),
        _ => None,
    }
}

/// The last digit of an Estonian or Lithuanian number, from the ten before it. `None`: these are not ten digits.
fn check_digit(digits: &str) -> Option<u8> {
    const FIRST: [u32; 10] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 1];
    const SECOND: [u32; 10] = [3, 4, 5, 6, 7, 8, 9, 1, 2, 3];
    let digits: Vec<u32> = digits.chars().map(|digit| digit.to_digit(10)).collect::<Option<_>>()?;
    if digits.len() != 10 {
        return None;
    }
    let rest = |weights: [u32; 10]| digits.iter().zip(weights).map(|(digit, w)| digit * w).sum::<u32>() % 11;
    let check = match (rest(FIRST), rest(SECOND)) {
        (10, 10) => 0,
        (10, second) => second,
        (first, _) => first,
    };
    u8::try_from(check).ok()
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

    #[test]
    fn wrong_numbers_are_found() {
        for (country, number) in [
            ("EE", "40504040002"),
            ("EE", "4050404000"),
            ("EE", "405040400011"),
            ("EE", "4050404000x"),
            ("EE", ""),
            ("LT", "40504040002"),
            ("LV", "05040510009"),
            ("LV", "050405-1000"),
            ("BE", "0504040003"),
        ] {
            assert!(fault(country, number).is_some(), "{country} {number}");
        }
    }
}
