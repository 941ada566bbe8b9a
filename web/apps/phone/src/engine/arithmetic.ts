/**
 * Everything that is slow or secret: keys, masks, powers, and the sealing of what comes of them. In the browser it runs in a
 * worker, so a PIN goes in and only sealed values and masked shares come out.
 */

import { type Bytes, b64u, fromB64u, fromNumber, toNumber, utf8, wipe } from "../crypto/bytes.ts";
import { type Padding, encode } from "../crypto/encode.ts";
import { type CoreKey, type Sealed, type SealedFor, seal } from "../crypto/hpke.ts";
import { MASK_SALT, maskShare } from "../crypto/pin-mask.ts";
import { type Split, isLongEnough, partialSignature, refreshDelta, shareLength, split } from "../crypto/share.ts";
import type { StoredShare } from "./vault.ts";

/** What a share is masked with, besides its own salt. */
export interface Guard {
  readonly pin: string;
  readonly kid: string;
  readonly hardware: Bytes;
}

export interface SignTask {
  readonly n1: string;
  readonly share: StoredShare;
  readonly guard: Guard;
  readonly padding: Padding;
  readonly digest: Bytes;
  /** Bits of the public modulus. */
  readonly modulusBits: number;
  readonly core: CoreKey;
  readonly purpose: SealedFor;
}

export interface Arithmetic {
  /** Makes half a key and splits it; both shares stay inside under the id that it gives, with the half modulus. */
  makeKey(halfBits: number): Promise<{ readonly id: number; readonly n1: string }>;
  /** The service's share of a key that was made, sealed. */
  sealShare(id: number, core: CoreKey, use: string): Promise<Sealed>;
  /** The phone's share of a key that was made, masked; it is forgotten with this. */
  maskKey(id: number, guard: Guard, iterations: number): Promise<StoredShare>;
  /** The phone's part of a signature, sealed. */
  sign(task: SignTask): Promise<Sealed>;
  /** A new share under a new PIN, and the difference for the service, sealed. */
  refresh(share: StoredShare, old: Guard, next: Guard, core: CoreKey): Promise<{ share: StoredShare; sealed: Sealed }>;
}

/** How often a half key is drawn again that is too short; one in twenty is. */
const ATTEMPTS = 64;

/** The arithmetic itself, in whichever thread it is called. */
export class DirectArithmetic implements Arithmetic {
  readonly #random: (length: number) => Bytes;
  readonly #made = new Map<number, Split>();
  #last = 0;

  constructor(random: (length: number) => Bytes) {
    this.#random = random;
  }

  async makeKey(halfBits: number): Promise<{ id: number; n1: string }> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const { privateKey } = await crypto.subtle.generateKey(
        { name: "RSA-PSS", modulusLength: halfBits, publicExponent: Uint8Array.of(1, 0, 1), hash: "SHA-256" },
        true, ["sign", "verify"]);
      const { n, p, q } = await crypto.subtle.exportKey("jwk", privateKey);
      const key = { n: octets(n), p: octets(p), q: octets(q) };
      if (!isLongEnough(toNumber(key.n), halfBits)) continue;
      const made = split(key, halfBits, this.#random(shareLength(halfBits)), toNumber(this.#random(halfBits / 8)));
      wipe(key.p, key.q);
      const id = ++this.#last;
      this.#made.set(id, made);
      return { id, n1: b64u(made.n1) };
    }
    throw new RangeError("no half key of the right length was drawn");
  }

  sealShare(id: number, core: CoreKey, use: string): Promise<Sealed> {
    const { n1, b } = this.#get(id);
    return seal(core, { purpose: "key-share", use }, json({ n1: b64u(n1), b: b64u(b) }));
  }

  async maskKey(id: number, guard: Guard, iterations: number): Promise<StoredShare> {
    const { a, b } = this.#get(id);
    const share = await this.#mask(a, guard, iterations);
    wipe(a, b);
    this.#made.delete(id);
    return share;
  }

  async sign(task: SignTask): Promise<Sealed> {
    const encoded = await encode(task.padding, task.digest, task.modulusBits);
    const a = await unmask(task.share, task.guard);
    const y = partialSignature(encoded, a, octets(task.n1));
    wipe(a);
    const salt = task.padding.scheme === "PSS" ? b64u(task.padding.salt) : "";
    const sealed = await seal(task.core, task.purpose, json({ salt, y: b64u(y) }));
    wipe(y);
    return sealed;
  }

  async refresh(share: StoredShare, old: Guard, next: Guard, core: CoreKey) {
    const before = await unmask(share, old);
    const after = this.#random(before.length);
    const delta = refreshDelta(before, after);
    const sealed = await seal(core, { purpose: "refresh", kid: old.kid }, json({ delta }));
    const stored = await this.#mask(after, next, share.iterations);
    wipe(before, after);
    return { share: stored, sealed };
  }

  async #mask(share: Bytes, { pin, ...binding }: Guard, iterations: number): Promise<StoredShare> {
    const salt = this.#random(MASK_SALT);
    const blob = await maskShare(share, pin, { ...binding, salt, iterations });
    return { salt: b64u(salt), blob: b64u(blob), iterations };
  }

  #get(id: number): Split {
    const made = this.#made.get(id);
    if (!made) throw new RangeError("no such key was made");
    return made;
  }
}

/** What a part is sealed in that only asks what became of an earlier request: no salt, no `y`, no try. */
export const EMPTY_PART = json({ salt: "", y: "" });

function unmask({ salt, blob, iterations }: StoredShare, { pin, ...binding }: Guard): Promise<Bytes> {
  return maskShare(octets(blob), pin, { ...binding, salt: octets(salt), iterations });
}

function octets(text: string | undefined): Bytes {
  const read = text === undefined ? null : fromB64u(text);
  if (!read) throw new RangeError("expected Base64url");
  return read;
}

function json(value: object): Bytes {
  return utf8(JSON.stringify(value));
}

/** Bits of a modulus in Base64url. */
export const modulusBits = (n: string): number => toNumber(octets(n)).toString(2).length;

/** Whether the public modulus is the product with this half, of exactly twice its bits; or the half alone. */
export function fitsHalf(n: string, n1: string, halfBits: number, composite: boolean): boolean {
  const [whole, half] = [toNumber(octets(n)), toNumber(octets(n1))];
  return composite
    ? whole % half === 0n && whole / half > 1n && modulusBits(n) === 2 * halfBits
    : whole === half && octets(n).length === fromNumber(half, halfBits / 8).length;
}
