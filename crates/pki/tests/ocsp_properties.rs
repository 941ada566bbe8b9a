//! Rules that hold for any input: requests, responses, tokens and lists.

mod test_ca;

use std::sync::LazyLock;

use countersign_pki::crl::{CertificateList, NewCrl, Reason, RevokedCertificate};
use countersign_pki::ocsp::{
    Authority, BasicOcspResponse, CertId, CertIdHash, CertificateStatus, Freshness, IssuerHashes, Nonce,
    OcspRequest, Policy, Responder, Status, check,
};
use countersign_pki::tsp::{
    self, Accuracy, BTSP_POLICY, MessageImprint, TimeStampReq, TimeStampResp, TimeStampToken,
    TokenSerialNumber, TstExtension, TstInfo,
};
use countersign_pki::{Digest, SerialNumber};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use proptest::sample::select;
use test_ca::{World, now};

static WORLD: LazyLock<World> = LazyLock::new(World::new);

const SKEW: SignedDuration = SignedDuration::from_secs(60);

fn serials() -> impl Strategy<Value = SerialNumber> {
    prop::collection::vec(any::<u8>(), 0..20).prop_map(|bytes| SerialNumber::from_unsigned(&bytes).unwrap())
}

fn hashes() -> impl Strategy<Value = CertIdHash> {
    select(vec![CertIdHash::Sha1, CertIdHash::Sha256])
}

fn digests() -> impl Strategy<Value = Digest> {
    select(Digest::ALL.into_iter().filter(|digest| !digest.is_weak()).collect::<Vec<_>>())
}

/// Whole seconds from 1970 to 9998.
fn seconds() -> impl Strategy<Value = Timestamp> {
    (0i64..253_370_764_800).prop_map(|second| Timestamp::from_second(second).unwrap())
}

fn statuses() -> impl Strategy<Value = Status> {
    prop_oneof![
        Just(Status::Good),
        Just(Status::NotIssued),
        Just(Status::UnknownIssuer),
        (seconds(), select(Reason::ALL.to_vec())).prop_map(|(at, reason)| Status::Revoked { at, reason }),
    ]
}

fn responder() -> Responder {
    let world = &*WORLD;
    let key = world.responder.key.clone();
    Responder::new(vec![Authority::new(&world.ca.certificate, &world.responder.certificate, key).unwrap()])
}

fn good_response() -> &'static [u8] {
    static RESPONSE: LazyLock<Vec<u8>> = LazyLock::new(|| {
        let world = &*WORLD;
        let id = CertId::of(CertIdHash::Sha256, &world.person.certificate, &world.ca.certificate).unwrap();
        let request = OcspRequest::new(vec![id], Some(Nonce::new(&[3; 32]).unwrap())).unwrap();
        responder().respond(&request.to_der().unwrap(), |_| Status::Good, now(), &Freshness::default())
    });
    &RESPONSE
}

fn good_token() -> &'static [u8] {
    static TOKEN: LazyLock<Vec<u8>> = LazyLock::new(|| {
        let world = &*WORLD;
        let chain = [world.ca.certificate.clone()];
        let key = world.tsu.key.clone();
        let authority = tsp::Authority::new(&world.tsu.certificate, &chain, key, vec![BTSP_POLICY]).unwrap();
        let request = TimeStampReq::new(imprint(), &[1; 8]).unwrap();
        let request = authority.accept(&request.to_der()).unwrap();
        authority.issue(&request, &TokenSerialNumber::from_counter(5), now()).unwrap().token_der().to_vec()
    });
    &TOKEN
}

fn imprint() -> MessageImprint {
    MessageImprint::of(Digest::Sha256, b"data")
}

fn good_list() -> &'static [u8] {
    static LIST: LazyLock<Vec<u8>> = LazyLock::new(|| {
        let revoked = RevokedCertificate {
            serial: SerialNumber::from_hex("0102").unwrap(),
            revoked_at: now(),
            reason: Reason::KeyCompromise,
            invalidity_date: None,
        };
        let new = NewCrl {
            number: 1,
            this_update: now(),
            next_update: now() + SignedDuration::from_hours(12),
            expired_certs_on_crl: None,
            revoked: vec![revoked],
        };
        new.sign(&WORLD.ca.certificate, WORLD.ca.key.as_ref()).unwrap()
    });
    &LIST
}

