use std::num::NonZeroU32;
use std::sync::LazyLock;

use proptest::prelude::*;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;

use super::*;
use crate::encode::{Hash, Padding};
use crate::key::{DeviceKey, Parameters};
use crate::modexp::RsaKey;
use crate::pin_mask::{Binding, Kdf, MaskedShare, Pin};
use crate::share::PhoneShare;

const HALF_BITS: u32 = 640;
const BINDING: Binding<'static> = Binding { kid: b"kid", hardware: b"" };
const QUICK: Kdf = Kdf { iterations: NonZeroU32::MIN };

fn rng(seed: u64) -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(seed)
}

fn pin(digits: &str) -> Pin {
    Pin::parse(digits).unwrap()
}

/// A phone and its service, as one test value.
struct Pair {
    n1: Modulus,
    masked: MaskedShare,
    server: ServerKey,
}

impl Pair {
    /// A new key under PIN 4711.
    fn new(parameters: Parameters) -> Self {
        let mut rng = rng(1);
        let DeviceKey { n1, phone, service } = DeviceKey::generate(&parameters, &mut rng).unwrap();
        let checked = PhoneModulus::check(&parameters, n1.as_be_bytes()).unwrap();
        let server = if parameters.is_composite() {
            let outer = OuterKey::generate_for(&checked).unwrap();
            ServerKey::composite(checked, service, outer)
        } else {
            ServerKey::single_modulus(checked, service)
        };
        let masked = MaskedShare::mask(phone, &pin("4711"), BINDING, QUICK, &mut rng);
        Self { n1, masked, server: server.unwrap() }
    }

    fn part(&self, digits: &str, message: &EncodedMessage) -> PartialSignature {
        self.masked.partial_signature(&pin(digits), BINDING, &self.n1, message).unwrap()
    }
}

static COMPOSITE: LazyLock<Pair> = LazyLock::new(|| Pair::new(Parameters::for_tests(HALF_BITS)));
static SINGLE: LazyLock<Pair> =
    LazyLock::new(|| Pair::new(Parameters::for_tests(HALF_BITS).single_modulus()));

fn digest() -> Vec<u8> {
    Hash::Sha256.digest(b"to be signed")
}

fn message(pair: &Pair) -> EncodedMessage {
    let padding = Padding::Pss { hash: Hash::Sha256, salt: vec![9; 32] };
    padding.encode(&digest(), pair.server.public_key().bits()).unwrap()
}

fn signs(key: &ServerKey, message: &EncodedMessage, part: &PartialSignature) -> bool {
    match key.complete(message, part).unwrap() {
        Completion::Signed(signature) => {
            let scheme = crate::Scheme::Pss(Hash::Sha256);
            key.public_key().verify(scheme, &digest(), &signature).unwrap();
            true
        }
        Completion::WrongPin => false,
    }
}

#[test]
fn a_fault_at_any_step_releases_nothing() {
    let pair = &*COMPOSITE;
    let message = message(pair);
    let part = pair.part("4711", &message);
    let expected = [
        (Step::FirstHalf, Ok(Completion::WrongPin)),
        (Step::FirstHalfChecked, Err(Error::Fault { what: "signature" })),
        (Step::SecondHalf, Err(Error::Fault { what: "outer half" })),
        (Step::SecondHalfChecked, Err(Error::Fault { what: "signature" })),
        (Step::Combined, Err(Error::Fault { what: "signature" })),
    ];
    for (step, outcome) in expected {
        for bit in [0, 1, 100, 500] {
            let strike = |at: Step, number: &mut Natural| {
                if at == step {
                    number.flip_bit(bit);
                }
            };
            assert_eq!(pair.server.complete_under(&strike, &message, &part), outcome, "{step:?}, bit {bit}");
        }
        // A half replaced altogether, as by skipped instructions.
        let strike = |at: Step, number: &mut Natural| {
            if at == step {
                *number = Natural::from_be_bytes(&[0]).resized(number.len()).unwrap();
            }
        };
        assert_eq!(pair.server.complete_under(&strike, &message, &part), outcome, "{step:?}, zeroed");
    }
    assert!(signs(&pair.server, &message, &part), "the same part signs without a fault");
}

#[test]
fn a_fault_without_the_outer_layer_releases_nothing_either() {
    let pair = &*SINGLE;
    let message = message(pair);
    let part = pair.part("4711", &message);
    for step in [Step::FirstHalf, Step::FirstHalfChecked, Step::Combined] {
        let strike = |at: Step, number: &mut Natural| {
            if at == step {
                number.flip_bit(5);
            }
        };
        let outcome = pair.server.complete_under(&strike, &message, &part);
        assert!(!matches!(outcome, Ok(Completion::Signed(_))), "{step:?}");
    }
}

