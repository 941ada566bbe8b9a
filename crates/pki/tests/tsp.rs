//! The time-stamping authority and the check of its tokens, judged by each other and by `openssl ts`.

mod test_ca;

use std::sync::Arc;

use const_oid::ObjectIdentifier;
use countersign_pki::asn1;
use countersign_pki::signer::RsaSize;
use countersign_pki::tsp::{
    Accuracy, Authority, BTSP_POLICY, MessageImprint, PkiFailureInfo, PkiStatus, TimeStampReq, TimeStampResp,
    TimeStampToken, TokenSerialNumber, TspError, check, check_response,
};
use countersign_pki::{Certificate, Digest, SignatureAlgorithm, SoftwareKey};
use jiff::SignedDuration;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use test_ca::{Holder, OpenSsl, Template, World, at, now};

const SKEW: SignedDuration = SignedDuration::from_secs(60);
const OWN_POLICY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.99999.1.1");

fn authority(world: &World) -> Authority {
    let chain = [world.ca.certificate.clone()];
    let policies = vec![OWN_POLICY, BTSP_POLICY];
    Authority::new(&world.tsu.certificate, &chain, world.tsu.key.clone(), policies).unwrap()
}

fn serial() -> TokenSerialNumber {
    TokenSerialNumber::from_counter(0x8000)
}

fn anchors(world: &World) -> Vec<Certificate> {
    vec![world.root.certificate.clone()]
}

fn token(response: &[u8]) -> TimeStampToken {
    match TimeStampResp::from_der(response).unwrap() {
        TimeStampResp::Granted(token) => *token,
        TimeStampResp::Refused { status, failures } => panic!("{status:?} {failures:?}"),
    }
}

#[test]
fn a_token_convinces_its_own_check() {
    let world = World::new();
    for digest in Digest::ALL.into_iter().filter(|digest| !digest.is_weak()) {
        let imprint = MessageImprint::of(digest, b"data");
        let request = TimeStampReq::new(imprint.clone(), &[0x80, 1, 2, 3, 4, 5, 6, 7]).unwrap();
        let response = authority(&world).respond(&request.to_der(), &serial(), now());
        let (token, checked) =
            check_response(&response, &request, &[], &anchors(&world), now(), SKEW).unwrap();
        assert_eq!(checked.gen_time, now());
        assert_eq!(checked.accuracy, Some(Accuracy::ONE_SECOND));
        assert_eq!(checked.tsu, world.tsu.certificate);
        assert_eq!(checked.path.anchor(), &world.root.certificate);
        assert_eq!(token.serial(), [0x80, 0]);
        assert_eq!(token.info().policy, OWN_POLICY);
        assert_eq!(token.imprint(), &imprint);
        assert_eq!(TimeStampToken::from_der(token.as_der()).unwrap(), token);
        // Long after the certificate has expired, the token still proves what it proved.
        check(&token, &imprint, &[], &anchors(&world), at("2120-01-01T00:00:00Z"), SKEW).unwrap();
        let other = MessageImprint::of(digest, b"other data");
        let verdict = check(&token, &other, &[], &anchors(&world), now(), SKEW);
        assert_eq!(verdict, Err(TspError::WrongImprint));
    }
}

#[test]
fn certificates_come_only_when_asked_for() {
    let world = World::new();
    let imprint = MessageImprint::of(Digest::Sha256, b"data");
    let request = TimeStampReq::new(imprint.clone(), &[1]).unwrap().with_cert_req(false);
    let response = authority(&world).respond(&request.to_der(), &serial(), now());
    let token = token(&response);
    assert!(token.signed_data().certificates().is_empty());
    assert_eq!(token.tsu_certificate(), None);
    let verdict = check(&token, &imprint, &[], &anchors(&world), now(), SKEW);
    assert_eq!(verdict, Err(TspError::WrongSigningCertificate));
    let others = [world.ca.certificate.clone(), world.tsu.certificate.clone()];
    check_response(&response, &request, &others, &anchors(&world), now(), SKEW).unwrap();
    // Asked for, and not there.
    let asked = request.with_cert_req(true);
    let verdict = check_response(&response, &asked, &others, &anchors(&world), now(), SKEW);
    assert_eq!(verdict.map(|_| ()), Err(TspError::WrongSigningCertificate));
}

