#!/usr/bin/env node
// The phone in a real browser against the real service, nothing in between: `node web/e2e/run.mjs BINARY [--budgets] [NAME…]`.
// With `--budgets`, what takes longer than it may is a failure: for a machine that does nothing else meanwhile.
// Prints `FAIL name: why` for each case that fails, and last `e2e: N passed, N failed, N skipped`.

import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const [binary, ...rest] = process.argv.slice(2);
const budgets = rest.includes("--budgets");
const names = rest.filter((word) => word !== "--budgets");
if (!binary) {
  console.error("usage: node web/e2e/run.mjs BINARY [--budgets] [NAME…]");
  process.exit(2);
}

const skip = (why) => {
  console.log(`SKIP e2e: ${why}`);
  console.log("e2e: 0 passed, 0 failed, 1 skipped");
  process.exit(0);
};

const chromium = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find((path) => existsSync(path));
if (!chromium) skip("chromium is not installed");
if (!existsSync(new URL("../node_modules/playwright-core", import.meta.url))) skip("web/node_modules is not there (npm ci in web/)");

// The cases are in TypeScript and share the e-service with the other tests; Vite, which builds the app, reads them.
const { runnerImport } = await import("vite");
const root = fileURLToPath(new URL("..", import.meta.url));
const { module } = await runnerImport(fileURLToPath(new URL("suite.ts", import.meta.url)), { root, configFile: false, logLevel: "error" });
process.exitCode = await module.run({ binary, chromium, names, budgets });
