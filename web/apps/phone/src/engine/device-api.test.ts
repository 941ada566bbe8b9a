import { expect, test } from "vitest";
import { b64u, concat } from "../crypto/bytes.ts";
import { newDeviceKey } from "../crypto/proof.ts";
import { DeviceApi } from "./device-api.ts";
import type { Environment } from "./environment.ts";
import { random } from "./random.ts";
import { ServiceClock } from "./service-clock.ts";
import { PhoneError, type Problem } from "./types.ts";

const NOW = 1_795_341_600_000;
const key = { key: (await newDeviceKey()).privateKey, kid: "k".repeat(43) };

/** An API whose service answers with these, one after the other. */
function api(...answers: readonly (() => Response)[]) {
  const asked: string[] = [];
  const environment = {
    origin: "https://service.test", now: () => NOW, random,
    fetch: async (_: unknown, init: RequestInit) => {
      asked.push(new Headers(init.headers).get("Device-Proof")!);
      const answer = answers[asked.length - 1];
      if (!answer) throw new TypeError("no network");
      return answer();
    },
  } as unknown as Environment;
  return { api: new DeviceApi(environment, new ServiceClock(() => NOW)), asked };
}

const json = (status: number, body: unknown, headers: Record<string, string> = {}) => () =>
  new Response(typeof body === "string" ? body : JSON.stringify(body), { status, headers });
const problem = (status: number, code: string, more: object = {}) => ({ status, code, detail: "why", title: "t", type: "urn:x", ...more });
const claims = (proof: string) => JSON.parse(atob(proof.split(".")[1]!.replace(/-/g, "+").replace(/_/g, "/"))) as Record<string, unknown>;

async function problemOf(work: Promise<unknown>): Promise<Problem> {
  const error = await work.then(() => null, (error: unknown) => error);
  if (!(error instanceof PhoneError)) throw new Error(String(error));
  return error.problem;
}

test("the first request fetches a nonce, the next uses it", async () => {
  const nonce = "n".repeat(32);
  const { api: one, asked } = api(
    json(401, problem(401, "USE_NONCE"), { "Device-Nonce": nonce }), json(200, { ok: 1 }, { "Device-Nonce": "second" }), json(200, {}));
  expect(await one.post(key, "/keys", { a: 1 })).toEqual({ ok: 1 });
  await one.get(key, "/account");
  expect(asked.map((proof) => claims(proof).nonce)).toEqual(["", nonce, "second"]);
  expect(claims(asked[0]!)).toMatchObject({ htm: "POST", htu: "https://service.test/device/v1/keys", iat: NOW / 1000 });
  expect(new Set(asked.map((proof) => claims(proof).jti)).size).toBe(3);
});

test("a wrong clock is set by the answer and the request is proven again", async () => {
  const time = new Uint8Array(8);
  new DataView(time.buffer).setBigInt64(0, BigInt(NOW / 1000 + 86_400));
  const nonce = b64u(concat(time, new Uint8Array(16)));
  const { api: one, asked } = api(
    json(401, problem(401, "PROOF_INVALID", { detail: "device proof: made at another time" }), { "Device-Nonce": nonce }), json(200, {}));
  await one.get(key, "/account");
  expect(claims(asked[1]!).iat).toBe(NOW / 1000 + 86_400);
  const still = json(401, problem(401, "PROOF_INVALID", { detail: "device proof: made at another time" }));
  expect(await problemOf(api(still).api.get(key, "/account"))).toEqual({ code: "CLOCK" });
});

test("answers that are none", async () => {
  const cases: readonly (readonly [() => Response, Problem])[] = [
    [json(200, "<html>"), { code: "UNEXPECTED", detail: "an answer that is not JSON" }],
    [json(200, "[]"), { code: "UNEXPECTED", detail: "an answer that is not JSON" }],
    [json(200, "null"), { code: "UNEXPECTED", detail: "an answer that is not JSON" }],
    [json(500, "oops"), { code: "OFFLINE" }],
    [json(502, "<html>"), { code: "OFFLINE" }],
    [json(404, "<html>"), { code: "UNEXPECTED", detail: "HTTP status 404" }],
    [json(503, problem(503, "", { code: undefined }), { "Retry-After": "7" }), { code: "BUSY", retryAfter: 7 }],
    [json(429, problem(429, "TOO_MANY_REQUESTS"), { "Retry-After": "12" }), { code: "BUSY", retryAfter: 12 }],
    [json(429, "slow down", { "Retry-After": "soon" }), { code: "BUSY", retryAfter: 1 }],
    [json(403, problem(403, "WRONG_PIN", { triesLeft: 2 })), { code: "WRONG_PIN", triesLeft: 2 }],
    [json(423, problem(423, "LOCKED", { until: "2026-11-22T15:00:00Z" })), { code: "LOCKED", until: new Date("2026-11-22T15:00:00Z") }],
    [json(423, problem(423, "LOCKED")), { code: "UNEXPECTED", detail: "423 LOCKED: why" }],
    [json(410, problem(410, "TX_EXPIRED")), { code: "TX_EXPIRED" }],
    [json(418, problem(418, "TEAPOT")), { code: "UNEXPECTED", detail: "418 TEAPOT: why" }],
    [json(426, problem(426, "UPGRADE_REQUIRED")), { code: "UPGRADE_REQUIRED" }],
  ];
  for (const [answer, expected] of cases) expect(await problemOf(api(answer).api.get(key, "/account"))).toEqual(expected);
  expect(await problemOf(api().api.get(key, "/account"))).toEqual({ code: "OFFLINE" });
});