#[test]
fn times_are_cut_to_the_millisecond() {
    let world = World::new();
    let request = TimeStampReq::new(MessageImprint::of(Digest::Sha256, b"data"), &[1]).unwrap();
    let authority = authority(&world);
    let issued = authority
        .issue(&authority.accept(&request.to_der()).unwrap(), &serial(), at("2026-06-01T12:00:00.0209999Z"))
        .unwrap();
    assert_eq!(issued.info().gen_time, at("2026-06-01T12:00:00.020Z"));
    assert_eq!(token(issued.response_der()).as_der(), issued.token_der());
    assert_eq!(token(issued.response_der()).info(), issued.info());
}

#[test]
fn answers_to_another_request_are_refused() {
    let world = World::new();
    let imprint = MessageImprint::of(Digest::Sha256, b"data");
    let request = TimeStampReq::new(imprint.clone(), &[1, 2, 3]).unwrap();
    let response = authority(&world).respond(&request.to_der(), &serial(), now());
    let verdict = |request: &TimeStampReq| {
        check_response(&response, request, &[], &anchors(&world), now(), SKEW).map(|_| ())
    };
    assert_eq!(verdict(&request), Ok(()));
    assert_eq!(verdict(&TimeStampReq::new(imprint.clone(), &[1, 2, 4]).unwrap()), Err(TspError::WrongNonce));
    let expected = Err(TspError::WrongPolicy { expected: BTSP_POLICY, found: OWN_POLICY });
    assert_eq!(verdict(&request.clone().with_policy(BTSP_POLICY)), expected);
    let other = TimeStampReq::new(MessageImprint::of(Digest::Sha256, b"x"), &[1, 2, 3]).unwrap();
    assert_eq!(verdict(&other), Err(TspError::WrongImprint));
}

#[test]
fn requests_that_cannot_be_granted_are_refused_for_their_reason() {
    let world = World::new();
    let authority = authority(&world);
    let refusal = |request: &[u8]| {
        let response = authority.respond(request, &serial(), now());
        match TimeStampResp::from_der(&response).unwrap() {
            TimeStampResp::Refused { status: PkiStatus::Rejection, failures } => failures,
            other => panic!("{other:?}"),
        }
    };
    let imprint = |digest: &str, hash: &[u8]| {
        asn1::sequence(&[
            asn1::sequence(&[asn1::oid(&digest.parse().unwrap()), asn1::null()]),
            asn1::octet_string(hash),
        ])
    };
    let sha256 = || imprint("2.16.840.1.101.3.4.2.1", &[7; 32]);
    let request = |parts: &[Vec<u8>]| asn1::sequence(parts);

    assert_eq!(refusal(b""), [PkiFailureInfo::BadDataFormat]);
    assert_eq!(refusal(&[0x30, 0x80, 0, 0]), [PkiFailureInfo::BadDataFormat]);
    assert_eq!(refusal(&vec![0; 5000]), [PkiFailureInfo::BadDataFormat]);
    let mut trailing = request(&[asn1::integer(1), sha256()]);
    authority.accept(&trailing).unwrap();
    trailing.push(0);
    assert_eq!(refusal(&trailing), [PkiFailureInfo::BadDataFormat]);
    assert_eq!(refusal(&request(&[asn1::integer(2), sha256()])), [PkiFailureInfo::BadRequest]);
    for (digest, hash) in [
        ("1.3.14.3.2.26", &[7; 20][..]),      // SHA-1
        ("1.2.840.113549.2.5", &[7; 16][..]), // MD5
        ("1.2.3.4", &[7; 32][..]),
    ] {
        let der = request(&[asn1::integer(1), imprint(digest, hash)]);
        assert_eq!(refusal(&der), [PkiFailureInfo::BadAlg], "{digest}");
    }
    let short = request(&[asn1::integer(1), imprint("2.16.840.1.101.3.4.2.1", &[7; 31])]);
    assert_eq!(refusal(&short), [PkiFailureInfo::BadDataFormat]);
    let policy = asn1::oid(&"1.2.3.4".parse().unwrap());
    assert_eq!(refusal(&request(&[asn1::integer(1), sha256(), policy])), [PkiFailureInfo::UnacceptedPolicy]);
    let extension = asn1::sequence(&[asn1::oid(&"1.2.3.4".parse().unwrap()), asn1::octet_string(&[5, 0])]);
    let extensions = asn1::constructed(asn1::context_constructed(0), &[extension]);
    let der = request(&[asn1::integer(1), sha256(), extensions]);
    assert_eq!(refusal(&der), [PkiFailureInfo::UnacceptedExtension]);
    let long_nonce = asn1::unsigned(&[1; 65]);
    let der = request(&[asn1::integer(1), sha256(), long_nonce]);
    assert_eq!(refusal(&der), [PkiFailureInfo::BadDataFormat]);

    // The clock before and after the certificate's validity.
    let good = TimeStampReq::new(MessageImprint::of(Digest::Sha256, b"data"), &[1]).unwrap().to_der();
    for time in ["2024-12-31T23:59:59Z", "2099-01-01T00:00:01Z"] {
        let response = authority.respond(&good, &serial(), at(time));
        let failures = vec![PkiFailureInfo::SystemFailure];
        assert_eq!(
            TimeStampResp::from_der(&response).unwrap(),
            TimeStampResp::Refused { status: PkiStatus::Rejection, failures }
        );
    }
}

