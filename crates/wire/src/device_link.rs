//! Device links: what a QR code or a same-device link says, and the code that protects it (6.1 to 6.3).
//!
//! ```text
//! unprotectedDeviceLink = deviceLinkBase?deviceLinkType=<QR|Web2App|App2App>[&elapsedSeconds=<n>]
//!                         &sessionToken=<token>&sessionType=<auth|sign|cert>&version=1.0&lang=<3 letters>
//! deviceLink            = unprotectedDeviceLink&authCode=<43 Base64url characters>
//! authCode              = b64u(HMAC-SHA-256(session secret,
//!                         scheme|signatureProtocol|challenge|b64(RP name)|b64(brokered RP name)|
//!                         interactions|initialCallbackUrl|unprotectedDeviceLink))
//! ```
//!
//! A link is compared bit by bit, so it is read as a raw string: no URL parser, no percent-decoding, one order.

use std::fmt;

use aws_lc_rs::hmac;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::acsp::{SchemeName, callback_field};
use crate::base64::{b64, b64u, b64u_padded, from_b64u};
use crate::callback::SessionSecret;
use crate::id::SessionToken;
use crate::start::{Asked, StartRequest};
use crate::words::{DeviceLinkType, SessionType, SignatureProtocol};
use crate::{Error, words};

/// The longest link that is read, in octets; a QR code of a readable size holds far less.
pub const DEVICE_LINK_MAX: usize = 2048;

/// The only version of the link format.
const VERSION: &str = "1.0";

/// Where links lead: an absolute URL without query and fragment, given to the relying party as it is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct DeviceLinkBase(String);

impl DeviceLinkBase {
    /// Reads a base. Error: [`Error::Malformed`].
    pub fn parse(text: &str) -> Result<Self, Error> {
        let well_formed = text.len() <= 512
            && text.bytes().all(|b| b.is_ascii_graphic())
            && !text.contains(['?', '#', '|', '&'])
            && url::Url::parse(text)
                .is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
        if well_formed {
            Ok(Self(text.to_owned()))
        } else {
            Err(Error::Malformed {
                name: "deviceLinkBase",
                expected: "an http or https URL without query and fragment",
            })
        }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Serialize for DeviceLinkBase {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for DeviceLinkBase {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

/// The language of the page behind a link that no app takes: ISO 639-2, three lower-case letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Language([u8; 3]);

impl Language {
    /// English.
    pub const ENGLISH: Language = Language(*b"eng");

    /// Reads three lower-case letters. Error: [`Error::Malformed`].
    pub fn parse(text: &str) -> Result<Self, Error> {
        match *text.as_bytes() {
            [a, b, c] if text.bytes().all(|letter| letter.is_ascii_lowercase()) => Ok(Self([a, b, c])),
            _ => Err(Error::Malformed { name: "lang", expected: "3 lower-case letters" }),
        }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        // Cannot fail: three ASCII letters.
        std::str::from_utf8(&self.0).expect("ASCII")
    }
}

/// The kind of a link, with the age that only a QR code shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LinkKind {
    /// A QR code, `elapsed_seconds` after the relying party received the answer that started the session.
    Qr {
        /// Whole seconds, at most nine digits.
        elapsed_seconds: u32,
    },
    /// A link in a browser on the same device.
    Web2App,
    /// A link in an app on the same device.
    App2App,
}

impl LinkKind {
    /// The word for it.
    pub const fn link_type(self) -> DeviceLinkType {
        match self {
            LinkKind::Qr { .. } => DeviceLinkType::Qr,
            LinkKind::Web2App => DeviceLinkType::Web2App,
            LinkKind::App2App => DeviceLinkType::App2App,
        }
    }
}

/// What a link says before it is protected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnprotectedLink {
    /// Where it leads.
    pub base: DeviceLinkBase,
    /// Its kind, and its age for a QR code.
    pub kind: LinkKind,
    /// Which session.
    pub token: SessionToken,
    /// The kind of session.
    pub session_type: SessionType,
    /// The language of the page behind it.
    pub lang: Language,
}

impl fmt::Display for UnprotectedLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}?deviceLinkType={}", self.base.as_str(), self.kind.link_type())?;
        if let LinkKind::Qr { elapsed_seconds } = self.kind {
            write!(f, "&elapsedSeconds={elapsed_seconds}")?;
        }
        let (token, session_type, lang) = (&self.token, self.session_type, self.lang.as_str());
        write!(f, "&sessionToken={token}&sessionType={session_type}&version={VERSION}&lang={lang}")
    }
}

impl UnprotectedLink {
    /// The link to show: this one with its authentication code.
    pub fn protect(&self, context: &LinkContext<'_>, secret: &SessionSecret) -> String {
        let unprotected = self.to_string();
        let variant = Variant::exact(self.kind.link_type());
        let code = hmac::sign(&key(secret), &context.payload(&unprotected, variant));
        format!("{unprotected}{AUTH_CODE}{}", b64u(code.as_ref()))
    }
}

