// The bank's page in a real browser against the real service: `node e2e.mjs BINARY`. Nothing is mocked: test persons
// play the person, their phones and keys are real.
//
// The last line counts what passed, failed and was skipped; each failure has a line `FAIL name: why`.

import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import jsQR from "jsqr";
import { audit, binary, control as setControl, equal, openBrowser, opens as opensLink, root, startServer, wanted } from "../../e2e/stage.mjs";

const shots = join(root, "target/screens/bank");

/** A document without a signature. */
const ONE_PAGE = readFileSync(join(root, "fixtures/pdf/one-page.pdf"));
const QR_PERSON = "PNOEE-40404040009-MOCK-Q";

/**
 * No faults of the page: a status that it asked for and shows; a link that this suite cuts off; and the phone's service
 * worker, which Chromium does not load under a certificate that was only waved through.
 */
const EXPECTED = /status of 4\d\d|ERR_FAILED|SSL certificate error/;

mkdirSync(shots, { recursive: true });
const work = mkdtempSync(join(tmpdir(), "countersign-bank-"));
const browser = await openBrowser("bank");
const { server, origin, secure } = await startServer();
const control = (page, path, data) => setControl(page, origin, path, data);
const blank = await (await browser.newContext()).newPage();
let passed = 0;
let failed = 0;
let skipped = 0;

const tests = [];
const test = (name, run, { at = "plain", width = 1280, phone = false } = {}) => tests.push({ name, run, at, width, phone });

// ---- log in

test("log-in-by-qr-decoded-from-the-image", async (page) => {
  await page.click("#log-in");
  const first = await scanned(page);
  const drawn = await page.locator("countersign-qr svg path").first().getAttribute("d");
  await page.waitForFunction(
    (drawn) => document.querySelector("countersign-qr").shadowRoot.querySelector("svg path").getAttribute("d") !== drawn, drawn);
  const link = await scanned(page);
  equal(first === link, false, "the code of the next second is another");
  const second = Number(/elapsedSeconds=(\d+)/.exec(link)[1]);
  equal(second > Number(/elapsedSeconds=(\d+)/.exec(first)[1]), true, "and it is younger");
  await opens(page, QR_PERSON, link, "QR");
  await page.waitForSelector("text=Welcome, OK TESTNUMBER");
  await page.waitForSelector("text=QR >> nth=0");
  equal(await page.locator(".fields li").count(), 11, "fields of the payload");
  equal(await page.locator(".checks .done").count(), 11, "checks that passed");
  equal(await page.locator("#exchange-0 .secret").count(), 1, "the session secret is masked");
});

test("log-in-by-one-click-of-the-test-person", async (page) => {
  await useTestPerson(page);
  await page.click("#log-in");
  await page.waitForSelector("countersign-qr svg path[d]");
  await page.click("#take-link");
  await page.waitForSelector("text=Welcome, OK TESTNUMBER");
  await page.click("text=Log out");
  await page.waitForSelector("#log-in");
});

test("log-in-by-notification", async (page) => {
  await useTestPerson(page);
  await page.click("#tab-notification");
  // The person thinks for a while, so that the code can be seen.
  await control(page, "outcomes", { documentNumber: "PNOEE-40504040001-DEM0-Q", outcome: "OK", delayMs: 1500 });
  await page.click("#log-in");
  const code = await page.textContent(".code strong");
  equal(/^\d{4}$/.test(code), true, `four digits: ${code}`);
  await page.waitForSelector("text=Welcome, OK TESTNUMBER");
  await control(page, "reset", {});
});

test("same-device-callback", async (page) => {
  await page.click("#tab-here");
  await page.click("#log-in");
  const link = await page.locator("countersign-qr .link[href*=deviceLinkType]").getAttribute("href");
  equal(link.includes("deviceLinkType=Web2App"), true, link);
  const cookies = (await page.context().cookies()).map(({ name, value }) => `${name}=${value}`).join("; ");
  const strict = (await page.context().cookies()).find(({ name }) => name === "bank_visitor");
  equal(strict.httpOnly && strict.secure && strict.sameSite === "Strict" && strict.path === "/bank", true, "the cookie is strict");
  await opens(page, QR_PERSON, link, "Web2App", cookies);
  await page.waitForSelector("text=Welcome, OK TESTNUMBER");
  const flow = await page.locator(".fields li").nth(10).locator("code").textContent();
  equal(flow, "Web2App", "the way that was signed");
}, { at: "secure" });

