/**
 * HPKE in base mode [RFC 9180]: DHKEM(P-256, HKDF-SHA256), HKDF-SHA256, AES-256-GCM, one message, empty aad. Only what
 * every WebCrypto has: ECDH, HMAC, AES-GCM.
 *
 * `info = "countersign/device/v1|" purpose "|" context`: a value sealed for one use does not open under another.
 */

import { type Bytes, b64u, concat, fromB64u, utf8, wipe } from "./bytes.ts";

/** A sealed value on the wire. */
export interface Sealed {
  /** Which key opens it. */
  readonly id: string;
  /** The encapsulated key: an uncompressed point, Base64url. */
  readonly enc: string;
  /** The ciphertext with its tag, Base64url. */
  readonly ct: string;
}

/** What a sealed value is for. */
export type SealedFor =
  | { readonly purpose: "key-share"; readonly use: string }
  | { readonly purpose: "proof" | "pin-check" | "refresh"; readonly kid: string }
  | { readonly purpose: "confirm"; readonly tx: string; readonly kid: string }
  | { readonly purpose: "token"; readonly device: string };

/** A public key of the signing core: affine coordinates in Base64url. */
export interface CoreKey {
  readonly id: string;
  readonly x: string;
  readonly y: string;
}

const CURVE = { name: "ECDH", namedCurve: "P-256" } as const;
const KEM = concat(utf8("KEM"), Uint8Array.of(0, 0x10));
const HPKE = concat(utf8("HPKE"), Uint8Array.of(0, 0x10, 0, 1, 0, 2));

function infoOf(purpose: SealedFor): Bytes {
  const context = (() => {
    switch (purpose.purpose) {
      case "key-share": return purpose.use;
      case "proof":
      case "pin-check":
      case "refresh": return purpose.kid;
      case "confirm": return `${purpose.tx}|${purpose.kid}`;
      case "token": return purpose.device;
    }
  })();
  return utf8(`countersign/device/v1|${purpose.purpose}|${context}`);
}

/** The uncompressed point of a key in Base64url coordinates. */
export function point(key: { readonly x: string; readonly y: string }): Bytes {
  const [x, y] = [fromB64u(key.x), fromB64u(key.y)];
  if (x?.length !== 32 || y?.length !== 32) throw new RangeError("expected x and y of 32 octets");
  return concat(Uint8Array.of(4), x, y);
}

/** Seals `plaintext` to the core's key. */
export async function seal(recipient: CoreKey, purpose: SealedFor, plaintext: Uint8Array): Promise<Sealed> {
  const pair = await crypto.subtle.generateKey(CURVE, false, ["deriveBits"]);
  const theirs = point(recipient);
  const enc = new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey));
  const shared = await encapsulated(pair.privateKey, theirs, enc, theirs);
  const { key, iv } = await schedule(shared, infoOf(purpose), "encrypt");
  const ct = await crypto.subtle.encrypt({ name: "AES-GCM", iv }, key, plaintext as Bytes);
  return { id: recipient.id, enc: b64u(enc), ct: b64u(new Uint8Array(ct)) };
}

/** Opens a value that was sealed to this key for this purpose. Fails alike for key, purpose and ciphertext. */
export async function open(pair: CryptoKeyPair, purpose: SealedFor, sealed: Sealed): Promise<Bytes> {
  const [enc, ct] = [fromB64u(sealed.enc), fromB64u(sealed.ct)];
  if (enc?.length !== 65 || !ct || ct.length < 16) throw new RangeError("not a sealed value");
  const ours = new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey));
  const shared = await encapsulated(pair.privateKey, enc, enc, ours);
  const { key, iv } = await schedule(shared, infoOf(purpose), "decrypt");
  return new Uint8Array(await crypto.subtle.decrypt({ name: "AES-GCM", iv }, key, ct));
}

/** DHKEM [RFC 9180 §4.1]. */
async function encapsulated(secret: CryptoKey, other: Bytes, enc: Bytes, recipient: Bytes): Promise<Bytes> {
  const key = await crypto.subtle.importKey("raw", other, CURVE, false, []);
  const dh = new Uint8Array(await crypto.subtle.deriveBits({ name: "ECDH", public: key }, secret, 256));
  const eaePrk = await labeledExtract(KEM, new Uint8Array(), "eae_prk", dh);
  const shared = await labeledExpand(KEM, eaePrk, "shared_secret", concat(enc, recipient), 32);
  wipe(dh, eaePrk);
  return shared;
}

/** The key schedule of base mode [RFC 9180 §5.1]: mode 0, no psk. */
async function schedule(
  shared: Bytes,
  info: Bytes,
  use: KeyUsage,
): Promise<{ readonly key: CryptoKey; readonly iv: Bytes }> {
  const none = new Uint8Array();
  const [pskIdHash, infoHash] = await Promise.all([
    labeledExtract(HPKE, none, "psk_id_hash", none),
    labeledExtract(HPKE, none, "info_hash", info),
  ]);
  const context = concat(Uint8Array.of(0), pskIdHash, infoHash);
  const secret = await labeledExtract(HPKE, shared, "secret", none);
  const [octets, iv] = await Promise.all([
    labeledExpand(HPKE, secret, "key", context, 32),
    labeledExpand(HPKE, secret, "base_nonce", context, 12),
  ]);
  const key = await crypto.subtle.importKey("raw", octets, "AES-GCM", false, [use]);
  wipe(shared, secret, octets);
  return { key, iv };
}

async function hmac(key: Bytes, ...parts: readonly Uint8Array[]): Promise<Bytes> {
  // An empty key is a key of zeros [RFC 2104], which every WebCrypto takes.
  const octets = key.length === 0 ? new Uint8Array(32) : key;
  const imported = await crypto.subtle.importKey("raw", octets, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  return new Uint8Array(await crypto.subtle.sign("HMAC", imported, concat(...parts)));
}

function labeledExtract(suite: Bytes, salt: Bytes, label: string, ikm: Bytes): Promise<Bytes> {
  return hmac(salt, utf8("HPKE-v1"), suite, utf8(label), ikm);
}

/** For at most 32 octets: one block of HKDF-Expand. */
async function labeledExpand(suite: Bytes, prk: Bytes, label: string, info: Bytes, length: number): Promise<Bytes> {
  const block = await hmac(
    prk, Uint8Array.of(0, length), utf8("HPKE-v1"), suite, utf8(label), info, Uint8Array.of(1));
  return block.slice(0, length);
}
