// The page /desk in a real browser against the real service: `node e2e.mjs BINARY [PART…]`. Nothing is mocked: operators are
// keys of the configuration, evidence of level 4 takes two of them, the person's phone is the web app in a browser of its
// own, codes come from the outbox, and what was signed is checked by the program.
//
// The last line counts what passed, failed and was skipped; each failure has a line `FAIL name: why`.

import { execFile, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { runnerImport } from "vite";
import { audit, binary, equal, openBrowser, root, startServer, wanted } from "../../e2e/stage.mjs";

const shots = join(root, "target/screens/desk");
const PERSON = "PNOEE-49912318881";
const NUMBER = "41791234567";
const [PIN1, PIN2] = ["7351", "92640"];
const KEYS = { registrar: ["registrar"], second: ["approver"], revoker: ["revoker", "registrar"], auditor: ["auditor"], chief: ["all"] };

/** A status that the page asked for and shows is no fault of it. */
const EXPECTED = /status of 4\d\d/;

mkdirSync(shots, { recursive: true });
const work = mkdtempSync(join(tmpdir(), "countersign-desk-"));
const config = join(work, "desk.toml");
writeFileSync(config, [
  '[desk]\nfour_eyes = ["record-qualified-evidence", "end-evidence-as-wrong", "erase-person"]',
  ...Object.entries(KEYS).map(([name, roles]) =>
    `[[admin]]\nname = "${name}"\nroles = ${JSON.stringify(roles)}\nkey_sha256 = "${createHash("sha256").update(`key of ${name}`).digest("hex")}"`),
].join("\n"));

const browser = await openBrowser("desk");
const { module: pages } = await runnerImport(join(root, "web/e2e/pages.ts"), { root: join(root, "web"), configFile: false, logLevel: "error" });
const { server, origin } = await startServer("--config", config);
let passed = 0;
let failed = 0;

const tests = [];
const test = (name, run, { width = 1280, scheme = "light" } = {}) => tests.push({ name, run, width, scheme });

test("from-nothing-to-a-qualified-signature-and-what-another-phone-costs", async (open) => {
  const registrar = await open("registrar");
  // The person shows that the number is theirs.
  await registrar.fill("#msisdn", `+${NUMBER}`);
  await registrar.click("#begin");
  const link = await registrar.locator("#identify-link").getAttribute("href");
  const person = await registrar.context().newPage();
  await person.goto(link);
  await person.getByRole("button", { name: "Send a code" }).click();
  await person.locator("[role=status]").filter({ hasText: "A code was sent" }).waitFor();
  await person.getByLabel("Code").fill(await code());
  await person.getByRole("button", { name: "Confirm" }).click();
  await person.locator("[role=status]").filter({ hasText: "The number is yours" }).waitFor();
  await audit(person, "identify");
  await person.close();
  await registrar.click("#look-again");
  await registrar.waitForSelector(".proof .good");

  // What was found out, by one; and another one agrees.
  await record(registrar, "4");
  await registrar.waitForSelector(".said .waits");
  await registrar.click("#view-proposals");
  await registrar.waitForSelector("text=somebody else has to approve it");
  equal(await registrar.getByRole("button", { name: "Approve" }).count(), 0, "nobody approves their own");
  const second = await open("second");
  await second.click("#view-proposals");
  await second.locator("dl.request dd").filter({ hasText: "K1234567" }).waitFor();
  await second.getByRole("button", { name: "Approve" }).click();
  await second.waitForSelector("text=Approved and done.");
  await second.waitForSelector("text=Nothing waits.");

  // A code, a phone, and the same words on both.
  const phone = await enrolled(registrar, "QUALIFIED");
  equal((await status()).signingStatus, "NOT_REGISTERED_AT_ALL", "before the phone is bound");
  await find(registrar);
  await registrar.getByText("Compare the words and bind the phone").click();
  equal((await registrar.locator("p.words").innerText()).trim(), phone.words.join(" "), "the words of desk and phone");
  await registrar.getByLabel("The phone in the person's hand").check();
  await registrar.getByRole("button", { name: "Bind this phone" }).click();
  await registrar.waitForSelector("[data-state=IN_FORCE]");
  const bound = await status();
  equal(bound.signingStatus, "MID", "the status");
  equal(levels(bound), "4 4", "the levels");
  equal(await signs(phone), "QESIG", "what the person signed is");

  // The phone is lost; another one without another identification.
  const revoker = await open("revoker");
  await find(revoker);
  await revoker.getByText("End this account").click();
  await revoker.getByRole("button", { name: "End it" }).last().click();
  await revoker.waitForSelector("[data-account][data-state=REVOKED]");
  await find(registrar);
  await makeCode(registrar, "QUALIFIED");
  await registrar.waitForSelector("text=the evidence does not grant this level");
  const other = await enrolled(registrar, "ADVANCED");
  const fallen = await status();
  equal(fallen.signingStatus, "MISSMATCH_MID", "the status with another phone");
  equal(levels(fallen), "3 3", "the levels with another phone");
  equal(await signs(other, "--certificate-level", "ADVANCED"), "ADES", "what is signed with another phone is");

  // The auditor sees who did what, and that nothing was changed.
  const auditor = await open("auditor");
  await auditor.click("#view-trail");
  await auditor.fill("#trail-operator", "second");
  await auditor.click("#search");
  await auditor.locator(".trail strong").filter({ hasText: "approve-proposal" }).waitFor();
  await auditor.click("#check");
  await auditor.waitForSelector("[role=status] .good >> text=Whole");
});

test("a-wrong-key-and-a-key-for-nothing-here-are-told-apart", async (open) => {
  const page = await open(null);
  await page.fill("#key", "wrong");
  await page.click("#sign-in");
  await page.waitForSelector(".said .bad >> text=no operator has this key");
  equal(await page.locator("nav button").count(), 0, "nothing is shown");
  await page.fill("#key", "key of auditor");
  await page.click("#sign-in");
  await page.waitForSelector("#view-trail");
  equal(await page.locator("#view-record").count(), 0, "what the key is not for is not offered");
  await page.reload();
  await page.waitForSelector("#key");
  const kept = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie]));
  equal(kept, '[{},{},""]', "nothing is kept in the browser");
});

