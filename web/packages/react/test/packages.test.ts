/** The two packages as they would be published: what is in them, and whether somebody else's program can use them. */

import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const web = fileURLToPath(new URL("../../../", import.meta.url));
const PACKAGES = ["elements", "react"] as const;

interface Packed {
  readonly filename: string;
  readonly files: readonly { readonly path: string }[];
}

const work = mkdtempSync(join(tmpdir(), "countersign-packages-"));
const packed = new Map<string, Packed>();

/** What stands in a line that a script before has printed is passed over. */
function pack(name: string): Packed {
  const said = execFileSync("npm", ["pack", "--json", "--pack-destination", work], { cwd: join(web, "packages", name), encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  const json = JSON.parse(said.slice(said.search(/^[[{]/m))) as Packed[] | Record<string, Packed>;
  const [only] = Object.values(json);
  if (!only) throw new Error(said);
  return only;
}

/** An empty program with both packages installed, and what they need beside them. */
beforeAll(() => {
  const modules = join(work, "node_modules");
  for (const name of PACKAGES) {
    packed.set(name, pack(name));
    const home = join(modules, "@countersign", name);
    mkdirSync(home, { recursive: true });
    execFileSync("tar", ["-xzf", join(work, packed.get(name)!.filename.replace("@", "").replace("/", "-")), "-C", home, "--strip-components=1"]);
  }
  for (const name of ["react", "react-dom", "uqr", "@types/react", "@types/react-dom", "csstype", "scheduler"]) {
    if (!existsSync(join(web, "node_modules", name))) continue;
    mkdirSync(dirname(join(modules, name)), { recursive: true });
    symlinkSync(join(web, "node_modules", name), join(modules, name));
  }
  writeFileSync(join(work, "package.json"), JSON.stringify({ type: "module" }));
});

afterAll(() => rmSync(work, { recursive: true, force: true }));

describe.each(PACKAGES)("%s", (name) => {
  it("holds what its exports name, and nothing of how it was made", () => {
    const files = packed.get(name)!.files.map(({ path }) => path);
    const { exports } = JSON.parse(readFileSync(join(web, "packages", name, "package.json"), "utf8")) as { exports: Record<string, string | Record<string, string>> };
    for (const target of Object.values(exports)) {
      const named = typeof target === "string" ? [target] : [target["types"], target["default"]];
      for (const path of named) expect(files).toContain(path?.replace("./", ""));
    }
    expect(files).toContain("README.md");
    expect(files.filter((path) => /^src\/|test|example|tsconfig|vite/.test(path))).toEqual([]);
  });
});

it("another program compiles with them, strictly", () => {
  writeFileSync(join(work, "use.tsx"), `
    import { embedStatus, REGISTRATION_EVENTS, type RegistrationStatus } from "@countersign/elements";
    import "@countersign/elements/register";
    import { CountersignRegistration, CountersignQr } from "@countersign/react";
    const element = document.createElement("countersign-registration");
    element.tokenSource = async () => "token";
    element.addEventListener("countersign-done", (event) => {
      const status: RegistrationStatus = event.detail;
      console.log(status.signingStatus === "MID", REGISTRATION_EVENTS.length, embedStatus);
    });
    // @ts-expect-error an event of another form
    element.addEventListener("countersign-verified", (event) => event.detail.signingStatus);
    // @ts-expect-error no such means
    export const wrong = <CountersignRegistration allowedMethods="FAX" />;
    export const right = <CountersignRegistration apiBase="https://id.example" requireTc onVerified={({ detail }) => console.log(detail.msisdn)} />;
    export const qr = <CountersignQr linkUrl="/l" statusUrl="/s" onComplete={({ detail }) => console.log(detail.state)} />;
  `);
  for (const resolution of ["Bundler", "NodeNext"]) {
    const options = { strict: true, noEmit: true, jsx: "react-jsx", target: "ES2022", lib: ["ES2023", "DOM", "DOM.Iterable"], types: [], module: resolution === "NodeNext" ? "NodeNext" : "ESNext", moduleResolution: resolution };
    writeFileSync(join(work, "tsconfig.json"), JSON.stringify({ compilerOptions: options, files: ["use.tsx"] }));
    let said = "";
    try {
      execFileSync(join(web, "node_modules/.bin/tsc"), ["-p", work], { encoding: "utf8" });
    } catch (error) {
      said = String((error as { stdout?: string }).stdout);
    }
    expect(said, resolution).toBe("");
  }
});

it("a server can import them and render", () => {
  writeFileSync(join(work, "serve.js"), `
    import "@countersign/elements/register";
    import { createElement } from "react";
    import { renderToString } from "react-dom/server";
    import { CountersignRegistration } from "@countersign/react";
    console.log(renderToString(createElement(CountersignRegistration, { apiBase: "https://id.example" })));
  `);
  const said = execFileSync(process.execPath, ["serve.js"], { cwd: work, encoding: "utf8" });
  expect(said).toBe('<countersign-registration api-base="https://id.example"></countersign-registration>\n');
});
