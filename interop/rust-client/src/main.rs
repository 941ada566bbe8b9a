//! `smart-id-rust-client` 0.3.3, unchanged, against a running Countersign.
//!
//! The crate honours trust anchors of its caller only when its root URL is exactly `https://sid.demo.sk.ee`,
//! so it is given that address and a proxy that answers for it: `HTTPS_PROXY` points to [`gateway`], which
//! terminates TLS with a certificate made for this run and passes the plain HTTP on to `COUNTERSIGN_URL`.
//!
//! What the crate leaves out is checked here: in its demo setting it does not verify raw signatures, and it never
//! looks at callbacks. Prints one line per case and `passed N failed N`; exit code 1 if any failed.

mod callback;
mod cases;
mod gateway;
mod report;
mod tls;

use std::path::Path;

fn main() {
    let url = std::env::var("COUNTERSIGN_URL").unwrap_or_else(|_| "http://127.0.0.1:8080".to_owned());
    let trust = std::env::var("COUNTERSIGN_TRUST").expect("COUNTERSIGN_TRUST names what `countersign trust export` wrote");
    let authority = url.trim_start_matches("http://").trim_end_matches('/').to_owned();

    let identity = tls::Identity::new(&["sid.demo.sk.ee"]);
    let proxy = gateway::start(&identity, authority);
    let anchor = std::env::temp_dir().join(format!("interop-rust-client-{}.pem", std::process::id()));
    std::fs::write(&anchor, identity.certificate_pem()).expect("the temporary directory is writable");

    // Read by the crate and by its TLS library. No other thread reads the environment yet.
    for (name, value) in [
        ("SSL_CERT_FILE", anchor.to_str().expect("a path in UTF-8")),
        ("HTTPS_PROXY", &proxy),
        ("https_proxy", &proxy),
        ("NO_PROXY", ""),
        ("no_proxy", ""),
        ("SMART_ID_ROOT_URL", "https://sid.demo.sk.ee"),
        ("SMART_ID_V3_API_PATH", "/smart-id-rp/v3"),
        ("SMART_ID_SCHEME_NAME", "smart-id-demo"),
        ("RELYING_PARTY_UUID", "00000000-0000-4000-8000-000000000000"),
        ("RELYING_PARTY_NAME", "DEMO"),
        ("CLIENT_REQ_NETWORK_TIMEOUT_MILLIS", "30000"),
        ("CLIENT_LONG_POLLING_TIMEOUT_MILLIS", "30000"),
    ] {
        std::env::set_var(name, value);
    }

    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    let report = runtime.block_on(cases::all(Path::new(&trust)));
    let _ = std::fs::remove_file(&anchor);
    std::process::exit(report.finish());
}
