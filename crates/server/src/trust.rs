//! What others need to trust this service's signatures: roots and CAs in the forms that programs take.
//!
//! One list of files serves `/trust` and `countersign trust export`.

use axum::Json;
use axum::Router;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use countersign_container::trusted_list::{
    ListError, ListKind, NewService, NewTrustedList, ServiceScope, ServiceStatus, ServiceType,
};
use countersign_pki::truststore::{self, Anchor};
use countersign_pki::{Certificate, Error, Signer};
use countersign_wire::problem::ProblemType;
use countersign_wire::words::CertificateLevel;
use http::HeaderValue;
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use jiff::{SignedDuration, Timestamp};
use rand_core::CryptoRng;
use serde::Serialize;

use crate::authority::{self, Authorities, Ca};
use crate::problem::Problem;
use crate::{App, Origin};

/// The password of the key stores. It protects nothing: what is inside is public.
pub const STORE_PASSWORD: &str = "changeit";

/// A file that helps others to trust this service.
pub struct TrustFile {
    /// Its name.
    pub name: String,
    /// Its media type.
    pub kind: &'static str,
    /// What it is for, in a sentence.
    pub about: &'static str,
    /// Its content.
    pub content: Vec<u8>,
}

const PEM: &str = "application/x-pem-file";
const DER: &str = "application/pkix-cert";

/// Every file, in the order in which a person would look for them.
///
/// # Errors
/// None in practice: the names and the password are constants.
pub fn trust_files(
    authorities: &Authorities,
    tls_root: Option<&Certificate>,
    rng: &mut impl CryptoRng,
) -> Result<Vec<TrustFile>, Error> {
    let mut files = Vec::new();
    let mut add = |name: &str, kind, about, content: Vec<u8>| {
        files.push(TrustFile { name: name.to_owned(), kind, about, content });
    };
    let cas = authorities.cas();
    let root = authorities.root();
    let tsa = authorities.time_stamping().certificate();
    let all: Vec<_> = cas.iter().map(|ca| ca.certificate()).collect();
    add("bundle.pem", PEM, "Root and issuing CAs in one file.", truststore::pem(&all).into_bytes());
    let singles = cas.iter().map(|ca| (ca.name(), ca.certificate(), about(ca)));
    let stamping = ("tsa", tsa, "Signs time-stamps; issued by the root.");
    for (name, certificate, about) in singles.chain([stamping]) {
        add(&format!("{name}.pem"), PEM, about, certificate.to_pem().into_bytes());
        add(&format!("{name}.der"), DER, about, certificate.as_der().to_vec());
    }
    if let Some(tls_root) = tls_root {
        add(
            "tls-root.pem",
            PEM,
            "The anchor of this server's TLS certificate.",
            tls_root.to_pem().into_bytes(),
        );
    }
    let anchors: Vec<_> =
        cas.iter().map(|ca| Anchor { alias: ca.name(), certificate: ca.certificate() }).collect();
    let created = root.certificate().not_before();
    add(
        "trust.jks",
        "application/x-java-keystore",
        "Root and issuing CAs as a Java key store; the password is changeit.",
        truststore::jks(&anchors, STORE_PASSWORD, created)?,
    );
    add(
        "trust.p12",
        "application/x-pkcs12",
        "Root and issuing CAs as PKCS#12; the password is changeit.",
        truststore::pkcs12(&anchors, STORE_PASSWORD, rng)?,
    );
    Ok(files)
}

fn about(ca: &Ca) -> &'static str {
    match ca.level() {
        None => "The trust anchor.",
        Some(CertificateLevel::Qualified) => "Issues qualified certificates of people.",
        Some(CertificateLevel::Advanced) => "Issues other certificates of people.",
    }
}

/// How long a list is in force. Those who keep it have to come back within that time.
const LIST_IN_FORCE: SignedDuration = SignedDuration::from_hours(24 * 180);

