//! The responder and the check of its answers, judged by each other and by `openssl ocsp`.

mod test_ca;

use std::sync::Arc;

use countersign_pki::crl::Reason;
use countersign_pki::ocsp::{
    Authority, BasicOcspResponse, CertId, CertIdHash, CertStatus, CertificateStatus, Freshness, IssuerHashes,
    Nonce, OcspError, OcspRequest, Policy, Query, Responder, ResponseSigner, ResponseStatus, Status, check,
    decode_get_path,
};
use countersign_pki::signer::RsaSize;
use countersign_pki::{
    Certificate, Digest, PublicKey, SerialNumber, SignatureAlgorithm, Signer, SoftwareKey,
};
use jiff::SignedDuration;
use test_ca::{Holder, NOW, OpenSsl, Template, World, at, now};

fn responder(world: &World) -> Responder {
    let authority =
        Authority::new(&world.ca.certificate, &world.responder.certificate, world.responder.key.clone());
    Responder::new(vec![authority.unwrap()])
}

fn request(hash: CertIdHash, certificates: &[&Certificate], issuer: &Certificate, nonce: &[u8]) -> Vec<u8> {
    let ids = certificates.iter().map(|c| CertId::of(hash, c, issuer).unwrap()).collect();
    let nonce = (!nonce.is_empty()).then(|| Nonce::new(nonce).unwrap());
    OcspRequest::new(ids, nonce).unwrap().to_der().unwrap()
}

fn read(response: &[u8]) -> BasicOcspResponse {
    BasicOcspResponse::from_der(response).unwrap().unwrap()
}

const REVOKED: Status =
    Status::Revoked { at: jiff::Timestamp::constant(1_767_225_600, 0), reason: Reason::KeyCompromise };

#[test]
fn an_answer_convinces_its_own_check() {
    let world = World::new();
    let (person, ca) = (&world.person.certificate, &world.ca.certificate);
    for hash in [CertIdHash::Sha1, CertIdHash::Sha256] {
        let request = request(hash, &[person], ca, &[7; 32]);
        let freshness = Freshness { next_update: None, archive_cutoff: Some(ca.not_before()) };
        let response = responder(&world).respond(&request, |_| Status::Good, now(), &freshness);
        let checked = check(&response, person, ca, Some(&[7; 32]), now(), &Policy::fetched()).unwrap();
        assert_eq!(checked.status, CertificateStatus::Good);
        assert_eq!((checked.produced_at, checked.this_update), (now(), now()));
        assert_eq!(checked.next_update, None);
        assert_eq!(checked.archive_cutoff, Some(ca.not_before()));
        let delegate = ResponseSigner::Delegate(Box::new(world.responder.certificate.clone()));
        assert_eq!(checked.signer, delegate);
    }
}

#[test]
fn the_ca_may_answer_itself() {
    let world = World::new();
    let (person, ca) = (&world.person.certificate, &world.ca.certificate);
    let authority = Authority::new(ca, ca, world.ca.key.clone()).unwrap();
    let request = request(CertIdHash::Sha256, &[person], ca, &[]);
    let responder = Responder::new(vec![authority]);
    let response = responder.respond(&request, |_| Status::Good, now(), &Freshness::default());
    let checked = check(&response, person, ca, None, now(), &Policy::fetched()).unwrap();
    assert_eq!(checked.signer, ResponseSigner::Issuer);
}

/// A key whose device is away.
struct Away(Arc<SoftwareKey>);

impl Signer for Away {
    fn public_key(&self) -> &PublicKey {
        self.0.public_key()
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        self.0.algorithm()
    }

    fn sign(&self, _: &[u8]) -> Result<Vec<u8>, countersign_pki::Error> {
        Err(countersign_pki::Error::KeyDevice { key: "test".into(), reason: "it is away".into() })
    }

    fn is_remote(&self) -> bool {
        true
    }
}

