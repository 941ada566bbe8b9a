//! The big-number arithmetic, done by AWS-LC: the only file with `unsafe` in it.
//!
//! Why not a pure Rust library: secret exponents need code that has been reviewed for constant time, and
//! AWS-LC's fixed-window exponentiation and blinded CRT are that, and the fastest of those measured. Its
//! safe Rust face does not offer bare modular exponentiation, so this module calls the C functions. It offers
//! safe functions over [`Natural`] and one owner of an RSA private key; no pointer leaves it.
//!
//! Secret or public: [`power_secret`], [`multiply_mod`] and [`RsaKey::private_operation`] take time that depends
//! only on lengths. All others may take time that depends on values; each says what it may be used for.
//!
//! Everything AWS-LC allocates is wiped when freed (`OPENSSL_free` cleanses every block).
#![allow(unsafe_code)]

use std::ffi::{c_int, c_uint};
use std::ptr::{self, NonNull};

use aws_lc_sys as ffi;

use crate::error::Error;
use crate::natural::Natural;

/// The public exponent of every key made here: F4, as in practically all certificates.
pub const PUBLIC_EXPONENT: u32 = 65537;

/// `base^exponent mod modulus` with a secret exponent. The modulus is odd; the time depends on the lengths only.
pub(crate) fn power_secret(base: &Natural, exponent: &Natural, modulus: &Natural) -> Result<Natural, Error> {
    let context = Context::new()?;
    let modulus_number = Number::load(modulus)?;
    let montgomery = Montgomery::new(&modulus_number, &context)?;
    // Loaded at full length, so the width the loop runs over says nothing about the value.
    let (base, exponent, result) = (Number::load(base)?, Number::load(exponent)?, Number::new()?);
    // SAFETY: all pointers are to live objects owned by the values above; `result` is distinct from the inputs.
    let done = unsafe {
        ffi::BN_mod_exp_mont_consttime(
            result.as_ptr(),
            base.as_ptr(),
            exponent.as_ptr(),
            modulus_number.as_ptr(),
            context.as_ptr(),
            montgomery.as_ptr(),
        )
    };
    check(done, "raise to a secret power")?;
    result.store(modulus.len())
}

/// `base^exponent mod modulus` with a public exponent. The base may be secret.
pub(crate) fn power_public(base: &Natural, exponent: u32, modulus: &Natural) -> Result<Natural, Error> {
    let context = Context::new()?;
    let modulus_number = Number::load(modulus)?;
    let montgomery = Montgomery::new(&modulus_number, &context)?;
    let exponent = Number::load(&Natural::from_be_bytes(&exponent.to_be_bytes()))?;
    let (base, result) = (Number::load(base)?, Number::new()?);
    // SAFETY: all pointers are to live objects owned by the values above; `result` is distinct from the inputs.
    let done = unsafe {
        ffi::BN_mod_exp_mont(
            result.as_ptr(),
            base.as_ptr(),
            exponent.as_ptr(),
            modulus_number.as_ptr(),
            context.as_ptr(),
            montgomery.as_ptr(),
        )
    };
    check(done, "raise to a public power")?;
    result.store(modulus.len())
}

/// `a·b mod modulus` for factors below the odd modulus, in constant time (two Montgomery products).
pub(crate) fn multiply_mod(a: &Natural, b: &Natural, modulus: &Natural) -> Result<Natural, Error> {
    let context = Context::new()?;
    let modulus_number = Number::load(modulus)?;
    let montgomery = Montgomery::new(&modulus_number, &context)?;
    let (a, b, lifted, result) = (Number::load(a)?, Number::load(b)?, Number::new()?, Number::new()?);
    // SAFETY: all pointers are to live objects owned by the values above, and outputs are distinct from inputs.
    let done = unsafe {
        // Only one factor is lifted into Montgomery form, so the product comes out of it again.
        ffi::BN_to_montgomery(lifted.as_ptr(), a.as_ptr(), montgomery.as_ptr(), context.as_ptr()) == 1
            && ffi::BN_mod_mul_montgomery(
                result.as_ptr(),
                lifted.as_ptr(),
                b.as_ptr(),
                montgomery.as_ptr(),
                context.as_ptr(),
            ) == 1
    };
    check(c_int::from(done), "multiply modulo a number")?;
    result.store(modulus.len())
}

