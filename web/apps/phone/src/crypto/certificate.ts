/** What a person wants to see of an X.509 certificate [RFC 5280 §4.1], read from its DER. Nothing is verified here. */

import { type Bytes, concat, fromB64, fromNumber, hex, toNumber } from "./bytes.ts";

export interface Attribute {
  /** Short name, or the identifier with dots. */
  readonly name: string;
  readonly value: string;
}

export interface Certificate {
  readonly subject: readonly Attribute[];
  readonly issuer: readonly Attribute[];
  readonly serialNumber: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
}

interface Element {
  readonly tag: number;
  readonly value: Uint8Array;
  readonly end: number;
}

/** One element of DER at a place; lengths of at most four octets. */
function read(der: Uint8Array, at: number): Element {
  const [tag, first] = [der[at], der[at + 1]];
  if (tag === undefined || first === undefined) throw new RangeError("the DER ends early");
  let [start, length] = [at + 2, first];
  if (first >= 0x80) {
    const count = first & 0x7f;
    if (count === 0 || count > 4) throw new RangeError("a length that is not DER");
    length = 0;
    for (let octet = 0; octet < count; octet++) length = length * 256 + (der[start + octet] ?? NaN);
    start += count;
  }
  const end = start + length;
  if (!(end <= der.length)) throw new RangeError("the DER ends early");
  return { tag, value: der.subarray(start, end), end };
}

function children({ value }: Element): Element[] {
  const found: Element[] = [];
  for (let at = 0; at < value.length;) {
    const element = read(value, at);
    found.push(element);
    at = element.end;
  }
  return found;
}

const NAMES: Readonly<Record<string, string>> = {
  "2.5.4.3": "CN", "2.5.4.4": "SN", "2.5.4.5": "serialNumber", "2.5.4.6": "C", "2.5.4.7": "L", "2.5.4.10": "O", "2.5.4.11": "OU",
  "2.5.4.42": "GN", "2.5.4.97": "organizationIdentifier",
};

function objectIdentifier(value: Uint8Array): string {
  const arcs: number[] = [];
  let arc = 0;
  for (const octet of value) {
    arc = arc * 128 + (octet & 0x7f);
    if (octet < 0x80) {
      arcs.push(arc);
      arc = 0;
    }
  }
  const first = Math.min(Math.floor((arcs[0] ?? 0) / 40), 2);
  return [first, (arcs[0] ?? 0) - 40 * first, ...arcs.slice(1)].join(".");
}

function text({ tag, value }: Element): string {
  switch (tag) {
    case 0x0c: case 0x13: case 0x16: return new TextDecoder().decode(value);
    case 0x1e: return new TextDecoder("utf-16be").decode(value);
    default: return `#${hex(value)}`;
  }
}

function name(element: Element): Attribute[] {
  return children(element).flatMap(children).map((attribute) => {
    const [type, value] = children(attribute);
    if (!type || !value) throw new RangeError("an attribute without a value");
    const identifier = objectIdentifier(type.value);
    return { name: NAMES[identifier] ?? identifier, value: text(value) };
  });
}

/** UTCTime or GeneralizedTime in the one form of [RFC 5280 §4.1.2.5]. */
function time({ tag, value }: Element): Date {
  const digits = new TextDecoder().decode(value);
  const read = /^(\d{2}|\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})Z$/.exec(digits);
  if (!read || (tag === 0x17) !== (read[1]!.length === 2)) throw new RangeError("not a time of a certificate");
  const [year, month, ...rest] = read.slice(1).map(Number) as [number, number, number, number, number, number];
  const full = tag === 0x17 ? year + (year < 50 ? 2000 : 1900) : year;
  return new Date(Date.UTC(full, month - 1, ...rest));
}

/** Reads standard Base64 of the DER. Null for what is not a certificate. */
export function readCertificate(base64: string): Certificate | null {
  try {
    const der = fromB64(base64);
    const tbs = der && children(read(der, 0))[0];
    if (!tbs) return null;
    const fields = children(tbs);
    // The version is explicit in every certificate of version 2 or later.
    const [serial, , issuer, validity, subject] = fields[0]?.tag === 0xa0 ? fields.slice(1) : fields;
    if (!serial || !issuer || !validity || !subject) return null;
    const [notBefore, notAfter] = children(validity);
    if (!notBefore || !notAfter) return null;
    return {
      subject: name(subject),
      issuer: name(issuer),
      serialNumber: hex(serial.value),
      notBefore: time(notBefore),
      notAfter: time(notAfter),
    };
  } catch {
    return null;
  }
}

function encode(tag: number, ...parts: readonly Uint8Array[]): Bytes {
  const value = concat(...parts);
  const length = value.length < 0x80 ? Uint8Array.of(value.length)
    : value.length < 0x100 ? Uint8Array.of(0x81, value.length)
    : Uint8Array.of(0x82, value.length >> 8, value.length);
  return concat(Uint8Array.of(tag), length, value);
}

function integer(number: bigint): Bytes {
  const digits = number.toString(16).length;
  // A zero in front of a set top bit: INTEGER is signed.
  return encode(0x02, fromNumber(number, Math.ceil((digits + 1) / 2)).subarray(
    digits % 2 === 0 && Number.parseInt(number.toString(16)[0]!, 16) < 8 ? 1 : 0));
}

/** SubjectPublicKeyInfo of an RSA key [RFC 3279 §2.3.1]. */
export function rsaPublicKeyInfo(modulus: Uint8Array, exponent: bigint): Bytes {
  const algorithm = Uint8Array.of(0x30, 13, 0x06, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1, 0x05, 0);
  const key = encode(0x30, integer(toNumber(modulus)), integer(exponent));
  return encode(0x30, algorithm, encode(0x03, Uint8Array.of(0), key));
}
