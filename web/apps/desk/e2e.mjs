// The page /desk in a real browser against the real service: `node e2e.mjs BINARY [PART…]`. Nothing is mocked: operators are
// keys of the configuration, evidence of level 4 takes two of them, the person's phone is the web app in a browser of its
// own, codes come from the outbox, and what was signed is checked by the program.
//
// The last line counts what passed, failed and was skipped; each failure has a line `FAIL name: why`.

import { execFile, spawn } from "node:child_process";
import { createHash, generateKeyPairSync, sign } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { runnerImport } from "vite";
import { audit, binary, equal, fits, openBrowser, root, startServer, wanted } from "../../e2e/stage.mjs";

const shots = join(root, "target/screens/desk");
const PERSON = "PNOEE-49912318881";
const NUMBER = "41791234567";
/** Test persons of `countersign dev`: one with a phone. */
const WITH_PHONE = "PNOEE-40504040001";
/** Somebody with evidence and without a phone, another one each time. */
let shown = 0;
const someone = () => `PNOEE-499123190${String((shown += 1)).padStart(2, "0")}`;
const [PIN1, PIN2] = ["7351", "92640"];
const KEYS = { registrar: ["registrar"], second: ["approver"], revoker: ["revoker", "registrar"], auditor: ["auditor"], privacy: ["privacy"], chief: ["all"] };
const LANGUAGES = ["de", "fr", "it", "en", "et", "lv", "lt", "ru"];

/** A status that the page asked for and shows is no fault of it. */
const EXPECTED = /status of 4\d\d/;