/// `a mod modulus`. Variable time: for encoded messages, for values that are about to be published, and once
/// during key generation on the phone, where the numbers are used a single time and forgotten.
pub(crate) fn reduce(a: &Natural, modulus: &Natural) -> Result<Natural, Error> {
    let context = Context::new()?;
    let (number, modulus_number, result) = (Number::load(a)?, Number::load(modulus)?, Number::new()?);
    // SAFETY: all pointers are to live objects owned by the values above, and the output is distinct from the inputs.
    let done =
        unsafe { ffi::BN_nnmod(result.as_ptr(), number.as_ptr(), modulus_number.as_ptr(), context.as_ptr()) };
    check(done, "reduce modulo a number")?;
    result.store(modulus.len())
}

/// `a − b mod modulus` for operands of any size. Variable time, with the uses of [`reduce`].
pub(crate) fn subtract_mod(a: &Natural, b: &Natural, modulus: &Natural) -> Result<Natural, Error> {
    let context = Context::new()?;
    let (a, b) = (Number::load(a)?, Number::load(b)?);
    let (modulus_number, result) = (Number::load(modulus)?, Number::new()?);
    // SAFETY: all pointers are to live objects owned by the values above, and the output is distinct from the inputs.
    let done = unsafe {
        ffi::BN_mod_sub(result.as_ptr(), a.as_ptr(), b.as_ptr(), modulus_number.as_ptr(), context.as_ptr())
    };
    check(done, "subtract modulo a number")?;
    result.store(modulus.len())
}

/// `a^-1 mod modulus`, or `OutOfRange` when there is none. Variable time: for public numbers.
pub(crate) fn invert(a: &Natural, modulus: &Natural) -> Result<Natural, Error> {
    let context = Context::new()?;
    let (a, modulus_number, result) = (Number::load(a)?, Number::load(modulus)?, Number::new()?);
    // SAFETY: all pointers are to live objects owned by the values above. On success the function returns its
    // first argument, which stays owned by `result`; on failure it returns null and leaves `result` to us.
    let inverse = unsafe {
        ffi::BN_mod_inverse(result.as_ptr(), a.as_ptr(), modulus_number.as_ptr(), context.as_ptr())
    };
    if inverse.is_null() {
        forget_library_errors();
        return Err(Error::OutOfRange { what: "a number to invert" });
    }
    result.store(modulus.len())
}

/// Whether the greatest common divisor of two public numbers is one.
pub(crate) fn are_coprime(a: &Natural, b: &Natural) -> Result<bool, Error> {
    let context = Context::new()?;
    let (a, b, result) = (Number::load(a)?, Number::load(b)?, Number::new()?);
    // SAFETY: all pointers are to live objects owned by the values above, and the output is distinct from the inputs.
    let done = unsafe { ffi::BN_gcd(result.as_ptr(), a.as_ptr(), b.as_ptr(), context.as_ptr()) };
    check(done, "find a common divisor")?;
    // SAFETY: `result` owns a live number.
    Ok(unsafe { ffi::BN_is_one(result.as_ptr()) } == 1)
}

/// `a·b`, as long as both together.
pub(crate) fn multiply(a: &Natural, b: &Natural) -> Result<Natural, Error> {
    let len = a.len() + b.len();
    let context = Context::new()?;
    let (a, b, result) = (Number::load(a)?, Number::load(b)?, Number::new()?);
    // SAFETY: all pointers are to live objects owned by the values above, and the output is distinct from the inputs.
    let done = unsafe { ffi::BN_mul(result.as_ptr(), a.as_ptr(), b.as_ptr(), context.as_ptr()) };
    check(done, "multiply")?;
    result.store(len)
}

