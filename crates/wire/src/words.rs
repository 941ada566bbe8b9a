//! The fixed words of the interface, each list written once.
//!
//! `words!` turns one list into both directions (reading and writing), so a word that can be written but
//! not read back cannot exist. A word that we do not know is an error in a request we receive; in an answer
//! that a client receives it is kept, as [`Open::Unknown`], because services grow.
//!
//! The lists are those of the relying party API v3.1, revision 3.2.3 (sections 1 to 6 of its description).

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// An enum whose every variant is one fixed word on the wire. Implemented by [`words!`](crate::words!) only.
pub trait Word: Copy + Sized + 'static {
    /// The name of the enum, for error texts.
    const NAME: &'static str;
    /// Every variant, in the order of the list.
    const ALL: &'static [Self];
    /// Every word, in the same order: the `enum` of an OpenAPI document.
    const WORDS: &'static [&'static str];
    /// The word of this variant.
    fn word(self) -> &'static str;
    /// The variant of this word; case matters.
    fn find(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|each| each.word() == word)
    }
}

/// A word outside its list. What was found is not kept: it comes from outside and may be anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownWord {
    /// The name of the list.
    pub list: &'static str,
    /// The words that would have been right.
    pub expected: &'static [&'static str],
}

impl fmt::Display for UnknownWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "unknown {}: expected one of {}", self.list, self.expected.join(", "))
    }
}

impl std::error::Error for UnknownWord {}

/// Defines enums whose variants are words on the wire, with `ALL`, `WORDS`, `as_str`, `FromStr`, `Display` and serde.
///
/// ```
/// countersign_wire::words! {
///     /// How a finished session ended.
///     pub enum Outcome {
///         /// As asked.
///         Approved = "OK",
///         TimedOut = "TIMEOUT",
///     }
/// }
/// assert_eq!("TIMEOUT".parse(), Ok(Outcome::TimedOut));
/// assert_eq!(Outcome::Approved.as_str(), "OK");
/// ```
#[macro_export]
macro_rules! words {
    ($(
        $(#[$meta:meta])*
        $vis:vis enum $name:ident { $( $(#[$variant_meta:meta])* $variant:ident = $word:literal ),+ $(,)? }
    )+) => { $(
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        $vis enum $name {
            $(
                $(#[$variant_meta])*
                #[doc = ""]
                #[doc = concat!("On the wire: `", $word, "`.")]
                $variant,
            )+
        }

        impl $name {
            /// Every variant, in the order of the list.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];
            /// Every word, in the same order.
            pub const WORDS: &'static [&'static str] = &[$($word),+];

            /// The word on the wire.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl $crate::words::Word for $name {
            const NAME: &'static str = stringify!($name);
            const ALL: &'static [Self] = Self::ALL;
            const WORDS: &'static [&'static str] = Self::WORDS;
            fn word(self) -> &'static str { self.as_str() }
        }

        impl ::core::str::FromStr for $name {
            type Err = $crate::words::UnknownWord;
            fn from_str(word: &str) -> ::core::result::Result<Self, Self::Err> {
                <Self as $crate::words::Word>::find(word).ok_or($crate::words::UnknownWord {
                    list: stringify!($name),
                    expected: Self::WORDS,
                })
            }
        }

        impl ::core::fmt::Display for $name {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl $crate::words::serde::Serialize for $name {
            fn serialize<S: $crate::words::serde::Serializer>(
                &self,
                serializer: S,
            ) -> ::core::result::Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> $crate::words::serde::Deserialize<'de> for $name {
            fn deserialize<D: $crate::words::serde::Deserializer<'de>>(
                deserializer: D,
            ) -> ::core::result::Result<Self, D::Error> {
                $crate::words::read(deserializer)
            }
        }
    )+ };
}

#[doc(hidden)]
pub use serde;

/// Reads a word of a closed list; used by the code that `words!` writes.
#[doc(hidden)]
pub fn read<'de, W: Word, D: Deserializer<'de>>(deserializer: D) -> Result<W, D::Error> {
    struct OneWord<W>(std::marker::PhantomData<W>);
    impl<W: Word> de::Visitor<'_> for OneWord<W> {
        type Value = W;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "one of {}", W::WORDS.join(", "))
        }
        fn visit_str<E: de::Error>(self, word: &str) -> Result<W, E> {
            W::find(word).ok_or_else(|| E::custom(UnknownWord { list: W::NAME, expected: W::WORDS }))
        }
    }
    deserializer.deserialize_str(OneWord(std::marker::PhantomData))
}