#[test]
fn the_next_key_answers_when_the_first_cannot() {
    let world = World::new();
    let (person, ca) = (&world.person.certificate, &world.ca.certificate);
    let next = world.ca.issue(&Template::responder(77));
    let request = request(CertIdHash::Sha256, &[person], ca, &[]);
    let signer_of = |first: Arc<dyn Signer>, when| {
        let authority = Authority::new(ca, &world.responder.certificate, first).unwrap();
        let authority = authority.or(ca, &next.certificate, next.key.clone()).unwrap();
        let responder = Responder::new(vec![authority]);
        let response = responder.respond(&request, |_| Status::Good, when, &Freshness::default());
        check(&response, person, ca, None, when, &Policy::fetched()).map(|checked| checked.signer)
    };
    let delegate = |certificate: &Certificate| ResponseSigner::Delegate(Box::new(certificate.clone()));
    let own = world.responder.key.clone();
    assert_eq!(signer_of(own.clone(), now()).unwrap(), delegate(&world.responder.certificate));
    assert_eq!(signer_of(Arc::new(Away(own)), now()).unwrap(), delegate(&next.certificate));
    // An issuer without a key is known, and others are answered for meanwhile.
    let ours = Authority::new(ca, &world.responder.certificate, world.responder.key.clone()).unwrap();
    let other = Holder::root(&Template::ca("TEST OTHER CA", 80));
    let theirs = other.issue(&Template::person(81)).certificate;
    let responder = Responder::new(vec![Authority::without_key(&other.certificate), ours]);
    let answer = |request: &[u8]| {
        let plan = responder.plan(request).unwrap();
        responder.try_answer(&plan, &[Status::Good], now(), &Freshness::default())
    };
    answer(&request).unwrap();
    let request = self::request(CertIdHash::Sha256, &[&theirs], &other.certificate, &[]);
    assert!(matches!(answer(&request), Err(countersign_pki::Error::Missing { .. })));
    // Another issuer's delegate is no stand-in.
    let stranger = Holder::root(&Template::ca("another CA", 78)).issue(&Template::responder(79));
    let authority = Authority::new(ca, ca, world.ca.key.clone()).unwrap();
    assert!(authority.or(ca, &stranger.certificate, stranger.key.clone()).is_err());
}

#[test]
fn what_was_never_issued_is_revoked_and_never_good() {
    let world = World::new();
    let (person, ca) = (&world.person.certificate, &world.ca.certificate);
    let request = request(CertIdHash::Sha1, &[person], ca, &[]);
    let response = responder(&world).respond(&request, |_| Status::NotIssued, now(), &Freshness::default());
    let data = read(&response);
    assert!(data.data().has_extended_revoke());
    let CertStatus::Revoked(info) = data.data().responses()[0].status() else { panic!("not revoked") };
    assert_eq!((info.at(), info.reason()), (jiff::Timestamp::UNIX_EPOCH, Reason::CertificateHold));
    let checked = check(&response, person, ca, None, now(), &Policy::fetched()).unwrap();
    assert_eq!(checked.status, CertificateStatus::NotIssued);
}

#[test]
fn several_certificates_are_answered_in_order() {
    let world = World::new();
    let ca = &world.ca.certificate;
    let people: Vec<Holder> = (10..13).map(|serial| world.ca.issue(&Template::person(serial))).collect();
    let stranger = world.root.issue(&Template::ca("TEST OTHER CA", 9));
    let foreign = stranger.issue(&Template::person(10));
    let hashes = IssuerHashes::of(ca);
    let ids = vec![
        CertId::new(CertIdHash::Sha1, &hashes, people[0].certificate.serial()).unwrap(),
        CertId::of(CertIdHash::Sha1, &foreign.certificate, &stranger.certificate).unwrap(),
        CertId::new(CertIdHash::Sha256, &hashes, people[1].certificate.serial()).unwrap(),
        CertId::new(CertIdHash::Sha1, &hashes, people[2].certificate.serial()).unwrap(),
    ];
    let request = OcspRequest::new(ids.clone(), None).unwrap().to_der().unwrap();
    let responder = responder(&world);
    let plan = responder.plan(&request).unwrap();
    assert!(!plan.has_nonce());
    let query = |serial: u16| Query {
        authority: 0,
        serial: SerialNumber::from_unsigned(&serial.to_be_bytes()).unwrap(),
    };
    assert_eq!(plan.queries(), [query(10), query(11), query(12)]);

    let statuses = [Status::Good, REVOKED, Status::NotIssued];
    let response = responder.answer(&plan, &statuses, now(), &Freshness::default());
    let basic = read(&response);
    let answered: Vec<_> = basic.data().responses().iter().map(|single| single.cert_id().clone()).collect();
    assert_eq!(answered, ids);
    let status = |i: usize| basic.data().responses()[i].status();
    assert_eq!(status(0), &CertStatus::GOOD);
    assert_eq!(status(1), &CertStatus::UNKNOWN);
    assert!(matches!(status(2), CertStatus::Revoked(info) if info.reason() == Reason::KeyCompromise));
    assert!(matches!(status(3), CertStatus::Revoked(info) if info.says_not_issued()));
    for person in &people[..2] {
        check(&response, &person.certificate, ca, None, now(), &Policy::fetched()).unwrap();
    }
    // Too few statuses must not turn into "unknown" or worse.
    let short = responder.answer(&plan, &statuses[..2], now(), &Freshness::default());
    assert_eq!(short, ResponseStatus::InternalError.to_der());
}