#[test]
fn parts_that_no_share_makes_are_refused() {
    for pair in [&*COMPOSITE, &*SINGLE] {
        let (message, n1) = (message(pair), pair.n1.as_natural());
        let len = n1.len();
        let small = |value: u64| Natural::from_u64(value).resized(len).unwrap();
        let below = |value: u64| modexp::subtract(n1, &small(value), len).unwrap();
        let above = |value: u64| modexp::add(n1, &small(value), len).unwrap();
        let out = Err(Error::OutOfRange { what: "the phone's part of the signature" });
        for part in
            [small(0), small(1), below(1), below(0), above(1), Natural::from_be_bytes(&vec![0xff; len])]
        {
            assert_eq!(pair.server.complete(&message, &PartialSignature(part)), out);
        }
        for part in [small(2), below(2)] {
            assert_eq!(pair.server.complete(&message, &PartialSignature(part)), Ok(Completion::WrongPin));
        }
        for other in [len - 1, len + 1] {
            let part = PartialSignature::from_be_bytes(&vec![2; other]).unwrap();
            assert!(matches!(pair.server.complete(&message, &part), Err(Error::Length { .. })));
        }
    }
    assert!(PartialSignature::from_be_bytes(&[]).is_err());
    assert!(PartialSignature::from_be_bytes(&[1; 1025]).is_err());
}

#[test]
fn of_all_four_digit_pins_one_signs_and_none_fails_to_unmask() {
    let pair = Pair::new(Parameters::for_tests(256));
    let message = Padding::Pkcs1 { hash: Hash::Sha256 }.encode(&digest(), 512).unwrap();
    let mut accepted = Vec::new();
    for candidate in 0..10_000 {
        let digits = format!("{candidate:04}");
        let part = pair.part(&digits, &message);
        if pair.server.pin_is_right(&message, &part).unwrap() {
            accepted.push(digits);
        }
    }
    assert_eq!(accepted, ["4711"]);
}

#[test]
fn the_single_modulus_mode_signs_under_the_phone_modulus() {
    let pair = &*SINGLE;
    let message = message(pair);
    assert!(!pair.server.is_composite());
    assert_eq!(pair.server.public_key().modulus(), &pair.n1);
    assert!(signs(&pair.server, &message, &pair.part("4711", &message)));
    assert!(!signs(&pair.server, &message, &pair.part("4712", &message)));
}

#[test]
fn a_message_encoded_for_another_modulus_is_refused() {
    let pair = &*COMPOSITE;
    let for_half = Padding::Pkcs1 { hash: Hash::Sha256 }.encode(&digest(), HALF_BITS).unwrap();
    let part = pair.part("4711", &for_half);
    assert!(matches!(
        pair.server.complete(&for_half, &part),
        Err(Error::Length { expected: 160, found: 80, .. })
    ));
}

#[test]
fn a_stored_key_signs_again_and_a_damaged_one_never_does() {
    for pair in [&*COMPOSITE, &*SINGLE] {
        let message = message(pair);
        let part = pair.part("4711", &message);
        let bytes = pair.server.serialize().unwrap();
        let again = ServerKey::deserialize(&bytes).unwrap();
        assert_eq!(again.public_key(), pair.server.public_key());
        assert!(signs(&again, &message, &part));
        assert_eq!(*again.serialize().unwrap(), *bytes);

        for len in 0..bytes.len() {
            assert!(ServerKey::deserialize(&bytes[..len]).is_err(), "cut at {len}");
        }
        assert!(ServerKey::deserialize(&[&bytes, [0].as_slice()].concat()).is_err());
        for at in 0..bytes.len() {
            let mut damaged = bytes.to_vec();
            damaged[at] ^= 0x10;
            let Ok(key) = ServerKey::deserialize(&damaged) else { continue };
            // What passes is n1 of a single-modulus key, b, or a number of the outer key; none of them then signs, except
            // that d2 is of no use beside its CRT parts.
            let d2 = 4 + 80 + 104 + 80..4 + 80 + 104 + 160;
            let signed = match key.complete(&message, &part) {
                Ok(Completion::Signed(signature)) => Some(signature),
                Ok(Completion::WrongPin) | Err(_) => None,
            };
            assert_eq!(signed.is_some(), pair.server.is_composite() && d2.contains(&at), "byte {at}");
        }
    }
    let mut newer = SINGLE.server.serialize().unwrap();
    newer[0] = 2;
    assert_eq!(ServerKey::deserialize(&newer).err(), Some(Error::Format { found: 2, expected: 1 }));
}

