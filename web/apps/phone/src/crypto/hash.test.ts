import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { HASHES, digest, hashLength, isHash } from "./hash.ts";
import { hex, utf8 } from "./bytes.ts";

test.each(HASHES)("%s agrees with OpenSSL at every length around its blocks", async (hash) => {
  const name = hash.toLowerCase().replace("sha-", "sha");
  for (const length of [0, 1, 55, 71, 72, 73, 103, 104, 105, 135, 136, 137, 200, 272, 1000]) {
    const data = Uint8Array.from({ length }, (_, at) => at * 31 + length);
    expect(hex(await digest(hash, data))).toBe(createHash(name).update(data).digest("hex"));
  }
  expect((await digest(hash, utf8("")))).toHaveLength(hashLength(hash));
});

test("a hash is known by its own name only", () => {
  expect(isHash("SHA3-512")).toBe(true);
  for (const other of ["sha-256", "SHA-1", "SHA256", null]) expect(isHash(other)).toBe(false);
});
