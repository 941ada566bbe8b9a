/**
 * The two shares of the phone's private exponent: `a + b ≡ d1 (mod φ1)`.
 *
 * `a` is uniform over κ + 128 bits, so `b` says nothing about `d1`. A shorter `a` would show the service the upper bits of
 * `d1`, and half of those are enough to factor n1; there is no parameter for it.
 */

import { type Bytes, bitLength, fromNumber, toNumber } from "./bytes.ts";
import { modulo, power } from "./modexp.ts";

/** Public exponent. */
export const E = 65537n;

/** Bits of the phone's share for halves of so many bits. */
export const shareBits = (halfBits: number): number => halfBits + 128;
/** Octets of the phone's share. */
export const shareLength = (halfBits: number): number => shareBits(halfBits) / 8;
/** Octets of the service's share as it is sent. */
export const serviceShareLength = (halfBits: number): number => shareLength(halfBits) + 8;

/** A half key as the browser made it, big-endian; `d` may be any that fits, it is computed anew. */
export interface HalfKey {
  readonly n: Uint8Array;
  readonly p: Uint8Array;
  readonly q: Uint8Array;
}

/** A half modulus is long enough: n1 ≥ 0.57·2^κ, so that n1·n2 has exactly 2κ bits. */
export function isLongEnough(n1: bigint, halfBits: number): boolean {
  return bitLength(n1) === halfBits && n1 * 100n >= 57n << BigInt(halfBits);
}

export interface Split {
  readonly n1: Bytes;
  /** The phone's share, to be masked at once and wiped. */
  readonly a: Bytes;
  /** The service's share, to be sealed at once and wiped. */
  readonly b: Bytes;
}

/** Splits a half key with the random octets `a`, and tries the halves on `sample`. */
export function split(key: HalfKey, halfBits: number, a: Bytes, sample: bigint): Split {
  const [n1, p, q] = [toNumber(key.n), toNumber(key.p), toNumber(key.q)];
  if (p * q !== n1 || p === q) throw new RangeError("a half key whose primes do not make its modulus");
  if (!isLongEnough(n1, halfBits)) throw new RangeError("a half modulus of another length");
  if (a.length !== shareLength(halfBits)) throw new RangeError("a share of another length");
  const phi = (p - 1n) * (q - 1n);
  const d = inverse(E, phi);
  const limit = 1n << BigInt(shareBits(halfBits));
  // Raised by the least multiple of φ1 that is at least 2^L: stays positive through every later refresh.
  const raise = (limit + phi - 1n) / phi * phi;
  const b = modulo(d - toNumber(a), phi) + raise;
  const base = sample % n1;
  const whole = power(base, toNumber(a), n1) * power(base, b, n1) % n1;
  if (power(whole, E, n1) !== base) throw new RangeError("shares that do not make the exponent");
  return { n1: fromNumber(n1, halfBits / 8), a, b: fromNumber(b, serviceShareLength(halfBits)) };
}

/** The phone's part of a signature: `y = (m mod n1)^a mod n1`. Whoever has it and the stored share can search the PIN. */
export function partialSignature(encoded: Uint8Array, a: Uint8Array, n1: Uint8Array): Bytes {
  const modulus = toNumber(n1);
  return fromNumber(power(toNumber(encoded) % modulus, toNumber(a), modulus, 8 * a.length), n1.length);
}

/** Old share minus new share, as the service adds it to its own: sign and hexadecimal octets. */
export function refreshDelta(old: Uint8Array, next: Uint8Array): string {
  const delta = toNumber(old) - toNumber(next);
  const magnitude = (delta < 0n ? -delta : delta).toString(16).padStart(2 * old.length, "0");
  return `${delta < 0n ? "-" : "+"}${magnitude}`;
}

/** `number⁻¹ mod modulus` by the extended Euclidean algorithm. */
function inverse(number: bigint, modulus: bigint): bigint {
  let [r, next] = [modulus, modulo(number, modulus)];
  let [s, following] = [0n, 1n];
  while (next !== 0n) {
    const times = r / next;
    [r, next] = [next, r - times * next];
    [s, following] = [following, s - times * following];
  }
  if (r !== 1n) throw new RangeError("a number without an inverse");
  return modulo(s, modulus);
}
