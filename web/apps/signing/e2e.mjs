// The page /signing in a real browser against the real service: `node e2e.mjs BINARY`. Nothing is mocked: test persons
// play the person, their phones and keys are real, and what is downloaded is checked by the program.
//
// The last line counts what passed, failed and was skipped; each failure has a line `FAIL name: why`.

import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { audit, binary, control as setControl, equal, fits, openBrowser, opens as opensLink, root, startServer, wanted } from "../../e2e/stage.mjs";

const shots = join(root, "target/screens/signing");

const OK = "PNOEE-40504040001-DEM0-Q";
const REFUSES = "PNOEE-30403039917-MOCK-Q";

/** A status that the page asked for and shows is no fault of it. */
const EXPECTED = /status of 4\d\d/;

mkdirSync(shots, { recursive: true });
const work = mkdtempSync(join(tmpdir(), "countersign-signing-"));
const browser = await openBrowser("signing");
const { server, origin, secure } = await startServer();
const control = (page, path, data) => setControl(page, origin, path, data);
const opens = (page, documentNumber, deviceLink, flowType) => opensLink(page, origin, { documentNumber, deviceLink, flowType });
let passed = 0;
let failed = 0;
let skipped = 0;

const tests = [];
const test = (name, run, { at = origin, width = 1280, scheme = "light" } = {}) => tests.push({ name, run, at, width, scheme });

const file = (name, content, mimeType = "text/plain") => ({ name, mimeType, buffer: Buffer.from(content) });
/** A document without a signature. */
const ONE_PAGE = readFileSync(join(root, "fixtures/pdf/one-page.pdf"));
const TEXT = file("leping.txt", "Leping: õun\n");

test("a-dropped-file-is-signed-by-qr-and-downloaded", async (page) => {
  await drop(page, "signing-sign .drop", TEXT);
  await page.click("#send");
  await page.click("#sign");
  await page.waitForSelector("countersign-qr svg path[d]");
  await opens(page, OK, await link(page), "QR");
  const signed = await download(page);
  equal(signed.name, "leping.asice", "the name of the download");
  await verify(signed.path);
  await page.waitForSelector("text=TESTNUMBER");
  equal(await page.textContent("signing-sign .chip"), "LT", "the level");
});

test("a-phone-is-asked-and-another-person-signs-too", async (page) => {
  await choose(page, TEXT, file("lisa.csv", "a;b\n", "text/csv"));
  await page.click("#send");
  await page.click("#way-phone");
  await page.fill("#who", "40504040001");
  // The person thinks for a while, so that what they see can be seen here.
  await control(page, "outcomes", { documentNumber: OK, outcome: "OK", delayMs: 1000 });
  await page.click("#sign");
  await page.waitForSelector("signing-sign .code strong");
  equal(/^\d{4}$/.test(await page.textContent("signing-sign .code strong")), true, "four digits");
  await page.waitForSelector("#download");
  await control(page, "reset", {});
  await page.fill("#who", "PNOEE-40404040009-MOCK-Q");
  await page.click("#sign");
  await page.waitForSelector(".signers li:nth-child(2)");
  const signed = await download(page);
  equal(signed.name, "container.asice", "the name of the download");
  const { signatures } = await verify(signed.path);
  equal(signatures, 2, "signatures in the file");
});

test("a-pdf-is-signed-in-itself", async (page) => {
  await choose(page, { name: "leping.pdf", mimeType: "application/pdf", buffer: ONE_PAGE });
  await page.click("#send");
  await notify(page, OK);
  const signed = await download(page);
  equal(signed.name, "leping.pdf", "the name of the download");
  equal(readFileSync(signed.path).subarray(0, ONE_PAGE.length).equals(ONE_PAGE), true, "the document is continued, not changed");
  await verify(signed.path);
});

