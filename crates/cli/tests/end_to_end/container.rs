//! One byte of one part of a container, flipped. The ZIP around it is written anew with right checksums, so that whoever
//! looks has to look at the part itself.

use std::io::{Cursor, Read, Write};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

/// A part that can break.
pub(crate) struct Part {
    /// Its name, for files.
    pub(crate) name: &'static str,
    /// A word by which the report must name it.
    pub(crate) named: &'static str,
    place: Place,
}

enum Place {
    DataFile,
    SigningTime,
    /// The first element of this name; which byte of its decoded content.
    Element(&'static str, fn(&[u8]) -> usize),
}

pub(crate) const PARTS: [Part; 7] = [
    Part { name: "data-file", named: "data file", place: Place::DataFile },
    Part { name: "signed-properties", named: "signed properties", place: Place::SigningTime },
    Part {
        name: "signature-value",
        named: "signature value",
        place: Place::Element("SignatureValue", |value| value.len() / 2),
    },
    // A byte of the certificate's own signature: it still parses.
    Part {
        name: "signer-certificate",
        named: "certificate",
        place: Place::Element("X509Certificate", |der| der.len() - 1),
    },
    Part {
        name: "time-stamp-imprint",
        named: "time-stamp",
        place: Place::Element("EncapsulatedTimeStamp", imprint),
    },
    Part {
        name: "time-stamp-signature",
        named: "time-stamp",
        place: Place::Element("EncapsulatedTimeStamp", |token| token.len() - 1),
    },
    Part {
        name: "ocsp",
        named: "revocation data",
        place: Place::Element("EncapsulatedOCSPValue", produced_at),
    },
];

impl Part {
    /// The container with one bit of this part changed.
    pub(crate) fn flip(&self, container: &[u8]) -> Vec<u8> {
        let mut archive = ZipArchive::new(Cursor::new(container)).expect("an archive");
        let mut out = ZipWriter::new(Cursor::new(Vec::new()));
        for index in 0..archive.len() {
            let mut entry = archive.by_index(index).expect("an entry");
            let name = entry.name().expect("a name").into_owned();
            let mut content = Vec::new();
            entry.read_to_end(&mut content).expect("read");
            let is_data_file = name != "mimetype" && !name.starts_with("META-INF/");
            if name.contains("signatures") {
                content = self.flip_xml(content);
            } else if is_data_file && matches!(self.place, Place::DataFile) {
                content[0] ^= 1;
            }
            let method =
                if name == "mimetype" { CompressionMethod::Stored } else { CompressionMethod::Deflated };
            out.start_file(name, SimpleFileOptions::default().compression_method(method)).expect("an entry");
            out.write_all(&content).expect("written");
        }
        out.finish().expect("an archive").into_inner()
    }

    fn flip_xml(&self, xml: Vec<u8>) -> Vec<u8> {
        let mut text = String::from_utf8(xml).expect("UTF-8");
        match self.place {
            Place::DataFile => {}
            Place::SigningTime => {
                // The last digit of the seconds.
                let at = text.find("Z</xades:SigningTime>").expect("a signing time") - 1;
                let digit = if &text[at..=at] == "0" { "1" } else { "0" };
                text.replace_range(at..=at, digit);
            }
            Place::Element(name, which) => {
                let element = text.find(&format!(":{name}")).expect("the element");
                let from = element + text[element..].find('>').expect("its content") + 1;
                let to = from + text[from..].find('<').expect("its end");
                let mut decoded = STANDARD.decode(&text[from..to]).expect("base64");
                let at = which(&decoded);
                decoded[at] ^= 1;
                text.replace_range(from..to, &STANDARD.encode(decoded));
            }
        }
        text.into_bytes()
    }
}

/// A byte of the message imprint: the first OCTET STRING as long as SHA-512 after the content type id-ct-TSTInfo.
fn imprint(token: &[u8]) -> usize {
    const TST_INFO: [u8; 13] = [0x06, 0x0b, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x10, 0x01, 0x04];
    let content = find(token, &TST_INFO);
    content + find(&token[content..], &[0x04, 0x40]) + 2
}

/// The last digit of the first GeneralizedTime, which is producedAt.
fn produced_at(response: &[u8]) -> usize {
    find(response, &[0x18, 0x0f]) + 2 + 13
}

fn find(among: &[u8], what: &[u8]) -> usize {
    among.windows(what.len()).position(|window| window == what).expect("it is there")
}