/// `der` with each byte changed in turn, in its lowest bit and in its highest.
fn flipped(der: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    (0..der.len()).flat_map(|position| [0x01, 0x80].map(|bits| (position, bits))).map(|(position, bits)| {
        let mut changed = der.to_vec();
        changed[position] ^= bits;
        changed
    })
}

#[test]
fn no_flipped_byte_changes_what_a_response_says() {
    let (person, ca) = (&WORLD.person.certificate, &WORLD.ca.certificate);
    let look = |der: &[u8]| check(der, person, ca, Some(&[3; 32]), now(), &Policy::fetched());
    let good = look(good_response()).unwrap();
    assert_eq!(good.status, CertificateStatus::Good);
    for der in flipped(good_response()) {
        if let Ok(checked) = look(&der) {
            assert_eq!(checked, good);
        }
    }
}

#[test]
fn no_flipped_byte_changes_what_a_token_says() {
    let anchors = [WORLD.root.certificate.clone()];
    let look = |der: &[u8]| {
        let token = TimeStampToken::from_der(der)?;
        let checked = tsp::check(&token, &imprint(), &[], &anchors, now(), SKEW)?;
        Ok::<_, tsp::TspError>((checked.gen_time, checked.tsu, token.info().clone()))
    };
    let good = look(good_token()).unwrap();
    for der in flipped(good_token()) {
        if let Ok(seen) = look(&der) {
            assert_eq!(seen, good);
        }
    }
}

#[test]
fn no_flipped_byte_leaves_a_list_valid() {
    let look = |der: &[u8]| {
        CertificateList::from_der(der)
            .is_ok_and(|list| list.check(&WORLD.ca.certificate, now(), SKEW).is_ok())
    };
    assert!(look(good_list()));
    for der in flipped(good_list()) {
        assert!(!look(&der));
    }
}

