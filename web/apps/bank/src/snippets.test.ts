import { expect, it } from "vitest";
import { SNIPPETS } from "./snippets.ts";

const VALUES = {
  origin: "http://127.0.0.1:4711",
  secure: "https://localhost:4712",
  uuid: "00000000-0000-4000-8000-000000000000",
  name: "DEMO",
  scheme: "smart-id-demo",
  document: "PNOEE-40504040001-DEM0-Q",
};

it("every language points at this server as this relying party", () => {
  expect(SNIPPETS.map((snippet) => snippet.id)).toEqual(["java", "php", "ruby", "rust", "dotnet", "node", "go", "curl"]);
  for (const snippet of SNIPPETS) {
    const code = snippet.code(VALUES);
    expect(code).toMatch(/http:\/\/127\.0\.0\.1:4711\/smart-id-rp\/v3|https:\/\/localhost:4712\/smart-id-rp\/v3/);
    expect(code).toContain(VALUES.uuid);
    expect(code).toContain("DEMO");
    expect(code).not.toContain("undefined");
  }
});
