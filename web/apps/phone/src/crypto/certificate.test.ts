import { X509Certificate, createPublicKey, generateKeyPairSync } from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { b64, fromB64, fromB64u, hex, toNumber } from "./bytes.ts";
import { readCertificate, rsaPublicKeyInfo } from "./certificate.ts";

const folder = fileURLToPath(new URL("../../../../../fixtures/dev/authority/", import.meta.url));
const certificates = readdirSync(folder).filter((name) => name.endsWith(".pem") && !name.includes(".key."));

test.each(certificates)("%s is read as OpenSSL reads it", (name) => {
  const theirs = new X509Certificate(readFileSync(folder + name));
  const ours = readCertificate(theirs.raw.toString("base64"))!;
  expect(ours.serialNumber.replace(/^00/, "").toUpperCase()).toBe(theirs.serialNumber);
  expect(ours.notBefore).toEqual(new Date(theirs.validFrom));
  expect(ours.notAfter).toEqual(new Date(theirs.validTo));
  expect(ours.subject.map(({ name: type, value }) => `${type}=${value}`)).toEqual(theirs.subject.split("\n"));
  expect(ours.issuer.map(({ name: type, value }) => `${type}=${value}`)).toEqual(theirs.issuer.split("\n"));
});

test("what is not a certificate is none, whatever was changed", () => {
  const raw = new X509Certificate(readFileSync(folder + certificates[0]!)).raw;
  for (const wrong of ["", "AA==", "!", b64(new Uint8Array(5000)), b64(Uint8Array.of(0x30, 0x84, 255, 255, 255, 255))]) {
    expect(readCertificate(wrong)).toBeNull();
  }
  for (let at = 0; at < raw.length; at++) {
    readCertificate(b64(raw.subarray(0, at)));
    const changed = Uint8Array.from(raw);
    changed[at]! ^= 0xff;
    readCertificate(b64(changed));
  }
});

test("an RSA key is written as OpenSSL writes it", () => {
  for (let round = 0; round < 4; round++) {
    const { publicKey } = generateKeyPairSync("rsa", { modulusLength: 1024 });
    const n = fromB64u(publicKey.export({ format: "jwk" }).n!)!;
    const spki = rsaPublicKeyInfo(n, 65537n);
    expect(hex(spki)).toBe(publicKey.export({ format: "der", type: "spki" }).toString("hex"));
  }
  const small = rsaPublicKeyInfo(fromB64("AQAB")!, 3n);
  expect(createPublicKey({ key: Buffer.from(small), format: "der", type: "spki" }).asymmetricKeyType).toBe("rsa");
  expect(toNumber(fromB64("AQAB")!)).toBe(65537n);
});