#[test]
fn each_of_several_authorities_signs_for_itself() {
    let world = World::new();
    let other_ca = world.root.issue(&Template::ca("TEST OTHER CA", 9));
    let other_responder = other_ca.issue(&Template::responder(10));
    let other_person = other_ca.issue(&Template::person(11));
    let responder = Responder::new(vec![
        Authority::new(&world.ca.certificate, &world.responder.certificate, world.responder.key.clone())
            .unwrap(),
        Authority::new(&other_ca.certificate, &other_responder.certificate, other_responder.key.clone())
            .unwrap(),
    ]);
    let request = request(CertIdHash::Sha1, &[&other_person.certificate], &other_ca.certificate, &[]);
    let response = responder.respond(
        &request,
        |query| {
            assert_eq!(query.authority, 1);
            Status::Good
        },
        now(),
        &Freshness::default(),
    );
    check(&response, &other_person.certificate, &other_ca.certificate, None, now(), &Policy::fetched())
        .unwrap();
}

#[test]
fn requests_that_cannot_be_answered_get_an_error_status() {
    let world = World::new();
    let responder = responder(&world);
    let answer = |request: &[u8]| responder.respond(request, |_| Status::Good, now(), &Freshness::default());
    let malformed = ResponseStatus::MalformedRequest.to_der();
    assert_eq!(answer(b""), malformed);
    assert_eq!(answer(&[0x30, 0x80, 0, 0]), malformed);
    assert_eq!(answer(&vec![0x30; 5000]), malformed);

    let good = request(CertIdHash::Sha1, &[&world.person.certificate], &world.ca.certificate, &[]);
    let mut trailing = good.clone();
    trailing.push(0);
    assert_eq!(answer(&trailing), malformed);

    let foreign = request(CertIdHash::Sha1, &[&world.ca.certificate], &world.root.certificate, &[]);
    assert_eq!(answer(&foreign), ResponseStatus::Unauthorized.to_der());
    assert_eq!(BasicOcspResponse::from_der(&answer(&foreign)).unwrap(), Err(ResponseStatus::Unauthorized));
}

#[test]
fn thirty_two_certificates_are_the_most() {
    let world = World::new();
    let id = CertId::of(CertIdHash::Sha256, &world.person.certificate, &world.ca.certificate).unwrap();
    let request = OcspRequest::new(vec![id.clone(); 32], Some(Nonce::new(&[1; 32]).unwrap())).unwrap();
    let der = request.to_der().unwrap();
    assert!(der.len() <= countersign_pki::ocsp::MAX_REQUEST_LEN, "{}", der.len());
    let response = responder(&world).respond(&der, |_| REVOKED, now(), &Freshness::default());
    assert_eq!(read(&response).data().responses().len(), 32);
    assert!(OcspRequest::new(vec![id.clone(); 33], None).is_err());
    assert!(OcspRequest::new(Vec::new(), None).is_err());
}