/// What a link's authentication code covers besides the link: the session as the relying party asked for it.
#[derive(Clone, Copy)]
pub struct LinkContext<'a> {
    /// The name of the environment.
    pub scheme: &'a SchemeName,
    /// The request that started the session; its texts go in untouched.
    pub request: &'a StartRequest,
    /// The name behind a broker; empty for ordinary relying parties.
    pub brokered_rp_name: &'a str,
}

impl LinkContext<'_> {
    fn payload(&self, unprotected: &str, variant: Variant) -> Vec<u8> {
        let (protocol, challenge, interactions) = match &self.request.asked {
            Asked::Authenticate { rp_challenge, interactions, .. } => {
                (SignatureProtocol::AcspV2.as_str(), rp_challenge.as_str(), interactions.as_str())
            }
            Asked::Sign { digest, interactions, .. } => {
                (SignatureProtocol::RawDigestSignature.as_str(), digest.as_str(), interactions.as_str())
            }
            Asked::ChooseCertificate if variant.protocol_in_choice => {
                (SignatureProtocol::AcspV2.as_str(), "", "")
            }
            Asked::ChooseCertificate => ("", "", ""),
        };
        let name = |text: &str| match variant.url_safe_names {
            true => b64u_padded(text.as_bytes()),
            false => b64(text.as_bytes()),
        };
        let callback = match variant.callback_in_qr {
            true => self.request.callback().map_or("", |url| url.as_str()),
            false => callback_field(variant.link_type.into(), self.request.callback()),
        };
        [
            self.scheme.as_str(),
            protocol,
            challenge,
            &name(&self.request.relying_party_name),
            &name(self.brokered_rp_name),
            interactions,
            callback,
            unprotected,
        ]
        .join("|")
        .into_bytes()
    }
}

/// A link as it came from a device: read, not yet checked.
#[derive(Clone, PartialEq, Eq)]
pub struct DeviceLink {
    link: UnprotectedLink,
    unprotected: String,
    auth_code: [u8; 32],
}

/// Without token and code: whoever has the whole link can claim the session.
impl fmt::Debug for DeviceLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeviceLink").field("link", &self.link).finish_non_exhaustive()
    }
}

impl DeviceLink {
    /// Reads a link; the order of parameters is fixed and none may be added. Error: [`Error::DeviceLink`].
    pub fn parse(text: &str) -> Result<Self, Error> {
        Self::read(text).map_err(Error::DeviceLink)
    }

    fn read(text: &str) -> Result<Self, LinkFault> {
        if text.len() > DEVICE_LINK_MAX {
            return Err(LinkFault::TooLong);
        }
        let (base, mut rest) = text.split_once('?').ok_or(LinkFault::Base)?;
        let base = DeviceLinkBase::parse(base).map_err(|_| LinkFault::Base)?;
        let link_type = take(&mut rest, "deviceLinkType=")?.parse().map_err(|_| LinkFault::LinkType)?;
        let kind = match link_type {
            DeviceLinkType::Qr => {
                let elapsed_seconds = seconds(take(&mut rest, "elapsedSeconds=")?)?;
                LinkKind::Qr { elapsed_seconds }
            }
            DeviceLinkType::Web2App => LinkKind::Web2App,
            DeviceLinkType::App2App => LinkKind::App2App,
        };
        let token = SessionToken::parse(take(&mut rest, "sessionToken=")?).map_err(|_| LinkFault::Token)?;
        let session_type = take(&mut rest, "sessionType=")?.parse().map_err(|_| LinkFault::SessionType)?;
        if take(&mut rest, "version=")? != VERSION {
            return Err(LinkFault::Version);
        }
        let lang = Language::parse(take(&mut rest, "lang=")?).map_err(|_| LinkFault::Language)?;
        let code = rest.strip_prefix("authCode=").ok_or(LinkFault::Order)?;
        let auth_code = from_b64u(code).and_then(|code| code.try_into().ok()).ok_or(LinkFault::AuthCode)?;
        let unprotected = text[..text.len() - AUTH_CODE.len() - code.len()].to_owned();
        let link = UnprotectedLink { base, kind, token, session_type, lang };
        Ok(Self { link, unprotected, auth_code })
    }

    /// What the link says. Trust it only after [`check`](Self::check), save to find the session.
    pub fn link(&self) -> &UnprotectedLink {
        &self.link
    }

