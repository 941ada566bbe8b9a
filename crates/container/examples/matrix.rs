//! A world of its own for other people's validators: authorities, signers, a time-stamping unit and responders in
//! one process, and containers of every level, algorithm and number of signers.
//!
//! ```text
//! matrix OUT           writes OUT/trust/*.pem, OUT/ours/*.asice and OUT/signers/*.{key,pem}
//! matrix OUT --serve   the same, then answers /tsa and /ocsp/… over HTTP until standard input ends;
//!                      the last line it prints before that is its URL
//! ```
//!
//! Nothing in it is worth trusting: keys are made anew each time and written down. OpenSSL makes the RSASSA-PSS
//! signatures with SHA-3, which the library behind `SoftwareKey` has not; without it those files are left out, by name.

#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use countersign_container::{
    Container, FileName, Level, Method, Need, SignatureId, SignatureRequest, SignatureTemplate,
    SignedSignature,
};
use countersign_pki::certificate::build::Validity;
use countersign_pki::certificate::{Name, Policy};
use countersign_pki::ocsp::{self, CertId, CertIdHash, Freshness, OcspRequest, Status};
use countersign_pki::profile::{
    Addresses, CaProfile, Issuer, Organization, Person, Profile, Use, issue_root,
};
use countersign_pki::signer::RsaSize;
use countersign_pki::tsp::{
    self, BTSP_POLICY, MessageImprint, TimeStampReq, TimeStampResp, TimeStampToken, TokenSerialNumber,
};
use countersign_pki::verify::{Curve, KeyKind, ecdsa_fixed_from_der};
use countersign_pki::{Certificate, Digest, SignatureAlgorithm, Signer as _, SoftwareKey};
use jiff::{SignedDuration, Timestamp};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng as _;

type Result<T, E = Box<dyn Error>> = std::result::Result<T, E>;

const FILES: [(&str, &str, &[u8]); 2] = [
    ("leping nr 1.txt", "text/plain", b"Osapooled lepivad kokku.\n"),
    ("lisa/õun+pirn.bin", "application/octet-stream", b"\0\x01\xff"),
];
const SIGNERS: usize = 3;

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let out = PathBuf::from(arguments.next().ok_or("usage: matrix OUT [--serve]")?);
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let url = format!("http://{}", listener.local_addr()?);
    let world = World::new(&url, now())?;
    world.write(&out)?;
    let serve = arguments.next().is_some_and(|argument| argument == "--serve");
    let mut count = 0;
    for kind in Kind::ALL {
        for level in Level::ALL {
            for signers in [1, SIGNERS] {
                let name = format!("{}-{}-{signers}.asice", level.word(), kind.name());
                match world.container(kind, level, signers)? {
                    Some(bytes) => fs::write(out.join("ours").join(name), bytes)?,
                    None => {
                        println!("SKIP {name}: no OpenSSL that signs with SHA-3");
                        continue;
                    }
                }
                count += 1;
            }
        }
    }
    println!("{count} containers");
    if serve {
        let world = Arc::new(world);
        println!("{url}");
        io::stdout().flush()?;
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let world = Arc::clone(&world);
                std::thread::spawn(move || world.answer(stream));
            }
        });
        io::copy(&mut io::stdin(), &mut io::sink())?;
    }
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "the clock of this program; validators go by the real one")]
fn now() -> Timestamp {
    Timestamp::now()
}

/// What a signature is made with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Pss256,
    Pss512,
    PssSha3,
    Rsa,
    P256,
    P384,
}

impl Kind {
    const ALL: [Self; 6] = [Self::Pss256, Self::Pss512, Self::PssSha3, Self::Rsa, Self::P256, Self::P384];

