import type { Bytes } from "../crypto/bytes.ts";

/** Octets from the browser's generator. */
export const random = (length: number): Bytes => crypto.getRandomValues(new Uint8Array(length));
