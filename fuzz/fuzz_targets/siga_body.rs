//! Bodies of the signature gateway's interface: what is read is within its bounds, and what is refused has a reason.

#![no_main]

use countersign_wire::siga::{
    AddFiles, CertificateChoice, Content, Create, Family, Remote, Sent, SignatureValue, SmartId, check_name,
};
use libfuzzer_sys::fuzz_target;
use serde_json::from_slice;

fuzz_target!(|bytes: &[u8]| {
    for family in [Family::Hashcode, Family::DataFile] {
        if let Ok(body) = from_slice::<Create>(bytes)
            && let Ok((name, files)) = body.read(family)
        {
            assert!(name.is_none_or(|name| check_name(&name).is_ok()));
            check(&files, family);
        }
        if let Ok(body) = from_slice::<AddFiles>(bytes)
            && let Ok(files) = body.read(family)
        {
            check(&files, family);
        }
    }
    if let Ok(body) = from_slice::<Sent>(bytes) {
        let _ = body.read();
    }
    if let Ok(body) = from_slice::<Remote>(bytes) {
        let _ = (body.roles(), body.certificates());
    }
    if let Ok(body) = from_slice::<SmartId>(bytes) {
        let _ = body.roles();
    }
    if let Ok(body) = from_slice::<SignatureValue>(bytes) {
        let _ = body.read();
    }
    if let Ok(body) = from_slice::<CertificateChoice>(bytes)
        && let Err(why) = body.person()
    {
        assert!(!why.0.is_empty());
    }
});

fn check(files: &[Content], family: Family) {
    assert!((1..=100).contains(&files.len()));
    for file in files {
        let name = match file {
            Content::Digests(digests) => {
                assert!(family == Family::Hashcode && digests.bytes > 0 && digests.sha512.is_some());
                &digests.name
            }
            Content::Bytes { name, bytes } => {
                assert!(family == Family::DataFile && !bytes.is_empty());
                name
            }
        };
        assert!(check_name(name).is_ok());
    }
}
