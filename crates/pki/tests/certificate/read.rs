//! Certificates others made: every file in `fixtures/certificate/openssl` reads, verifies under itself,
//! and answers as its `.expected` neighbour says.

use countersign_pki::certificate::Certificate;

use crate::world::fixtures;

#[test]
fn certificates_of_openssl_read() {
    let folder = fixtures().join("openssl");
    let mut count = 0;
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|e| e != "pem") {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let certificate = Certificate::from_pem(&text).unwrap();
        certificate.is_signed_by(&certificate).unwrap();
        assert_eq!(Certificate::from_pem(&certificate.to_pem()).unwrap(), certificate);
        let expected = std::fs::read_to_string(path.with_extension("expected")).unwrap();
        assert_eq!(describe(&certificate), expected, "{}", path.display());
        count += 1;
    }
    assert!(count >= 10, "only {count} certificates in {}", folder.display());
}

/// What the library says of a certificate, a line each.
fn describe(certificate: &Certificate) -> String {
    let lines = [
        format!("subject: {}", certificate.subject().rfc4514()),
        format!("serial: {} = {}", certificate.serial(), certificate.serial().decimal()),
        format!("validity: {} to {}", certificate.not_before(), certificate.not_after()),
        format!("key: {}", certificate.public_key().kind()),
        format!("signed with: {}", certificate.signature_algorithm().unwrap()),
        format!("ca: {} {:?}", certificate.is_ca(), certificate.path_len()),
        format!("key usage: {:?}", certificate.key_usage().map(|u| u.0)),
        format!("dns: {:?}", certificate.subject_alt_name().dns_names),
        format!("ip: {:?}", certificate.subject_alt_name().ip_addresses),
        format!("unknown critical: {:?}", certificate.unknown_critical_extensions().len()),
    ];
    lines.join("\n") + "\n"
}

#[test]
fn a_bundle_reads_in_order() {
    let folder = fixtures().join("openssl");
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
    let bundle = format!("# one\n{}\n# two\n{}", read("p256.pem"), read("rsa2048.pem"));
    let certificates = Certificate::pem_bundle(&bundle).unwrap();
    assert_eq!(certificates.len(), 2);
    assert_eq!(certificates[1], Certificate::from_pem(&read("rsa2048.pem")).unwrap());
    assert!(Certificate::pem_bundle("nothing here").is_err());
}

#[test]
#[ignore = "writes what the library says now; compare it with `openssl x509 -text`"]
fn write_expected() {
    for entry in std::fs::read_dir(fixtures().join("openssl")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|e| e == "pem") {
            let certificate = Certificate::from_pem(&std::fs::read_to_string(&path).unwrap()).unwrap();
            std::fs::write(path.with_extension("expected"), describe(&certificate)).unwrap();
        }
    }
}