test("the-link-comes-first-on-a-phone", async (page) => {
  await page.click("#tab-here");
  await page.click("#log-in");
  await page.waitForSelector("countersign-qr .link:visible");
  equal(await page.locator("countersign-qr .code").isVisible(), false, "no code that the phone cannot scan");
  await page.click("text=Scan with another device instead");
  await page.waitForSelector("countersign-qr .code:visible");
}, { at: "secure", width: 390 });

test("the-element-survives-a-failed-refresh-and-pauses-when-hidden", async (page) => {
  // The page's own clock: seconds pass in it without anybody waiting for them.
  await page.clock.install();
  await page.reload();
  let asked = 0;
  page.on("request", (request) => (asked += Number(request.url().endsWith("/link"))));
  const look = (hidden) => page.evaluate((hidden) => {
    if (hidden) Object.defineProperty(document, "hidden", { configurable: true, value: true });
    else delete document.hidden;
    document.dispatchEvent(new Event("visibilitychange"));
  }, hidden);
  await page.click("#log-in");
  await page.waitForSelector("countersign-qr svg path[d]");
  await page.route("**/link", (route) => route.abort());
  await page.waitForSelector("text=No connection. Trying again…");
  await page.unroute("**/link");
  await page.waitForSelector("text=left to scan");
  await look(true);
  const before = asked;
  await page.clock.runFor(10_000);
  equal(asked, before, "nothing is asked while nobody looks");
  const again = page.waitForRequest("**/link");
  await look(false);
  await again;
  await opens(page, QR_PERSON, await scanned(page), "QR");
  await page.waitForSelector("text=Welcome, OK TESTNUMBER");
});

test("every-end-is-an-event-of-the-element", async (page) => {
  await page.evaluate(() => {
    window.events = [];
    for (const name of ["complete", "refused", "timeout", "error"]) {
      document.addEventListener(`countersign-${name}`, () => window.events.push(name));
    }
  });
  const ends = {
    refused: (link) => opens(page, "PNOEE-30403039917-MOCK-Q", link, "QR"),
    timeout: () => control(page, "clock", { advanceSeconds: 130 }),
    error: (link) => opens(page, QR_PERSON, link.replace("lang=eng", "lang=est"), "QR"),
    complete: (link) => opens(page, QR_PERSON, link, "QR"),
  };
  for (const [event, happens] of Object.entries(ends)) {
    await page.click("#log-in");
    await happens(await scanned(page));
    await page.waitForFunction((event) => window.events.at(-1) === event, event);
    await control(page, "clock", { reset: true });
  }
  equal((await page.evaluate(() => window.events)).join(), Object.keys(ends).join(), "one event for each end");
});

// ---- with the phone beside: enrolled from this page, in its frame

const PIN1 = "4071";
const PIN2 = "92716";

test("the-phone-beside-scans-approves-and-signs", async (page) => {
  const began = Date.now();
  const phone = await enrolled(page);
  await page.click("#log-in");
  await page.waitForSelector("countersign-qr svg path[d]");
  await page.click("#take-link");
  await phone.locator(".approve.login").waitFor();
  equal((await phone.locator(".approve").innerText()).includes("Log in to the sample bank?"), true, "the phone says what for");
  await page.screenshot({ animations: "disabled", path: join(shots, "beside-approve-1280.png") });
  await pin(phone, PIN1);
  await page.waitForSelector("text=Welcome, NEW TESTNUMBER");
  await done(phone);
  await page.click("#sample-pdf");
  await page.click("#way-notification");
  await page.click("#sign");
  const code = await page.textContent("bank-sign .code strong");
  await phone.locator(".approve.sign").waitFor();
  equal((await phone.locator(".approve").innerText()).includes(code), true, "the same code on both");
  await pin(phone, PIN2);
  await page.waitForSelector("#download", { timeout: 60_000 });
  await validated(page, "promise-signed.pdf");
  console.log(`    from nothing to a signed file in ${((Date.now() - began) / 1000).toFixed(1)} s`);
  await page.screenshot({ animations: "disabled", path: join(shots, "beside-signed-1280.png"), fullPage: true });
  await done(phone);
  // A linked signature, without leaving the phone's screen.
  await page.click("text=Sign another file");
  await page.click("#sample");
  await page.click("#way-linked");
  await page.click("#sign");
  await page.waitForSelector("countersign-qr svg path[d]");
  await page.click("#take-link");
  await phone.locator(".approve.choose").waitFor();
  await phone.locator(".approve .foot .main").click();
  await phone.locator(".approve.sign").waitFor();
  await pin(phone, PIN2);
  await page.waitForSelector("#download", { timeout: 60_000 });
}, { phone: true });