    fn name(self) -> &'static str {
        match self {
            Self::Pss256 => "pss-sha256",
            Self::Pss512 => "pss-sha512",
            Self::PssSha3 => "pss-sha3-512",
            Self::Rsa => "rsa-sha256",
            Self::P256 => "p256",
            Self::P384 => "p384",
        }
    }

    fn algorithm(self) -> SignatureAlgorithm {
        match self {
            Self::Pss256 => SignatureAlgorithm::RsaPss(Digest::Sha256),
            Self::Pss512 => SignatureAlgorithm::RsaPss(Digest::Sha512),
            Self::PssSha3 => SignatureAlgorithm::RsaPss(Digest::Sha3_512),
            Self::Rsa => SignatureAlgorithm::RsaPkcs1(Digest::Sha256),
            Self::P256 => SignatureAlgorithm::Ecdsa(Digest::Sha256),
            Self::P384 => SignatureAlgorithm::Ecdsa(Digest::Sha384),
        }
    }

    /// Kinds that share a key.
    fn key(self) -> &'static str {
        match self {
            Self::Pss256 | Self::Pss512 | Self::PssSha3 | Self::Rsa => "rsa",
            Self::P256 => "p256",
            Self::P384 => "p384",
        }
    }
}

struct World {
    root: Certificate,
    ca: Certificate,
    tsu: Certificate,
    authority: tsp::Authority,
    responder: ocsp::Responder,
    /// By kind of key and number.
    signers: BTreeMap<(&'static str, usize), (SoftwareKey, Certificate)>,
}

impl World {
    fn new(url: &str, now: Timestamp) -> Result<Self> {
        let mut random = ChaCha20Rng::seed_from_u64(now.as_nanosecond() as u64);
        let organization = Organization {
            country: "EE".to_owned(),
            name: "TEST matrix".to_owned(),
            identifier: "NTREE-00000000".to_owned(),
        };
        let from = now.checked_sub(SignedDuration::from_hours(24))?;
        let named = |name: &str| organization.named(name);
        let ec = |curve| SoftwareKey::generate_ec(curve);
        let (root_key, ca_key, tsu_key) = (ec(Curve::P384)?, ec(Curve::P384)?, ec(Curve::P256)?);
        let (root_responder_key, responder_key) = (ec(Curve::P256)?, ec(Curve::P256)?);
        let years = |years| Validity::years(from, years);
        let root =
            issue_root(&CaProfile::root(named("TEST matrix root")?), &root_key, years(10)?, &mut random)?;
        let root_issuer = Issuer::new(&root, &root_key)?;
        let addresses = |ca: &str| Addresses {
            ca_issuers: Some(format!("{url}/ca/{ca}")),
            ocsp: Some(format!("{url}/ocsp")),
            crl: None,
        };
        let profile = CaProfile::issuing(named("TEST matrix EID-Q")?, url, addresses("root"));
        let ca = root_issuer.issue_ca(&profile, ca_key.public_key(), years(8)?, &mut random)?;
        let issuer = Issuer::new(&ca, &ca_key)?;
        let policy = Policy { oid: BTSP_POLICY, cps: None };
        let tsu = root_issuer.issue_time_stamping_unit(
            named("TEST matrix TSU")?,
            &policy,
            &addresses("root"),
            tsu_key.public_key(),
            years(6)?,
            years(3)?.not_after,
            &mut random,
        )?;
        let name = |name: &str| -> Result<Name> { Ok(named(name)?) };
        let days = Validity::days(from, 90)?;
        let (first, second) = (name("TEST matrix OCSP of the root")?, name("TEST matrix OCSP")?);
        let root_responder =
            root_issuer.issue_ocsp_responder(first, root_responder_key.public_key(), days, &mut random)?;
        let responder = issuer.issue_ocsp_responder(second, responder_key.public_key(), days, &mut random)?;
        let mut signers = BTreeMap::new();
        let statement = "https://127.0.0.1/pds";
        let person_profile = Profile::qualified(url, statement, addresses("eid-q"));
        for kind in [Kind::Pss256, Kind::P256, Kind::P384] {
            for number in 0..SIGNERS {
                let key = match kind.key() {
                    "rsa" => SoftwareKey::generate_rsa(RsaSize::Bits3072)?,
                    "p256" => ec(Curve::P256)?,
                    _ => ec(Curve::P384)?,
                };
                let identifier = format!("PNOEE-4050404000{number}");
                let person = Person {
                    country: "EE".to_owned(),
                    surname: "TESTNUMBER".to_owned(),
                    given_name: ["ÜKS", "KAKS", "KOLM"][number].to_owned(),
                    document_number: format!("{identifier}-MOCK-Q"),
                    identifier,
                    date_of_birth: None,
                };
                let certificate = issuer.issue_person(
                    &person_profile,
                    &person,
                    Use::Signature,
                    key.public_key(),
                    from,
                    &mut random,
                )?;
                signers.insert((kind.key(), number), (key, certificate));
            }
        }
        let authorities = vec![
            ocsp::Authority::new(&ca, &responder, Arc::new(responder_key))?,
            ocsp::Authority::new(&root, &root_responder, Arc::new(root_responder_key))?,
        ];
        Ok(Self {
            authority: tsp::Authority::new(&tsu, &[], Arc::new(tsu_key), vec![BTSP_POLICY])?,
            responder: ocsp::Responder::new(authorities),
            root,
            ca,
            tsu,
            signers,
        })
    }

