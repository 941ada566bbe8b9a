/** What the build makes: small enough, and nothing that its content security policy forbids. */

import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "vite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

/** All JavaScript together, in bytes after gzip: engine, seven languages, decoder of QR codes, service worker. */
const BUDGET = 120_000;

describe("the bundle", () => {
  const out = mkdtempSync(join(tmpdir(), "countersign-phone-"));
  let files: Map<string, string>;

  beforeAll(async () => {
    const configFile = fileURLToPath(new URL("../vite.config.ts", import.meta.url));
    await build({ configFile, logLevel: "error", build: { outDir: out, emptyOutDir: true } });
    const names = readdirSync(out, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    files = new Map(
      names.map((entry) => {
        const path = join(entry.parentPath, entry.name);
        return [path.slice(out.length + 1), readFileSync(path, "latin1")];
      }),
    );
  });
  afterAll(() => rmSync(out, { recursive: true, force: true }));

  const of = (ending: string) => [...files].filter(([name]) => name.endsWith(ending));

  it("stays within its budget", () => {
    const sizes = of(".js").map(
      ([name, code]) => [name, gzipSync(Buffer.from(code, "latin1"), { level: 9 }).length] as const,
    );
    const total = sizes.reduce((sum, [, size]) => sum + size, 0);
    console.log(`JavaScript: ${total} of ${BUDGET} bytes after gzip, in ${sizes.length} files`);
    expect(sizes.length).toBeGreaterThan(5);
    expect(total).toBeLessThan(BUDGET);
  });

  it("has nothing inline: no script, no style, no handler", () => {
    for (const [name, page] of of(".html")) {
      expect(page, name).not.toMatch(/<style|\sstyle=|\son\w+=/i);
      for (const [, attributes, body] of page.matchAll(/<script([^>]*)>([^<]*)<\/script>/g)) {
        expect(attributes, name).toContain("src=");
        expect(body?.trim(), name).toBe("");
      }
    }
  });

  it("never makes markup or code from a string", () => {
    for (const [name, code] of of(".js")) {
      expect(code, name).not.toMatch(
        /\.innerHTML|\.outerHTML|insertAdjacentHTML|document\.write|createContextualFragment|DOMParser/,
      );
      expect(code, name).not.toMatch(/\beval\(|new Function\(/);
    }
  });

  it("asks for nothing from anywhere else", () => {
    for (const [name, text] of [...of(".js"), ...of(".css"), ...of(".html"), ...of(".webmanifest")]) {
      const hosts = [...text.matchAll(/\bhttps?:\/\/[\w.-]+/g)]
        .map(String)
        .filter((url) => url !== "http://www.w3.org");
      expect(hosts, name).toEqual([]);
    }
  });

  it("keeps everything of the release for use without a network", () => {
    const worker = files.get("sw.js") ?? "";
    expect(worker).not.toMatch(/__PRECACHE__|__RELEASE__/);
    const kept = [...files.keys()].filter((name) => name !== "sw.js");
    for (const name of kept) expect(worker, name).toContain(name);
  });

  it("holds nothing of the gallery's scripted engine", () => {
    for (const [name, code] of of(".js")) expect(code, name).not.toMatch(/FakeEngine|TESTNUMBER/);
  });
});