/// A word in an answer: known to us, or kept as it came.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Open<W> {
    /// A word of the list.
    Known(W),
    /// A word that a newer service has added.
    Unknown(String),
}

impl<W: Word> Open<W> {
    /// The variant, if we know the word.
    pub fn known(&self) -> Option<W> {
        match self {
            Open::Known(word) => Some(*word),
            Open::Unknown(_) => None,
        }
    }

    /// The word as it travels.
    pub fn as_str(&self) -> &str {
        match self {
            Open::Known(word) => word.word(),
            Open::Unknown(word) => word,
        }
    }
}

impl<W> From<W> for Open<W> {
    fn from(word: W) -> Self {
        Open::Known(word)
    }
}

impl<W: Word + PartialEq> PartialEq<W> for Open<W> {
    fn eq(&self, other: &W) -> bool {
        self.known().as_ref() == Some(other)
    }
}

impl<W: Word> fmt::Display for Open<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl<W: Word> Serialize for Open<W> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de, W: Word> Deserialize<'de> for Open<W> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let word = String::deserialize(deserializer)?;
        Ok(match W::find(&word) {
            Some(known) => Open::Known(known),
            None => Open::Unknown(word),
        })
    }
}

words! {
    /// The level of a certificate, low to high. An answer never says `QSCD` (4.2).
    pub enum CertificateLevel {
        /// An advanced electronic signature's certificate.
        Advanced = "ADVANCED",
        /// A qualified certificate.
        Qualified = "QUALIFIED",
    }

    /// The lowest level that a relying party accepts (section 3, `certificateLevel`).
    #[derive(Default)]
    pub enum RequestedLevel {
        /// Advanced or better; needs a permission.
        Advanced = "ADVANCED",
        /// Qualified; what an absent member means.
        #[default]
        Qualified = "QUALIFIED",
        /// Qualified with the key in a qualified signature creation device; not in authentication.
        Qscd = "QSCD",
    }

    /// What the signature of a session is made over.
    pub enum SignatureProtocol {
        /// Authentication: a structured payload (5.2).
        AcspV2 = "ACSP_V2",
        /// Signature: the digest that the relying party sent (5.3).
        RawDigestSignature = "RAW_DIGEST_SIGNATURE",
    }

    /// The signature algorithms that may be asked for.
    pub enum SignatureAlgorithm {
        /// RSASSA-PSS; the hash is named beside it.
        RsassaPss = "rsassa-pss",
        /// PKCS#1 v1.5 with SHA-256; removed in 3.1, restored in 3.2.1 as deprecated.
        Sha256WithRsaEncryption = "sha256WithRSAEncryption",
        /// PKCS#1 v1.5 with SHA-384; deprecated.
        Sha384WithRsaEncryption = "sha384WithRSAEncryption",
        /// PKCS#1 v1.5 with SHA-512; deprecated.
        Sha512WithRsaEncryption = "sha512WithRSAEncryption",
    }

    /// The hash of a signature, of its mask generation, and of the signed data.
    pub enum HashAlgorithm {
        /// SHA-256, 32 octets.
        Sha256 = "SHA-256",
        /// SHA-384, 48 octets.
        Sha384 = "SHA-384",
        /// SHA-512, 64 octets.
        Sha512 = "SHA-512",
        /// SHA3-256, 32 octets.
        Sha3_256 = "SHA3-256",
        /// SHA3-384, 48 octets.
        Sha3_384 = "SHA3-384",
        /// SHA3-512, 64 octets.
        Sha3_512 = "SHA3-512",
    }

    /// What the person sees before the PIN (3.1).
    pub enum InteractionType {
        /// A short text on the PIN screen.
        DisplayTextAndPin = "displayTextAndPIN",
        /// A longer text on a screen of its own, then the PIN.
        ConfirmationMessage = "confirmationMessage",
        /// A longer text, a choice between three codes, then the PIN; notification flows only.
        ConfirmationMessageAndVerificationCodeChoice = "confirmationMessageAndVerificationCodeChoice",
    }

    /// The way that the person really took.
    pub enum FlowType {
        /// A QR code scanned from another screen.
        Qr = "QR",
        /// A link opened from an app on the same device.
        App2App = "App2App",
        /// A link opened from a browser on the same device.
        Web2App = "Web2App",
        /// A notification sent to the person's device.
        Notification = "Notification",
    }

    /// The kind of a device link.
    pub enum DeviceLinkType {
        /// Shown as a QR code, fresh every second.
        Qr = "QR",
        /// Opened from a browser on the same device.
        Web2App = "Web2App",
        /// Opened from an app on the same device.
        App2App = "App2App",
    }

    /// The kind of session that a device link belongs to.
    pub enum SessionType {
        /// Authentication.
        Auth = "auth",
        /// Signature.
        Sign = "sign",
        /// Certificate choice.
        Cert = "cert",
    }

    /// How a finished session ended (4.3).
    pub enum EndResult {
        /// Success.
        Ok = "OK",
        /// Refused somewhere other than on an interaction screen.
        UserRefused = "USER_REFUSED",
        /// No reaction in time.
        Timeout = "TIMEOUT",
        /// The account cannot be used now.
        DocumentUnusable = "DOCUMENT_UNUSABLE",
        /// The wrong one of three codes was chosen.
        WrongVc = "WRONG_VC",
        /// The device supports none of the interactions that were offered.
        RequiredInteractionNotSupportedByApp = "REQUIRED_INTERACTION_NOT_SUPPORTED_BY_APP",
        /// A person with several accounts cancelled the choice between them.
        UserRefusedCertChoice = "USER_REFUSED_CERT_CHOICE",
        /// Cancelled on an interaction screen; `result.details.interaction` says which.
        UserRefusedInteraction = "USER_REFUSED_INTERACTION",
        /// A logical error in the protocol, such as a device link with a wrong authentication code.
        ProtocolFailure = "PROTOCOL_FAILURE",
        /// Another transaction reached the device while it waited for the linked one.
        ExpectedLinkedSession = "EXPECTED_LINKED_SESSION",
        /// The service failed.
        ServerError = "SERVER_ERROR",
        /// The account is unusable. Read only: prose has it, the OpenAPI enum does not, so we never send it.
        AccountUnusable = "ACCOUNT_UNUSABLE",
    }

    /// Whether a session has ended.
    pub enum State {
        /// Waiting for the person.
        Running = "RUNNING",
        /// Ended, one way or another.
        Complete = "COMPLETE",
    }

    /// The kind of a verification code.
    pub enum VcType {
        /// Four decimal digits.
        Numeric4 = "numeric4",
    }

    /// The `state` of the answer to a request for a signing certificate.
    pub enum CertificateState {
        /// The certificate follows.
        Ok = "OK",
        /// The account exists but cannot be used now, for example because the signing key is time-locked.
        DocumentUnusable = "DOCUMENT_UNUSABLE",
    }
}

