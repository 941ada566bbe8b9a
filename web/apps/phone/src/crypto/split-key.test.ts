import { expect, test } from "vitest";
import { fixture } from "../../test/fixtures.ts";
import { type Bytes, fromHex, hex, toNumber, utf8 } from "./bytes.ts";
import { type Padding, encode } from "./encode.ts";
import { type Hash, digest } from "./hash.ts";
import { power } from "./modexp.ts";
import { maskShare } from "./pin-mask.ts";
import { E, isLongEnough, partialSignature, refreshDelta, serviceShareLength, shareBits, split } from "./share.ts";

interface Vector {
  readonly name: string;
  readonly half_bits: number;
  readonly modulus_bits: number;
  readonly hash: string;
  readonly share_bits: number;
  readonly kdf: { readonly iterations: number };
  readonly wrong_pin: Readonly<Record<"pin" | "share" | "y", string>>;
  readonly pkcs1v15: Readonly<Record<"em" | "y_phone", string>>;
  readonly refresh: Readonly<Record<"d1_phone_new" | "delta_sign" | "delta_abs" | "d1_server_new", string>>;
  readonly [name: string]: unknown;
}

const { vectors, toy } = fixture<{ vectors: Vector[]; toy: Record<string, number> }>("split-key/vectors.json");

/** Hexadecimal, with a digit in front where one is missing, at a length. */
const octets = (text: unknown, length?: number): Bytes => {
  const digits = String(text);
  return fromHex(digits.padStart(length === undefined ? digits.length + digits.length % 2 : 2 * length, "0"));
};

const hashName = (vector: Vector) => vector.hash.replace("sha", "SHA-") as Hash;
const share = (vector: Vector, text: unknown) => octets(text, vector.share_bits / 8);
const binding = (vector: Vector) => ({
  kid: "",
  hardware: new Uint8Array(),
  salt: octets(vector.pin_salt),
  iterations: vector.kdf.iterations,
});

test("there are three full keys", () => {
  expect(vectors.map((vector) => vector.half_bits)).toEqual([1536, 2048, 3072]);
});

test.each(vectors)("$name: the mask of a PIN", async (vector) => {
  expect(shareBits(vector.half_bits)).toBe(vector.share_bits);
  const masked = await maskShare(share(vector, vector.d1_phone), String(vector.pin), binding(vector));
  expect(hex(masked)).toBe(hex(share(vector, vector.blob)));
  const wrong = await maskShare(masked, vector.wrong_pin.pin, binding(vector));
  expect(hex(wrong)).toBe(hex(share(vector, vector.wrong_pin.share)));
});

test.each(vectors)("$name: the encoded messages and the phone's parts", async (vector) => {
  const hash = hashName(vector);
  const mhash = await digest(hash, utf8(String(vector.message_utf8)));
  expect(hex(mhash)).toBe(vector.mhash);
  const length = vector.half_bits / 8;
  const [n1, a] = [octets(vector.n1, length), share(vector, vector.d1_phone)];
  const pss: Padding = { scheme: "PSS", hash, salt: octets(vector.pss_salt) };
  const em = await encode(pss, mhash, vector.modulus_bits);
  expect(hex(em)).toBe(hex(octets(vector.em, vector.modulus_bits / 8)));
  expect(hex(partialSignature(em, a, n1))).toBe(hex(octets(vector.y_phone, length)));
  const wrong = partialSignature(em, share(vector, vector.wrong_pin.share), n1);
  expect(hex(wrong)).toBe(hex(octets(vector.wrong_pin.y, length)));
  const pkcs1 = await encode({ scheme: "PKCS1", hash }, mhash, vector.modulus_bits);
  expect(hex(pkcs1)).toBe(hex(octets(vector.pkcs1v15.em, vector.modulus_bits / 8)));
  expect(hex(partialSignature(pkcs1, a, n1))).toBe(hex(octets(vector.pkcs1v15.y_phone, length)));
});

test.each(vectors)("$name: the split and the refresh", (vector) => {
  const length = vector.half_bits / 8;
  const key = { n: octets(vector.n1, length), p: octets(vector.p1), q: octets(vector.q1) };
  const a = share(vector, vector.d1_phone);
  const parts = split(key, vector.half_bits, a, 0x1234567n);
  expect(hex(parts.b)).toBe(hex(octets(vector.d1_server, serviceShareLength(vector.half_bits))));
  expect(hex(parts.n1)).toBe(hex(key.n));
  const { d1_phone_new, delta_sign, delta_abs } = vector.refresh;
  const delta = refreshDelta(a, share(vector, d1_phone_new));
  expect(delta).toBe(delta_sign + hex(share(vector, delta_abs)));
  expect(refreshDelta(share(vector, d1_phone_new), a)[0]).toBe(delta_sign === "+" ? "-" : "+");
  expect(() => split({ ...key, p: octets("03") }, vector.half_bits, a, 2n)).toThrow();
  expect(() => split(key, vector.half_bits, a.slice(1), 2n)).toThrow();
});

test("the numbers that can be followed by hand", () => {
  const number = (name: string) => BigInt(toy[name]!);
  const [n1, base] = [number("n1"), number("m_mod_n1")];
  expect(power(base, number("d1_phone"), n1, 12)).toBe(number("y"));
  expect(power(base, number("d1_server"), n1)).toBe(number("t"));
  expect(power(number("s1"), number("e"), n1)).toBe(base);
});

test("powers agree with square and multiply for every small case", () => {
  for (const modulus of [3n, 5n, 65537n, (1n << 127n) - 1n]) {
    for (const base of [0n, 1n, 2n, modulus - 1n, modulus, 12345678901234567890n]) {
      let expected = 1n;
      for (let exponent = 0n; exponent < 70n; exponent++) {
        expect(power(base, exponent, modulus)).toBe(expected % modulus);
        expected = expected * base % modulus;
      }
    }
  }
  expect(() => power(2n, 2n, 10n)).toThrow(RangeError);
});

test("a half modulus must be long enough for an exact product", () => {
  expect(isLongEnough(57n << 14n, 21)).toBe(false);
  expect(isLongEnough((57n << 3072n) / 100n + 1n, 3072)).toBe(true);
  expect(isLongEnough((57n << 3072n) / 100n - 1n, 3072)).toBe(false);
  expect(isLongEnough(1n << 3072n, 3072)).toBe(false);
  expect(E).toBe(65537n);
  expect(toNumber(new Uint8Array())).toBe(0n);
});

test("digests and salts of a wrong length are refused before encoding", () => {
  const salt = new Uint8Array(32);
  expect(() => encode({ scheme: "PSS", hash: "SHA-256", salt }, new Uint8Array(31), 2048)).toThrow(RangeError);
  return expect(encode({ scheme: "PSS", hash: "SHA-512", salt }, new Uint8Array(64), 6144)).rejects.toThrow(RangeError);
});