/// A request whose nonce extension has these bytes as extnValue.
fn request_with_extn_value(world: &World, extn_value: &[u8]) -> Vec<u8> {
    use countersign_pki::asn1::{context_constructed, octet_string, oid, sequence, tlv};
    let plain = request(CertIdHash::Sha1, &[&world.person.certificate], &world.ca.certificate, &[]);
    // OCSPRequest { TBSRequest { requestList } }, both lengths below 128.
    let request_list = &plain[4..];
    let nonce = sequence(&[oid(&"1.3.6.1.5.5.7.48.1.2".parse().unwrap()), octet_string(extn_value)]);
    let extensions = tlv(context_constructed(2), &sequence(&[nonce]));
    sequence(&[sequence(&[request_list, &extensions])])
}

#[test]
fn nonces_are_echoed_as_they_came() {
    let world = World::new();
    let responder = responder(&world);
    let answer = |extn_value: &[u8]| {
        let request = request_with_extn_value(&world, extn_value);
        responder.respond(&request, |_| Status::Good, now(), &Freshness::default())
    };
    let wrapped = |len: usize| countersign_pki::asn1::octet_string(&vec![5; len]);
    let (person, ca) = (&world.person.certificate, &world.ca.certificate);
    for len in [1, 32, 127, 128] {
        let nonce = vec![5; len];
        let response = answer(&wrapped(len));
        check(&response, person, ca, Some(&nonce), now(), &Policy::fetched()).unwrap();
    }
    for len in [0, 129, 300] {
        assert_eq!(answer(&wrapped(len)), ResponseStatus::MalformedRequest.to_der(), "{len}");
    }
    // Before RFC 8954 some clients put the bytes in directly.
    let response = answer(&[0xAB; 16]);
    assert_eq!(read(&response).data().nonce().unwrap().unwrap().value(), [0xAB; 16]);
    assert!(response.windows(18).any(|w| w[..2] == [4, 16] && w[2..] == [0xAB; 16]));
    assert!(!response.windows(4).any(|w| w == [4, 18, 4, 16]));
    assert_eq!(answer(&[]), ResponseStatus::MalformedRequest.to_der());
}

#[test]
fn get_paths_are_read_leniently() {
    let world = World::new();
    // Serial numbers until the base64 has both '+' and '/'.
    let (der, base64) = (0u16..)
        .map(|serial| {
            let serial = SerialNumber::from_unsigned(&serial.to_be_bytes()).unwrap();
            let hashes = IssuerHashes::of(&world.ca.certificate);
            let id = CertId::new(CertIdHash::Sha1, &hashes, &serial).unwrap();
            let der = OcspRequest::new(vec![id], None).unwrap().to_der().unwrap();
            let text = base64(&der);
            (der, text)
        })
        .find(|(_, text)| text.contains('+') && text.contains('/') && text.ends_with('='))
        .unwrap();
    for path in [
        base64.clone(),
        format!("/{base64}"),
        format!("//{base64}"),
        base64.trim_end_matches('=').to_owned(),
        base64.replace('/', "%2F").replace('+', "%2B").replace('=', "%3D"),
        base64.replace('/', "%2f").replace('+', "%2b").replace('=', "%3d"),
        base64.replace('+', " "),
        base64.replace('/', "_").replace('+', "-"),
        base64.bytes().map(|byte| format!("%{byte:02X}")).collect(),
    ] {
        assert_eq!(decode_get_path(&path).unwrap(), der, "{path}");
    }
    assert!(decode_get_path("*").is_err());
    assert!(decode_get_path(&"A".repeat(20_000)).is_err());
    assert!(decode_get_path(&"A".repeat(5464)).is_err());
}

fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    bytes
        .chunks(3)
        .flat_map(|chunk| {
            let bits = (0..3).fold(0u32, |n, i| n << 8 | u32::from(*chunk.get(i).unwrap_or(&0)));
            (0..4).map(move |i| {
                if i <= chunk.len() {
                    char::from(ALPHABET[(bits >> (18 - 6 * i) & 63) as usize])
                } else {
                    '='
                }
            })
        })
        .collect()
}