#[test]
fn after_a_refresh_only_the_new_pair_of_shares_signs() {
    let mut rng = rng(2);
    let pair = Pair::new(Parameters::for_tests(HALF_BITS));
    let message = message(&pair);
    let (masked, delta) = pair.masked.refresh(&pin("4711"), &pin("90210"), BINDING, QUICK, &mut rng).unwrap();
    let moved =
        pair.server.refreshed(&RefreshDelta::from_bytes(HALF_BITS, &delta.to_bytes()).unwrap()).unwrap();
    let old = pair.part("4711", &message);
    let new = masked.partial_signature(&pin("90210"), BINDING, &pair.n1, &message).unwrap();
    assert!(signs(&moved, &message, &new));
    assert!(signs(&pair.server, &message, &old));
    assert!(!signs(&moved, &message, &old), "an old copy of the phone's storage is useless");
    assert!(!signs(&pair.server, &message, &new));
    assert_eq!(moved.public_key(), pair.server.public_key());

    // With the old PIN mistyped the new share is useless, and only the service notices.
    let (masked, delta) = pair.masked.refresh(&pin("4712"), &pin("90210"), BINDING, QUICK, &mut rng).unwrap();
    let part = masked.partial_signature(&pin("90210"), BINDING, &pair.n1, &message).unwrap();
    assert!(!signs(&pair.server.refreshed(&delta).unwrap(), &message, &part));
}

#[test]
fn a_long_chain_of_refreshes_neither_grows_nor_goes_negative() {
    let mut rng = rng(3);
    let Pair { n1, mut masked, mut server } = Pair::new(Parameters::for_tests(256));
    for _ in 0..300 {
        let delta;
        (masked, delta) = masked.refresh(&pin("4711"), &pin("4711"), BINDING, QUICK, &mut rng).unwrap();
        server = server.refreshed(&delta).unwrap();
    }
    let message = Padding::Pkcs1 { hash: Hash::Sha256 }.encode(&digest(), 512).unwrap();
    let part = masked.partial_signature(&pin("4711"), BINDING, &n1, &message).unwrap();
    assert!(server.pin_is_right(&message, &part).unwrap());
    assert!(server.b.0.bit_len() <= 256 + 128 + 2);
}

#[test]
fn a_delta_that_would_leave_the_range_is_refused() {
    let pair = &*COMPOSITE;
    let len = 1 + HALF_BITS as usize / 8 + 16;
    let mut negative = vec![0xff; len];
    negative[0] = 1;
    // b is at least 2^L, so one such step is possible and the second is not.
    let delta = RefreshDelta::from_bytes(HALF_BITS, &negative).unwrap();
    let once = pair.server.refreshed(&delta).unwrap();
    let twice = once.refreshed(&delta);
    assert!(matches!(twice.err(), Some(Error::OutOfRange { .. })));
    negative[0] = 2;
    assert!(RefreshDelta::from_bytes(HALF_BITS, &negative).is_err());
    let mut minus_zero = vec![0; len];
    minus_zero[0] = 1;
    assert!(RefreshDelta::from_bytes(HALF_BITS, &minus_zero).is_err());
    assert!(RefreshDelta::from_bytes(HALF_BITS, &minus_zero[1..]).is_err());
}

#[test]
fn an_outer_key_that_would_shorten_the_modulus_is_refused() {
    let parameters = Parameters::for_tests(256);
    let mut unfit = 0;
    for seed in 0..40 {
        let key = DeviceKey::generate(&parameters, &mut rng(seed)).unwrap();
        let n1 = PhoneModulus::check(&parameters, key.n1.as_be_bytes()).unwrap();
        let outer = OuterKey::generate(&parameters).unwrap();
        let fits = outer.fits(&n1).unwrap();
        let made = ServerKey::composite(n1, key.service, outer);
        assert_eq!(made.is_ok(), fits);
        match made {
            Ok(key) => assert_eq!(key.public_key().bits(), 512),
            Err(error) => assert_eq!(error, Error::OuterKeyDoesNotFit),
        }
        unfit += usize::from(!fits);
    }
    assert!((1..40).contains(&unfit), "{unfit} of 40 did not fit; about two in five are expected");
}