proptest! {
    #[test]
    fn requests_round_trip(
        ids in prop::collection::vec((hashes(), serials()), 1..=32),
        nonce in prop::option::of(prop::collection::vec(any::<u8>(), 1..=128)),
    ) {
        let issuer = IssuerHashes::of(&WORLD.ca.certificate);
        let ids = ids.iter().map(|(hash, serial)| CertId::new(*hash, &issuer, serial).unwrap()).collect();
        let nonce = nonce.map(|bytes| Nonce::new(&bytes).unwrap());
        let request = OcspRequest::new(ids, nonce).unwrap();
        prop_assert_eq!(OcspRequest::from_der(&request.to_der().unwrap()).unwrap(), request);
    }

    #[test]
    fn every_answer_says_what_it_was_told(
        asked in prop::collection::vec((hashes(), serials(), statuses()), 1..6),
        next_update in prop::option::of(1i64..100_000),
    ) {
        let issuer = IssuerHashes::of(&WORLD.ca.certificate);
        let ids: Vec<CertId> =
            asked.iter().map(|(hash, serial, _)| CertId::new(*hash, &issuer, serial).unwrap()).collect();
        let request = OcspRequest::new(ids.clone(), None).unwrap().to_der().unwrap();
        let responder = responder();
        let plan = responder.plan(&request).unwrap();
        let serials: Vec<_> = plan.queries().iter().map(|query| query.serial.clone()).collect();
        prop_assert_eq!(&serials, &asked.iter().map(|(_, serial, _)| serial.clone()).collect::<Vec<_>>());
        let statuses: Vec<Status> = asked.iter().map(|(_, _, status)| *status).collect();
        let freshness =
            Freshness { next_update: next_update.map(SignedDuration::from_secs), archive_cutoff: None };
        let der = responder.answer(&plan, &statuses, now(), &freshness);
        let response = BasicOcspResponse::from_der(&der).unwrap().unwrap();
        prop_assert_eq!(response.as_der(), &der[..]);
        for ((single, id), status) in response.data().responses().iter().zip(&ids).zip(&statuses) {
            use countersign_pki::ocsp::CertStatus;
            prop_assert_eq!(single.cert_id(), id);
            let expected = match *status {
                Status::Good => CertStatus::GOOD,
                Status::Revoked { at, reason } => CertStatus::revoked(at, reason).unwrap(),
                Status::NotIssued => CertStatus::not_issued().unwrap(),
                Status::UnknownIssuer => CertStatus::UNKNOWN,
            };
            prop_assert_eq!(single.status(), &expected);
        }
    }

    #[test]
    fn time_stamp_requests_round_trip(
        digest in digests(),
        data in prop::collection::vec(any::<u8>(), 0..64),
        nonce in prop::collection::vec(any::<u8>(), 1..=64),
        cert_req in any::<bool>(),
        policy in any::<bool>(),
    ) {
        // 64 bytes with the highest bit set need a 65th for the sign.
        prop_assume!(nonce.len() < 64 || nonce[0] < 0x80);
        let request = TimeStampReq::new(MessageImprint::of(digest, &data), &nonce).unwrap();
        let mut request = request.with_cert_req(cert_req);
        if policy {
            request = request.with_policy(BTSP_POLICY);
        }
        prop_assert_eq!(TimeStampReq::from_der(&request.to_der()).unwrap(), request);
    }

    #[test]
    fn time_stamp_contents_round_trip(
        digest in digests(),
        serial_number in prop::collection::vec(any::<u8>(), 1..=20),
        second in -62_000_000_000i64..253_370_764_800,
        nanosecond in 0i32..1_000_000_000,
        accuracy in prop::option::of((any::<u32>(), 0u16..1000, 0u16..1000)),
        ordering in any::<bool>(),
        extension in prop::option::of((any::<bool>(), prop::collection::vec(any::<u8>(), 0..9))),
    ) {
        let info = TstInfo {
            policy: BTSP_POLICY,
            imprint: MessageImprint::of(digest, b"data"),
            serial_number: TokenSerialNumber::from_bytes(&serial_number).unwrap().as_bytes().to_vec(),
            gen_time: Timestamp::new(second, if second < 0 { 0 } else { nanosecond }).unwrap(),
            accuracy: accuracy.map(|(seconds, millis, micros)| Accuracy { seconds, millis, micros }),
            ordering,
            nonce: None,
            tsa: None,
            extensions: extension
                .map(|(critical, value)| TstExtension { id: BTSP_POLICY, critical, value })
                .into_iter()
                .collect(),
        };
        prop_assert_eq!(TstInfo::from_der(&info.to_der().unwrap()).unwrap(), info);
    }

    #[test]
    fn no_parser_panics(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = OcspRequest::from_der(&bytes);
        let _ = BasicOcspResponse::from_der(&bytes);
        let _ = TimeStampReq::from_der(&bytes);
        let _ = TimeStampResp::from_der(&bytes);
        let _ = TimeStampToken::from_der(&bytes);
        let _ = CertificateList::from_der(&bytes);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn lists_round_trip(
        entries in prop::collection::btree_map(
            serials(),
            (seconds(), select(Reason::ALL.to_vec()), prop::option::of(seconds())),
            0..20,
        ),
        number in any::<u64>(),
    ) {
        let revoked: Vec<RevokedCertificate> = entries
            .into_iter()
            .filter(|(_, (_, reason, _))| *reason != Reason::RemoveFromCrl)
            .map(|(serial, (revoked_at, reason, invalidity_date))| {
                RevokedCertificate { serial, revoked_at, reason, invalidity_date }
            })
            .collect();
        let new = NewCrl {
            number,
            this_update: now(),
            next_update: now() + SignedDuration::from_hours(12),
            expired_certs_on_crl: Some(now()),
            revoked: revoked.clone(),
        };
        let der = new.sign(&WORLD.ca.certificate, WORLD.ca.key.as_ref()).unwrap();
        let list = CertificateList::from_der(&der).unwrap();
        list.check(&WORLD.ca.certificate, now(), SKEW).unwrap();
        prop_assert_eq!(list.revoked(), &revoked[..]);
        prop_assert_eq!(list.number(), Some(&number.to_be_bytes()[number.leading_zeros() as usize / 8..]));
    }
}