#[test]
fn a_responder_no_client_would_accept_cannot_be_set_up() {
    let world = World::new();
    let ca = &world.ca.certificate;
    let plain = world.ca.issue(&Template::new("TEST", 20).key_usage(0b1));
    let elsewhere = world.root.issue(&Template::responder(21));
    assert!(Authority::new(ca, &plain.certificate, plain.key.clone()).is_err());
    assert!(Authority::new(ca, &elsewhere.certificate, elsewhere.key.clone()).is_err());
    assert!(Authority::new(ca, &world.responder.certificate, plain.key.clone()).is_err());
}

#[test]
fn a_responder_whose_certificate_has_expired_falls_silent() {
    let world = World::new();
    let (person, ca) = (&world.person.certificate, &world.ca.certificate);
    let short = Template::responder(22).valid("2026-05-01T00:00:00Z", "2026-06-01T00:00:00Z");
    let holder = world.ca.issue(&short);
    let authority = Authority::new(ca, &holder.certificate, holder.key.clone()).unwrap();
    let responder = Responder::new(vec![authority]);
    let request = request(CertIdHash::Sha1, &[person], ca, &[]);
    let answer = |time| responder.respond(&request, |_| Status::Good, time, &Freshness::default());
    check(
        &answer(at("2026-06-01T00:00:00Z")),
        person,
        ca,
        None,
        at("2026-06-01T00:00:00Z"),
        &Policy::fetched(),
    )
    .unwrap();
    assert_eq!(answer(now()), ResponseStatus::InternalError.to_der());
}

#[test]
fn pre_produced_answers_say_when_they_end() {
    let world = World::new();
    let (person, ca) = (&world.person.certificate, &world.ca.certificate);
    let request = request(CertIdHash::Sha1, &[person], ca, &[]);
    let freshness = Freshness { next_update: Some(SignedDuration::from_hours(12)), archive_cutoff: None };
    let response = responder(&world).respond(&request, |_| Status::Good, now(), &freshness);
    let policy = Policy { max_age: None, ..Policy::fetched() };
    let later = at("2026-06-01T23:59:59Z");
    let checked = check(&response, person, ca, None, later, &policy).unwrap();
    assert_eq!(checked.next_update, Some(at("2026-06-02T00:00:00Z")));
    let too_late = check(&response, person, ca, None, at("2026-06-02T00:02:00Z"), &policy);
    assert!(matches!(too_late, Err(OcspError::Expired { .. })), "{too_late:?}");
}

#[test]
fn openssl_accepts_our_answers() {
    let Some(openssl) = OpenSsl::new("openssl_accepts_our_answers") else { return };
    let world = World::new();
    let chain = world.root.certificate.to_pem() + &world.ca.certificate.to_pem();
    openssl
        .write("chain.pem", chain)
        .write("ca.pem", world.ca.certificate.to_pem())
        .write("person.pem", world.person.certificate.to_pem());
    let time = at(NOW).as_second();
    for hash in ["", "-sha256"] {
        for (status, expected) in [
            (Status::Good, "person.pem: good"),
            (REVOKED, "person.pem: revoked"),
            (Status::NotIssued, "person.pem: revoked"),
            (Status::UnknownIssuer, "person.pem: unknown"),
        ] {
            openssl.says(&format!("ocsp {hash} -issuer ca.pem -cert person.pem -reqout request.der"), "");
            let freshness = Freshness {
                next_update: Some(SignedDuration::from_hours(24 * 365 * 50)),
                archive_cutoff: Some(world.ca.certificate.not_before()),
            };
            let response =
                responder(&world).respond(&openssl.read("request.der"), |_| status, now(), &freshness);
            openssl.write("response.der", &response);
            let text = openssl.says(
                &format!(
                    "ocsp {hash} -no_nonce -issuer ca.pem -cert person.pem -respin response.der \
                     -CAfile chain.pem -attime {time}"
                ),
                "Response verify OK",
            );
            assert!(text.contains(expected), "{text}");
            // With the request beside it, the nonce is compared too.
            let text = openssl.says(
                &format!("ocsp -reqin request.der -respin response.der -CAfile chain.pem -attime {time}"),
                "Response verify OK",
            );
            assert!(!text.contains("WARNING") && !text.contains("Nonce Verify error"), "{text}");
        }
    }
    let text = openssl.says("ocsp -respin response.der -text -noverify", "OCSP Archive Cutoff");
    assert!(text.contains("OCSP Nonce"), "{text}");
}

