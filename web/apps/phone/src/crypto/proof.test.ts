import { expect, test } from "vitest";
import { fixture, writeFixture } from "../../test/fixtures.ts";
import { b64u, fromB64u, utf8 } from "./bytes.ts";
import { type Sealed, type SealedFor, open, seal } from "./hpke.ts";
import { type Jwk, jwkOf, newDeviceKey, newSealingKey, prove, thumbprint, words } from "./proof.ts";

interface Proof {
  readonly jwk: Jwk;
  readonly thumbprint: string;
  readonly words: string[];
  readonly method: string;
  readonly url: string;
  readonly body: string;
  readonly iat: number;
  readonly nonce: string;
  readonly proof: string;
}

interface SealedCase {
  readonly d: string;
  readonly jwk: Jwk;
  readonly for: SealedFor;
  readonly plaintext: string;
  readonly sealed: Sealed;
}

interface Fixture { readonly proofs: Proof[]; readonly sealed: SealedCase[] }

const ECDSA = { name: "ECDSA", namedCurve: "P-256" } as const;
const ECDH = { name: "ECDH", namedCurve: "P-256" } as const;

async function pairOf({ jwk, d }: SealedCase): Promise<CryptoKeyPair> {
  const [privateKey, publicKey] = await Promise.all([
    crypto.subtle.importKey("jwk", { ...jwk, d }, ECDH, false, ["deriveBits"]),
    crypto.subtle.importKey("jwk", { ...jwk }, ECDH, true, []),
  ]);
  return { privateKey, publicKey };
}

async function claimsOf(proof: Proof): Promise<{ header: object; claims: Record<string, unknown>; verifies: boolean }> {
  const [header, claims, signature] = proof.proof.split(".") as [string, string, string];
  const read = (part: string) => JSON.parse(new TextDecoder().decode(fromB64u(part)!)) as Record<string, unknown>;
  const key = await crypto.subtle.importKey("jwk", { ...proof.jwk }, ECDSA, false, ["verify"]);
  const verifies = await crypto.subtle.verify(
    { name: "ECDSA", hash: "SHA-256" }, key, fromB64u(signature)!, utf8(`${header}.${claims}`));
  return { header: read(header), claims: read(claims), verifies };
}

async function check({ proofs, sealed }: Fixture): Promise<void> {
  expect(proofs.length).toBeGreaterThan(1);
  for (const proof of proofs) {
    const print = await thumbprint(proof.jwk);
    expect(b64u(print)).toBe(proof.thumbprint);
    expect(words(print)).toEqual(proof.words);
    const { header, claims, verifies } = await claimsOf(proof);
    expect(verifies).toBe(true);
    expect(header).toEqual({ typ: "device-proof+jwt", alg: "ES256", kid: proof.thumbprint });
    const bh = b64u(new Uint8Array(await crypto.subtle.digest("SHA-256", utf8(proof.body))));
    const { method: htm, url: htu, iat, nonce } = proof;
    expect(claims).toEqual({ htm, htu, iat, nonce, bh, jti: expect.stringMatching(/^[A-Za-z0-9_-]{22}$/) });
  }
  expect(sealed).toHaveLength(7);
  for (const value of sealed) {
    const pair = await pairOf(value);
    expect(new TextDecoder().decode(await open(pair, value.for, value.sealed))).toBe(value.plaintext);
    for (const other of sealed.filter(({ for: purpose }) => purpose !== value.for)) {
      await expect(open(pair, other.for, value.sealed)).rejects.toThrow();
    }
    const changed = { ...value.sealed, ct: b64u(fromB64u(value.sealed.ct)!.map((octet, at) => at === 0 ? octet ^ 1 : octet)) };
    await expect(open(pair, value.for, changed)).rejects.toThrow();
  }
}

test("what Rust makes is read", () => check(fixture<Fixture>("device/made-in-rust.json")));

test("proofs and sealed values for the tests of crates/wire", async () => {
  const proofs = await Promise.all([
    ["GET", "http://127.0.0.1:8080/device/v1/account", ""],
    ["POST", "https://sid.example.test/device/v1/transactions/x/confirm", "{\"req\":\"ÄÖ€\"}"],
  ].map(async ([method, url, body]): Promise<Proof> => {
    const { publicKey, privateKey } = await newDeviceKey();
    const jwk = await jwkOf(publicKey);
    const print = await thumbprint(jwk);
    const told = { iat: 1_795_341_600, nonce: "AAAAAGsFfGAAAAAAAAAAAAAAAAAAAAAA" };
    const jti = crypto.getRandomValues(new Uint8Array(16));
    const proof = await prove(privateKey, b64u(print), { htm: method!, htu: url!, ...told, jti, body: utf8(body!) });
    return { jwk, thumbprint: b64u(print), words: words(print), method: method!, url: url!, body: body!, ...told, proof };
  }));
  const purposes = fixture<Fixture>("device/made-in-rust.json").sealed.map((value) => value.for);
  const sealed = await Promise.all(purposes.map(async (purpose): Promise<SealedCase> => {
    const pair = await crypto.subtle.generateKey(ECDH, true, ["deriveBits"]);
    const jwk = await jwkOf(pair.publicKey);
    const plaintext = `to ${purpose.purpose}`;
    const { d } = await crypto.subtle.exportKey("jwk", pair.privateKey);
    const value = await seal({ id: "core-1", x: jwk.x, y: jwk.y }, purpose, utf8(plaintext));
    return { d: d!, jwk, for: purpose, plaintext, sealed: value };
  }));
  const made = { proofs, sealed };
  await check(made);
  if (process.env.WRITE_FIXTURES) writeFixture("device/made-in-the-browser.json", made);
});

test("the keys of a device cannot be exported", async () => {
  for (const pair of [await newDeviceKey(), await newSealingKey()]) {
    expect(pair.privateKey.extractable).toBe(false);
    await expect(crypto.subtle.exportKey("pkcs8", pair.privateKey)).rejects.toThrow();
  }
});

test("an empty value can be sealed", async () => {
  const pair = await newSealingKey();
  const { x, y } = await jwkOf(pair.publicKey);
  const purpose: SealedFor = { purpose: "token", device: "device-1" };
  expect(await open(pair, purpose, await seal({ id: "e", x, y }, purpose, new Uint8Array()))).toHaveLength(0);
});
