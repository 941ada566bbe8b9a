//! What can go wrong in this crate, apart from a wrong PIN, which is an outcome and not an error
//! (see [`Completion`](crate::Completion)).

/// The one error type of this crate. No variant carries a number computed from a key, a share or a
/// PIN: only sizes and names, so an error may be logged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A key size outside the supported list.
    #[error("halves of {found} bits are not supported: expected 3072 or 4096")]
    HalfBits {
        /// The size asked for, in bits.
        found: u32,
    },
    /// A byte string that must have one exact length has another.
    #[error("{what} has {found} bytes, expected {expected}")]
    Length {
        /// What the bytes are.
        what: &'static str,
        /// The only length accepted, in bytes.
        expected: usize,
        /// The length received, in bytes.
        found: usize,
    },
    /// A number lies outside the range in which it can be used.
    #[error("{what} is out of range")]
    OutOfRange {
        /// What the number is.
        what: &'static str,
    },
    /// A number offered as a modulus is unusable whatever its purpose (even, empty, too short or too long).
    #[error("not a usable modulus: {found} bits, and it must be odd with {min} to {max} bits")]
    Modulus {
        /// Bits of the number received.
        found: u32,
        /// Least number of bits accepted.
        min: u32,
        /// Greatest number of bits accepted.
        max: u32,
    },
    /// The phone's modulus failed a check of key quality.
    #[error("the phone's modulus is refused: {0}")]
    PhoneModulus(ModulusFault),
    /// The two moduli do not multiply to a number of exactly twice their length, or share a factor.
    #[error("this outer key does not fit this phone modulus; take another")]
    OuterKeyDoesNotFit,
    /// The public key sent by the service does not belong to the phone's modulus.
    #[error("the public key of the service does not contain the phone's modulus, or has the wrong length")]
    ForeignPublicKey,
    /// No usable key appeared within the allowed number of attempts.
    #[error("no usable key after {attempts} attempts")]
    KeyGeneration {
        /// Keys drawn and discarded.
        attempts: u32,
    },
    /// A freshly generated split key failed to sign. It has been discarded.
    #[error("a freshly split key failed its self-test")]
    SelfTest,
    /// The modulus is too short for this hash and padding.
    #[error("a modulus of {modulus_bits} bits is too short for {hash} with this padding")]
    ModulusTooShort {
        /// Bits of the modulus.
        modulus_bits: u32,
        /// Name of the hash.
        hash: &'static str,
    },
    /// A PIN that is not 4 to 12 ASCII digits.
    #[error("a PIN is 4 to 12 digits")]
    PinFormat,
    /// A PIN on the list of guessable ones was chosen.
    #[error("this PIN is too easy to guess")]
    WeakPin,
    /// PIN1 and PIN2 are the same.
    #[error("PIN1 and PIN2 must differ")]
    SamePin,
    /// A stored server key is of a version or kind this program does not read.
    #[error("server key format {found} is not known, expected {expected}")]
    Format {
        /// Version byte found.
        found: u8,
        /// Version byte written by this program.
        expected: u8,
    },
    /// A stored key contradicts itself (its parts do not belong together).
    #[error("the parts of the stored {what} do not belong together")]
    Inconsistent {
        /// Which stored value.
        what: &'static str,
    },
    /// A result computed here failed its check: hardware fault, memory fault or a damaged key. Nothing was released.
    #[error("a computed {what} failed its check and was destroyed")]
    Fault {
        /// Which intermediate or final result.
        what: &'static str,
    },
    /// The big-number library refused an operation (out of memory, or an input it does not accept).
    #[error("the big-number library refused to {operation}")]
    Library {
        /// The operation, as a verb phrase.
        operation: &'static str,
    },
    /// A name of a hash that is not one of the six.
    #[error("unknown hash algorithm")]
    UnknownHash,
    /// A signature that does not verify.
    #[error("the signature does not verify")]
    BadSignature,
}

/// Why a modulus offered by a phone is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ModulusFault {
    /// Not exactly as many bits as a half must have.
    #[error("{found} bits, expected {expected}")]
    BitLength {
        /// Bits required.
        expected: u32,
        /// Bits found.
        found: u32,
    },
    /// Below 0.57·2^κ, so that the composite could be one bit short.
    #[error("it is below 0.57 of the range")]
    TooSmall,
    /// Divisible by two.
    #[error("it is even")]
    Even,
    /// Divisible by a prime below 2^20.
    #[error("it is divisible by {0}")]
    SmallFactor(u32),
    /// A prime, so anybody knows its totient.
    #[error("it is prime")]
    Prime,
    /// A power of a smaller number.
    #[error("it is a perfect power")]
    PerfectPower,
    /// Made by the generator broken in 2017 (CVE-2017-15361): a power of 65537 modulo every small prime.
    #[error("it has the pattern of the ROCA generator")]
    RocaPattern,
}