test("a-file-that-others-have-signed-gets-another-signature-and-is-checked", async (page) => {
  await choose(page, TEXT);
  await page.click("#send");
  await notify(page, OK);
  const first = await download(page);
  await page.click("#start-over");
  await choose(page, { name: "leping.asice", mimeType: "application/vnd.etsi.asic-e+zip", buffer: readFileSync(first.path) });
  await page.waitForSelector("text=added to those that are in it");
  await page.click("#send");
  await page.waitForSelector(".signers li");
  await notify(page, "PNOEE-40404040009-MOCK-Q", ".signers li:nth-child(2)");
  const second = await download(page);
  equal((await verify(second.path)).signatures, 2, "signatures in the file");

  await page.setInputFiles("#signed-file", second.path);
  await page.waitForSelector("text=All 2 signatures hold");
  const report = page.frameLocator("iframe[name=signing-report]");
  await report.locator("text=TOTAL-PASSED").first().waitFor();
});

test("a-changed-file-and-one-that-is-none-are-told-apart", async (page) => {
  await page.setInputFiles("#signed-file", join(root, "fixtures/asice/signed/flipped-data-file.asice"));
  await page.waitForSelector("signing-check .verdict .bad >> text=0 of 1 signatures hold");
  await page.frameLocator("iframe[name=signing-report]").locator("text=TOTAL-FAILED").first().waitFor();
  await page.setInputFiles("#signed-file", TEXT);
  await page.waitForSelector("text=This is no signed file that can be read");
});

test("a-refusal-is-told-and-it-can-be-tried-again", async (page) => {
  await choose(page, TEXT);
  await page.click("#send");
  await page.click("#way-phone");
  await page.fill("#who", "nobody");
  await page.click("#sign");
  await page.waitForSelector("[role=alert] >> text=Give a personal code");
  await page.fill("#who", REFUSES);
  await page.click("#sign");
  await page.waitForSelector("[role=alert] >> text=It was refused on the phone.");
  await page.fill("#who", "PNOEE-40504040001-ABCD-Q");
  await page.click("#sign");
  await page.waitForSelector("[role=alert] >> text=There is no such account.");
  equal(await page.locator("#download").count(), 0, "nothing to download");
  await notify(page, OK);
});

test("a-signature-can-be-cancelled-and-a-reload-loses-nothing", async (page) => {
  await choose(page, TEXT);
  await page.click("#send");
  await page.click("#sign");
  await page.waitForSelector("countersign-qr svg path[d]");
  await page.reload();
  await page.waitForSelector("countersign-qr svg path[d]");
  await page.click("#cancel");
  await page.waitForSelector("#sign");
  await page.reload();
  await page.waitForSelector("#sign");
  await notify(page, OK);
});

test("a-way-back-without-the-proof-of-the-app-is-refused", async (page) => {
  await choose(page, TEXT);
  await page.click("#send");
  await page.click("#way-here");
  await page.click("#sign");
  const here = await page.locator("countersign-qr .link[href*=deviceLinkType]").getAttribute("href");
  equal(here.includes("deviceLinkType=Web2App"), true, here);
  equal(here.startsWith(`${secure}/device-link?`), true, "the link leads to where the page is");
  const token = await page.evaluate(() => Object.keys(localStorage).find((key) => key.startsWith("signing-back-")).split("-")[2]);
  await page.goto(`${secure}/signing?back=${token}&sessionSecretDigest=${"A".repeat(43)}`);
  await page.waitForSelector("[role=alert] p");
  equal(new URL(page.url()).search, "", "what came back is gone from the address");
}, { at: secure });

for (const [width, scheme] of [[390, "light"], [390, "dark"], [1280, "light"], [1280, "dark"]]) {
  test(`every-state-fits-and-is-accessible-${width}-${scheme}`, async (page) => {
    const seen = async (state) => {
      await page.screenshot({ path: join(shots, `${state}-${width}-${scheme}.png`), fullPage: true });
      await fits(page, state);
      await audit(page, state);
    };
    await page.waitForSelector("#files", { state: "attached" });
    await seen("empty");
    await choose(page, file("a-name-that-is-longer-than-any-screen-of-a-phone-is-wide-and-has-no-blanks-at-all.txt", "x"), TEXT);
    await seen("chosen");
    await page.click("#send");
    await page.waitForSelector("#sign");
    await seen("ready");
    await page.click("#sign");
    await page.waitForSelector("countersign-qr svg path[d]");
    await seen("code");
    await page.click("#cancel");
    await page.waitForSelector("#way-phone");
    await control(page, "outcomes", { documentNumber: OK, outcome: "OK", delayMs: 2500 });
    await page.click("#way-phone");
    await page.fill("#who", OK);
    await page.click("#sign");
    await page.waitForSelector("signing-sign .code strong");
    await seen("verification-code");
    await page.waitForSelector("#download");
    await control(page, "reset", {});
    await seen("signed");
    await page.fill("#who", "nobody");
    await page.click("#sign");
    await page.waitForSelector("[role=alert] p");
    await seen("error");
    await page.setInputFiles("#signed-file", join(root, "fixtures/asice/signed/flipped-data-file.asice"));
    await page.frameLocator("iframe[name=signing-report]").locator("h1").first().waitFor();
    await seen("checked");
  }, { width, scheme });
}