test("a-proposal-is-taken-back-and-one-is-rejected", async (open) => {
  const registrar = await open("registrar");
  for (const who of ["registrar", "second"]) {
    await registrar.click("#view-record");
    await registrar.fill("#msisdn", "41790000001");
    await record(registrar, "4");
    await registrar.waitForSelector(".said .waits");
    const page = who === "registrar" ? registrar : await open(who);
    await page.click("#view-proposals");
    await page.getByRole("button", { name: who === "registrar" ? "Take back" : "Reject" }).click();
    await page.waitForSelector("text=Nothing waits.");
  }
});

test("it-is-used-with-the-keyboard-alone", async (open) => {
  const page = await open(null);
  await page.keyboard.type("key of chief");
  await page.keyboard.press("Enter");
  await page.waitForSelector("#view-person");
  await page.focus("#view-person");
  await page.keyboard.press("Enter");
  await page.focus("#who");
  await page.keyboard.type("PNOEE-40504040001");
  await page.keyboard.press("Enter");
  await page.waitForSelector("[data-account]");
});

for (const [width, scheme] of [[360, "light"], [360, "dark"], [1280, "light"], [1280, "dark"]]) {
  test(`every-view-fits-and-is-accessible-${width}-${scheme}`, async (open) => {
    const page = await open(null);
    const seen = async (view) => {
      await page.screenshot({ path: join(shots, `${view}-${width}-${scheme}.png`), fullPage: true });
      const [inner, outer] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
      equal(inner <= outer, true, `${view}: ${inner} wide in ${outer}`);
      await audit(page, view);
    };
    await seen("key");
    await page.fill("#key", "key of chief");
    await page.click("#sign-in");
    await page.waitForSelector("#record");
    await page.fill("#msisdn", "41790000002");
    await page.click("#begin");
    await page.waitForSelector("#identify-link");
    await seen("record");
    await page.fill("#msisdn", "41790000003");
    await page.click("#view-record");
    await page.fill("#msisdn", "41790000003");
    await record(page, "4");
    await page.waitForSelector(".said .waits");
    await seen("recorded");
    await page.click("#view-proposals");
    await page.waitForSelector("[data-proposal]");
    await seen("proposals");
    await page.getByRole("button", { name: "Take back" }).click();
    await page.waitForSelector("text=Nothing waits.");
    await page.click("#view-person");
    await page.fill("#who", "PNOEE-40504040001");
    await page.click("#find");
    await page.waitForSelector("[data-account]");
    for (const summary of await page.locator("summary").all()) await summary.click();
    await seen("person");
    await page.click("#view-trail");
    await page.click("#search");
    await page.waitForSelector(".trail li");
    await page.click("#check");
    await page.waitForSelector("[role=status] .good");
    await seen("trail");
  }, { width, scheme });
}

for (const each of tests.filter(({ name }) => wanted(name))) {
  const contexts = [];
  const faults = [];
  const context = async (options) => {
    const made = await browser.newContext({ reducedMotion: "reduce", colorScheme: each.scheme, ...options });
    contexts.push(made);
    return made;
  };
  /** The desk in a browser of its own, with this operator's key. */
  const open = async (who) => {
    const page = await (await context({ viewport: { width: each.width, height: 900 } })).newPage();
    page.setDefaultTimeout(60_000);
    page.on("console", (message) => {
      if (["error", "warning"].includes(message.type()) && !EXPECTED.test(message.text())) faults.push(message.text());
    });
    page.on("pageerror", (error) => faults.push(String(error)));
    page.open = context;
    await page.goto(`${origin}/desk`);
    if (who) {
      await page.fill("#key", `key of ${who}`);
      await page.click("#sign-in");
      await page.waitForSelector("#leave");
    }
    return page;
  };
  try {
    await each.run(open);
    equal(faults.length, 0, `no faults on the console: ${faults.join(" | ")}`);
    passed += 1;
  } catch (error) {
    failed += 1;
    console.log(`FAIL ${each.name}: ${String(error.message).split("\n").slice(0, 4).join(" ")}`);
    const open = contexts.flatMap((made) => made.pages());
    await Promise.all(open.map((page, at) => page.screenshot({ path: join(shots, `failed-${each.name}-${at}.png`), fullPage: true }).catch(() => undefined)));
  }
  await Promise.all(contexts.map((made) => made.close().catch(() => undefined)));
}
await browser.close();
server.kill("SIGTERM");
rmSync(work, { recursive: true, force: true });
console.log(`desk: ${passed} passed, ${failed} failed, 0 skipped`);
process.exit(failed === 0 ? 0 : 1);

