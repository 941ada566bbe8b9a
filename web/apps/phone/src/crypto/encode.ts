/**
 * From a digest to the number that is raised to the private exponent: EMSA-PSS and EMSA-PKCS1-v1_5 [RFC 8017 §9.1, §9.2].
 *
 * The phone encodes by itself, from its own copy of the digest, and always for the public modulus, never for a half.
 */

import { type Bytes, concat } from "./bytes.ts";
import { type Hash, digest as hashOf, hashLength } from "./hash.ts";

/** How a signature is padded. PSS always means MGF1 with the same hash and a salt as long as the hash. */
export type Padding =
  | { readonly scheme: "PSS"; readonly hash: Hash; readonly salt: Uint8Array }
  | { readonly scheme: "PKCS1"; readonly hash: Hash };

/** Encodes a ready digest, which is not hashed again, for a public modulus of so many bits. */
export function encode(padding: Padding, digest: Uint8Array, modulusBits: number): Promise<Bytes> {
  if (digest.length !== hashLength(padding.hash)) throw new RangeError("a digest of another length than its hash");
  return padding.scheme === "PSS"
    ? pss(padding.hash, digest, padding.salt, modulusBits)
    : Promise.resolve(pkcs1(padding.hash, digest, modulusBits));
}

/** EMSA-PSS-ENCODE with emBits = modulus bits − 1, padded in front to the length of the modulus. */
async function pss(hash: Hash, digest: Uint8Array, salt: Uint8Array, modulusBits: number): Promise<Bytes> {
  const hashed = hashLength(hash);
  if (salt.length !== hashed) throw new RangeError("a salt of another length than the hash");
  const bits = modulusBits - 1;
  const length = Math.ceil(bits / 8);
  if (length < 2 * hashed + 2) throw new RangeError("a modulus too short for this hash");
  const h = await hashOf(hash, concat(new Uint8Array(8), digest, salt));
  const block = new Uint8Array(length - hashed - 1);
  block[block.length - hashed - 1] = 1;
  block.set(salt, block.length - hashed);
  const mask = await mgf1(hash, h, block.length);
  for (let at = 0; at < block.length; at++) block[at]! ^= mask[at]!;
  block[0]! &= 0xff >> 8 * length - bits;
  const front = new Uint8Array(Math.ceil(modulusBits / 8) - length);
  return concat(front, block, h, Uint8Array.of(0xbc));
}

/** MGF1 [RFC 8017 §B.2.1]. */
async function mgf1(hash: Hash, seed: Uint8Array, length: number): Promise<Bytes> {
  const blocks = Array.from({ length: Math.ceil(length / hashLength(hash)) }, (_, counter) =>
    hashOf(hash, concat(seed, Uint8Array.of(counter >> 24, counter >> 16, counter >> 8, counter))));
  return concat(...(await Promise.all(blocks))).slice(0, length);
}

/** Last arc under nistAlgorithms hashAlgs, 2.16.840.1.101.3.4.2. */
const ARCS: Record<Hash, number> = {
  "SHA-256": 1, "SHA-384": 2, "SHA-512": 3, "SHA3-256": 8, "SHA3-384": 9, "SHA3-512": 10,
};

/** `00 01 FF … FF 00` and the DigestInfo. */
function pkcs1(hash: Hash, digest: Uint8Array, modulusBits: number): Bytes {
  const oid = [0x30, 13, 0x06, 9, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, ARCS[hash], 0x05, 0];
  const info = concat(Uint8Array.of(0x30, 17 + digest.length, ...oid, 0x04, digest.length), digest);
  const fill = Math.ceil(modulusBits / 8) - info.length - 3;
  // [RFC 8017 §9.2] step 3.
  if (fill < 8) throw new RangeError("a modulus too short for this hash");
  return concat(Uint8Array.of(0, 1), new Uint8Array(fill).fill(0xff), Uint8Array.of(0), info);
}
