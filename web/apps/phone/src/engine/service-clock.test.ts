import { expect, test } from "vitest";
import { b64u, concat } from "../crypto/bytes.ts";
import { ServiceClock } from "./service-clock.ts";

const nonceAt = (second: number) => {
  const time = new Uint8Array(8);
  new DataView(time.buffer).setBigInt64(0, BigInt(second));
  return b64u(concat(time, new Uint8Array(16)));
};

test("the phone follows the service's time", () => {
  let now = 1_795_341_600_000;
  const clock = new ServiceClock(() => now);
  expect(clock.second()).toBe(1_795_341_600);
  // Delays on the way change nothing.
  expect(clock.learn(nonceAt(1_795_341_598))).toBe(0);
  expect(clock.second()).toBe(1_795_341_600);
  // The service is three hours ahead.
  expect(clock.learn(nonceAt(1_795_352_400))).toBe(10_800_500);
  expect(clock.second()).toBe(1_795_352_400);
  expect(clock.local("2026-11-22T13:00:00Z").getTime()).toBe(Date.parse("2026-11-22T13:00:00Z") - 10_800_500);
  now += 60_000;
  expect(clock.learn(nonceAt(1_795_352_460))).toBe(0);
  // And back again.
  expect(clock.learn(nonceAt(1_795_341_660))).toBe(-10_800_000);
  expect(clock.second()).toBe(1_795_341_660);
});

test("what is not a nonce of the service says nothing", () => {
  const clock = new ServiceClock(() => 1_795_341_600_000);
  for (const nonce of ["", "AAAA", "!", b64u(new Uint8Array(24)), b64u(new Uint8Array(24).fill(255)), b64u(new Uint8Array(25))]) {
    expect(clock.learn(nonce)).toBe(0);
  }
  expect(clock.second()).toBe(1_795_341_600);
});
