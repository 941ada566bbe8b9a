//! What clients of the Estonian signature gateway send (source `open-eid/SiGa`; registrant reference, 13), and what is wrong
//! with it. Members that are not known are passed over, as the gateway does.

use serde::Deserialize;

use crate::base64::from_b64;
use crate::signing::{Digests, digest};

/// The most data files in a request.
const FILES_MAX: usize = 100;
/// The longest name of a file or a container, in characters.
const NAME_MAX: usize = 260;
/// Roles of a signer.
const ROLES_MAX: usize = 16;

/// The two families of paths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// Files stay with the client.
    Hashcode,
    /// Files are uploaded.
    DataFile,
}

/// `POST …/hashcodecontainers`, `POST …/containers`
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Create {
    container_name: Option<String>,
    data_files: Vec<SentFile>,
}

/// `POST …/{id}/datafiles`
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AddFiles {
    data_files: Vec<SentFile>,
}

/// A data file of either family.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct SentFile {
    file_name: String,
    file_content: Option<String>,
    file_hash_sha256: Option<String>,
    file_hash_sha512: Option<String>,
    file_size: Option<u64>,
}

/// `POST …/upload/…`, `POST …/validationreport`
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Sent {
    container_name: Option<String>,
    container: String,
}

/// `signatureProductionPlace`
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ProductionPlace {
    /// `countryName`
    pub country_name: Option<String>,
    /// `city`
    pub city: Option<String>,
    /// `stateOrProvince`
    pub state_or_province: Option<String>,
    /// `postalCode`
    pub postal_code: Option<String>,
}

/// `POST …/remotesigning`
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Remote {
    signing_certificate: String,
    /// `LT` or `LTA`
    pub signature_profile: String,
    #[serde(default)]
    roles: Option<Vec<String>>,
    /// Where.
    pub signature_production_place: Option<ProductionPlace>,
}

/// `PUT …/remotesigning/{signature}`
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SignatureValue {
    signature_value: String,
}

/// `POST …/smartidsigning`
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SmartId {
    /// Whose account.
    pub document_number: String,
    /// What the person reads.
    pub message_to_display: Option<String>,
    /// `LT` or `LTA`
    pub signature_profile: String,
    #[serde(default)]
    roles: Option<Vec<String>>,
    /// Where.
    pub signature_production_place: Option<ProductionPlace>,
}

/// `POST …/smartidsigning/certificatechoice`
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CertificateChoice {
    person_identifier: String,
    country: String,
}

/// A file as it goes into a container.
#[derive(Debug, PartialEq, Eq)]
pub enum Content {
    /// Its digests.
    Digests(Digests),
    /// All of it.
    Bytes {
        /// What it is called.
        name: String,
        /// What is in it.
        bytes: Vec<u8>,
    },
}

/// Why a request is none: for the gateway's `errorMessage`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invalid(pub String);

impl From<&str> for Invalid {
    fn from(why: &str) -> Self {
        Self(why.to_owned())
    }
}

impl Create {
    /// The container's name, and its files.
    ///
    /// # Errors
    /// [`Invalid`].
    pub fn read(self, family: Family) -> Result<(Option<String>, Vec<Content>), Invalid> {
        if let Some(name) = &self.container_name {
            check_name(name)?;
        }
        if family == Family::DataFile && self.container_name.is_none() {
            return Err("containerName is missing".into());
        }
        Ok((self.container_name, read_all(self.data_files, family)?))
    }
}

impl AddFiles {
    /// The files.
    ///
    /// # Errors
    /// [`Invalid`].
    pub fn read(self, family: Family) -> Result<Vec<Content>, Invalid> {
        read_all(self.data_files, family)
    }
}

fn read_all(files: Vec<SentFile>, family: Family) -> Result<Vec<Content>, Invalid> {
    if !(1..=FILES_MAX).contains(&files.len()) {
        return Err(Invalid(format!("dataFiles has 1 to {FILES_MAX} entries")));
    }
    files.into_iter().map(|file| file.read(family)).collect()
}