test("the-phone-beside-gets-a-notification-and-refuses", async (page) => {
  const phone = await enrolled(page);
  await page.click("#tab-notification");
  equal((await page.inputValue("#number")).startsWith("PNOEE-"), true, "the number of the phone is known");
  await page.click("#log-in");
  await phone.locator(".approve.login").waitFor();
  await phone.getByRole("button", { name: /^(Refuse|Cancel|Decline)/ }).first().click();
  await page.waitForSelector(".failure .chip");
  const code = await page.textContent(".failure .chip");
  equal(code.startsWith("USER_REFUSED"), true, code);
}, { phone: true });

test("same-device-through-the-app-and-back", async (page) => {
  await enrolled(page);
  await page.click("#tab-here");
  await page.click("#log-in");
  await page.click("countersign-qr .link");
  // The page of the link opens the app in this very tab; the app leads back to the bank.
  await page.locator(".approve.login").waitFor();
  await pin(page, PIN1);
  await page.waitForSelector("text=Welcome, NEW TESTNUMBER", { timeout: 60_000 });
  equal(new URL(page.url()).pathname, "/", "back at the bank");
  equal(await page.locator(".fields li").nth(10).locator("code").textContent(), "Web2App", "the way that was signed");
}, { at: "secure", phone: true });

test("on-a-narrow-screen-bank-and-phone-take-turns", async (page) => {
  equal(await page.locator("#phone").isVisible(), false, "first the bank");
  await page.click("#turn-phone");
  const phone = await enrolled(page);
  await page.click("#turn-bank");
  await page.click("#log-in");
  await page.click("#take-link");
  await phone.locator(".approve.login").waitFor();
  equal(await page.locator("#bank").isVisible(), false, "the phone has its turn");
  await page.screenshot({ animations: "disabled", path: join(shots, "turn-phone-390.png") });
  await pin(phone, PIN1);
  await page.waitForSelector("text=Welcome, NEW TESTNUMBER");
  equal(await page.locator("#phone").isVisible(), false, "and the bank again");
}, { phone: true, width: 390 });

// ---- sign

test("sign-a-file-and-verify-the-container", async (page) => {
  await useTestPerson(page);
  await page.click("#tab-notification");
  await page.click("#log-in");
  await page.waitForSelector("text=Welcome, OK TESTNUMBER");
  await page.setInputFiles("#file", { name: "võlakiri.txt", mimeType: "text/plain", buffer: Buffer.from("One sheep.\n") });
  await page.click("#sign");
  await page.waitForSelector("#download", { timeout: 60_000 });
  equal(await page.locator("bank-sign .steps .done").count(), 7, "steps that are done");
  await validated(page, "võlakiri.asice");
  await page.click("#break-file");
  const broken = await page.textContent("#broken");
  equal(broken.includes("not valid"), true, broken);
  const report = await page.locator("text=Validation report").getAttribute("href");
  await page.goto(new URL(report, page.url()).href);
  equal(await page.locator(".verdict.good").count(), 1, "the report for people");
  await page.screenshot({ animations: "disabled", path: join(shots, "report.png"), fullPage: true });
});

test("sign-a-pdf-and-the-signature-is-inside", async (page) => {
  await useTestPerson(page);
  await page.setInputFiles("#file", { name: "leping õ.pdf", mimeType: "application/octet-stream", buffer: ONE_PAGE });
  await page.waitForSelector('#format-pdf[aria-pressed="true"]');
  await page.click("#way-notification");
  await page.click("#sign");
  await page.waitForSelector("#download", { timeout: 60_000 });
  const file = await validated(page, "leping õ-signed.pdf");
  equal(readFileSync(file).subarray(0, ONE_PAGE.length).equals(ONE_PAGE), true, "what was there stays byte for byte");
  await judged("pdfsig", ["-nocert", file], /Signature Validation: Signature is Valid\./);
  await judged("qpdf", ["--check", file], /No syntax or stream encoding errors/);
  await page.click("#break-file");
  const broken = await page.textContent("#broken");
  equal(broken.includes("not valid"), true, broken);
  const report = await page.locator("text=Validation report").getAttribute("href");
  await page.goto(new URL(report, page.url()).href);
  equal(await page.locator(".verdict.good").count(), 1, "the report for people");
});