/// `a + b` in `len` bytes; fails if the sum does not fit.
pub(crate) fn add(a: &Natural, b: &Natural, len: usize) -> Result<Natural, Error> {
    let (a, b, result) = (Number::load(a)?, Number::load(b)?, Number::new()?);
    // SAFETY: all pointers are to live objects owned by the values above, and the output is distinct from the inputs.
    let done = unsafe { ffi::BN_uadd(result.as_ptr(), a.as_ptr(), b.as_ptr()) };
    check(done, "add")?;
    result.store(len)
}

/// `a − b` in `len` bytes; fails if `b` is greater.
pub(crate) fn subtract(a: &Natural, b: &Natural, len: usize) -> Result<Natural, Error> {
    let (a, b, result) = (Number::load(a)?, Number::load(b)?, Number::new()?);
    // SAFETY: all pointers are to live objects owned by the values above, and the output is distinct from the inputs.
    let done = unsafe { ffi::BN_usub(result.as_ptr(), a.as_ptr(), b.as_ptr()) };
    check(done, "subtract")?;
    result.store(len)
}

/// The least `c` with `c·divisor ≥ 2^exponent`, in `len` bytes. Variable time: used once in key generation.
pub(crate) fn ceiling_of_power_of_two(
    exponent: u32,
    divisor: &Natural,
    len: usize,
) -> Result<Natural, Error> {
    let context = Context::new()?;
    let (divisor, power) = (Number::load(divisor)?, Number::new()?);
    let (quotient, remainder) = (Number::new()?, Number::new()?);
    let bit = c_int::try_from(exponent).map_err(|_| Error::OutOfRange { what: "a power of two" })?;
    // SAFETY: all pointers are to live objects owned by the values above; outputs are distinct from inputs.
    let done = unsafe {
        ffi::BN_set_bit(power.as_ptr(), bit) == 1
            && ffi::BN_div(
                quotient.as_ptr(),
                remainder.as_ptr(),
                power.as_ptr(),
                divisor.as_ptr(),
                context.as_ptr(),
            ) == 1
            && (ffi::BN_is_zero(remainder.as_ptr()) == 1 || ffi::BN_add_word(quotient.as_ptr(), 1) == 1)
    };
    check(c_int::from(done), "divide")?;
    quotient.store(len)
}

/// Whether a public number is prime, wrong with a chance of at most 2^-128 even for a number made to deceive.
pub(crate) fn is_prime(candidate: &Natural) -> Result<bool, Error> {
    let context = Context::new()?;
    let candidate = Number::load(candidate)?;
    let mut verdict: c_int = 0;
    // SAFETY: all pointers are to live objects; `verdict` outlives the call; a null callback means none.
    let done = unsafe {
        ffi::BN_primality_test(
            &mut verdict,
            candidate.as_ptr(),
            ffi::BN_prime_checks_for_validation,
            context.as_ptr(),
            1,
            ptr::null_mut(),
        )
    };
    check(done, "test for primality")?;
    Ok(verdict == 1)
}

/// Whether a public number is `r^j` for some `j ≥ 2`, given that it has no factor below 2^`least_factor_bits`
/// (which bounds `j`). Prime exponents suffice: `r^6` is also a square.
pub(crate) fn is_perfect_power(number: &Natural, least_factor_bits: u32) -> Result<bool, Error> {
    let bits = number.bit_len();
    let context = Context::new()?;
    let number = Number::load(number)?;
    let (root, power, exponent_number) = (Number::new()?, Number::new()?, Number::new()?);
    for exponent in 2..=bits / least_factor_bits {
        if (2..exponent).any(|divisor| exponent % divisor == 0) {
            continue;
        }
        // The greatest root with root^exponent ≤ number, bit by bit from the top.
        let top = bits.div_ceil(exponent);
        // SAFETY: every pointer in this block is to a live number owned above; outputs are distinct from inputs
        // (`BN_clear_bit` and `BN_set_bit` work in place on one number).
        let exact = unsafe {
            let mut good = ffi::BN_set_word(exponent_number.as_ptr(), exponent.into()) == 1
                && ffi::BN_set_word(root.as_ptr(), 0) == 1;
            let mut exact = false;
            for bit in (0..=top).rev() {
                // A root has at most 8192 bits.
                let bit = bit as c_int;
                good = good
                    && ffi::BN_set_bit(root.as_ptr(), bit) == 1
                    && ffi::BN_exp(power.as_ptr(), root.as_ptr(), exponent_number.as_ptr(), context.as_ptr())
                        == 1;
                let order = ffi::BN_ucmp(power.as_ptr(), number.as_ptr());
                exact |= order == 0;
                good = good && (order <= 0 || ffi::BN_clear_bit(root.as_ptr(), bit) == 1);
            }
            check(c_int::from(good), "extract a root")?;
            exact
        };
        if exact {
            return Ok(true);
        }
    }
    Ok(false)
}