/// A trusted list of this service (TS 119 612), for tests: other validators read their trust from one. It says
/// of the issuing CA and the time-stamping unit that they are qualified, which only tests may take at its word.
///
/// # Errors
/// Those of the signer.
pub fn trusted_list(
    authorities: &Authorities,
    (certificate, signer): (&Certificate, &dyn Signer),
    now: Timestamp,
) -> Result<Vec<u8>, ListError> {
    // Before anything that was issued below.
    let from = authorities.root().certificate().not_before();
    let service = |kind: ServiceType, name: &str, certificate: &Certificate| NewService {
        scopes: if kind == ServiceType::CaQc { vec![ServiceScope::ForeSignatures] } else { Vec::new() },
        kind,
        name: format!("TEST {name}"),
        certificate: certificate.clone(),
        status: ServiceStatus::Granted,
        from,
    };
    let cas = authorities.cas();
    let of_people = cas.iter().filter_map(|ca| {
        Some(match ca.level()? {
            CertificateLevel::Qualified => {
                service(ServiceType::CaQc, "qualified certificates of people", ca.certificate())
            }
            CertificateLevel::Advanced => {
                service(ServiceType::CaPkc, "other certificates of people", ca.certificate())
            }
        })
    });
    let tsa = authorities.time_stamping().certificate();
    let subject = certificate.subject();
    let operator = subject.organization().unwrap_or_else(|| "TEST".to_owned());
    let territory = subject.country().unwrap_or_else(|| "EE".to_owned());
    let list = NewTrustedList {
        kind: ListKind::Services,
        // One more each day, so that no list is ever older than the one before.
        sequence_number: u64::try_from(now.as_second() / 86_400).unwrap_or(1).max(1),
        scheme_name: format!("{territory}:TEST trusted list"),
        information_uri: "https://localhost:8443/trust".to_owned(),
        contact_uri: "https://localhost:8443/".to_owned(),
        issued_at: now,
        next_update: now.saturating_add(LIST_IN_FORCE).unwrap_or(Timestamp::MAX),
        provider: operator.clone(),
        provider_identifier: subject.organization_identifier().unwrap_or_else(|| "NTREE-00000000".to_owned()),
        operator,
        territory,
        services: of_people.chain([service(ServiceType::TsaQtst, "time-stamps", tsa)]).collect(),
        pointers: Vec::new(),
    };
    list.sign(certificate, signer)
}

/// The test trusted list and the certificate to check it by, as files. Only the public TEST authority has them.
///
/// # Errors
/// None in practice: everything is embedded.
pub fn trusted_list_files(authorities: &Authorities, now: Timestamp) -> Result<Vec<TrustFile>, ListError> {
    let failed = |error: authority::Error| ListError::Signature(error.to_string());
    let (certificate, key) = authority::dev::trusted_list_signer().map_err(failed)?;
    let list = trusted_list(authorities, (&certificate, &key), now)?;
    Ok(vec![
        TrustFile {
            name: "trusted-list.xml".to_owned(),
            kind: "application/vnd.etsi.tsl+xml",
            about: "The test trusted list (TS 119 612).",
            content: list,
        },
        TrustFile {
            name: "trusted-list.pem".to_owned(),
            kind: PEM,
            about: "The certificate that signs the test trusted list.",
            content: certificate.to_pem().into_bytes(),
        },
    ])
}

pub(crate) fn routes() -> Router<App> {
    Router::new().route("/trust", get(index)).route("/trust/{file}", get(file))
}

#[derive(Serialize)]
struct Listed {
    name: String,
    about: &'static str,
    url: String,
    bytes: usize,
}

async fn index(State(app): State<App>, origin: Origin) -> Response {
    let files = match files(&app) {
        Ok(files) => files,
        Err(problem) => return problem.into_response(),
    };
    let listed: Vec<_> = files
        .into_iter()
        .map(|file| Listed {
            url: format!("{}/trust/{}", origin.base, file.name),
            bytes: file.content.len(),
            name: file.name,
            about: file.about,
        })
        .collect();
    Json(listed).into_response()
}

async fn file(State(app): State<App>, Path(name): Path<String>) -> Response {
    let files = match files(&app) {
        Ok(files) => files,
        Err(problem) => return problem.into_response(),
    };
    let Some(file) = files.into_iter().find(|file| file.name == name) else {
        return Problem::of(ProblemType::NotFound, "there is no trust file of this name; /trust lists them")
            .into_response();
    };
    let mut response = file.content.into_response();
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(file.kind));
    if let Ok(value) = HeaderValue::from_str(&format!("attachment; filename=\"{}\"", file.name)) {
        response.headers_mut().insert(CONTENT_DISPOSITION, value);
    }
    response
}

fn files(app: &App) -> Result<Vec<TrustFile>, Problem> {
    let authorities = app
        .authorities()
        .ok_or_else(|| Problem::of(ProblemType::NotFound, "no certificate authority runs here"))?;
    let failed = |error: &dyn std::error::Error| {
        tracing::error!(error = %error, "the trust files could not be made");
        Problem::of(ProblemType::Unavailable, "the trust files cannot be made right now")
    };
    let mut files =
        trust_files(authorities, app.tls_root(), &mut app.randomness()).map_err(|error| failed(&error))?;
    if app.test_world().is_some() {
        files.extend(trusted_list_files(authorities, app.now()).map_err(|error| failed(&error))?);
    }
    Ok(files)
}
