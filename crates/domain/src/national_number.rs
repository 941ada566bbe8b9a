//! National numbers of persons, checked as far as their country publishes how.

/// What is expected of a national number of this country, where it is not kept.
pub fn fault(country: &str, number: &str) -> Option<&'static str> {
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
pub fn check_digit(digits: &str) -> Option<u8> {
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
    use super::*;

    #[test]
    fn the_documented_number_is_right() {
        assert_eq!(fault("EE", "30110100103"), None);
        assert_eq!(check_digit("3011010010"), Some(3));
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