#[test]
fn every_composite_modulus_has_exactly_twice_the_bits() {
    let parameters = Parameters::for_tests(256);
    for seed in 0..150 {
        let key = DeviceKey::generate(&parameters, &mut rng(seed)).unwrap();
        let n1 = PhoneModulus::check(&parameters, key.n1.as_be_bytes()).unwrap();
        let outer = OuterKey::generate_for(&n1).unwrap();
        let server = ServerKey::composite(n1, key.service, outer).unwrap();
        assert_eq!(server.public_key().bits(), 512);
        PublicKey::from_service(&parameters, &key.n1, server.public_key().modulus().as_be_bytes()).unwrap();
    }
}

#[test]
fn a_phone_refuses_a_public_key_without_its_own_modulus() {
    let parameters = Parameters::for_tests(HALF_BITS);
    let n = COMPOSITE.server.public_key().modulus();
    PublicKey::from_service(&parameters, &COMPOSITE.n1, n.as_be_bytes()).unwrap();
    let foreign = PublicKey::from_service(&parameters, &SINGLE.n1, n.as_be_bytes());
    assert_eq!(foreign, Err(Error::ForeignPublicKey));
    let without_layer = PublicKey::from_service(&parameters, &COMPOSITE.n1, COMPOSITE.n1.as_be_bytes());
    assert_eq!(without_layer, Err(Error::ForeignPublicKey));
}

#[test]
fn a_share_of_the_service_outside_its_range_is_refused() {
    let good = DeviceKey::generate(&Parameters::for_tests(256), &mut rng(7)).unwrap().service.to_be_bytes();
    assert_eq!(good.len(), 256 / 8 + 24);
    ServiceShare::from_be_bytes(256, &good).unwrap();
    // A bit above 2^L, the bit 2^L itself, bits between 2^L and the modulus.
    for (at, bit) in [(0, 1), (7, 2), (7, 1), (8, 0x80), (22, 1), (23, 2)] {
        let mut bad = good.clone();
        bad[at] ^= bit;
        assert!(matches!(ServiceShare::from_be_bytes(256, &bad), Err(Error::OutOfRange { .. })), "byte {at}");
    }
    assert!(matches!(ServiceShare::from_be_bytes(256, &good[1..]), Err(Error::Length { .. })));
}

#[test]
fn one_key_signs_in_several_threads_at_once() {
    let pair = &*COMPOSITE;
    std::thread::scope(|scope| {
        for seed in 0..4 {
            scope.spawn(move || {
                for _ in 0..20 {
                    let padding = Padding::pss(Hash::Sha256, &mut rng(seed));
                    let message = padding.encode(&digest(), 2 * HALF_BITS).unwrap();
                    assert!(signs(&pair.server, &message, &pair.part("4711", &message)));
                }
            });
        }
    });
}

/// A key whose primes the test keeps, to sign without the protocol.
struct Open {
    pair: Pair,
    /// The whole exponent modulo (p1−1)(q1−1)(p2−1)(q2−1).
    d: Natural,
}

static OPEN: LazyLock<Open> = LazyLock::new(|| {
    let one = Natural::from_be_bytes(&[1]);
    let totient = |key: &RsaKey| {
        let numbers = key.numbers().unwrap();
        let p = modexp::subtract(&numbers.p, &one, numbers.p.len()).unwrap();
        modexp::multiply(&p, &modexp::subtract(&numbers.q, &one, numbers.q.len()).unwrap()).unwrap()
    };
    let parameters = Parameters::for_tests(HALF_BITS);
    let (key, n1) = loop {
        let key = RsaKey::generate(HALF_BITS).unwrap();
        if let Ok(n1) = PhoneModulus::check(&parameters, key.modulus().unwrap().as_bytes()) {
            break (key, n1);
        }
    };
    let phone = PhoneShare::random(HALF_BITS, &mut rng(5));
    let phi1 = totient(&key);
    let service = ServiceShare::complement(HALF_BITS, &key.numbers().unwrap().d, &phone, &phi1).unwrap();
    let outer = OuterKey::generate_for(&n1).unwrap();
    let phi = modexp::multiply(&phi1, &totient(&outer.key)).unwrap();
    let e = Natural::from_u64(PUBLIC_EXPONENT.into());
    let d = modexp::invert(&e, &phi).unwrap();
    // a + b ≡ d1: their sum is an inverse of e modulo φ1 up to the order of the group, so compare with e·(a+b) on λ.
    let sum = modexp::add(&phone.0, &service.0, service.0.len()).unwrap();
    let p1 = modexp::subtract(&key.numbers().unwrap().p, &one, HALF_BITS as usize / 16).unwrap();
    let q1 = modexp::subtract(&key.numbers().unwrap().q, &one, HALF_BITS as usize / 16).unwrap();
    for part in [p1, q1] {
        assert_eq!(modexp::reduce(&modexp::multiply(&sum, &e).unwrap(), &part).unwrap().bit_len(), 1);
    }
    let masked = MaskedShare::mask(phone, &pin("4711"), BINDING, QUICK, &mut rng(6));
    let n1_public = n1.modulus().clone();
    let server = ServerKey::composite(n1, service, outer).unwrap();
    Open { pair: Pair { n1: n1_public, masked, server }, d }
});