    fn write(&self, out: &Path) -> Result<()> {
        for folder in ["trust", "ours", "signers"] {
            fs::create_dir_all(out.join(folder))?;
        }
        for (name, certificate) in [("root", &self.root), ("eid-q", &self.ca), ("tsa", &self.tsu)] {
            fs::write(out.join("trust").join(format!("{name}.pem")), certificate.to_pem())?;
        }
        for ((kind, number), (key, certificate)) in &self.signers {
            let path = |ending: &str| out.join("signers").join(format!("{kind}-{number}.{ending}"));
            fs::write(path("pem"), certificate.to_pem())?;
            fs::write(path("key"), key.to_pem()?.as_bytes())?;
        }
        Ok(())
    }

    /// None when the signature cannot be made here.
    fn container(&self, kind: Kind, level: Level, signers: usize) -> Result<Option<Vec<u8>>> {
        let mut container = Container::new();
        for (name, media_type, content) in FILES {
            container.add_data_file(FileName::parse(name)?, media_type, content, Method::Deflated, now())?;
        }
        for number in 0..signers {
            let Some(signature) = self.sign(&container, kind, level, number)? else { return Ok(None) };
            container.add_signature(&signature, now())?;
        }
        Ok(Some(container.to_bytes()?))
    }

    fn sign(
        &self,
        container: &Container,
        kind: Kind,
        level: Level,
        number: usize,
    ) -> Result<Option<SignedSignature>> {
        let (key, certificate) = &self.signers[&(kind.key(), number)];
        // The files by the hash of the signature, except that SHA-3 is still rare there.
        let digest = match kind.algorithm().digest() {
            Digest::Sha3_512 => Digest::Sha512,
            other => other,
        };
        let template = SignatureTemplate::new(&SignatureRequest {
            id: SignatureId::parse(&format!("S{number}"))?,
            data_files: container.data_file_digests(digest)?,
            certificate: certificate.clone(),
            digest,
            algorithm: kind.algorithm(),
            signing_time: now(),
            production_place: None,
            claimed_roles: Vec::new(),
        })?;
        let value = match (kind, key.public_key().kind()) {
            (Kind::PssSha3, _) => match openssl_pss(key, template.dtbs()) {
                Some(value) => value,
                None => return Ok(None),
            },
            (_, KeyKind::Ec(curve)) => ecdsa_fixed_from_der(curve, &key.sign(template.dtbs())?)?,
            (_, KeyKind::Rsa { .. }) => key.with_algorithm(kind.algorithm())?.sign(template.dtbs())?,
        };
        let mut signature = template.finish(&value)?;
        self.extend(container, &mut signature, level)?;
        Ok(Some(signature))
    }

