/**
 * The service's time. A phone's own clock is often wrong, and a proof that is a minute off is refused; every nonce says in
 * its first eight octets when it was made, so the phone follows that.
 */

import { fromB64u } from "../crypto/bytes.ts";

/** Differences below this are delays on the way, in ms. */
const NOISE = 3_000;

export class ServiceClock {
  readonly #now: () => number;
  #offset = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Learns from a nonce that has just come. Gives by how many ms the clock was moved. */
  learn(nonce: string): number {
    const octets = fromB64u(nonce);
    if (octets?.length !== 24) return 0;
    const second = Number(new DataView(octets.buffer).getBigInt64(0));
    if (!(second > 0 && second < 1e11)) return 0;
    // In the middle of its second.
    const difference = second * 1000 + 500 - this.#now();
    const moved = difference - this.#offset;
    if (Math.abs(moved) < NOISE) return 0;
    this.#offset = Math.abs(difference) < NOISE ? 0 : difference;
    return moved;
  }

  /** Seconds since 1970, as the service counts. */
  second(): number {
    return Math.floor((this.#now() + this.#offset) / 1000);
  }

  /** A time that the service named, on this device's clock. */
  local(timestamp: string): Date {
    return new Date(Date.parse(timestamp) - this.#offset);
  }
}