test("a-pdf-goes-into-a-container-when-asked-or-when-it-must", async (page) => {
  await useTestPerson(page);
  await page.setInputFiles("#file", { name: "contract.pdf", mimeType: "application/pdf", buffer: ONE_PAGE });
  await page.click("#way-notification");
  await page.click("#format-asice");
  equal(await page.getAttribute("#format-pdf", "aria-pressed"), "false", "what is chosen");
  await page.click("#sign");
  await page.waitForSelector("#download", { timeout: 60_000 });
  await validated(page, "contract.asice");
  await page.click("text=Sign another file");
  const strangers = readFileSync(join(root, "fixtures/pdf/pyhanko/p384-LT-stream.pdf"));
  await page.setInputFiles("#file", { name: "contract.pdf", mimeType: "application/pdf", buffer: strangers });
  equal((await page.textContent("#not-as-pdf")).includes("signed already"), true, "why it cannot stay one");
  await page.click("#sign");
  await page.waitForSelector("#download", { timeout: 60_000 });
  await validated(page, "contract.asice");
});

test("linked-signature-of-whoever-scans", async (page) => {
  await useTestPerson(page);
  await page.click("#sample");
  await page.click("#way-linked");
  await page.click("#sign");
  await page.waitForSelector("countersign-qr svg path[d]");
  await page.click("#take-link");
  await page.waitForSelector("#download", { timeout: 60_000 });
  equal(await page.locator("text=Signed by OK TESTNUMBER").count(), 1, "who signed");
});

// ---- break it

for (const [id, codes] of Object.entries({
  refuse: ["USER_REFUSED"],
  cancel: ["USER_REFUSED_INTERACTION"],
  "wrong-code": ["WRONG_VC"],
  timeout: ["TIMEOUT"],
  locked: ["DOCUMENT_UNUSABLE", "TIMEOUT"],
  revoked: ["ACCOUNT_NOT_FOUND", "REVOKED", "DOCUMENT_UNUSABLE"],
  expired: ["UNTRUSTED", "ACCOUNT_NOT_FOUND", "STATUS_UNKNOWN", "DOCUMENT_UNUSABLE"],
  "not-qualified": ["NO_SUITABLE_ACCOUNT_FOUND", "ACCOUNT_NOT_FOUND"],
  unknown: ["ACCOUNT_NOT_FOUND"],
  "old-code": ["TIMEOUT"],
  "changed-link": ["PROTOCOL_FAILURE"],
  "other-browser": ["CALLBACK_MISSING"],
})) {
  test(`break-it-${id}`, async (page) => {
    await page.click(`#break-${id}`);
    const outcome = page.locator(`.outcome[data-case="${id}"]`);
    await outcome.waitFor({ timeout: 120_000 });
    const code = await outcome.getAttribute("data-code");
    console.log(`    ${id}: ${code}`);
    equal(codes.includes(code), true, `it ends with ${code}`);
    equal(await outcome.locator("text=What a correct e-service does").count(), 1, "what to do is said");
    equal(await page.locator("text=Welcome,").count(), 0, "nobody is logged in");
  }, { at: id === "other-browser" ? "secure" : "plain" });
}

// ---- the page

test("persons-are-searched-and-used", async (page) => {
  await page.waitForSelector("text=71 of 71");
  await page.fill("#search", "pnolv timeout");
  await page.waitForSelector("text=1 of 71");
  await page.click("bank-persons tbody button");
  equal(await page.inputValue("#log-in-test-person"), "PNOLV-030403-10083-MOCK-Q", "who answers");
});

test("lines-for-every-language-follow-the-address", async (page) => {
  for (const id of ["java", "php", "ruby", "rust", "dotnet", "node", "go", "curl"]) {
    await page.click(`#snippet-${id}`);
    const code = await page.textContent("#snippet pre");
    equal(code.includes(id === "php" ? secure : origin), true, id);
  }
  await page.focus("#snippet-curl");
  await page.keyboard.press("ArrowRight");
  equal(await page.getAttribute("#snippet-java", "aria-selected"), "true", "arrows move between tabs");
});

test("what-a-script-of-the-page-says-is-what-travelled", async (page) => {
  const { stdout } = await promisify(execFile)("bash", ["-c", await snippet(page, "curl")]);
  equal(JSON.parse(stdout).state, "OK", stdout);
});

