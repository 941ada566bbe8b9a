/**
 * `Device-Proof`: a JWS [RFC 7515, ES256] that ties one request to one device, in the manner of DPoP [RFC 9449] with the
 * body's hash besides. The device key cannot be exported; its thumbprint [RFC 7638] is the device's name.
 */

import { type Bytes, b64u, utf8 } from "./bytes.ts";
import { digest } from "./hash.ts";

const ECDSA = { name: "ECDSA", namedCurve: "P-256" } as const;

/** A public key as it is sent. */
export interface Jwk {
  readonly kty: "EC";
  readonly crv: "P-256";
  readonly x: string;
  readonly y: string;
}

export interface ProofClaims {
  readonly htm: string;
  /** `scheme://host/path?query` exactly as requested. */
  readonly htu: string;
  /** Seconds since 1970. */
  readonly iat: number;
  /** 16 random octets. */
  readonly jti: Uint8Array;
  /** The last nonce that the service gave; empty before the first. */
  readonly nonce: string;
  readonly body: Uint8Array;
}

export const newDeviceKey = (): Promise<CryptoKeyPair> => crypto.subtle.generateKey(ECDSA, false, ["sign", "verify"]);

export const newSealingKey = (): Promise<CryptoKeyPair> =>
  crypto.subtle.generateKey({ name: "ECDH", namedCurve: "P-256" }, false, ["deriveBits"]);

export async function jwkOf(key: CryptoKey): Promise<Jwk> {
  const raw = new Uint8Array(await crypto.subtle.exportKey("raw", key));
  return { kty: "EC", crv: "P-256", x: b64u(raw.slice(1, 33)), y: b64u(raw.slice(33)) };
}

/** SHA-256 over the required members in lexicographic order. */
export async function thumbprint({ x, y }: { readonly x: string; readonly y: string }): Promise<Bytes> {
  return digest("SHA-256", utf8(`{"crv":"P-256","kty":"EC","x":"${x}","y":"${y}"}`));
}

/** The value of the `Device-Proof` header. `kid` is the thumbprint in Base64url. */
export async function prove(key: CryptoKey, kid: string, claims: ProofClaims): Promise<string> {
  const header = { typ: "device-proof+jwt", alg: "ES256", kid };
  const { body, jti, ...told } = claims;
  const payload = { ...told, jti: b64u(jti), bh: b64u(await digest("SHA-256", body)) };
  const signed = [header, payload].map((part) => b64u(utf8(JSON.stringify(part)))).join(".");
  const signature = await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, key, utf8(signed));
  return `${signed}.${b64u(new Uint8Array(signature))}`;
}

const CONSONANTS = "bdfghjklmnprstvz";
const VOWELS = "aiou";

/**
 * A thumbprint as four words that people can say and compare in any language: its first 64 bits, 16 to a word,
 * consonant and vowel in turn.
 */
export function words(thumbprint: Uint8Array): string[] {
  return [0, 2, 4, 6].map((at) => {
    const bits = thumbprint[at]! << 8 | thumbprint[at + 1]!;
    return CONSONANTS[bits >> 12]! + VOWELS[bits >> 10 & 3]! + CONSONANTS[bits >> 6 & 15]! + VOWELS[bits >> 4 & 3]!
      + CONSONANTS[bits & 15]!;
  });
}