// ---- what the cases are made of

/** Fills in what an identification has found out, and sends it. */
async function record(page, level) {
  const fields = {
    person: PERSON, "given-name": "NEW", surname: "TESTNUMBER", "document-country": "EE", "document-number": "K1234567",
    "document-expires": "2035-01-31", reference: "case/17",
  };
  for (const [id, value] of Object.entries(fields)) await page.fill(`#${id}`, value);
  await page.selectOption("#eidas", level);
  await page.selectOption("#zertes", level);
  await page.click("#record");
}

async function find(page) {
  await page.click("#view-person");
  await page.fill("#who", PERSON);
  await page.click("#find");
  await page.waitForSelector("[data-evidence]");
}

async function makeCode(page, level) {
  const evidence = page.locator("[data-evidence]").first();
  await evidence.getByText("Give a code for a phone").click();
  await evidence.getByLabel("Given names").fill("NEW");
  await evidence.getByLabel("Surname").fill("TESTNUMBER");
  await evidence.getByLabel("Certificates").selectOption(level);
  await evidence.getByRole("button", { name: "Make a code" }).click();
}

/** A code at the desk, and the person's phone in a browser of its own, up to its home screen. */
async function enrolled(desk, level) {
  await find(desk);
  await makeCode(desk, level);
  const link = await desk.locator("a.activation").getAttribute("href");
  equal(await desk.locator("svg.qr path").count(), 1, "a code for the phone");
  const context = await desk.open({ locale: "en-GB", viewport: { width: 400, height: 820 } });
  context.setDefaultTimeout(pages.PATIENCE);
  const device = new pages.Device(context, origin);
  const page = await context.newPage();
  await page.goto(link);
  const phone = device.phoneIn(page);
  let words = [];
  await phone.register(PIN1, PIN2, false, (shown) => (words = shown.map((word) => word.trim())));
  return { phone, words, document: await phone.document() };
}

/** The person signs a file for the program; what the validator says of the signature. */
async function signs({ phone, document }, ...more) {
  const [file, out] = [join(work, "agreement.txt"), join(work, "agreement.asice")];
  writeFileSync(file, "An agreement.\n");
  const signing = spawn(binary, ["sign", file, "--document", document, "--url", origin, "--force", "-o", out, ...more], { stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  signing.stdout.on("data", (chunk) => (said += chunk));
  signing.stderr.on("data", (chunk) => (said += chunk));
  const ended = new Promise((resolve) => signing.on("exit", resolve));
  await phone.asked("sign");
  await phone.enter(PIN2);
  equal(await ended, 0, `countersign sign: ${said}`);
  const [list, signer] = await Promise.all(["trusted-list.xml", "trusted-list.pem"].map(async (name) => {
    const path = join(work, name);
    writeFileSync(path, Buffer.from(await (await fetch(`${origin}/trust/${name}`)).arrayBuffer()));
    return path;
  }));
  const trust = ["--trusted-list", list, "--list-signer", signer];
  const { stdout } = await promisify(execFile)(binary, ["verify", out, ...trust, "--json"]);
  const { valid, files: [{ report }] } = JSON.parse(stdout);
  equal(valid, true, "the file holds");
  return report.signatures[0].signatureLevel;
}

/** The last code that was sent. */
async function code() {
  const answer = await fetch(`${origin}/control/v1/outbox`);
  const sent = JSON.stringify(await answer.json());
  return [...sent.matchAll(/"code":"(\d{6})"/g)].pop()[1];
}

async function status() {
  const basic = Buffer.from("missswaggerclient:missswaggerclientsecret").toString("base64");
  const token = await fetch(`${origin}/oauth/token`, {
    method: "POST", headers: { authorization: `Basic ${basic}` },
    body: new URLSearchParams({ grant_type: "client_credentials", scope: "smartflow" }),
  });
  const { access_token: bearer } = await token.json();
  const answer = await fetch(`${origin}/api/public/evidence/status?msisdn=${NUMBER}`, { headers: { authorization: `Bearer ${bearer}` } });
  return answer.json();
}

function levels({ status }) {
  return status.map(({ assuranceLevel }) => assuranceLevel).join(" ");
}