#[test]
fn every_failure_reads_back() {
    for failure in [
        PkiFailureInfo::BadAlg,
        PkiFailureInfo::BadRequest,
        PkiFailureInfo::BadDataFormat,
        PkiFailureInfo::TimeNotAvailable,
        PkiFailureInfo::UnacceptedPolicy,
        PkiFailureInfo::UnacceptedExtension,
        PkiFailureInfo::AddInfoNotAvailable,
        PkiFailureInfo::SystemFailure,
    ] {
        let expected = TimeStampResp::Refused { status: PkiStatus::Rejection, failures: vec![failure] };
        assert_eq!(TimeStampResp::from_der(&failure.to_der()).unwrap(), expected);
    }
}

#[test]
fn nonces_come_back_as_they_went() {
    let world = World::new();
    let imprint = MessageImprint::of(Digest::Sha256, b"data");
    for nonce in [&[0x00][..], &[0x7F], &[0x80], &[0xFF; 20], &[0, 0, 1]] {
        let request = TimeStampReq::new(imprint.clone(), nonce).unwrap();
        let response = authority(&world).respond(&request.to_der(), &serial(), now());
        check_response(&response, &request, &[], &anchors(&world), now(), SKEW).unwrap();
    }
    // A negative one, as a client without a sign byte writes it.
    let mut der = TimeStampReq::new(imprint, &[0x7F, 1]).unwrap().to_der();
    let position = der.windows(4).position(|w| w == [2, 2, 0x7F, 1]).unwrap();
    der[position + 2] = 0xF0;
    let response = authority(&world).respond(&der, &serial(), now());
    assert_eq!(token(&response).info().nonce.as_deref(), Some(&[0xF0, 1][..]));
}

#[test]
fn serial_numbers_fit_in_160_bits() {
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let (a, b) = (TokenSerialNumber::random(&mut rng), TokenSerialNumber::random(&mut rng));
    assert_ne!(a, b);
    assert_eq!((a.as_bytes().len(), b.as_bytes().len()), (16, 16));
    assert_eq!(TokenSerialNumber::from_counter(256).as_bytes(), [1, 0]);
    assert!(TokenSerialNumber::from_bytes(&[1; 21]).is_err());
    let world = World::new();
    let request = TimeStampReq::new(MessageImprint::of(Digest::Sha256, b"data"), &[1]).unwrap().to_der();
    let longest = TokenSerialNumber::from_bytes(&[0xFF; 20]).unwrap();
    for serial in [longest, a, TokenSerialNumber::from_counter(0)] {
        let response = authority(&world).respond(&request, &serial, now());
        assert_eq!(token(&response).serial(), serial.as_bytes());
    }
}