/// An RSA private key with two primes, held by AWS-LC with its blinding values. Wiped when dropped.
pub(crate) struct RsaKey {
    key: NonNull<ffi::RSA>,
    len: usize,
}

// SAFETY: an `RSA` may be moved between threads, and AWS-LC states that signing and the getters used here do not
// change it as seen by other threads: the blinding cache behind them has its own lock.
unsafe impl Send for RsaKey {}
// SAFETY: as above.
unsafe impl Sync for RsaKey {}

impl Drop for RsaKey {
    fn drop(&mut self) {
        // SAFETY: the key was obtained from AWS-LC, is owned by this value alone, and is not used afterwards.
        unsafe { ffi::RSA_free(self.key.as_ptr()) }
    }
}

/// The numbers of an [`RsaKey`]: `p`, `q`, `dp`, `dq`, `qinv` with half the length of `d`.
pub(crate) struct RsaNumbers {
    pub(crate) p: Natural,
    pub(crate) q: Natural,
    pub(crate) d: Natural,
    pub(crate) dp: Natural,
    pub(crate) dq: Natural,
    pub(crate) qinv: Natural,
}

impl RsaKey {
    /// A new key with the public exponent [`PUBLIC_EXPONENT`]. AWS-LC draws from its own random generator, which
    /// cannot be replaced; `bits` must be a multiple of 128. The private exponent is reduced modulo lcm(p−1, q−1).
    pub(crate) fn generate(bits: u32) -> Result<Self, Error> {
        let exponent = Number::load(&Natural::from_be_bytes(&PUBLIC_EXPONENT.to_be_bytes()))?;
        let size = c_int::try_from(bits).map_err(|_| Error::HalfBits { found: bits })?;
        // SAFETY: no arguments; a null result is handled below.
        let key = NonNull::new(unsafe { ffi::RSA_new() }).ok_or_else(|| failed("allocate a key"))?;
        let key = Self { key, len: bits.div_ceil(8) as usize };
        // SAFETY: `key` and `exponent` own live objects; a null callback means none.
        let done =
            unsafe { ffi::RSA_generate_key_ex(key.key.as_ptr(), size, exponent.as_ptr(), ptr::null_mut()) };
        check(done, "generate an RSA key")?;
        Ok(key)
    }