mkdirSync(shots, { recursive: true });
const work = mkdtempSync(join(tmpdir(), "countersign-desk-"));
const config = join(work, "desk.toml");
const partner = generateKeyPairSync("ec", { namedCurve: "P-256" });
writeFileSync(config, [
  '[desk]\nfour_eyes = ["record-qualified-evidence", "upload-result", "end-evidence-as-wrong", "erase-person"]',
  `[[registration.partner]]\nname = "ident"\nmethods = ["video"]\neidas = 4\nzertes = 3\npublic_key = "${partner.publicKey.export({ type: "spki", format: "der" }).toString("base64")}"`,
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
  await person.getByLabel("Code").fill(await sent(NUMBER, "code"));
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
  await revoker.getByRole("dialog").getByRole("button", { name: "End it" }).click();
  await revoker.waitForSelector("[data-account][data-state=REVOKED]");
  await find(registrar);
  await makeCode(registrar, "QUALIFIED");
  await registrar.waitForSelector("text=The evidence is not in force, or does not grant this level.");
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
  await page.waitForSelector(".said .bad >> text=No operator has this key");
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

test("what-a-key-is-not-for-says-which-role-is", async (open) => {
  const auditor = await open("auditor");
  await auditor.click("#view-rights");
  await auditor.locator("li").filter({ hasText: "Erase a person" }).getByText("role privacy").waitFor();
  await find(auditor, WITH_PHONE, "[data-account]");
  await auditor.locator("[data-locked=export-person] summary").click();
  await auditor.waitForSelector("text=This takes the role privacy. Your key has: auditor.");
  equal(await auditor.locator("#export").count(), 0, "nothing to press");
});

test("a-person-is-taken-out-and-erased-by-two", async (open) => {
  const person = "PNOEE-49912318892";
  const registrar = await open("registrar");
  await registrar.fill("#msisdn", "41790000017");
  await record(registrar, "3", person);
  await registrar.waitForSelector(".said .good");

  const privacy = await open("privacy");
  await find(privacy, person);
  await privacy.locator("summary").filter({ hasText: "Take out what is held" }).click();
  await privacy.fill("#export-reference", "no reference");
  await privacy.click("#export");
  await privacy.waitForSelector(".said .bad >> text=Please check: File reference.");
  equal(await privacy.getAttribute("#export-reference", "aria-invalid"), "true", "which field it is");
  await privacy.fill("#export-reference", "case/18");
  const [download] = await Promise.all([privacy.waitForEvent("download"), privacy.click("#export")]);
  equal(/^person-[\dT-]+\.json$/.test(download.suggestedFilename()), true, "the name says nothing of the person");
  const held = JSON.parse(readFileSync(await download.path(), "utf8"));
  equal(`${held.person} ${held.evidence.length} ${held.accounts.length}`, `${person} 1 0`, "what was taken out");
  await privacy.waitForSelector(".said .good >> text=Taken out:");

  await privacy.locator("summary").filter({ hasText: "Erase this person" }).click();
  await privacy.fill("#erase-reference", "case/18");
  await privacy.click("#erase");
  await privacy.getByRole("dialog").waitFor();
  await audit(privacy, "the question before erasing");
  await privacy.keyboard.press("Enter");
  await privacy.getByRole("dialog").waitFor({ state: "detached" });
  equal(await privacy.locator(".waits").count(), 0, "the first answer is no");
  await privacy.click("#erase");
  await privacy.getByRole("dialog").getByRole("button", { name: "Erase" }).click();
  await privacy.waitForSelector(".said .waits");

  const second = await open("second");
  await second.click("#view-proposals");
  await second.getByRole("button", { name: "Approve" }).click();
  await second.waitForSelector("text=Approved and done.");
  await second.waitForSelector("[data-gone=evidence]");
  await second.waitForSelector("[data-kept=events]");
  await second.screenshot({ path: join(shots, "erased-1280-light.png"), fullPage: true });
  await audit(second, "what was erased");

  await privacy.click("#find");
  await privacy.waitForSelector(".said .bad >> text=Nothing is held of this person.");
  await find(privacy, WITH_PHONE, "[data-account]");
  await privacy.locator("summary").filter({ hasText: "Erase this person" }).click();
  await privacy.waitForSelector("text=The person has an account that is in use. End it first.");
});

test("a-link-for-a-password-is-sent-and-the-password-is-ended", async (open) => {
  const [who, number] = ["PNOEE-49912318903", "41790000018"];
  const desk = await open("revoker");
  await desk.fill("#msisdn", number);
  await record(desk, "3", who);
  await desk.waitForSelector(".said .good");
  await find(desk, who);
  const password = desk.locator("[data-evidence] > details").filter({ hasText: "Password" });
  await password.locator("summary").first().click();
  await password.locator("[data-password=NONE]").waitFor();
  await password.getByText("Invite to set a password").click();
  await password.getByRole("button", { name: "Send the link" }).click();
  await password.getByText("The link is on its way.").waitFor();

  const person = await desk.context().newPage();
  await person.goto(await sent(number, "link"));
  await person.getByRole("button", { name: "Send me a code" }).click();
  await person.locator("[role=status]").first().waitFor();
  await person.getByLabel("Code").fill(await sent(number, "code"));
  await person.locator("[name=password]").fill("grey heron at noon");
  await person.locator("[name=repeated]").fill("grey heron at noon");
  await person.getByRole("button", { name: "Set the password" }).click();
  await person.locator("text=password is set").first().waitFor();
  await person.close();

  await password.locator("summary").first().click();
  await password.locator("summary").first().click();
  await password.locator("[data-password=ACTIVE]").waitFor();
  await desk.screenshot({ path: join(shots, "password-1280-light.png"), fullPage: true });
  await password.getByText("End a password").click();
  await password.getByRole("button", { name: "End the password" }).click();
  await desk.keyboard.press("Escape");
  await desk.getByRole("dialog").waitFor({ state: "detached" });
  await password.locator("[data-password=ACTIVE]").waitFor();
  await password.getByRole("button", { name: "End the password" }).click();
  await desk.getByRole("dialog").getByRole("button", { name: "End the password" }).click();
  await password.locator("[data-password=ENDED]").waitFor();
});

test("three-wrong-pins-lock-and-the-desk-opens-the-lock", async (open) => {
  const who = "PNOEE-49912318936";
  const desk = await open("registrar");
  await desk.fill("#msisdn", "41790000022");
  await record(desk, "3", who);
  await desk.waitForSelector(".said .good");
  const person = await enrolled(desk, "ADVANCED", who);
  const { ended } = asksToSign(person.document, "--certificate-level", "ADVANCED");
  await person.phone.asked("sign");
  for (const [pin, left] of [["11111", /2/], ["22222", /1/]]) {
    await person.phone.enter(pin);
    await person.phone.fault(left);
  }
  await person.phone.enter("33333");
  await person.phone.outcome(/locked/i);
  equal((await ended).code === 0, false, "nothing was signed");
  await person.phone.page.reload();
  await person.phone.document();

  await find(desk, who, "[data-account]");
  await desk.getByText("Open the lock of PIN2").click();
  await desk.fill("[id^=unlock-reference]", "case/20");
  await desk.getByRole("button", { name: "Open the lock" }).click();
  await desk.waitForSelector("[role=status] >> text=The lock is open.");
  await desk.locator(".keys li").filter({ hasText: "PIN2: usable" }).waitFor();
  await person.phone.page.reload();
  await person.phone.document();
  equal(await signs(person, "--certificate-level", "ADVANCED"), "ADES", "what is signed after that");
});

test("a-partners-result-is-read-approved-and-taken-once", async (open) => {
  const who = "PNOEE-49912318914";
  const desk = await open("registrar");
  await desk.click("#view-result");
  const hand = async (result) => {
    await desk.fill("#result", result);
    await desk.click("#send-result");
  };
  await desk.fill("#result", "nothing");
  await desk.waitForSelector("text=This is no result of three parts that can be read.");
  await desk.setInputFiles("#result-file", { name: "long.jws", mimeType: "text/plain", buffer: Buffer.alloc(20_000, "a") });
  await desk.waitForSelector("text=This is too long for a result");
  const [head, payload, signature] = result(who, "17").split(".");
  await hand([head, payload, signature.replace(/^../, "AA")].join("."));
  await desk.waitForSelector("text=No partner that is known here has signed this.");
  await hand(result(who, "17", { iat: Math.floor(Date.now() / 1000) - 90 * 86_400 }));
  await desk.waitForSelector("text=The result is too old");
  await hand(result(who, "17", { aud: "another" }));
  await desk.waitForSelector("text=The result is for another service.");

  await desk.setInputFiles("#result-file", { name: "result.jws", mimeType: "application/jose", buffer: Buffer.from(`${result(who, "17")}\n`) });
  await desk.locator("dl.request dd").filter({ hasText: who }).waitFor();
  await desk.screenshot({ path: join(shots, "result-1280-light.png"), fullPage: true });
  await desk.click("#send-result");
  await desk.waitForSelector(".said .waits");
  const second = await open("second");
  await second.click("#view-proposals");
  await second.locator("[data-act=upload-result] dl.request dd").filter({ hasText: who }).waitFor();
  await second.screenshot({ path: join(shots, "proposed-result-1280-light.png"), fullPage: true });
  await second.getByRole("button", { name: "Approve" }).click();
  await second.waitForSelector("text=Approved and done.");
  await desk.click("#send-result");
  await desk.waitForSelector("text=Most likely it was taken before");
  await find(desk, who);
  await desk.locator("[data-evidence]").filter({ hasText: "recorded by ident" }).waitFor();
});

test("another-language-loses-nothing-that-was-typed-or-shown", async (open) => {
  const page = await open("registrar");
  await page.fill("#msisdn", "41790000019");
  await page.click("#begin");
  const link = await page.getAttribute("#identify-link", "href");
  await page.fill("#surname", "TESTNUMBER");
  await page.selectOption("#language", "de");
  await page.waitForSelector("h1 >> text=Eine Identifikation erfassen");
  equal(await page.getAttribute("html", "lang"), "de", "the page says its language");
  equal(await page.title(), "Registrierungsstelle · Countersign", "the title");
  equal(await page.inputValue("#surname"), "TESTNUMBER", "what was typed");
  equal(await page.getAttribute("#identify-link", "href"), link, "what is shown once");
  await page.click("#view-person");
  await page.fill("#who", "PNOEE-1");
  await page.click("#find");
  await page.waitForSelector(".said .bad >> text=Von dieser Person wird nichts aufbewahrt.");
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

/** Every view in one language and one width: nothing sticks out, and a program finds nothing against its use. */
async function everyView(page, name, lang) {
  const who = someone();
  const seen = async (view, fullPage = true) => {
    await page.screenshot({ path: join(shots, `${view}-${name}.png`), fullPage });
    await fits(page, view);
    await audit(page, view);
  };
  await page.goto(`${origin}/desk?lang=${lang}`);
  await page.waitForSelector("#key");
  equal(await page.getAttribute("html", "lang"), lang, "the language of the page");
  await page.fill("#key", "wrong");
  await page.click("#sign-in");
  await page.waitForSelector(".said .bad");
  await seen("key");
  await page.fill("#key", "key of chief");
  await page.click("#sign-in");
  await page.waitForSelector("#record");
  await page.fill("#msisdn", "41790000002");
  await page.click("#begin");
  await page.waitForSelector("#identify-link");
  await seen("record");
  await page.click("#view-record");
  await page.fill("#msisdn", "41790000003");
  await record(page, "4");
  await page.waitForSelector(".said .waits");
  await seen("recorded");
  await page.click("#view-record");
  await page.fill("#msisdn", "41790000021");
  await record(page, "3", who);
  await page.waitForSelector(".said .good");
  await page.click("#view-result");
  await page.fill("#result", result(PERSON, name));
  await page.click("#send-result");
  await page.waitForSelector(".said .waits");
  await seen("result");
  await page.click("#view-proposals");
  await page.waitForSelector("[data-proposal] >> nth=1");
  await seen("proposals");
  for (const left of [1, 0]) {
    await page.locator("[id^=reject-]").first().click();
    await page.waitForFunction((left) => document.querySelectorAll("[data-proposal]").length === left, left);
  }
  await page.click("#view-person");
  await page.fill("#who", WITH_PHONE);
  await page.click("#find");
  await page.waitForSelector("[data-account]");
  await opened(page);
  await seen("person");
  await find(page, who);
  await opened(page);
  await page.waitForSelector("[data-password]");
  await seen("evidence");
  await page.fill("#erase-reference", "case/19");
  await page.click("#erase");
  await page.waitForSelector("dialog");
  await seen("sure", false);
  await page.keyboard.press("Escape");
  await page.click("#view-trail");
  await page.click("#search");
  await page.waitForSelector(".trail li");
  await page.click("#check");
  await page.waitForSelector("[role=status] .good");
  await seen("trail");
  await page.click("#view-rights");
  await page.waitForSelector(".rights");
  await seen("rights");
  await page.click("#leave");
  await page.fill("#key", "key of auditor");
  await page.click("#sign-in");
  await find(page, who);
  await opened(page);
  await seen("auditor");
}

for (const [width, scheme] of [[360, "light"], [360, "dark"], [1280, "light"], [1280, "dark"]]) {
  test(`every-view-fits-and-is-accessible-${width}-${scheme}`, async (open) => everyView(await open(null), `${width}-${scheme}`, "en"), { width, scheme });
}
for (const lang of LANGUAGES.filter((lang) => lang !== "en")) {
  test(`every-view-fits-and-is-accessible-${lang}`, async (open) => everyView(await open(null), `360-${lang}`, lang), { width: 360 });
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
    await page.goto(`${origin}/desk?lang=en`);
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
async function record(page, level, person = PERSON) {
  const fields = {
    person, "given-name": "NEW", surname: "TESTNUMBER", "document-country": "EE", "document-number": "K1234567",
    "document-expires": "2035-01-31", reference: "case/17",
  };
  for (const [id, value] of Object.entries(fields)) await page.fill(`#${id}`, value);
  await page.selectOption("#eidas", level);
  await page.selectOption("#zertes", level);
  await page.click("#record");
}

async function find(page, person = PERSON, shown = "[data-evidence]") {
  await page.click("#view-person");
  await page.fill("#who", person);
  await page.click("#find");
  await page.waitForSelector(shown);
}

/** Everything that can be opened is open, what is inside of others too. */
async function opened(page) {
  await page.evaluate(() => document.querySelectorAll("details").forEach((each) => (each.open = true)));
}

/** What a partner has found out, signed. */
function result(person, jti, more = {}) {
  const evidence = {
    msisdn: "41790000020", person, givenName: "NEW", surname: "TESTNUMBER",
    document: { type: "PAS", country: "EE", number: "K1234567", expiresOn: "2035-01-31" }, method: "video", levels: { zertes: 3, eidas: 4 },
  };
  const claims = { iss: "ident", aud: "countersign", iat: Math.floor(Date.now() / 1000), jti, evidence, ...more };
  const signed = [{ alg: "ES256", typ: "identification-result+jwt" }, claims].map((part) => Buffer.from(JSON.stringify(part)).toString("base64url")).join(".");
  return `${signed}.${sign("sha256", Buffer.from(signed), { key: partner.privateKey, dsaEncoding: "ieee-p1363" }).toString("base64url")}`;
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
async function enrolled(desk, level, person = PERSON) {
  await find(desk, person);
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

/** The program asks the person to sign a file; how it ends. */
function asksToSign(document, ...more) {
  const [file, out] = [join(work, "agreement.txt"), join(work, "agreement.asice")];
  writeFileSync(file, "An agreement.\n");
  const signing = spawn(binary, ["sign", file, "--document", document, "--url", origin, "--force", "-o", out, ...more], { stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  signing.stdout.on("data", (chunk) => (said += chunk));
  signing.stderr.on("data", (chunk) => (said += chunk));
  return { out, ended: new Promise((resolve) => signing.on("exit", (code) => resolve({ code, said }))) };
}

/** The person signs a file for the program; what the validator says of the signature. */
async function signs({ phone, document }, ...more) {
  const { out, ended } = asksToSign(document, ...more);
  await phone.asked("sign");
  await phone.enter(PIN2);
  const { code, said } = await ended;
  equal(code, 0, `countersign sign: ${said}`);
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

/** What was sent to a number last: a `code` or a `link`. It may be on its way still. */
async function sent(number, what) {
  for (const end = Date.now() + 30_000; Date.now() < end;) {
    const outbox = await (await fetch(`${origin}/control/v1/outbox`)).json();
    const found = outbox.filter((message) => message.msisdn === number && message[what]);
    if (found.length > 0) return found.at(-1)[what];
  }
  throw new Error(`no ${what} was sent to ${number}`);
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
