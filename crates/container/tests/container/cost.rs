//! What a hostile container may cost: every limit has a case that would take minutes without it.

use std::time::{Duration, Instant};

use countersign_container::Limits;
use countersign_container::validate::validate_bytes;

use crate::forge::{Forgery, zip_of};
use crate::raw_zip::RawEntry;
use crate::world::{OcspSpec, TimeStampSpec, WORLD, lt, noon, seconds};

/// Hundreds of times what these take on a slow machine, and a fraction of what they took without limits.
const ALLOWED: Duration = Duration::from_secs(20);

#[track_caller]
fn assert_cheap(what: &str, xml: &str) {
    let mut zip = zip_of(xml);
    // Stored, so that the limit on compression does not get there first.
    *zip.entries.last_mut().unwrap() = RawEntry::stored("META-INF/signatures0.xml", xml.as_bytes());
    let bytes = zip.to_bytes();
    let start = Instant::now();
    validate_bytes(&bytes, None, &Limits::default(), &WORLD.anchors(), noon() + seconds(100), &lt());
    let elapsed = start.elapsed();
    assert!(elapsed < ALLOWED, "{what}: {elapsed:?}");
}

fn numbered(count: usize, one: impl Fn(usize) -> String) -> String {
    (0..count).map(one).collect()
}

#[test]
fn wide_and_deep_xml_costs_little() {
    let honest = Forgery::new().lt().xml;
    let in_key_info = |text: &str| honest.replace("<ds:KeyInfo>", &format!("<ds:KeyInfo>{text}"));
    assert_cheap("elements", &in_key_info(&"<b/>".repeat(29_000)));
    assert_cheap("lines", &in_key_info(&format!("<b/>{}", "\n".repeat(250)).repeat(29_000)));
    assert_cheap("comments", &in_key_info(&"<!---->".repeat(29_000)));
    assert_cheap("references", &in_key_info(&"&amp;&#x41;".repeat(14_000)));
    let attributes = numbered(190_000, |n| format!("a{n}='' "));
    assert_cheap("attributes", &honest.replace("<ds:KeyInfo>", &format!("<ds:KeyInfo {attributes}>")));
    let namespaces = numbered(90_000, |n| format!("xmlns:a{n}='a' "));
    assert_cheap("namespaces", &honest.replace("<ds:KeyInfo>", &format!("<ds:KeyInfo {namespaces}>")));
}

#[test]
fn namespaces_that_add_up_cost_little() {
    let open = numbered(50, |d| {
        format!("<d{d} xmlns='urn:d'{}>", numbered(120, |n| format!(" xmlns:a{d}x{n}='a'")))
    });
    let close = numbered(50, |d| format!("</d{}>", 49 - d));
    let inner = format!("</xades:SigningCertificateV2>{open}{}{close}", "<b/>".repeat(22_000));
    let inclusive = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315";
    let xml = Forgery::new().lt().replace("</xades:SigningCertificateV2>", &inner).xml;
    assert_cheap("exclusive", &xml);
    assert_cheap("inclusive", &xml.replace("http://www.w3.org/2001/10/xml-exc-c14n#", inclusive));
}

/// Canonicalization may write a declaration for each element below it, and once for each signature.
#[test]
fn long_namespaces_cost_little() {
    let exclusive = "http://www.w3.org/2001/10/xml-exc-c14n#";
    let inclusive = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315";
    let honest = Forgery::new().lt();
    let under = |xml: &str, bytes: usize| {
        let root = format!("<asic:XAdESSignatures xmlns:n=\"{}\"", "a".repeat(bytes));
        xml.replacen("<asic:XAdESSignatures", &root, 1)
    };
    let signature = honest.part("<ds:Signature Id", "</ds:Signature>");
    let all =
        numbered(90, |n| signature.replace("\"S0", &format!("\"S{n}")).replace("#S0", &format!("#S{n}")));
    let many = honest.xml.replace(&signature, &all).replace(exclusive, inclusive);
    let end = "</xades:SigningCertificateV2>";
    let again = honest.xml.replacen(end, &format!("{end}{}", "<n:b/>".repeat(28_000)), 1);
    for bytes in [4_000, 8 << 20] {
        assert_cheap("signatures", &under(&many, bytes));
        assert_cheap("elements", &under(&again, bytes));
    }
}

#[test]
fn properties_below_archive_time_stamps_cost_little() {
    let end = "</xades:UnsignedSignatureProperties>";
    let time_stamp = |method: &str| {
        format!(
            "<xades141:ArchiveTimeStamp xmlns:xades141=\"http://uri.etsi.org/01903/v1.4.1#\">\
             <ds:CanonicalizationMethod Algorithm=\"{method}\"/>\
             <xades:EncapsulatedTimeStamp>AA==</xades:EncapsulatedTimeStamp></xades141:ArchiveTimeStamp>"
        )
    };
    let archive = time_stamp("http://www.w3.org/2001/10/xml-exc-c14n#").repeat(100);
    let honest = Forgery::new().lt();
    for count in [900, 14_000] {
        let properties = "<n:b xmlns:n='urn:n'/>".repeat(count);
        assert_cheap("properties", &honest.xml.replacen(end, &format!("{properties}{archive}{end}"), 1));
    }
}

#[test]
fn many_signatures_and_many_values_cost_little() {
    let honest = Forgery::new().lt();
    let signature = honest.part("<ds:Signature Id", "</ds:Signature>");
    let all =
        numbered(900, |n| signature.replace("\"S0", &format!("\"S{n}")).replace("#S0", &format!("#S{n}")));
    assert_cheap("signatures", &honest.xml.replace(&signature, &all));
    let allowed =
        numbered(90, |n| signature.replace("\"S0", &format!("\"S{n}")).replace("#S0", &format!("#S{n}")));
    assert_cheap("as many as may be", &honest.xml.replace(&signature, &allowed));
    let forged = Forgery::new();
    let token = TimeStampSpec::new(&forged.time_stamped(), noon() + seconds(1)).sign();
    let responses = vec![OcspSpec::new(&WORLD.signer, noon()).sign(); 256];
    assert_cheap("responses", &forged.lt_with(&token, &responses).xml);
}