    /// A key from its numbers, which came from [`Self::numbers`] and were kept where nobody could change them.
    ///
    /// That they belong together is not looked into: AWS-LC's constant-time check costs more than half a signature, and
    /// every result is checked with the public exponent before it leaves this crate, so wrong numbers make no signature.
    pub(crate) fn from_numbers(n: &Natural, numbers: &RsaNumbers) -> Result<Self, Error> {
        // SAFETY: no arguments; a null result is handled below.
        let key = NonNull::new(unsafe { ffi::RSA_new() }).ok_or_else(|| failed("allocate a key"))?;
        let key = Self { key, len: n.len() };
        let exponent = Number::load(&Natural::from_be_bytes(&PUBLIC_EXPONENT.to_be_bytes()))?;
        let (modulus, d) = (Number::load(n)?, Number::load(&numbers.d)?);
        let (p, q) = (Number::load(&numbers.p)?, Number::load(&numbers.q)?);
        let (dp, dq) = (Number::load(&numbers.dp)?, Number::load(&numbers.dq)?);
        let qinv = Number::load(&numbers.qinv)?;
        let rsa = key.key.as_ptr();
        // SAFETY: `key` owns a live, empty key, and each function takes over live numbers. They fail only when a number
        // is missing, which none is; so after success nothing is owned twice, and there is no failure to clean up after.
        let taken = unsafe {
            ffi::RSA_set0_key(rsa, modulus.give(), exponent.give(), d.give()) == 1
                && ffi::RSA_set0_factors(rsa, p.give(), q.give()) == 1
                && ffi::RSA_set0_crt_params(rsa, dp.give(), dq.give(), qinv.give()) == 1
        };
        check(c_int::from(taken), "take over an RSA key")?;
        Ok(key)
    }

    pub(crate) fn modulus(&self) -> Result<Natural, Error> {
        // SAFETY: the key is alive; the pointer returned belongs to it and is only read, before the borrow ends.
        unsafe { store(ffi::RSA_get0_n(self.key.as_ptr()), self.len) }
    }

    /// Copies of the private numbers.
    pub(crate) fn numbers(&self) -> Result<RsaNumbers, Error> {
        let half = self.len / 2;
        let key = self.key.as_ptr();
        // SAFETY: the key is alive and has all its numbers (both constructors make CRT keys); the pointers returned
        // belong to it and are only read, before the borrow of `self` ends.
        unsafe {
            Ok(RsaNumbers {
                p: store(ffi::RSA_get0_p(key), half)?,
                q: store(ffi::RSA_get0_q(key), half)?,
                d: store(ffi::RSA_get0_d(key), self.len)?,
                dp: store(ffi::RSA_get0_dmp1(key), half)?,
                dq: store(ffi::RSA_get0_dmq1(key), half)?,
                qinv: store(ffi::RSA_get0_iqmp(key), half)?,
            })
        }
    }

    /// `input^d mod n` by CRT with blinding and AWS-LC's own check of the result (RFC 8017 5.2.1).
    pub(crate) fn private_operation(&self, input: &Natural) -> Result<Natural, Error> {
        let input = input.resized(self.len)?;
        let mut output = zeroize::Zeroizing::new(vec![0; self.len]);
        let mut written = 0;
        // SAFETY: the key is alive; `output` has room for the `self.len` bytes announced and `input` holds `self.len`
        // bytes; `written` outlives the call. Concurrent calls on one key are allowed (see `Sync` above).
        let done = unsafe {
            ffi::RSA_sign_raw(
                self.key.as_ptr(),
                &mut written,
                output.as_mut_ptr(),
                output.len(),
                input.as_bytes().as_ptr(),
                input.len(),
                ffi::RSA_NO_PADDING,
            )
        };
        check(done, "apply an RSA private key")?;
        Ok(Natural::from_be_bytes(&output[..written]))
    }
}

/// An owned AWS-LC integer.
struct Number(NonNull<ffi::BIGNUM>);

impl Drop for Number {
    fn drop(&mut self) {
        // SAFETY: the number was obtained from AWS-LC, is owned by this value alone, and is not used afterwards.
        unsafe { ffi::BN_clear_free(self.0.as_ptr()) }
    }
}

impl Number {
    fn new() -> Result<Self, Error> {
        // SAFETY: no arguments; a null result is handled.
        NonNull::new(unsafe { ffi::BN_new() }).map(Self).ok_or_else(|| failed("allocate a number"))
    }

    /// The width of the result follows from the length of the input alone.
    fn load(natural: &Natural) -> Result<Self, Error> {
        let number = Self::new()?;
        let bytes = natural.as_bytes();
        // SAFETY: the slice is valid for its length; on success the function returns its third argument, which
        // stays owned by `number`; on failure it returns null and leaves `number` to us.
        let loaded = unsafe { ffi::BN_bin2bn(bytes.as_ptr(), bytes.len(), number.as_ptr()) };
        if loaded.is_null() { Err(failed("load a number")) } else { Ok(number) }
    }