for (const each of tests.filter(({ name }) => wanted(name))) {
  if (each.at === null) {
    console.log(`SKIP ${each.name}: the service has no HTTPS here`);
    skipped += 1;
    continue;
  }
  const context = await browser.newContext({
    viewport: { width: each.width, height: 900 }, colorScheme: each.scheme, ignoreHTTPSErrors: true, acceptDownloads: true,
    reducedMotion: "reduce",
  });
  const page = await context.newPage();
  page.setDefaultTimeout(30_000);
  const faults = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type()) && !EXPECTED.test(message.text())) faults.push(message.text());
  });
  page.on("pageerror", (error) => faults.push(String(error)));
  try {
    await page.goto(`${each.at}/signing`);
    await each.run(page);
    equal(faults.length, 0, `no faults on the console: ${faults.join(" | ")}`);
    passed += 1;
  } catch (error) {
    failed += 1;
    console.log(`FAIL ${each.name}: ${String(error.message).split("\n").slice(0, 4).join(" ")}`);
    await page.screenshot({ path: join(shots, `failed-${each.name}.png`), fullPage: true }).catch(() => undefined);
  }
  await context.close();
}
await browser.close();
server.kill("SIGTERM");
rmSync(work, { recursive: true, force: true });
console.log(`signing: ${passed} passed, ${failed} failed, ${skipped} skipped`);
process.exit(failed === 0 && passed > 0 ? 0 : 1);

// ---- what the cases are made of

async function choose(page, ...files) {
  await page.setInputFiles("#files", files);
  await page.waitForSelector("#send");
}

/** Drops files from outside onto a place of the page. */
async function drop(page, selector, ...files) {
  const data = await page.evaluateHandle((files) => {
    const transfer = new DataTransfer();
    for (const { name, mimeType, text } of files) transfer.items.add(new File([text], name, { type: mimeType }));
    return transfer;
  }, files.map(({ name, mimeType, buffer }) => ({ name, mimeType, text: buffer.toString("utf8") })));
  await page.dispatchEvent(selector, "drop", { dataTransfer: data });
  await page.waitForSelector("#send");
}

/** Signs by notification. */
async function notify(page, document, until = "#download") {
  await page.click("#way-phone");
  await page.fill("#who", document);
  await page.click("#sign");
  await page.waitForSelector(until);
}

async function download(page) {
  await page.waitForSelector("#download");
  const waiting = page.waitForEvent("download");
  await page.click("#download");
  const made = await waiting;
  const path = join(work, `${Math.random()}-${made.suggestedFilename()}`);
  await made.saveAs(path);
  return { path, name: made.suggestedFilename() };
}

/** As anybody would check it: `countersign verify`. */
async function verify(path) {
  const { stdout } = await promisify(execFile)(binary, ["verify", path, "--dev-trust", "--json"]);
  const { valid, files: [{ report }] } = JSON.parse(stdout);
  equal(valid, true, "the file holds");
  equal(report.signaturesCount > 0, true, "it has signatures");
  equal(report.validSignaturesCount, report.signaturesCount, "every signature holds");
  return { signatures: report.signaturesCount };
}

/** The link that the QR element shows. */
async function link(page) {
  return page.evaluate(() => new Promise((resolve) => {
    document.querySelector("countersign-qr").addEventListener("countersign-link", (event) => resolve(event.detail.link), { once: true });
  }));
}
