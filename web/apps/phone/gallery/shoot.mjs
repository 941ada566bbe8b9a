// Renders every scene of the gallery into target/screens/phone/, and checks each: layout at five sizes, accessibility (axe) in every
// language, no error or policy violation in the console. The page is served under the product's own content security policy.
//
//   node gallery/shoot.mjs [--only NAME] [--no-shots]
//
// Last line: `screens: N passed, N failed, N skipped`.

import { createServer } from "node:http";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { build } from "vite";
import { hostile } from "./hostile.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const out = join(here, "../../../../target/screens/phone");
const only = process.argv.includes("--only") ? process.argv[process.argv.indexOf("--only") + 1] : null;
const shots = !process.argv.includes("--no-shots");
const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";
const LANGUAGES = ["en", "et", "lv", "lt", "ru", "de", "fr"];
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data: blob:",
  "worker-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types countersign-screens",
].join("; ");
const TYPES = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
  ".png": "image/png",
};
const SHOTS = [
  { name: "phone", width: 390, height: 844 },
  { name: "desktop", width: 1280, height: 800 },
];
/** Looked at but not photographed: the narrowest phones, the frame beside the sample bank, a phone on its side. */
const SIZES = [
  ...SHOTS,
  { name: "narrow", width: 320, height: 640 },
  { name: "frame", width: 360, height: 640 },
  { name: "side", width: 844, height: 390 },
  // 1280 × 1024 at four times the size [WCAG 2.2, 1.4.10].
  { name: "zoomed", width: 320, height: 256 },
];

let passed = 0;
let failed = 0;
let skipped = 0;
const spent = {};
const report = (scene, where, faults) => {
  if (faults.length === 0) {
    passed++;
    return;
  }
  failed++;
  for (const fault of faults) console.log(`FAIL ${scene} [${where}] ${fault}`);
};

await rm(out, { recursive: true, force: true });
await mkdir(out, { recursive: true });
await build({ configFile: join(here, "vite.config.ts"), logLevel: "warn" });
await build({
  configFile: join(here, "../vite.config.ts"),
  logLevel: "warn",
  build: { outDir: join(out, "product"), emptyOutDir: true },
});

const [gallerySite, productSite] = await Promise.all([
  serve("app", "index.html"),
  serve("product", "device-link.html"),
]);
const base = `${gallerySite.origin}/phone/`;

