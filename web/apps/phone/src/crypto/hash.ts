/** The six hash algorithms of the relying-party interface. */

import type { Bytes } from "./bytes.ts";
import { sha3 } from "./sha3.ts";

export const HASHES = ["SHA-256", "SHA-384", "SHA-512", "SHA3-256", "SHA3-384", "SHA3-512"] as const;
export type Hash = (typeof HASHES)[number];

export const isHash = (text: unknown): text is Hash => HASHES.includes(text as Hash);

/** Octets of a digest. */
export const hashLength = (hash: Hash): number => Number(hash.slice(-3)) / 8;

export async function digest(hash: Hash, data: Uint8Array): Promise<Bytes> {
  switch (hash) {
    case "SHA3-256": return sha3(256, data);
    case "SHA3-384": return sha3(384, data);
    case "SHA3-512": return sha3(512, data);
    case "SHA-256":
    case "SHA-384":
    case "SHA-512":
      return new Uint8Array(await crypto.subtle.digest(hash, data as Bytes));
  }
}