impl RequestedLevel {
    /// The certificate level that satisfies this request: `QSCD` asks for a qualified certificate, and for
    /// the key's custody besides, which the certificate level does not say.
    pub const fn minimum(self) -> CertificateLevel {
        match self {
            RequestedLevel::Advanced => CertificateLevel::Advanced,
            RequestedLevel::Qualified | RequestedLevel::Qscd => CertificateLevel::Qualified,
        }
    }

    /// Whether a certificate of this level is good enough.
    pub fn accepts(self, level: CertificateLevel) -> bool {
        level >= self.minimum()
    }
}

impl SignatureAlgorithm {
    /// The hash that the name itself fixes; RSASSA-PSS has it beside the name.
    pub const fn hash(self) -> Option<HashAlgorithm> {
        match self {
            SignatureAlgorithm::RsassaPss => None,
            SignatureAlgorithm::Sha256WithRsaEncryption => Some(HashAlgorithm::Sha256),
            SignatureAlgorithm::Sha384WithRsaEncryption => Some(HashAlgorithm::Sha384),
            SignatureAlgorithm::Sha512WithRsaEncryption => Some(HashAlgorithm::Sha512),
        }
    }
}

impl HashAlgorithm {
    /// The length of a digest; also the salt length of RSASSA-PSS here.
    pub const fn octets(self) -> usize {
        match self {
            HashAlgorithm::Sha256 | HashAlgorithm::Sha3_256 => 32,
            HashAlgorithm::Sha384 | HashAlgorithm::Sha3_384 => 48,
            HashAlgorithm::Sha512 | HashAlgorithm::Sha3_512 => 64,
        }
    }

    /// The digest of `data`, [`octets`](Self::octets) long.
    pub fn digest(self, data: &[u8]) -> Vec<u8> {
        use aws_lc_rs::digest;
        let algorithm = match self {
            HashAlgorithm::Sha256 => &digest::SHA256,
            HashAlgorithm::Sha384 => &digest::SHA384,
            HashAlgorithm::Sha512 => &digest::SHA512,
            HashAlgorithm::Sha3_256 => &digest::SHA3_256,
            HashAlgorithm::Sha3_384 => &digest::SHA3_384,
            HashAlgorithm::Sha3_512 => &digest::SHA3_512,
        };
        digest::digest(algorithm, data).as_ref().to_vec()
    }
}