    fn store(&self, len: usize) -> Result<Natural, Error> {
        // SAFETY: `self` owns a live number.
        unsafe { store(self.as_ptr(), len) }
    }

    fn as_ptr(&self) -> *mut ffi::BIGNUM {
        self.0.as_ptr()
    }

    /// The number for a function that takes it over.
    fn give(self) -> *mut ffi::BIGNUM {
        let number = self.0.as_ptr();
        std::mem::forget(self);
        number
    }
}

/// Copies a number out as `len` bytes, padded, or fails if it is longer.
///
/// # Safety
/// `number` is null or points to a live number.
unsafe fn store(number: *const ffi::BIGNUM, len: usize) -> Result<Natural, Error> {
    if number.is_null() {
        return Err(failed("read a number"));
    }
    let mut bytes = zeroize::Zeroizing::new(vec![0; len]);
    // SAFETY: `number` is live by this function's contract; the buffer has the announced length.
    let done = unsafe { ffi::BN_bn2bin_padded(bytes.as_mut_ptr(), len, number) };
    if done == 1 {
        Ok(Natural::from_be_bytes(&bytes))
    } else {
        forget_library_errors();
        Err(Error::OutOfRange { what: "a computed number" })
    }
}

/// Scratch space of the library.
struct Context(NonNull<ffi::BN_CTX>);

impl Drop for Context {
    fn drop(&mut self) {
        // SAFETY: the context was obtained from AWS-LC, is owned by this value alone, and is not used afterwards.
        unsafe { ffi::BN_CTX_free(self.0.as_ptr()) }
    }
}

impl Context {
    fn new() -> Result<Self, Error> {
        // SAFETY: no arguments; a null result is handled.
        NonNull::new(unsafe { ffi::BN_CTX_new() }).map(Self).ok_or_else(|| failed("allocate scratch space"))
    }

    fn as_ptr(&self) -> *mut ffi::BN_CTX {
        self.0.as_ptr()
    }
}

/// What the library precomputes for an odd modulus. Made per operation: it costs a few microseconds beside
/// exponentiations of milliseconds, and keys are loaded for one signature at a time.
struct Montgomery(NonNull<ffi::BN_MONT_CTX>);

impl Drop for Montgomery {
    fn drop(&mut self) {
        // SAFETY: the value was obtained from AWS-LC, is owned by this value alone, and is not used afterwards.
        unsafe { ffi::BN_MONT_CTX_free(self.0.as_ptr()) }
    }
}

impl Montgomery {
    /// The moduli used here (n1, n2, n) are public, so the faster set-up may be used.
    fn new(modulus: &Number, context: &Context) -> Result<Self, Error> {
        // SAFETY: both pointers are to live objects; a null result (an even or empty modulus) is handled.
        let montgomery = unsafe { ffi::BN_MONT_CTX_new_for_modulus(modulus.as_ptr(), context.as_ptr()) };
        NonNull::new(montgomery).map(Self).ok_or_else(|| failed("prepare a modulus"))
    }

    fn as_ptr(&self) -> *mut ffi::BN_MONT_CTX {
        self.0.as_ptr()
    }
}

fn check(returned: c_int, operation: &'static str) -> Result<(), Error> {
    if returned == 1 { Ok(()) } else { Err(failed(operation)) }
}

fn failed(operation: &'static str) -> Error {
    forget_library_errors();
    Error::Library { operation }
}

/// Leaves no stale entry in the thread's error queue, which the TLS code of the same thread reads.
fn forget_library_errors() {
    // SAFETY: no arguments, touches only the calling thread's queue.
    unsafe { ffi::ERR_clear_error() }
}

/// Bits of the longest number accepted anywhere, so that nobody can make the library work on megabytes.
pub(crate) const MAX_BITS: c_uint = 8192;

#[cfg(test)]
mod tests;
