use super::*;

fn natural(value: u64) -> Natural {
    Natural::from_u64(value)
}

#[test]
fn small_numbers_give_the_results_done_by_hand() {
    let modulus = natural(1081);
    assert_eq!(power_secret(&natural(65), &natural(2909), &modulus).unwrap().to_u64(), 103);
    assert_eq!(power_public(&natural(296), 3, &modulus).unwrap().to_u64(), 65);
    assert_eq!(multiply_mod(&natural(103), &natural(811), &modulus).unwrap().to_u64(), 296);
    assert_eq!(reduce(&natural(1_234_567), &modulus).unwrap().to_u64(), 65);
    assert_eq!(subtract_mod(&natural(675), &natural(2909), &natural(1012)).unwrap().to_u64(), 802);
    assert_eq!(invert(&modulus, &natural(4897)).unwrap().to_u64(), 2034);
    assert_eq!(invert(&natural(3), &natural(1012)).unwrap().to_u64(), 675);
    assert_eq!(multiply(&natural(23), &natural(47)).unwrap().to_u64(), 1081);
    assert_eq!(ceiling_of_power_of_two(12, &natural(1012), 8).unwrap().to_u64(), 5);
    assert_eq!(ceiling_of_power_of_two(12, &natural(1024), 8).unwrap().to_u64(), 4);
    assert_eq!(subtract(&natural(9), &natural(4), 2).unwrap().to_u64(), 5);
    assert!(subtract(&natural(4), &natural(9), 2).is_err());
    assert!(add(&natural(255), &natural(1), 1).is_err());
}

#[test]
fn what_cannot_be_computed_is_an_error_and_not_a_number() {
    assert!(power_secret(&natural(5), &natural(3), &natural(8)).is_err(), "even modulus");
    assert!(power_secret(&natural(9), &natural(3), &natural(7)).is_err(), "base not reduced");
    assert!(power_secret(&natural(0), &natural(3), &natural(0)).is_err(), "empty modulus");
    assert!(invert(&natural(6), &natural(9)).is_err(), "common factor");
    assert!(reduce(&natural(6), &natural(0)).is_err(), "division by zero");
}

#[test]
fn primes_and_powers_are_recognised() {
    assert!(is_prime(&natural(1_000_003)).unwrap());
    assert!(!is_prime(&natural(1_000_001)).unwrap());
    let prime = natural(1_000_003);
    let square = multiply(&prime, &prime).unwrap();
    let cube = multiply(&square, &prime).unwrap();
    let fifth = multiply(&cube, &square).unwrap();
    for power in [&square, &cube, &fifth] {
        assert!(is_perfect_power(power, 19).unwrap());
    }
    let other = multiply(&square, &natural(1_000_033)).unwrap();
    assert!(!is_perfect_power(&other, 19).unwrap());
    assert!(!is_perfect_power(&multiply(&prime, &natural(1_000_033)).unwrap(), 19).unwrap());
    assert!(are_coprime(&square, &natural(1_000_033)).unwrap());
    assert!(!are_coprime(&square, &fifth).unwrap());
}

#[test]
fn an_rsa_key_survives_a_round_trip_through_its_numbers() {
    let key = RsaKey::generate(512).unwrap();
    let n = key.modulus().unwrap();
    let again = RsaKey::from_numbers(&n, &key.numbers().unwrap()).unwrap();
    let input = Natural::from_be_bytes(&[7; 60]);
    let output = again.private_operation(&input).unwrap();
    assert!(output.equals(&key.private_operation(&input).unwrap()));
    let back = power_public(&output, PUBLIC_EXPONENT, &n).unwrap();
    assert!(back.equals(&input.resized(64).unwrap()));
}

#[test]
fn numbers_that_do_not_belong_together_give_no_private_operation() {
    let key = RsaKey::generate(512).unwrap();
    let n = key.modulus().unwrap();
    let input = Natural::from_be_bytes(&[7; 60]);
    type Choose = fn(&mut RsaNumbers) -> &mut Natural;
    let numbers: [Choose; 3] = [|key| &mut key.dp, |key| &mut key.dq, |key| &mut key.qinv];
    for choose in numbers {
        let mut broken = key.numbers().unwrap();
        choose(&mut broken).flip_bit(9);
        let result = RsaKey::from_numbers(&n, &broken).and_then(|key| key.private_operation(&input));
        assert!(result.is_err(), "AWS-LC checks the result with the public exponent");
    }
}