fn any_padding() -> impl Strategy<Value = Padding> {
    let salt = |hash: Hash| proptest::collection::vec(any::<u8>(), hash.len());
    prop_oneof![
        salt(Hash::Sha256).prop_map(|salt| Padding::Pss { hash: Hash::Sha256, salt }),
        salt(Hash::Sha3_512).prop_map(|salt| Padding::Pss { hash: Hash::Sha3_512, salt }),
        Just(Padding::Pkcs1 { hash: Hash::Sha384 }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn two_parties_make_the_signature_that_one_key_would(padding in any_padding(), text in any::<[u8; 8]>()) {
        let Open { pair, d } = &*OPEN;
        let public = pair.server.public_key();
        let digest = match padding.scheme() {
            crate::Scheme::Pss(hash) | crate::Scheme::Pkcs1(hash) => hash.digest(&text),
        };
        let message = padding.encode(&digest, public.bits()).unwrap();
        let part = pair.part("4711", &message);
        let direct = modexp::power_secret(&message.to_natural(), d, public.modulus().as_natural()).unwrap();
        let direct = Signature::from_bytes(direct.as_bytes().to_vec());
        public.verify(padding.scheme(), &digest, &direct).unwrap();
        prop_assert_eq!(pair.server.complete(&message, &part).unwrap(), Completion::Signed(direct));
    }

    #[test]
    fn any_other_pin_unmasks_and_is_refused(digits in "[0-9]{4,12}", kid in any::<[u8; 4]>(), hardware in any::<bool>()) {
        let pair = &*COMPOSITE;
        let message = message(pair);
        let hardware: &[u8] = if hardware { &[3; 32] } else { &[] };
        let binding = Binding { kid: &kid, hardware };
        let part = pair.masked.partial_signature(&pin(&digits), binding, &pair.n1, &message).unwrap();
        prop_assert_eq!(pair.server.complete(&message, &part), Ok(Completion::WrongPin));
    }

    #[test]
    fn masking_and_unmasking_give_the_share_back(share in any::<[u8; 32]>(), digits in "[0-9]{4,12}", seed: u64) {
        let share = share.repeat(3);
        let masked = MaskedShare::mask(
            PhoneShare(Natural::from_be_bytes(&share)), &pin(&digits), BINDING, QUICK, &mut rng(seed),
        );
        let unmasked = masked.unmask(&pin(&digits), BINDING);
        prop_assert_eq!(unmasked.0.as_bytes(), share.as_slice());
    }

    #[test]
    fn a_part_from_the_air_never_signs(part in proptest::collection::vec(any::<u8>(), HALF_BITS as usize / 8)) {
        let pair = &*COMPOSITE;
        let part = PartialSignature::from_be_bytes(&part).unwrap();
        let outcome = pair.server.complete(&message(pair), &part);
        prop_assert!(!matches!(outcome, Ok(Completion::Signed(_))));
    }

    #[test]
    fn stored_bytes_from_the_air_are_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
        prop_assert!(ServerKey::deserialize(&bytes).is_err());
    }

    #[test]
    fn the_bounds_on_the_halves_leave_no_bit_missing(n1 in 0x91eb_851f_u32.., p2 in 0xf000_u16.., q2 in 0xf000_u16..) {
        // Halves of 32 bits: n1 from 0.57·2^32 up, and primes of 16 bits with the top four bits set.
        prop_assume!(crate::modulus::is_above_floor(&Natural::from_be_bytes(&n1.to_be_bytes())));
        let n = u64::from(n1) * (u64::from(p2) * u64::from(q2));
        prop_assert_eq!(n.leading_zeros(), 0);
    }
}