test("the-element-works-in-another-page", async (page) => {
  await page.goto(`${origin}/elements/example/index.html`);
  await page.waitForSelector("text=countersign-link");
  equal((await decode(await page.locator("countersign-qr .code").screenshot())).includes("EXAMPLE"), true, "its code");
});

test("the-keyboard-is-enough", async (page) => {
  await useTestPerson(page);
  await page.focus("#tab-notification");
  await page.keyboard.press("Enter");
  await page.focus("#log-in");
  await page.keyboard.press("Enter");
  await page.waitForSelector("text=Welcome, OK TESTNUMBER");
});

for (const scheme of ["light", "dark"]) {
  for (const width of [390, 1280]) {
    test(`looks-${scheme}-${width}`, async (page) => {
      const name = (what) => join(shots, `${what}-${width}-${scheme}.png`);
      await page.emulateMedia({ colorScheme: scheme });
      await useTestPerson(page);
      await settled(page);
      await page.screenshot({ animations: "disabled", path: name("start"), fullPage: true });
      await audit(page, "start");
      await page.click("#log-in");
      await page.waitForSelector("countersign-qr svg path[d]");
      await page.screenshot({ animations: "disabled", path: name("qr") });
      await audit(page, "qr");
      // High contrast also in the dark: it is read from the picture.
      await opens(page, QR_PERSON, await scanned(page), "QR");
      await page.waitForSelector("text=Welcome, OK TESTNUMBER");
      await page.locator("#exchange-0 summary").click();
      await page.screenshot({ animations: "disabled", path: name("logged-in"), fullPage: true });
      await audit(page, "logged in");
      await page.click("#sample");
      await page.waitForSelector("#sign");
      await page.click("#sign");
      await page.waitForSelector("#download", { timeout: 60_000 });
      await page.locator("bank-sign").screenshot({ animations: "disabled", path: name("signed") });
      await audit(page, "signed");
      await page.click("#break-refuse");
      await page.locator('.outcome[data-case="refuse"]').waitFor({ timeout: 60_000 });
      await page.locator("bank-break-it").screenshot({ animations: "disabled", path: name("broken") });
      await audit(page, "broken");
      const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      equal(over <= 0, true, `nothing sticks out: ${over} pixels`);
      if (width === 390 && (await page.locator("#turn-phone").isVisible())) {
        await page.click("#turn-phone");
        await settled(page);
        await page.screenshot({ animations: "disabled", path: name("phone") });
      }
    }, { width });
  }
}

// ---- running them