#[test]
fn a_unit_with_the_wrong_certificate_cannot_be_set_up() {
    let world = World::new();
    let new = |holder: &Holder| {
        Authority::new(&holder.certificate, &[], holder.key.clone(), vec![BTSP_POLICY]).is_ok()
    };
    assert!(new(&world.tsu));
    assert!(!new(&world.person));
    assert!(!new(&world.responder));
    let time_stamping = countersign_pki::certificate::extension::oid::KP_TIME_STAMPING;
    assert!(!new(&world.ca.issue(&Template::new("TEST", 9).extended_key_usage(false, &[time_stamping]))));
    let tsu = &world.tsu;
    assert!(Authority::new(&tsu.certificate, &[], world.ca.key.clone(), vec![BTSP_POLICY]).is_err());
    assert!(Authority::new(&tsu.certificate, &[], tsu.key.clone(), vec![]).is_err());
}

#[test]
fn the_qualified_statement_is_only_there_when_asked_for() {
    let world = World::new();
    let request = TimeStampReq::new(MessageImprint::of(Digest::Sha256, b"data"), &[1]).unwrap();
    let plain = token(&authority(&world).respond(&request.to_der(), &serial(), now()));
    assert!(plain.info().extensions.is_empty());
    let authority = authority(&world).with_qualified_statement();
    let response = authority.respond(&request.to_der(), &serial(), now());
    let (token, _) = check_response(&response, &request, &[], &anchors(&world), now(), SKEW).unwrap();
    let [statement] = token.info().extensions.as_slice() else { panic!("one extension") };
    assert!(!statement.critical);
    assert_eq!(statement.id.to_string(), "1.3.6.1.5.5.7.1.3");
}

#[test]
fn openssl_accepts_our_tokens() {
    let Some(openssl) = OpenSsl::new("openssl_accepts_our_tokens") else { return };
    let world = World::new();
    openssl
        .write("root.pem", world.root.certificate.to_pem())
        .write("ca.pem", world.ca.certificate.to_pem())
        .write("both.pem", world.tsu.certificate.to_pem() + &world.ca.certificate.to_pem())
        .write("data", "what is time-stamped")
        .write("other", "something else");
    let time = now().as_second();
    let verify = format!("ts -verify -CAfile root.pem -attime {time}");
    for options in
        ["-sha256 -cert", "-sha384 -cert", "-sha512 -cert", "-sha3-256 -cert", "-sha256 -cert -no_nonce"]
    {
        openssl.says(&format!("ts -query -data data {options} -out request.tsq"), "");
        let authority = authority(&world).with_qualified_statement();
        openssl.write("response.tsr", authority.respond(&openssl.read("request.tsq"), &serial(), now()));
        openssl.says(&format!("{verify} -untrusted ca.pem -data data -in response.tsr"), "Verification: OK");
        openssl.says(
            &format!("{verify} -untrusted ca.pem -queryfile request.tsq -in response.tsr"),
            "Verification: OK",
        );
        openssl.write("token.der", token(&openssl.read("response.tsr")).as_der());
        let bare = format!("{verify} -untrusted ca.pem -data data -in token.der -token_in");
        openssl.says(&bare, "Verification: OK");
        let (text, success) =
            openssl.run(&format!("{verify} -untrusted ca.pem -data other -in response.tsr"));
        assert!(!success && text.contains("message imprint mismatch"), "{text}");
    }
    // Without certificates in the token, they come from the side.
    openssl.says("ts -query -data data -sha256 -out request.tsq", "");
    openssl.write("response.tsr", authority(&world).respond(&openssl.read("request.tsq"), &serial(), now()));
    let aside = format!("{verify} -untrusted both.pem -queryfile request.tsq -in response.tsr");
    openssl.says(&aside, "Verification: OK");
    let text = openssl.says("ts -reply -in response.tsr -text", "Accuracy: 0x01 seconds");
    assert!(text.contains("Granted") && text.contains("Jun  1 12:00:00 2026 GMT"), "{text}");
    let text = {
        openssl.write("refusal.tsr", PkiFailureInfo::UnacceptedPolicy.to_der());
        openssl.says("ts -reply -in refusal.tsr -text", "Rejected")
    };
    assert!(text.contains("the requested TSA policy is not supported"), "{text}");
}

