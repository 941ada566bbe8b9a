/**
 * Modular exponentiation with BigInt: Montgomery's reduction and a fixed window of five bits.
 *
 * Measured at 3072 bits with an exponent of 3200: V8 takes 25 to 29 ms with this, with Barrett's reduction and with `%`
 * alike; JavaScriptCore takes a third less with this. BigInt is not constant in time; what it works on never leaves the
 * device, and the fixed window at least does the same steps for every exponent of a length.
 */

import { bitLength } from "./bytes.ts";

const WINDOW = 5;

/** `base^exponent mod modulus` for an odd modulus; `exponentBits` is the length that the exponent is treated as. */
export function power(base: bigint, exponent: bigint, modulus: bigint, exponentBits = bitLength(exponent)): bigint {
  if (modulus < 3n || modulus % 2n === 0n) throw new RangeError("an odd modulus is needed");
  const bits = bitLength(modulus);
  const shift = BigInt(bits);
  const inverse = negativeInverse(modulus, bits);
  const reduce = (product: bigint): bigint => {
    const factor = BigInt.asUintN(bits, BigInt.asUintN(bits, product) * inverse);
    const reduced = product + factor * modulus >> shift;
    return reduced >= modulus ? reduced - modulus : reduced;
  };
  const one = (1n << shift) % modulus;
  const first = (base % modulus << shift) % modulus;
  const table = [one];
  for (let at = 1; at < 2 ** WINDOW; at++) table.push(reduce(table[at - 1]! * first));
  const digits = exponent.toString(2).padStart(Math.ceil(exponentBits / WINDOW) * WINDOW, "0");
  let result = one;
  for (let at = 0; at < digits.length; at += WINDOW) {
    for (let squaring = 0; squaring < WINDOW; squaring++) result = reduce(result * result);
    result = reduce(result * table[parseInt(digits.slice(at, at + WINDOW), 2)]!);
  }
  return reduce(result);
}

/** `−modulus⁻¹ mod 2^bits`, by Newton's iteration, which doubles the correct bits each time. */
function negativeInverse(modulus: bigint, bits: number): bigint {
  let inverse = 1n;
  for (let correct = 1; correct < bits; correct *= 2) {
    const now = Math.min(2 * correct, bits);
    inverse = BigInt.asUintN(now, inverse * (2n - BigInt.asUintN(now, modulus) * inverse));
  }
  return BigInt.asUintN(bits, -inverse);
}

/** The remainder that is not negative. */
export const modulo = (number: bigint, modulus: bigint): bigint => (number % modulus + modulus) % modulus;