const hasPhone = (await fetch(`${origin}/phone/`)).ok;
for (const { name, run, at, width, phone } of tests) {
  if (!wanted(name)) continue;
  if (at === "secure" && !secure) {
    console.log(`SKIP ${name}: the service listens on no https address`);
    skipped += 1;
    continue;
  }
  if (phone && !hasPhone) {
    console.log(`SKIP ${name}: this program was built without the phone app`);
    skipped += 1;
    continue;
  }
  const context = await browser.newContext({
    locale: "en-GB",
    viewport: { width, height: width < 600 ? 844 : 900 },
    ignoreHTTPSErrors: true,
    acceptDownloads: true,
  });
  const page = await context.newPage();
  page.setDefaultTimeout(30_000);
  const complaints = [];
  page.on("console", (message) => {
    if (message.type() === "error" && !EXPECTED.test(message.text())) complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  try {
    await page.goto(`${at === "secure" ? secure : origin}/`);
    await page.waitForSelector("#log-in");
    await page.waitForSelector("text=71 of 71", { state: "attached" });
    await run(page);
    if (complaints.length > 0) throw new Error(`the console says: ${complaints.join(" | ")}`);
    passed += 1;
    console.log(`ok   ${name}`);
  } catch (error) {
    failed += 1;
    console.log(`FAIL ${name}: ${String(error.message ?? error).split("\n").slice(0, 6).join(" ")}`);
    await page.screenshot({ animations: "disabled", path: join(shots, `FAIL-${name}.png`), fullPage: true }).catch(() => undefined);
  }
  await context.close();
}

await browser.close();
server.kill("SIGTERM");
rmSync(work, { recursive: true, force: true });
console.log(`bank: ${passed} passed, ${failed} failed, ${skipped} skipped`);
process.exit(failed === 0 && passed > 0 ? 0 : 1);

/** What a camera sees in a screenshot. */
async function decode(png) {
  const { data, width, height } = await blank.evaluate(async (base64) => {
    const image = await createImageBitmap(await (await fetch(`data:image/png;base64,${base64}`)).blob());
    const canvas = new OffscreenCanvas(image.width, image.height);
    const context = canvas.getContext("2d");
    context.drawImage(image, 0, 0);
    const pixels = context.getImageData(0, 0, image.width, image.height).data;
    let text = "";
    for (let at = 0; at < pixels.length; at += 4) text += pixels[at] > 127 ? "1" : "0";
    return { data: text, width: image.width, height: image.height };
  }, png.toString("base64"));
  const pixels = new Uint8ClampedArray(width * height * 4);
  for (let at = 0; at < data.length; at += 1) pixels.fill(data[at] === "1" ? 255 : 0, at * 4, at * 4 + 4);
  return jsQR(pixels, width, height)?.data ?? null;
}

/** The link in the code that the page shows. */
async function scanned(page) {
  await page.waitForSelector("countersign-qr svg path[d]");
  for (let tries = 0; tries < 5; tries += 1) {
    const link = await decode(await page.locator("countersign-qr .code").screenshot());
    if (link) return link;
  }
  throw new Error("the code cannot be read from the screen");
}

async function opens(page, documentNumber, deviceLink, flowType, browserCookie) {
  const data = { documentNumber, deviceLink, flowType, ...(browserCookie && { browserCookie, initialCallbackUrl: "https://the.phone/knows" }) };
  await opensLink(page, origin, data);
}

async function useTestPerson(page) {
  await page.click("#log-in-person");
  await page.waitForSelector("#log-in-test-person");
}

/** The phone in its frame, with an account of its own. */
async function enrolled(page) {
  await page.click("#get-phone");
  const phone = page.frameLocator("bank-phone iframe");
  for (const digits of [PIN1, PIN1, PIN2, PIN2]) {
    const pad = phone.locator(".pin-screen cs-pin-pad:not([data-used])");
    await pad.waitFor();
    await typed(phone, digits);
    await pad.evaluate((element) => element.setAttribute("data-used", ""));
    await phone.locator("cs-pin-pad .confirm").click();
  }
  // The keys are made on two busy cores.
  await phone.locator("ol.words li").nth(3).waitFor({ timeout: 180_000 });
  await phone.locator(".foot .main").click();
  await phone.locator(".seal.good").waitFor({ timeout: 60_000 });
  await phone.locator(".foot .main").click();
  await phone.locator(".person .mono").filter({ hasText: /^PNO/ }).waitFor();
  return phone;
}

async function typed(phone, digits) {
  for (const digit of digits) await phone.locator(`cs-pin-pad [data-digit="${digit}"]`).click();
}

async function pin(phone, digits) {
  await typed(phone, digits);
  await phone.locator("cs-pin-pad .confirm").click();
}

async function done(phone) {
  await phone.locator(".outcome .foot button").last().click();
}

async function snippet(page, id) {
  await page.click(`#snippet-${id}`);
  return page.textContent("#snippet pre");
}

/** Takes the signed file home, and has it checked by the command line and by the service. Gives its path. */
async function validated(page, name) {
  const [download] = await Promise.all([page.waitForEvent("download"), page.click("#download")]);
  equal(download.suggestedFilename(), name, "its name");
  const file = join(work, name);
  await download.saveAs(file);
  const verified = await promisify(execFile)(binary, ["verify", file, "--dev-trust"]);
  equal(verified.stdout.includes("VALID: one signature"), true, verified.stdout);
  const multipart = { file: { name, mimeType: "application/octet-stream", buffer: readFileSync(file) } };
  const answer = await page.request.post(`${origin}/validation/v1/reports`, { multipart });
  const report = await answer.json();
  equal([answer.status(), report.signaturesCount, report.validSignaturesCount].join(), "200,1,1", "the service's report");
  return file;
}

/** What somebody else's program says of a file; a skip where it is not installed. */
async function judged(program, args, expected) {
  const said = await promisify(execFile)(program, args).catch((error) => error);
  if (said.code === "ENOENT") {
    console.log(`SKIP bank/${program}: ${program} not found`);
    skipped += 1;
    return;
  }
  equal(expected.test(`${said.stdout}${said.stderr}`), true, `${program} says ${said.stdout}${said.stderr}`);
}

/** Until nothing moves any more. */
async function settled(page) {
  await page.evaluate(async () => {
    await document.fonts.ready;
    const finite = document.getAnimations().filter(({ effect }) => Number.isFinite(effect?.getComputedTiming().endTime));
    await Promise.all(finite.map(({ finished }) => finished.catch(() => undefined)));
  });
}
