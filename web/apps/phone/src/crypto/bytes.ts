/** Octets, and the texts and numbers they travel as. */

/** Octets whose memory is nobody else's, as WebCrypto wants them. */
export type Bytes = Uint8Array<ArrayBuffer>;

export const utf8 = (text: string): Bytes => new TextEncoder().encode(text);

export function concat(...parts: readonly Uint8Array[]): Bytes {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

export function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((octet, at) => octet === b[at]);
}

export function xor(a: Uint8Array, b: Uint8Array): Bytes {
  if (a.length !== b.length) throw new RangeError("xor of different lengths");
  return Uint8Array.from(a, (octet, at) => octet ^ b[at]!);
}

/** Overwrites a secret. Best effort: the engine may have copied it before. */
export function wipe(...secrets: readonly (Uint8Array | null | undefined)[]): void {
  for (const secret of secrets) secret?.fill(0);
}

const HEX = Array.from({ length: 256 }, (_, octet) => octet.toString(16).padStart(2, "0"));

export function hex(octets: Uint8Array): string {
  let text = "";
  for (const octet of octets) text += HEX[octet];
  return text;
}

export function fromHex(text: string): Bytes {
  if (text.length % 2 !== 0 || /[^0-9a-f]/i.test(text)) throw new RangeError("not hexadecimal octets");
  return Uint8Array.from({ length: text.length / 2 }, (_, at) => parseInt(text.slice(2 * at, 2 * at + 2), 16));
}

/** Big-endian octets as a number. */
export function toNumber(octets: Uint8Array): bigint {
  return octets.length === 0 ? 0n : BigInt(`0x${hex(octets)}`);
}

/** A number as so many big-endian octets. */
export function fromNumber(number: bigint, length: number): Bytes {
  const text = number.toString(16);
  if (number < 0n || text.length > 2 * length) throw new RangeError(`a number that needs more than ${length} octets`);
  return fromHex(text.padStart(2 * length, "0"));
}

export function bitLength(number: bigint): number {
  return number === 0n ? 0 : number.toString(2).length;
}

/** Standard Base64 with padding [RFC 4648 §4]. */
export function b64(octets: Uint8Array): string {
  let binary = "";
  for (const octet of octets) binary += String.fromCharCode(octet);
  return btoa(binary);
}

/** Base64url without padding [RFC 4648 §5]. */
export function b64u(octets: Uint8Array): string {
  return b64(octets).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

/** Null for what is not standard Base64 with padding in its one spelling. */
export function fromB64(text: string): Bytes | null {
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return null;
  try {
    const octets = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
    return b64(octets) === text ? octets : null;
  } catch {
    return null;
  }
}

/** Null for what is not Base64url without padding in its one spelling. */
export function fromB64u(text: string): Bytes | null {
  if (!/^[A-Za-z0-9_-]*$/.test(text)) return null;
  const standard = text.replace(/-/g, "+").replace(/_/g, "/");
  return fromB64(standard.padEnd(Math.ceil(standard.length / 4) * 4, "="));
}