#[test]
fn openssl_accepts_answers_signed_with_rsa() {
    let Some(openssl) = OpenSsl::new("openssl_accepts_answers_signed_with_rsa") else { return };
    let world = World::new();
    let (person, ca) = (&world.person.certificate, &world.ca.certificate);
    openssl
        .write("chain.pem", world.root.certificate.to_pem() + &ca.to_pem())
        .write("ca.pem", ca.to_pem())
        .write("person.pem", person.to_pem());
    let rsa = SoftwareKey::generate_rsa(RsaSize::Bits2048).unwrap();
    for algorithm in
        [SignatureAlgorithm::RsaPss(Digest::Sha256), SignatureAlgorithm::RsaPkcs1(Digest::Sha512)]
    {
        let key = Arc::new(rsa.with_algorithm(algorithm).unwrap());
        let holder = world.ca.issue_to(&Template::responder(23), key.clone());
        let responder = Responder::new(vec![Authority::new(ca, &holder.certificate, key).unwrap()]);
        let request = request(CertIdHash::Sha1, &[person], ca, &[]);
        let response = responder.respond(&request, |_| Status::Good, now(), &Freshness::default());
        check(&response, person, ca, None, now(), &Policy::fetched()).unwrap();
        openssl.write("response.der", &response);
        let text = openssl.says(
            &format!(
                "ocsp -no_nonce -issuer ca.pem -cert person.pem -respin response.der -CAfile chain.pem -attime {}",
                now().as_second()
            ),
            "Response verify OK",
        );
        assert!(text.contains("person.pem: good"), "{text}");
    }
}

#[test]
fn we_read_what_openssl_answers() {
    let Some(openssl) = OpenSsl::new("we_read_what_openssl_answers") else { return };
    let world = World::new();
    openssl
        .write("ca.pem", world.ca.certificate.to_pem())
        .write("person.pem", world.person.certificate.to_pem())
        .write("responder.pem", world.responder.certificate.to_pem())
        .write("responder.key", world.responder.key.to_pem().unwrap().as_bytes())
        .write("index.txt", "V\t350101000000Z\t\t8001\tunknown\t/C=EE/CN=TEST PERSON\n");
    let (person, ca) = (&world.person.certificate, &world.ca.certificate);
    for hash in [CertIdHash::Sha1, CertIdHash::Sha256] {
        let request = request(hash, &[person], ca, &[9; 32]);
        openssl.write("request.der", request);
        openssl.says(
            "ocsp -index index.txt -CA ca.pem -rsigner responder.pem -rkey responder.key \
             -reqin request.der -respout response.der",
            "",
        );
        let response = openssl.read("response.der");
        // openssl answers with the time of its own clock.
        let made = read(&response).data().produced_at();
        let checked = check(&response, person, ca, Some(&[9; 32]), made, &Policy::fetched()).unwrap();
        assert_eq!(checked.status, CertificateStatus::Good);
    }
}

#[test]
fn a_signer_that_fails_is_an_internal_error() {
    struct Broken(Arc<countersign_pki::SoftwareKey>);
    impl countersign_pki::Signer for Broken {
        fn public_key(&self) -> &countersign_pki::PublicKey {
            self.0.public_key()
        }
        fn algorithm(&self) -> countersign_pki::SignatureAlgorithm {
            self.0.algorithm()
        }
        fn sign(&self, _: &[u8]) -> Result<Vec<u8>, countersign_pki::Error> {
            Err(countersign_pki::Error::PrivateKey { operation: "sign" })
        }
    }
    let world = World::new();
    let (person, ca) = (&world.person.certificate, &world.ca.certificate);
    let signer = Arc::new(Broken(world.responder.key.clone()));
    let responder = Responder::new(vec![Authority::new(ca, &world.responder.certificate, signer).unwrap()]);
    let request = request(CertIdHash::Sha1, &[person], ca, &[]);
    let response = responder.respond(&request, |_| Status::Good, now(), &Freshness::default());
    assert_eq!(response, ResponseStatus::InternalError.to_der());
}