/** A folder of what was built, as the program serves it. */
async function serve(folder, page) {
  const server = createServer(async (request, response) => {
    const path = normalize(new URL(request.url, "http://x").pathname).replace(/^\/phone\//, "");
    try {
      const body = await readFile(join(out, folder, extname(path) === "" ? page : path));
      response.writeHead(200, {
        "content-type": TYPES[extname(path) || ".html"] ?? "application/octet-stream",
        "content-security-policy": POLICY,
      });
      response.end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { origin: `http://127.0.0.1:${server.address().port}`, close: () => server.close() };
}

let browser;
try {
  browser = await chromium.launch({
    executablePath: CHROMIUM,
    args: [
      "--headless",
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
} catch (error) {
  console.log(`SKIP no browser at ${CHROMIUM}: ${String(error).split("\n")[0]}`);
  skipped++;
  gallerySite.close();
  productSite.close();
  finish();
}

const axe = await readFile(join(here, "../../../node_modules/axe-core/axe.min.js"), "utf8");
const layout = await readFile(join(here, "layout-check.js"), "utf8");
const cards = new Map();
const queue = [];
{
  const page = await open();
  const scenes = await page.evaluate(() => window.scenes);
  queue.push(...scenes.filter((scene) => only === null || scene.name.includes(only)));
  for (const scene of queue) cards.set(scene.name, []);
  await page.close();
}
const names = queue.map((scene) => scene.name);
await Promise.all([work(), work(), strangers().then(deviceLinks)]);
await browser.close();
gallerySite.close();
productSite.close();
if (shots) await writeFile(join(out, "gallery.html"), gallery());
finish();

async function open(url = base) {
  const context = await browser.newContext({
    reducedMotion: "reduce",
    timezoneId: "Europe/Tallinn",
    locale: "en-GB",
    viewport: { width: 390, height: 844 },
  });
  const page = await context.newPage();
  page.noise = [];
  page.on("console", (message) => {
    if (message.type() === "error") page.noise.push(`console: ${message.text()}`);
  });
  page.on("pageerror", (error) => page.noise.push(`error: ${error.message}`));
  await page.addInitScript(axe);
  await page.addInitScript(layout);
  if (url === null) return page;
  await page.goto(url);
  await page.waitForFunction(() => window.scenes !== undefined);
  return page;
}

async function strangers() {
  if (only !== null && !"hostile".includes(only)) return;
  const page = await open();
  await timed("hostile", hostile(page, report));
  report("hostile", "console", [...new Set(page.noise)]);
  await page.context().close();
}

/** The page of a device link, in its own languages. */
async function deviceLinks() {
  if (only !== null && !"device-link".includes(only)) return;
  const page = await open(null);
  for (const [name, query] of [
    ["device-link-none", "&sessionToken=x&authCode=y"],
    ["device-link-incomplete", ""],
  ]) {
    cards.set(name, []);
    names.push(name);
    for (const language of ["eng", "est", "lav", "lit", "rus", "deu", "fra", "nld"]) {
      await page.goto(`${productSite.origin}/device-link?lang=${language}${query}`);
      await page.waitForSelector("h1");
      for (const size of SIZES) {
        await page.setViewportSize(size);
        report(name, `layout ${language} ${size.name}`, await page.evaluate(laidOut));
      }
      await page.setViewportSize(SHOTS[0]);
      report(name, `axe ${language}`, await accessible(page));
      if (shots && language === "deu") {
        await page.screenshot({ path: join(out, `${name}-phone-light.png`) });
        cards.get(name).push({ file: `${name}-phone-light.png`, size: "phone", scheme: "light", language });
      }
    }
  }
  report("device-link", "console", [...new Set(page.noise)]);
  await page.context().close();
}

async function work() {
  const page = await open();
  for (let scene = queue.shift(); scene; scene = queue.shift()) {
    try {
      await photograph(page, scene);
    } catch (error) {
      report(scene.name, "play", [String(error).split("\n")[0]]);
    }
  }
  await page.context().close();
}

async function photograph(page, { name, longest, readable }) {
  page.noise.length = 0;
  await page.emulateMedia({ colorScheme: "light", reducedMotion: "reduce" });
  for (const language of LANGUAGES) {
    await page.setViewportSize(SHOTS[0]);
    await timed(
      "play",
      page.evaluate(([scene, lang]) => window.play(scene, lang), [name, language]),
    );
    report(name, `axe ${language}`, await timed("axe", accessible(page)));
    for (const size of SIZES) {
      // Every language at the narrowest; all sizes in the longest.
      if (language !== longest && size.name !== "narrow") continue;
      await page.setViewportSize(size);
      report(name, `layout ${language} ${size.name}`, await timed("layout", page.evaluate(laidOut)));
      if (readable && size.name !== "zoomed") {
        const scrolls = await page.locator("cs-stranger.scrolls").count();
        report(name, `readable ${language} ${size.name}`, scrolls > 0 ? ["the text has to be scrolled"] : []);
      }
    }
  }
  await page.emulateMedia({ colorScheme: "dark", reducedMotion: "reduce" });
  await page.setViewportSize(SHOTS[0]);
  await page.evaluate(([scene, lang]) => window.play(scene, lang), [name, longest]);
  report(name, "axe dark", await accessible(page, ["color-contrast"]));
  if (shots) {
    for (const scheme of ["dark", "light"]) {
      await page.emulateMedia({ colorScheme: scheme, reducedMotion: "reduce" });
      for (const size of SHOTS) {
        await page.setViewportSize(size);
        const file = `${name}-${size.name}-${scheme}.png`;
        await timed("shot", page.screenshot({ path: join(out, file) }));
        cards.get(name).push({ file, size: size.name, scheme, language: longest });
      }
    }
  }
  report(name, "console", [...new Set(page.noise)]);
}

/** Two frames after the window changed, everything has its place. */
async function laidOut() {
  await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
  return globalThis.checkLayout();
}

async function timed(what, promise) {
  const start = performance.now();
  const result = await promise;
  spent[what] = (spent[what] ?? 0) + performance.now() - start;
  return result;
}

async function accessible(page, rules = null) {
  const violations = await page.evaluate(async (only) => {
    const options = only
      ? { runOnly: { type: "rule", values: only } }
      : { runOnly: { type: "tag", values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] } };
    const result = await window.axe.run(document, { ...options, resultTypes: ["violations"], elementRef: false });
    return result.violations.map(
      (one) =>
        `${one.id}: ${one.help}: ${one.nodes
          .map((node) => node.target.join(" "))
          .slice(0, 3)
          .join(", ")}`,
    );
  }, rules);
  return violations;
}

function gallery() {
  const figure = ({ file, size, scheme, language }) =>
    `<figure class="${size}"><a href="${file}"><img loading="lazy" src="${file}" alt="${size}, ${scheme}, ${language}"></a><figcaption>${size}, ${scheme}, ${language}</figcaption></figure>`;
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>Countersign phone: every screen</title>
<style>body{font:16px/1.5 system-ui;margin:2rem;background:#eee;color:#222}section{margin-block:2rem}div{display:flex;gap:1rem;flex-wrap:wrap}figure{margin:0}img{display:block;border:1px solid #bbb;height:480px;width:auto}figcaption{font-size:13px;color:#444}nav{columns:5;font-size:14px}</style>
<h1>Countersign phone: every screen</h1><p>${passed} checks passed, ${failed} failed.</p><nav>${names.map((name) => `<a href="#${name}">${name}</a><br>`).join("")}</nav>
${names.map((name) => `<section id="${name}"><h2>${name}</h2><div>${cards.get(name).map(figure).join("")}</div></section>`).join("\n")}</html>`;
}

function finish() {
  console.log(
    `seconds: ${Object.entries(spent)
      .map(([what, ms]) => `${what} ${(ms / 1000).toFixed(1)}`)
      .join(", ")}`,
  );
  console.log(`screens: ${passed} passed, ${failed} failed, ${skipped} skipped`);
  process.exit(failed > 0 ? 1 : 0);
}
