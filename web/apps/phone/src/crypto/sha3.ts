/** SHA3-256, SHA3-384 and SHA3-512 [FIPS 202]; WebCrypto has none of them. */

import type { Bytes } from "./bytes.ts";

const MASK = (1n << 64n) - 1n;

/** Rotations of ρ [FIPS 202 §3.2.2] by lane 5y + x. */
const ROTATIONS = [
  0, 1, 62, 28, 27, 36, 44, 6, 55, 20, 3, 10, 43, 25, 39, 41, 45, 15, 21, 8, 18, 2, 61, 56, 14,
].map(BigInt);

/** Constants of ι [FIPS 202 §3.2.5], from their shift register. */
const ROUNDS = (() => {
  let register = 1;
  return Array.from({ length: 24 }, () => {
    let constant = 0n;
    for (let j = 0; j < 7; j++) {
      if (register & 1) constant |= 1n << BigInt(2 ** j - 1);
      register = register << 1 ^ (register & 0x80 ? 0x171 : 0);
    }
    return constant;
  });
})();

const rotate = (lane: bigint, by: bigint) => (lane << by | lane >> 64n - by) & MASK;

function permute(state: bigint[]): void {
  const lane = (x: number, y: number) => state[5 * (y % 5) + x % 5]!;
  for (const round of ROUNDS) {
    const parity = [0, 1, 2, 3, 4].map((x) => lane(x, 0) ^ lane(x, 1) ^ lane(x, 2) ^ lane(x, 3) ^ lane(x, 4));
    const mixed = state.map((value, at) => value ^ parity[(at + 4) % 5]! ^ rotate(parity[(at + 1) % 5]!, 1n));
    const moved = new Array<bigint>(25);
    for (let y = 0; y < 5; y++) {
      for (let x = 0; x < 5; x++) {
        moved[5 * ((2 * x + 3 * y) % 5) + y] = rotate(mixed[5 * y + x]!, ROTATIONS[5 * y + x]!);
      }
    }
    for (let at = 0; at < 25; at++) {
      const row = at - at % 5;
      state[at] = moved[at]! ^ ~moved[row + (at + 1) % 5]! & MASK & moved[row + (at + 2) % 5]!;
    }
    state[0]! ^= round;
  }
}

export function sha3(bits: 256 | 384 | 512, data: Uint8Array): Bytes {
  const rate = 200 - bits / 4;
  const padded = new Uint8Array(Math.ceil((data.length + 1) / rate) * rate);
  padded.set(data);
  padded[data.length]! |= 0x06;
  padded[padded.length - 1]! |= 0x80;
  const words = new DataView(padded.buffer);
  const state = new Array<bigint>(25).fill(0n);
  for (let block = 0; block < padded.length; block += rate) {
    for (let at = 0; at < rate / 8; at++) state[at]! ^= words.getBigUint64(block + 8 * at, true);
    permute(state);
  }
  const squeezed = new DataView(new ArrayBuffer(64));
  for (let at = 0; at < 8; at++) squeezed.setBigUint64(8 * at, state[at]!, true);
  return new Uint8Array(squeezed.buffer).slice(0, bits / 8);
}