impl InteractionType {
    /// The name of the member that holds the text.
    pub const fn text_member(self) -> &'static str {
        match self {
            InteractionType::DisplayTextAndPin => "displayText60",
            InteractionType::ConfirmationMessage
            | InteractionType::ConfirmationMessageAndVerificationCodeChoice => "displayText200",
        }
    }

    /// The longest text, in Unicode code points.
    pub const fn text_limit(self) -> usize {
        match self {
            InteractionType::DisplayTextAndPin => 60,
            InteractionType::ConfirmationMessage
            | InteractionType::ConfirmationMessageAndVerificationCodeChoice => 200,
        }
    }
}

impl DeviceLinkType {
    /// Whether the link is opened on the device that approves, so that a callback leads back.
    pub const fn is_same_device(self) -> bool {
        match self {
            DeviceLinkType::Qr => false,
            DeviceLinkType::Web2App | DeviceLinkType::App2App => true,
        }
    }
}

impl From<DeviceLinkType> for FlowType {
    fn from(link: DeviceLinkType) -> Self {
        match link {
            DeviceLinkType::Qr => FlowType::Qr,
            DeviceLinkType::Web2App => FlowType::Web2App,
            DeviceLinkType::App2App => FlowType::App2App,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn both_directions_agree<W: Word + PartialEq + fmt::Debug + Serialize + for<'de> Deserialize<'de>>() {
        assert_eq!(W::ALL.len(), W::WORDS.len());
        for (variant, word) in W::ALL.iter().zip(W::WORDS) {
            assert_eq!(variant.word(), *word);
            assert_eq!(W::find(word).as_ref(), Some(variant));
            let json = serde_json::to_string(variant).unwrap();
            assert_eq!(json, format!("\"{word}\""));
            assert_eq!(&serde_json::from_str::<W>(&json).unwrap(), variant);
            assert_eq!(W::ALL.iter().filter(|each| each.word() == *word).count(), 1, "{word} twice");
        }
        assert!(serde_json::from_str::<W>("\"no such word\"").is_err());
        assert!(serde_json::from_str::<W>("1").is_err());
    }

    #[test]
    fn every_word_is_written_and_read_back() {
        both_directions_agree::<CertificateLevel>();
        both_directions_agree::<RequestedLevel>();
        both_directions_agree::<SignatureProtocol>();
        both_directions_agree::<SignatureAlgorithm>();
        both_directions_agree::<HashAlgorithm>();
        both_directions_agree::<InteractionType>();
        both_directions_agree::<FlowType>();
        both_directions_agree::<DeviceLinkType>();
        both_directions_agree::<SessionType>();
        both_directions_agree::<EndResult>();
        both_directions_agree::<State>();
        both_directions_agree::<VcType>();
        both_directions_agree::<CertificateState>();
    }

    #[test]
    fn case_matters() {
        assert!("qr".parse::<FlowType>().is_err());
        assert!("app2app".parse::<DeviceLinkType>().is_err());
        assert!("RSASSA-PSS".parse::<SignatureAlgorithm>().is_err());
    }

    #[test]
    fn an_unknown_word_in_an_answer_is_kept() {
        let word: Open<EndResult> = serde_json::from_str("\"DEVICE_ON_FIRE\"").unwrap();
        assert_eq!(word, Open::Unknown("DEVICE_ON_FIRE".into()));
        assert_eq!(serde_json::to_string(&word).unwrap(), "\"DEVICE_ON_FIRE\"");
        let word: Open<EndResult> = serde_json::from_str("\"TIMEOUT\"").unwrap();
        assert_eq!(word, EndResult::Timeout);
    }

    #[test]
    fn a_requested_level_is_a_minimum() {
        for level in CertificateLevel::ALL {
            assert!(RequestedLevel::Advanced.accepts(*level));
        }
        assert!(!RequestedLevel::Qualified.accepts(CertificateLevel::Advanced));
        assert!(RequestedLevel::Qscd.accepts(CertificateLevel::Qualified));
        assert_eq!(RequestedLevel::default(), RequestedLevel::Qualified);
    }

    #[test]
    fn digests_have_the_length_they_promise() {
        for hash in HashAlgorithm::ALL {
            assert_eq!(hash.digest(b"data").len(), hash.octets(), "{hash}");
        }
    }
}
