//! The published vectors (`fixtures/split-key/vectors.json`), every intermediate value of them.

use std::num::NonZeroU32;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::combine::{first_half_for_vectors as first_half, garner};
use crate::modexp::{self, RsaKey, RsaNumbers};
use crate::natural::Natural;
use crate::share::{service_share_len, share_len};
use crate::*;

fn vectors() -> Value {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/split-key/vectors.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

const UNBOUND: Binding<'static> = Binding { kid: b"", hardware: b"" };

/// One full-size vector.
struct Vector(Value);

impl Vector {
    fn all() -> Vec<Self> {
        let all: Vec<_> = vectors()["vectors"].as_array().unwrap().iter().cloned().map(Self).collect();
        assert_eq!(all.len(), 3);
        all
    }

    fn text(&self, pointer: &str) -> &str {
        self.0.pointer(pointer).and_then(Value::as_str).unwrap_or_else(|| panic!("{pointer}"))
    }

    /// An octet string, or an integer at its own length.
    fn bytes(&self, pointer: &str) -> Vec<u8> {
        let text = self.text(pointer);
        hex::decode(format!("{}{text}", if text.len() % 2 == 1 { "0" } else { "" })).unwrap()
    }

    /// An integer at a fixed length.
    fn number(&self, pointer: &str, len: usize) -> Natural {
        Natural::from_be_bytes(&self.bytes(pointer)).resized(len).unwrap()
    }

    fn half_bits(&self) -> u32 {
        u32::try_from(self.0["half_bits"].as_u64().unwrap()).unwrap()
    }

    fn half_len(&self) -> usize {
        self.half_bits() as usize / 8
    }

    fn hash(&self) -> Hash {
        Hash::by_name(match self.text("/hash") {
            "sha256" => "SHA-256",
            "sha512" => "SHA-512",
            other => panic!("{other}"),
        })
        .unwrap()
    }

    fn kdf(&self) -> Kdf {
        let iterations = self.0["kdf"]["iterations"].as_u64().unwrap();
        Kdf { iterations: NonZeroU32::new(u32::try_from(iterations).unwrap()).unwrap() }
    }

    fn n1(&self) -> PhoneModulus {
        PhoneModulus::check(&Parameters::for_tests(self.half_bits()), &self.bytes("/n1")).unwrap()
    }

    fn phone_share(&self) -> PhoneShare {
        PhoneShare(self.number("/d1_phone", share_len(self.half_bits())))
    }

    fn service_share(&self) -> ServiceShare {
        let b = self.number("/d1_server", service_share_len(self.half_bits()));
        ServiceShare::from_be_bytes(self.half_bits(), b.as_bytes()).unwrap()
    }

    fn masked(&self) -> MaskedShare {
        let salt = self.bytes("/pin_salt").try_into().unwrap();
        MaskedShare::from_parts(self.half_bits(), salt, self.bytes("/blob"), self.kdf()).unwrap()
    }

    fn outer(&self) -> OuterKey {
        let (len, one) = (self.half_len(), Natural::from_be_bytes(&[1]));
        let (p, q, d) = (self.number("/p2", len / 2), self.number("/q2", len / 2), self.number("/d2", len));
        let p1 = modexp::subtract(&p, &one, len / 2).unwrap();
        let q1 = modexp::subtract(&q, &one, len / 2).unwrap();
        let (dp, dq) = (modexp::reduce(&d, &p1).unwrap(), modexp::reduce(&d, &q1).unwrap());
        let qinv = modexp::invert(&q, &p).unwrap();
        let n2 = self.number("/n2", len);
        let key = RsaKey::from_numbers(&n2, &RsaNumbers { p, q, d, dp, dq, qinv }).unwrap();
        OuterKey { key, n2 }
    }

    fn server_key(&self) -> ServerKey {
        ServerKey::composite(self.n1(), self.service_share(), self.outer()).unwrap()
    }

    fn pss(&self) -> Padding {
        Padding::Pss { hash: self.hash(), salt: self.bytes("/pss_salt") }
    }

    fn encode(&self, padding: &Padding) -> EncodedMessage {
        padding.encode(&self.bytes("/mhash"), 2 * self.half_bits()).unwrap()
    }
}

fn pem(text: &str) -> Vec<u8> {
    let body: String = text.lines().filter(|line| !line.starts_with("-----")).collect();
    STANDARD.decode(body).unwrap()
}

fn signed(completion: Completion) -> Signature {
    match completion {
        Completion::Signed(signature) => signature,
        Completion::WrongPin => panic!("wrong PIN"),
    }
}

#[test]
fn the_toy_key_signs_as_done_by_hand() {
    let toy = &vectors()["toy"];
    let get = |name: &str| Natural::from_u64(toy[name].as_u64().unwrap_or_else(|| panic!("{name}")));
    let is = |name: &str, value: &Natural| assert_eq!(value.to_u64(), toy[name].as_u64().unwrap(), "{name}");
    let (n1, n2, m, a, b) = (get("n1"), get("n2"), get("m"), get("d1_phone"), get("d1_server"));

    // Key generation.
    let c = modexp::ceiling_of_power_of_two(12, &get("phi1"), 8).unwrap();
    is("c", &c);
    let rest = modexp::subtract_mod(&get("d1"), &a, &get("phi1")).unwrap();
    is("d1_server", &modexp::add(&rest, &modexp::multiply(&c, &get("phi1")).unwrap(), 8).unwrap());
    is("blob", &get("d1_phone").xor(get("pin_mask").as_bytes()));

    // The phone.
    let m1 = modexp::reduce(&m, &n1).unwrap();
    is("m_mod_n1", &m1);
    let y = modexp::power_secret(&m1, &a, &n1).unwrap();
    is("y", &y);

    // The service: with e = 3, through the same function as real keys.
    is("t", &modexp::power_secret(&m1, &b, &n1).unwrap());
    let s1 = first_half(&m, &y, &b, &n1, 3).unwrap().expect("the right PIN");
    is("s1", &s1);
    let s2 = modexp::power_secret(&modexp::reduce(&m, &n2).unwrap(), &get("d2"), &n2).unwrap();
    is("s2", &s2);
    let u = modexp::invert(&n1, &n2).unwrap();
    is("n1_inv_mod_n2", &u);
    let s = garner(&s1, &s2, &n1, &n2, &u).unwrap();
    is("s", &s);
    is("s_pow_e_mod_n", &modexp::power_public(&s, 3, &get("n")).unwrap());

    // A wrong PIN.
    let share = get("blob").xor(get("wrong_mask").as_bytes());
    is("wrong_share", &share);
    let y = modexp::power_secret(&m1, &share, &n1).unwrap();
    is("wrong_y", &y);
    assert!(first_half(&m, &y, &b, &n1, 3).unwrap().is_none());

    // A refresh.
    let new = PhoneShare(get("refresh_d1_phone"));
    let delta = RefreshDelta::between(&PhoneShare(get("d1_phone")), &new).unwrap();
    let delta = &delta.to_bytes()[1..];
    is("refresh_delta", &Natural::from_be_bytes(delta));
    let moved = modexp::add(&b, &Natural::from_be_bytes(delta), 8).unwrap();
    is("refresh_d1_server", &moved);
    let y = modexp::power_secret(&m1, &new.0, &n1).unwrap();
    is("refresh_y", &y);
    is("refresh_t", &modexp::power_secret(&m1, &moved, &n1).unwrap());
    is("s1", &first_half(&m, &y, &moved, &n1, 3).unwrap().expect("the right PIN"));
}

#[test]
fn the_exponent_is_split_as_published() {
    for vector in Vector::all() {
        let (half_bits, len) = (vector.half_bits(), vector.half_len());
        let one = Natural::from_be_bytes(&[1]);
        let p = modexp::subtract(&vector.number("/p1", len / 2), &one, len / 2).unwrap();
        let q = modexp::subtract(&vector.number("/q1", len / 2), &one, len / 2).unwrap();
        let phi1 = modexp::multiply(&p, &q).unwrap();
        let b = ServiceShare::complement(half_bits, &vector.number("/d1", len), &vector.phone_share(), &phi1);
        assert!(b.unwrap().0.equals(&vector.service_share().0));
    }
}

#[test]
fn the_pin_masks_as_published() {
    for vector in Vector::all() {
        let masked = vector.masked();
        let pin = Pin::parse(vector.text("/pin")).unwrap();
        let share = masked.unmask(&pin, UNBOUND);
        assert!(share.0.equals(&vector.phone_share().0));
        let mask = share.0.xor(masked.blob());
        assert_eq!(mask.as_bytes(), vector.bytes("/mask"));

        let wrong = Pin::parse(vector.text("/wrong_pin/pin")).unwrap();
        let share = masked.unmask(&wrong, UNBOUND);
        assert!(share.0.equals(&vector.number("/wrong_pin/share", masked.blob().len())));
    }
}

#[test]
fn a_digest_becomes_the_published_signature() {
    for vector in Vector::all() {
        let (len, n1) = (vector.half_len(), vector.n1());
        let n1 = n1.modulus();
        let key = vector.server_key();
        let public = key.public_key();
        let digest = vector.bytes("/mhash");
        assert_eq!(vector.hash().digest(vector.text("/message_utf8").as_bytes()), digest);
        assert_eq!(public.modulus().as_be_bytes(), vector.bytes("/n"));
        assert_eq!(public.spki_der(), pem(vector.text("/public_key_pem")));
        let pin = Pin::parse(vector.text("/pin")).unwrap();

        // PSS, each step.
        let message = vector.encode(&vector.pss());
        assert_eq!(message.as_bytes(), vector.bytes("/em"));
        let (n1_number, n2) = (n1.as_natural(), vector.number("/n2", len));
        let m = message.to_natural();
        let m1 = modexp::reduce(&m, n1_number).unwrap();
        assert!(m1.equals(&vector.number("/m_mod_n1", len)));
        let m2 = modexp::reduce(&m, &n2).unwrap();
        assert!(m2.equals(&vector.number("/m_mod_n2", len)));
        let part = vector.masked().partial_signature(&pin, UNBOUND, n1, &message).unwrap();
        assert!(part.0.equals(&vector.number("/y_phone", len)));
        let b = vector.service_share();
        let t = modexp::power_secret(&m1, &b.0, n1_number).unwrap();
        assert!(t.equals(&vector.number("/t_server", len)));
        let s1 = first_half(&m, &part.0, &b.0, n1_number, PUBLIC_EXPONENT).unwrap().unwrap();
        assert!(s1.equals(&vector.number("/s1", len)));
        let s2 = vector.outer().key.private_operation(&m2).unwrap();
        assert!(s2.equals(&vector.number("/s2", len)));
        let u = modexp::invert(n1_number, &n2).unwrap();
        assert!(u.equals(&vector.number("/n1_inv_mod_n2", len)));
        let h = modexp::multiply_mod(&modexp::subtract_mod(&s2, &s1, &n2).unwrap(), &u, &n2).unwrap();
        assert!(h.equals(&vector.number("/h", len)));

        // PSS, as a whole.
        let signature = signed(key.complete(&message, &part).unwrap());
        assert_eq!(signature.as_bytes(), vector.bytes("/signature_pss"));
        public.verify(Scheme::Pss(vector.hash()), &digest, &signature).unwrap();
        assert_eq!(
            public.verify(Scheme::Pkcs1(vector.hash()), &digest, &signature),
            Err(Error::BadSignature)
        );

        // PKCS#1 v1.5.
        let message = vector.encode(&Padding::Pkcs1 { hash: vector.hash() });
        assert_eq!(message.as_bytes(), vector.bytes("/pkcs1v15/em"));
        let part = vector.masked().partial_signature(&pin, UNBOUND, n1, &message).unwrap();
        assert!(part.0.equals(&vector.number("/pkcs1v15/y_phone", len)));
        let signature = signed(key.complete(&message, &part).unwrap());
        assert_eq!(signature.as_bytes(), vector.bytes("/pkcs1v15/signature"));
        public.verify(Scheme::Pkcs1(vector.hash()), &digest, &signature).unwrap();
    }
}

#[test]
fn another_verifier_accepts_the_keys_and_signatures() {
    use aws_lc_rs::signature::{
        RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA512, RSA_PSS_2048_8192_SHA256,
        RSA_PSS_2048_8192_SHA512, UnparsedPublicKey,
    };
    for vector in Vector::all() {
        let spki = vector.server_key().public_key().spki_der();
        let message = vector.text("/message_utf8").as_bytes();
        let (pss, pkcs1) = if vector.hash() == Hash::Sha256 {
            (&RSA_PSS_2048_8192_SHA256, &RSA_PKCS1_2048_8192_SHA256)
        } else {
            (&RSA_PSS_2048_8192_SHA512, &RSA_PKCS1_2048_8192_SHA512)
        };
        UnparsedPublicKey::new(pss, &spki).verify(message, &vector.bytes("/signature_pss")).unwrap();
        UnparsedPublicKey::new(pkcs1, &spki).verify(message, &vector.bytes("/pkcs1v15/signature")).unwrap();
    }
}

#[test]
fn the_published_wrong_pin_is_refused() {
    for vector in Vector::all() {
        let message = vector.encode(&vector.pss());
        let pin = Pin::parse(vector.text("/wrong_pin/pin")).unwrap();
        let part = vector.masked().partial_signature(&pin, UNBOUND, vector.n1().modulus(), &message).unwrap();
        assert!(part.0.equals(&vector.number("/wrong_pin/y", vector.half_len())));
        let key = vector.server_key();
        assert_eq!(key.complete(&message, &part).unwrap(), Completion::WrongPin);
        assert!(!key.pin_is_right(&message, &part).unwrap());
    }
}

#[test]
fn the_published_refresh_keeps_the_key() {
    let mut signs = Vec::new();
    for vector in Vector::all() {
        let half_bits = vector.half_bits();
        let new = PhoneShare(vector.number("/refresh/d1_phone_new", share_len(half_bits)));
        let delta = RefreshDelta::between(&vector.phone_share(), &new).unwrap();
        let bytes = delta.to_bytes();
        signs.push(bytes[0]);
        assert_eq!(bytes[0] == 1, vector.text("/refresh/delta_sign") == "-");
        assert_eq!(
            bytes[1..],
            *vector.number("/refresh/delta_abs", share_len(half_bits)).as_bytes(),
            "{half_bits}"
        );
        let delta = RefreshDelta::from_bytes(half_bits, &bytes).unwrap();

        let moved = vector.service_share().refreshed(half_bits, &delta).unwrap();
        assert!(moved.0.equals(&vector.number("/refresh/d1_server_new", service_share_len(half_bits))));

        let message = vector.encode(&vector.pss());
        let base = modexp::reduce(&message.to_natural(), vector.n1().modulus().as_natural()).unwrap();
        let y = modexp::power_secret(&base, &new.0, vector.n1().modulus().as_natural()).unwrap();
        let (old, new) = (vector.server_key(), vector.server_key().refreshed(&delta).unwrap());
        let part = PartialSignature(y);
        assert_eq!(signed(new.complete(&message, &part).unwrap()).as_bytes(), vector.bytes("/signature_pss"));
        assert_eq!(old.complete(&message, &part).unwrap(), Completion::WrongPin);
    }
    assert!(signs.contains(&0) && signs.contains(&1), "both signs are in the vectors");
}

#[test]
fn the_published_certificate_requests_are_signed_again_byte_for_byte() {
    let vector = Vector::all().remove(2);
    let key = vector.server_key();
    let pin = Pin::parse(vector.text("/pin")).unwrap();
    let hash = Hash::Sha512;
    let requests = [
        ("/csr_pkcs1v15_pem", Padding::Pkcs1 { hash }),
        ("/csr_pss_pem", Padding::Pss { hash, salt: vec![0x5a; 64] }),
    ];
    for (pointer, padding) in requests {
        // CertificationRequest ::= SEQUENCE { certificationRequestInfo, signatureAlgorithm, signature BIT STRING }
        let der = pem(vector.text(pointer));
        let (request, _) = element(&der);
        let content = &der[der.len() - request..];
        let (_, info_end) = element(content);
        let (_, algorithm_end) = element(&content[info_end..]);
        let signature = &content[info_end + algorithm_end..];
        let (bits, _) = element(signature);
        let signature = &signature[signature.len() - bits + 1..];

        let digest = hash.digest(&content[..info_end]);
        let message = padding.encode(&digest, key.public_key().bits()).unwrap();
        let part = vector.masked().partial_signature(&pin, UNBOUND, key.phone_modulus(), &message).unwrap();
        let made = signed(key.complete(&message, &part).unwrap());
        assert_eq!(made.as_bytes(), signature, "{pointer}");
        key.public_key().verify(padding.scheme(), &digest, &made).unwrap();
    }
}

/// Length of the content and of the whole of the DER element at the start.
fn element(der: &[u8]) -> (usize, usize) {
    match der[1] {
        short @ 0..0x80 => (short.into(), 2 + usize::from(short)),
        long => {
            let count = usize::from(long & 0x7f);
            let len = der[2..2 + count].iter().fold(0, |all, byte| all << 8 | usize::from(*byte));
            (len, 2 + count + len)
        }
    }
}