/// Names as the gateway has them (13.3).
///
/// # Errors
/// [`Invalid`].
pub fn check_name(name: &str) -> Result<(), Invalid> {
    let fits = (1..=NAME_MAX).contains(&name.chars().count())
        && !name.chars().any(|c| c.is_control() || r#"/\`?*<>|":"#.contains(c));
    match fits {
        true => Ok(()),
        false => {
            let why = format!("a name has 1 to {NAME_MAX} characters, none of them / \\ ` ? * < > | \" :");
            Err(Invalid(why))
        }
    }
}

impl SentFile {
    fn read(self, family: Family) -> Result<Content, Invalid> {
        check_name(&self.file_name)?;
        let name = self.file_name;
        match family {
            Family::Hashcode => {
                let sha256 = self.file_hash_sha256.as_deref().and_then(digest);
                let sha256 = sha256.ok_or("fileHashSha256 is not base64 of 32 bytes")?;
                let sha512 = self.file_hash_sha512.as_deref().and_then(digest);
                let sha512 = Some(sha512.ok_or("fileHashSha512 is not base64 of 64 bytes")?);
                let bytes = self.file_size.filter(|size| *size > 0).ok_or("fileSize is not 1 or more")?;
                Ok(Content::Digests(Digests { name, media_type: None, bytes, sha256, sha512 }))
            }
            Family::DataFile => {
                let bytes = self.file_content.as_deref().and_then(from_b64);
                let bytes = bytes.filter(|bytes| !bytes.is_empty());
                let bytes = bytes.ok_or("fileContent is not base64 of 1 byte or more")?;
                Ok(Content::Bytes { name, bytes })
            }
        }
    }
}

impl Sent {
    /// Name and bytes of the container.
    ///
    /// # Errors
    /// [`Invalid`].
    pub fn read(self) -> Result<(Option<String>, Vec<u8>), Invalid> {
        if let Some(name) = &self.container_name {
            check_name(name)?;
        }
        let bytes = from_b64(&self.container).ok_or("container is not base64")?;
        Ok((self.container_name, bytes))
    }
}

/// Roles are few, and none is empty.
fn checked_roles(roles: Option<&Vec<String>>) -> Result<Vec<String>, Invalid> {
    let roles = roles.cloned().unwrap_or_default();
    if roles.len() > ROLES_MAX || roles.iter().any(|role| role.trim().is_empty()) {
        return Err("a role is empty, or there are too many".into());
    }
    Ok(roles)
}

impl Remote {
    /// The roles of the signer.
    ///
    /// # Errors
    /// [`Invalid`].
    pub fn roles(&self) -> Result<Vec<String>, Invalid> {
        checked_roles(self.roles.as_ref())
    }

    /// What `signingCertificate` may be in DER: it is in hexadecimal or in base64, and a text may look like both.
    pub fn certificates(&self) -> Vec<Vec<u8>> {
        let text = self.signing_certificate.trim();
        let digit = |byte: u8| char::from(byte).to_digit(16);
        let octet = |pair: &[u8]| u8::try_from(digit(*pair.first()?)? * 16 + digit(*pair.get(1)?)?).ok();
        let hex: Option<Vec<u8>> = text.as_bytes().chunks(2).map(octet).collect();
        [hex, from_b64(text)].into_iter().flatten().collect()
    }
}

impl SignatureValue {
    /// The value.
    ///
    /// # Errors
    /// [`Invalid`].
    pub fn read(&self) -> Result<Vec<u8>, Invalid> {
        from_b64(&self.signature_value).ok_or_else(|| "signatureValue is not base64".into())
    }
}

impl SmartId {
    /// The roles of the signer.
    ///
    /// # Errors
    /// [`Invalid`].
    pub fn roles(&self) -> Result<Vec<String>, Invalid> {
        checked_roles(self.roles.as_ref())
    }
}

impl CertificateChoice {
    /// The person as a semantics identifier has them: `PNO`, country, number.
    ///
    /// # Errors
    /// [`Invalid`].
    pub fn person(&self) -> Result<crate::id::SemanticsIdentifier, Invalid> {
        let number = &self.person_identifier;
        let fits = matches!(number.len(), 11 | 12)
            && number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
        if !fits {
            return Err("personIdentifier is not 11 digits, or 12 of digits and a dash".into());
        }
        crate::id::SemanticsIdentifier::parse(&format!("PNO{}-{number}", self.country))
            .map_err(|_| "country is no country code of two letters".into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn certificates_come_in_either_text() {
        let of = |text: &str| Remote {
            signing_certificate: text.to_owned(),
            signature_profile: String::new(),
            roles: None,
            signature_production_place: None,
        };
        assert_eq!(of(" 30aF ").certificates()[0], [0x30, 0xaf]);
        assert_eq!(of("MIIB").certificates(), [[0x30, 0x82, 0x01]]);
        assert!(of("?").certificates().is_empty() && of("30a").certificates().is_empty());
    }

    #[test]
    fn names_have_nothing_that_a_file_system_minds() {
        assert!(check_name("leping õ.txt").is_ok());
        for wrong in ["", "a/b", "a\\b", "a\nb", "a:b", &"a".repeat(261)] {
            assert!(check_name(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn people_are_named_by_country_and_number() {
        let of = |country: &str, number: &str| CertificateChoice {
            person_identifier: number.to_owned(),
            country: country.to_owned(),
        };
        assert_eq!(of("EE", "40504040001").person().unwrap().as_str(), "PNOEE-40504040001");
        assert!(of("EE", "1").person().is_err() && of("E", "40504040001").person().is_err());
    }
}