    /// Checks the base and the authentication code, the latter in constant time. `base` is the one that was given
    /// to the relying party. Errors: [`Error::DeviceLink`] with [`LinkFault::Base`], [`Error::WrongAuthCode`].
    ///
    /// With `leniency` the mistakes of existing clients pass; the answer then says which, so that it can be logged.
    pub fn check(
        &self,
        base: &DeviceLinkBase,
        context: &LinkContext<'_>,
        secret: &SessionSecret,
        leniency: Leniency,
    ) -> Result<AuthCode, Error> {
        if self.link.base != *base {
            return Err(Error::DeviceLink(LinkFault::Base));
        }
        let key = key(secret);
        let variants = Variant::permitted(self.link.kind.link_type(), leniency);
        let matching = variants.into_iter().find(|variant| {
            hmac::verify(&key, &context.payload(&self.unprotected, *variant), &self.auth_code).is_ok()
        });
        match matching {
            Some(variant) if variant.is_exact() => Ok(AuthCode::Exact),
            Some(variant) => Ok(AuthCode::Lenient { callback_in_qr: variant.callback_in_qr }),
            None => Err(Error::WrongAuthCode),
        }
    }
}

/// Mistakes of existing clients that may be let pass. All off by default.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Leniency {
    /// The callback URL in the code of a QR link, where it should be empty (two libraries).
    pub callback_in_qr: bool,
    /// Names in Base64url with padding instead of standard Base64 (one library).
    pub url_safe_names: bool,
    /// `ACSP_V2` in the code of a certificate choice, where the protocol should be empty (one library).
    pub protocol_in_choice: bool,
}

impl Leniency {
    /// Every mistake passes.
    pub const ALL: Leniency =
        Leniency { callback_in_qr: true, url_safe_names: true, protocol_in_choice: true };
}

/// How an authentication code matched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuthCode {
    /// As the specification says.
    Exact,
    /// Only with a leniency.
    Lenient {
        /// The relying party's library counted the callback URL for a QR code. Such a library expects it in
        /// the ACSP_V2 payload as well.
        callback_in_qr: bool,
    },
}

words! {
    /// Where a device link departs from the protocol.
    pub enum LinkFault {
        /// Longer than [`DEVICE_LINK_MAX`].
        TooLong = "too long",
        /// It does not start with a base and `?`, or with another base than the session's.
        Base = "no deviceLinkBase, or another one",
        /// A parameter is missing, added, or out of order.
        Order = "parameters missing, added or out of order",
        /// `deviceLinkType` is not one of its words.
        LinkType = "unknown deviceLinkType",
        /// `elapsedSeconds` is not a number without leading zeros.
        ElapsedSeconds = "malformed elapsedSeconds",
        /// `sessionToken` does not have its form.
        Token = "malformed sessionToken",
        /// `sessionType` is not one of its words.
        SessionType = "unknown sessionType",
        /// `version` is not `1.0`.
        Version = "unknown version",
        /// `lang` is not three letters.
        Language = "malformed lang",
        /// `authCode` is not 43 Base64url characters.
        AuthCode = "malformed authCode",
    }
}

const AUTH_CODE: &str = "&authCode=";

/// One way to write the payload of an authentication code.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Variant {
    link_type: DeviceLinkType,
    callback_in_qr: bool,
    url_safe_names: bool,
    protocol_in_choice: bool,
}

impl Variant {
    const fn exact(link_type: DeviceLinkType) -> Self {
        Self { link_type, callback_in_qr: false, url_safe_names: false, protocol_in_choice: false }
    }

    fn is_exact(self) -> bool {
        self == Self::exact(self.link_type)
    }

    /// The exact one first, then every combination of permitted mistakes.
    fn permitted(link_type: DeviceLinkType, leniency: Leniency) -> Vec<Self> {
        let either = |permitted: bool| if permitted { &[false, true][..] } else { &[false][..] };
        let mut variants = Vec::new();
        for &protocol_in_choice in either(leniency.protocol_in_choice) {
            for &url_safe_names in either(leniency.url_safe_names) {
                for &callback_in_qr in either(leniency.callback_in_qr) {
                    variants.push(Self { link_type, callback_in_qr, url_safe_names, protocol_in_choice });
                }
            }
        }
        variants
    }
}

fn key(secret: &SessionSecret) -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes())
}

/// Takes `name=value&` off the front and gives the value.
fn take<'a>(rest: &mut &'a str, name: &str) -> Result<&'a str, LinkFault> {
    let (value, after) =
        rest.strip_prefix(name).and_then(|rest| rest.split_once('&')).ok_or(LinkFault::Order)?;
    *rest = after;
    Ok(value)
}

fn seconds(text: &str) -> Result<u32, LinkFault> {
    let canonical = (1..=9).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_digit())
        && (text == "0" || !text.starts_with('0'));
    Some(text).filter(|_| canonical).and_then(|text| text.parse().ok()).ok_or(LinkFault::ElapsedSeconds)
}

#[cfg(test)]
mod tests;