    fn extend(&self, container: &Container, signature: &mut SignedSignature, level: Level) -> Result<()> {
        let authorities = [self.ca.clone(), self.root.clone()];
        loop {
            let needs = signature.needs(level, &authorities);
            if needs.is_empty() {
                return Ok(());
            }
            let mut responses = Vec::new();
            for need in needs {
                match need {
                    Need::TimeStamp { digest, imprint } => {
                        signature.add_timestamp(&self.time_stamp(digest, &imprint)?)?;
                    }
                    Need::Ocsp { certificate, issuer, .. } => {
                        let id = CertId::of(CertIdHash::Sha256, &certificate, &issuer)?;
                        let request = OcspRequest::new(vec![id], None)?.to_der()?;
                        responses.push(self.status(&request));
                    }
                    Need::ArchiveTimeStamp { digest, input } => {
                        let imprint = container.archive_imprint(&input, digest)?;
                        let token = self.time_stamp(digest, &imprint)?;
                        signature.add_archive_timestamp(&token, &input, &imprint)?;
                    }
                    Need::Issuer { .. } => return Err("an issuer is missing".into()),
                }
            }
            if !responses.is_empty() {
                signature.add_validation_data(&authorities, &responses, now())?;
            }
        }
    }

    fn time_stamp(&self, digest: Digest, imprint: &[u8]) -> Result<TimeStampToken> {
        let request = TimeStampReq::new(MessageImprint::new(digest, imprint)?, &[1; 8])?;
        match TimeStampResp::from_der(&self.stamp(&request.to_der()))? {
            TimeStampResp::Granted(token) => Ok(*token),
            TimeStampResp::Refused { failures, .. } => Err(format!("no time-stamp: {failures:?}").into()),
        }
    }

    fn stamp(&self, request: &[u8]) -> Vec<u8> {
        let mut random = ChaCha20Rng::seed_from_u64(now().as_nanosecond() as u64);
        self.authority.respond(request, &TokenSerialNumber::random(&mut random), now())
    }

    fn status(&self, request: &[u8]) -> Vec<u8> {
        // Whole seconds: a response is never older than the time-stamp of the same second.
        self.responder.respond(request, |_| Status::Good, now(), &Freshness::default())
    }

    /// One request, one answer; anything odd ends the connection.
    fn answer(&self, mut stream: TcpStream) {
        let Some((path, body)) = read_request(&stream) else { return };
        let (kind, answer) = match path.as_str() {
            "/tsa" => ("timestamp-reply", self.stamp(&body)),
            "/ca/root" => ("pkix-cert", self.root.as_der().to_vec()),
            "/ca/eid-q" => ("pkix-cert", self.ca.as_der().to_vec()),
            _ => ("ocsp-response", self.status(&body)),
        };
        let head = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: application/{kind}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
            answer.len()
        );
        let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&answer));
    }
}

fn read_request(stream: &TcpStream) -> Option<(String, Vec<u8>)> {
    let mut reader = BufReader::new(stream.take(1 << 16));
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let path = line.split_whitespace().nth(1)?.to_owned();
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let line = line.trim_end();
        if line.is_empty() {
            break;
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().ok()?;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some((path, body))
}

/// RSASSA-PSS with SHA3-512 by OpenSSL; none when it is not there, or does not know it.
fn openssl_pss(key: &SoftwareKey, data: &[u8]) -> Option<Vec<u8>> {
    let folder = tempfile::tempdir().ok()?;
    let path = |name: &str| folder.path().join(name);
    fs::write(path("key"), key.to_pem().ok()?.as_bytes()).ok()?;
    fs::write(path("data"), data).ok()?;
    let options = ["rsa_padding_mode:pss", "rsa_pss_saltlen:digest"];
    let status = Command::new("openssl")
        .args(["dgst", "-sha3-512", "-sigopt", options[0], "-sigopt", options[1], "-sign"])
        .args([path("key"), "-out".into(), path("value"), path("data")])
        .status();
    status.ok()?.success().then(|| fs::read(path("value")).ok()).flatten()
}