#[test]
fn openssl_accepts_tokens_signed_with_rsa() {
    let Some(openssl) = OpenSsl::new("openssl_accepts_tokens_signed_with_rsa") else { return };
    let world = World::new();
    openssl
        .write("root.pem", world.root.certificate.to_pem())
        .write("ca.pem", world.ca.certificate.to_pem())
        .write("data", "data");
    let rsa = SoftwareKey::generate_rsa(RsaSize::Bits2048).unwrap();
    for (algorithm, judged) in [
        (SignatureAlgorithm::RsaPkcs1(Digest::Sha256), true),
        (SignatureAlgorithm::RsaPkcs1(Digest::Sha512), true),
        // `openssl ts` reads tokens as PKCS #7, which knows no PSS.
        (SignatureAlgorithm::RsaPss(Digest::Sha256), false),
    ] {
        let key = Arc::new(rsa.with_algorithm(algorithm).unwrap());
        let tsu = world.ca.issue_to(&Template::tsu(24), key.clone());
        let authority = Authority::new(&tsu.certificate, &[], key, vec![BTSP_POLICY]).unwrap();
        let request = TimeStampReq::new(MessageImprint::of(Digest::Sha256, b"data"), &[1; 8]).unwrap();
        let response = authority.respond(&request.to_der(), &serial(), now());
        let others = [world.ca.certificate.clone()];
        check_response(&response, &request, &others, &anchors(&world), now(), SKEW).unwrap();
        if judged {
            openssl.write("response.tsr", &response);
            let verify = format!("ts -verify -CAfile root.pem -attime {}", now().as_second());
            openssl
                .says(&format!("{verify} -untrusted ca.pem -data data -in response.tsr"), "Verification: OK");
        }
    }
}

#[test]
fn we_accept_openssls_tokens() {
    let Some(openssl) = OpenSsl::new("we_accept_openssls_tokens") else { return };
    let world = World::new();
    openssl
        .write("tsu.pem", world.tsu.certificate.to_pem())
        .write("ca.pem", world.ca.certificate.to_pem())
        .write("tsu.key", world.tsu.key.to_pem().unwrap().as_bytes())
        .write("serial", "01\n")
        .write(
            "tsa.cnf",
            "[tsa]\ndefault_tsa = own\n[own]\nserial = serial\ncrypto_device = builtin\nsigner_cert = tsu.pem\n\
             certs = ca.pem\nsigner_key = tsu.key\nsigner_digest = sha256\ndefault_policy = 1.2.3.4\n\
             digests = sha256, sha512\naccuracy = secs:1, millisecs:500\nordering = yes\ntsa_name = yes\n\
             ess_cert_id_chain = no\nclock_precision_digits = 3\ness_cert_id_alg = ESS\n",
        );
    for ess in ["sha1", "sha256", "sha512"] {
        let configuration = String::from_utf8(openssl.read("tsa.cnf")).unwrap();
        openssl.write("own.cnf", configuration.replace("ESS", ess));
        let imprint = MessageImprint::of(Digest::Sha256, b"data");
        let request = TimeStampReq::new(imprint, &[9; 8]).unwrap();
        openssl.write("request.tsq", request.to_der());
        openssl.says("ts -reply -config own.cnf -queryfile request.tsq -out response.tsr", "");
        // openssl stamps with the time of its own clock.
        let made = token(&openssl.read("response.tsr")).gen_time();
        let response = openssl.read("response.tsr");
        let (token, checked) =
            check_response(&response, &request, &[], &anchors(&world), made, SKEW).unwrap();
        assert_eq!(checked.accuracy, Some(Accuracy { seconds: 1, millis: 500, micros: 0 }));
        assert!(token.info().ordering);
    }
}
