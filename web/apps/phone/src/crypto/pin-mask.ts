/**
 * The phone's share under the mask of a PIN.
 *
 * The masked share is the share XOR a key stream made from the PIN. It has no checksum, tag, padding or structure on
 * purpose: every PIN, right or wrong, unmasks to a share that could be the right one, so whoever steals the storage has
 * nothing to test guesses with. The service alone finds out, and counts.
 *
 * ```text
 * k    = PBKDF2-HMAC-SHA-256(PIN ‖ hw, salt, iterations)
 * mask = HKDF-SHA-256(k, salt = "", info = "splitkey/share-mask/v1" ‖ kid, length of the share)
 * ```
 */

import { type Bytes, concat, utf8, wipe, xor } from "./bytes.ts";

const LABEL = utf8("splitkey/share-mask/v1");

/** Octets of the salt. */
export const MASK_SALT = 16;

/** What a mask depends on besides the PIN. */
export interface MaskBinding {
  /** The id of the key. */
  readonly kid: string;
  /** 32 octets from the passkey's PRF, or none. */
  readonly hardware: Uint8Array;
  readonly salt: Uint8Array;
  readonly iterations: number;
}

/** Masks a share, or unmasks it: the same. */
export async function maskShare(share: Uint8Array, pin: string, binding: MaskBinding): Promise<Bytes> {
  const password = concat(utf8(pin), binding.hardware);
  const salt = concat(binding.salt);
  const material = await crypto.subtle.importKey("raw", password, "PBKDF2", false, ["deriveBits"]);
  const slow = new Uint8Array(await crypto.subtle.deriveBits(
    { name: "PBKDF2", hash: "SHA-256", salt, iterations: binding.iterations }, material, 256));
  const stretched = await crypto.subtle.importKey("raw", slow, "HKDF", false, ["deriveBits"]);
  const info = concat(LABEL, utf8(binding.kid));
  const mask = new Uint8Array(await crypto.subtle.deriveBits(
    { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info }, stretched, 8 * share.length));
  const masked = xor(share, mask);
  wipe(password, slow, mask);
  return masked;
}
