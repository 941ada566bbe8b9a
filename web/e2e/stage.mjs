// What the suites of pages share: the program as a service of its own, a browser, and what they ask of any page.
//
// `node e2e.mjs BINARY [PART…]`: the program, and parts of the names of the cases that are wanted.

import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

export const binary = resolve(process.argv[2] ?? "target/debug/countersign");
export const root = fileURLToPath(new URL("../..", import.meta.url));

const only = process.argv.slice(3);
const FLAGS = [
  "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync",
];

/** Whether a case of this name is wanted. */
export const wanted = (name) => only.length === 0 || only.some((part) => name.includes(part));

/** A browser; where there is none, the suite ends with a skip by name. */
export async function openBrowser(suite) {
  const executablePath = [process.env.CHROMIUM, "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"]
    .find((path) => path && existsSync(path));
  if (!executablePath) {
    console.log(`SKIP ${suite}: chromium is not installed`);
    console.log(`${suite}: 0 passed, 0 failed, 1 skipped`);
    process.exit(0);
  }
  return chromium.launch({ executablePath, args: FLAGS });
}

/** `countersign dev` on free ports, until this process ends; `more` arguments. */
export async function startServer(...more) {
  const child = spawn(binary, ["dev", "--listen", "127.0.0.1:0", ...more], { stdio: ["ignore", "pipe", "ignore"] });
  process.on("exit", () => child.kill("SIGKILL"));
  let said = "";
  await new Promise((resolve, reject) => {
    child.stdout.on("data", (chunk) => {
      said += chunk;
      if (said.includes("stop with")) resolve();
    });
    child.on("exit", () => reject(new Error(`the service did not start: ${said}`)));
  });
  return {
    server: child,
    origin: /http:\/\/127\.0\.0\.1:\d+/.exec(said)[0],
    secure: /https:\/\/localhost:\d+/.exec(said)?.[0] ?? null,
  };
}

/** Sets what test persons do. */
export async function control(page, origin, path, data) {
  const answer = await page.request.post(`${origin}/control/v1/${path}`, { data });
  equal(answer.status(), 200, path);
}

/** A test person opens a link with the phone, as after scanning or tapping it. */
export async function opens(page, origin, data) {
  const answer = await page.request.post(`${origin}/mock/device-link`, { data });
  equal(answer.status(), 200, "the phone takes the link");
}

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** No violation of the accessibility rules that a program can find. What is in a frame has its own suite. */
export async function audit(page, where) {
  await page.evaluate(axe);
  const found = await page.evaluate(async () => {
    const result = await window.axe.run({ exclude: [["iframe"]] }, { resultTypes: ["violations"], iframes: false });
    return result.violations.map((each) => `${each.id} (${each.nodes.slice(0, 3).map((node) => node.target.join(" ")).join("; ")})`);
  });
  equal(found.length, 0, `accessible (${where}): ${found.join(", ")}`);
}

/** Nothing sticks out to the side. */
export async function fits(page, where) {
  const [inner, outer] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
  equal(inner <= outer, true, `${where}: ${inner} wide in ${outer}`);
}

export function equal(found, expected, what) {
  if (found !== expected) throw new Error(`${what}: expected ${JSON.stringify(expected)}, found ${JSON.stringify(found)}`);
}
