// The page /status and its elements in a real browser against the real service: `node e2e.mjs BINARY`. Nothing is mocked; the
// numbers are those of the sandbox, whose people answer by themselves. Pages of e-services are served from an origin of their own.
//
// The last line counts what passed, failed and was skipped; each failure has a line `FAIL name: why`.

import { createServer } from "node:http";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { audit, control as setControl, equal, fits, openBrowser, root, startServer, wanted } from "../../e2e/stage.mjs";
import { ask, decideOn, enter, head, levels, number } from "./e2e/person.mjs";
import { configuration, pagesOf, react, tokenFor } from "./e2e/portal.mjs";

const shots = join(root, "target/screens/status");

/**
 * No faults of the page: a status that it asked for and shows; and what Chromium says of a frame that may run scripts of its own
 * origin, where that origin is the page's own, as on /status.
 */
const EXPECTED = /status of (4\d\d|503)|can escape its sandboxing/;
const LANGUAGES = ["de", "fr", "it", "en", "et", "lv", "lt", "ru"];

mkdirSync(shots, { recursive: true });
const work = mkdtempSync(join(tmpdir(), "countersign-status-"));
const browser = await openBrowser("status");

// The e-service: pages that a test writes, from an origin that the service knows, and from one that it does not.
const pages = new Map();
const portal = createServer((request, response) => pagesOf(pages, request, response)).listen(0, "127.0.0.1");
await new Promise((resolve) => portal.once("listening", resolve));
const site = `http://localhost:${portal.address().port}`;
const stranger = `http://127.0.0.1:${portal.address().port}`;
writeFileSync(join(work, "countersign.toml"), configuration(site));

const { server, origin } = await startServer("--config", join(work, "countersign.toml"));
const control = (page, path, data) => setControl(page, origin, path, data);
let passed = 0;
let failed = 0;

const tests = [];
const test = (name, run, { at = `${origin}/status?lang=en`, width = 1280, scheme = "light" } = {}) => tests.push({ name, run, at, width, scheme });
/** A page of the e-service. */
const serve = (path, html, headers = {}) => pages.set(path, { body: html, headers: { "content-type": "text/html; charset=utf-8", ...headers } });

// ---- number, code, overview

const NUMBERS = [
  ["41001000001", "You can sign with a qualified signature", "qualified, level 4|qualified, level 4"],
  ["41001000002", "You can sign with a qualified signature", "qualified, level 4|qualified, level 4"],
  ["41001000003", "Nobody can tell right now", "not known right now|not known right now"],
  ["41001000004", "You cannot sign yet", "no level|no level"],
  ["41001000005", "You cannot sign yet", "no level|no level"],
  ["41001000006", "You can sign with an advanced signature only", "advanced, level 3|advanced, level 3"],
  ["41001000007", "You can sign with an advanced signature only", "advanced, level 3|advanced, level 3"],
  ["41001000008", "You can sign with an advanced signature only", "advanced, level 3|advanced, level 3"],
  ["41001000009", "You can sign with an advanced signature only", "advanced, level 3|advanced, level 3"],
  ["41001000015", "You can sign with a qualified signature, but not everywhere", "advanced, level 3|qualified, level 4"],
  ["41001000016", "You can sign with an advanced signature only", "advanced, level 3|advanced, level 3"],
];
for (const [msisdn, headline, expected] of NUMBERS) {
  test(`number-code-overview-${msisdn}`, async (page) => {
    await ask(page, msisdn);
    await enter(page, "123456");
    await page.waitForSelector("countersign-status .head h2");
    equal(await head(page), headline, "what it says");
    equal((await levels(page)).join("|"), expected, "levels");
    equal(/not registered/i.test(await page.locator("countersign-status").innerText()), false, "never said so");
  });
}

test("the-ways-to-sign-of-two-numbers-are-told-apart", async (page) => {
  await ask(page, "41001000002");
  await enter(page, "123456");
  await page.waitForSelector("countersign-status >> text=password and one-time code · ready");
  await page.waitForSelector("countersign-status >> text=/Your qualified level ends in (59|60) days/");
  await page.waitForSelector("countersign-status >> text=Terms >> xpath=.. >> text=accepted");
});

test("a-number-is-read-and-a-code-has-tries", async (page) => {
  await page.fill("#number", "079 123 45 67");
  await page.click("[part~=send]");
  await page.waitForSelector("[role=alert] >> text=This is not a mobile number");
  equal(await page.locator("#number").getAttribute("aria-invalid"), "true", "the field says so");
  await ask(page, "+41 00 100 00 04");
  equal(await page.locator("[part~=resend]").isDisabled(), true, "no new code yet");
  equal(/^New code in (2:00|1:5\d)$/.test(await page.textContent("[part~=resend]")), true, "when there will be one");
  equal(/another (8:00|7:5\d)/.test(await page.textContent("[part~=time]")), true, "how long it counts");
  for (const left of [4, 3]) {
    await enter(page, "000000");
    await page.waitForSelector(`[role=alert] >> text=Tries left: ${left}.`);
  }
  await enter(page, "12");
  await page.waitForSelector("[role=alert] >> text=Enter the code as it is in the message.");
  // Somebody who loads the page again has a code still.
  await page.reload();
  await ask(page, "41001000004");
  await page.waitForSelector("text=A code was sent to +41001000004 a short while ago.");
  await enter(page, "123456");
  await page.waitForSelector("countersign-status .head h2");
});

test("a-code-whose-time-is-over-needs-a-new-one", async (page) => {
  await ask(page, "41001000005");
  await enter(page, "999999");
  await page.waitForSelector("[role=alert] >> text=The time for this code is over");
  equal(await page.locator("[part~=check]").isDisabled(), true, "nothing to check");
  await page.click("[part~=other]");
  equal(await page.inputValue("#number"), "+41001000005", "the number is still there");
  await ask(page, "41001000005");
  await enter(page, "123456");
  await page.waitForSelector("countersign-status .head h2");
});

test("a-code-that-was-really-sent", async (page) => {
  const msisdn = number();
  await ask(page, msisdn);
  const sent = await (await page.request.get(`${origin}/control/v1/outbox`)).json();
  await enter(page, sent.find((each) => each.msisdn === msisdn).code);
  await page.waitForSelector("countersign-status .head h2");
  equal(await head(page), "You cannot sign yet", "nobody knows this number");
});

test("what-nobody-can-tell-is-asked-again-by-itself", async (page) => {
  await ask(page, "41001000003");
  let asked = 0;
  page.on("request", (request) => { asked += Number(request.url().includes("/evidence/status")); });
  await enter(page, "123456");
  await page.waitForSelector("countersign-status >> text=/Next try in 0:0[12]/");
  await page.waitForSelector("countersign-status >> text=/Next try in 0:0[34]/");
  await page.waitForSelector("countersign-status >> text=/Next try in 0:0[78]/");
  equal(asked, 3, "times asked");
  await page.click("countersign-status [part~=action]");
  await page.waitForSelector("countersign-status >> text=/Next try in/");
});

test("another-language-begins-where-the-person-was", async (page) => {
  await ask(page, "41001000001");
  await enter(page, "123456");
  await page.waitForSelector("countersign-status .head h2");
  await page.selectOption("#language", "de");
  await page.waitForSelector("text=Sie können qualifiziert unterschreiben");
  equal(await page.getAttribute("html", "lang"), "de", "the page says its language");
});

test("the-number-is-asked-for-again-when-its-time-is-over", async (page) => {
  await ask(page, "41001000001");
  await enter(page, "123456");
  await page.waitForSelector("countersign-status .head h2");
  await control(page, "clock", { advanceSeconds: 901 });
  await page.click("countersign-status [part~=refresh]");
  // The page has got another token by itself; the proof of the number it cannot get.
  await page.waitForSelector("[role=alert] >> text=Too much time has passed. Confirm your number again.");
  equal(await page.inputValue("#number"), "", "the number is the person's to give");
  await control(page, "clock", { reset: true });
});

test("everything-goes-by-keyboard", async (page) => {
  await page.focus("#number");
  await page.keyboard.type("41001000015");
  await page.keyboard.press("Enter");
  await page.waitForSelector("#code");
  await page.keyboard.type("123456");
  await page.keyboard.press("Enter");
  await page.waitForSelector("countersign-status .head h2");
  await page.keyboard.press("Tab");
  equal(await page.evaluate(() => {
    let at = document.activeElement;
    while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
    return at?.closest("countersign-status, [part]") !== null;
  }), true, "the next thing is in the element");
});

// ---- terms

test("terms-are-accepted-with-the-app", async (page) => {
  await ask(page, "41001000011");
  await enter(page, "123456");
  const link = page.locator("countersign-terms fieldset a").first();
  equal(await link.getAttribute("href"), `${origin}/terms/zertes/test-1/en`, "the text in the person's language");
  await page.click("countersign-terms [part~=accept]");
  await page.waitForSelector("[role=alert] >> text=Tick the terms that you accept");
  await decideOn(page, ["zertes", "eidas"]);
  await page.waitForSelector("text=Confirm in the app on your phone");
  await page.waitForSelector("countersign-terms [part=end] >> text=Accepted. Thank you.");
  await page.click("countersign-terms [part~=close]");
  await page.waitForSelector("countersign-status .head h2");
  equal(await head(page), "You can sign with a qualified signature", "afterwards");
  await page.waitForSelector("countersign-status [part=end] >> text=Accepted. Thank you.");
});

test("terms-are-accepted-with-password-and-code-in-a-frame", async (page) => {
  await ask(page, "41001000012");
  await enter(page, "123456");
  await decideOn(page, ["zertes", "eidas"]);
  const element = page.locator("countersign-terms iframe");
  await element.waitFor();
  equal(await element.getAttribute("sandbox"), "allow-forms allow-scripts allow-same-origin", "what the frame may do");
  const frame = page.frameLocator("countersign-terms iframe");
  await frame.locator("[name=password]").fill("wrong");
  await frame.locator("[name=code]").fill("123456");
  await frame.locator("button").click();
  await frame.locator("text=The password or the code is not right").waitFor();
  await frame.locator("[name=password]").fill("test1234");
  await frame.locator("[name=code]").fill("123456");
  await frame.locator("button").click();
  await page.waitForSelector("countersign-terms [part=end] >> text=Accepted. Thank you.");
});

test("terms-are-declined", async (page) => {
  await ask(page, "41001000013");
  await enter(page, "123456");
  await page.click("countersign-terms [part~=decline]");
  await page.waitForSelector("countersign-terms [part=end] >> text=You have declined.");
  await page.click("countersign-terms [part~=close]");
  await page.waitForSelector("countersign-status .head h2");
  equal(await head(page), "Accept the terms, then you can sign", "afterwards");
  await page.click("countersign-status [part~=action]");
  await page.waitForSelector("countersign-terms fieldset");
});

test("terms-are-cancelled-on-the-phone", async (page) => {
  await ask(page, "41001000013");
  await enter(page, "123456");
  await decideOn(page, ["eidas"]);
  await page.waitForSelector("countersign-terms [part=end] >> text=You have cancelled on your phone.");
  await page.click("countersign-terms [part~=again]");
  await page.waitForSelector("countersign-terms fieldset");
});

test("terms-run-out-of-time", async (page) => {
  await ask(page, "41001000013");
  await enter(page, "123456");
  await decideOn(page, ["zertes", "eidas"]);
  await page.waitForSelector("text=Confirm in the app on your phone");
  await control(page, "clock", { advanceSeconds: 601 });
  await page.waitForSelector("countersign-terms [part=end] >> text=The time is over. Nothing was accepted.");
  await control(page, "clock", { reset: true });
});

test("terms-that-lower-the-level-need-the-person-s-word", async (page) => {
  await ask(page, "41001000014");
  await enter(page, "123456");
  // Until the decision nobody knows that this person has another phone by now.
  await decideOn(page, ["zertes", "eidas"]);
  await page.waitForSelector("countersign-terms [part=risk]");
  await decideOn(page, ["zertes", "eidas"]);
  await page.waitForSelector("[role=alert] >> text=Confirm that you know about the level.");
  await page.check("countersign-terms [part=risk] input");
  await page.click("countersign-terms [part~=accept]");
  await page.waitForSelector("countersign-terms [part=end] >> text=Accepted. Your level is now advanced.");
  await page.click("countersign-terms [part~=close]");
  await page.waitForSelector("countersign-status .head h2");
  equal((await levels(page)).join("|"), "advanced, level 3|advanced, level 3", "levels afterwards");
});

// ---- on pages of an e-service

const SCRIPT = `<script type="module" src="${origin}/elements/countersign-elements.js"></script>`;
const element = (token, more = "") => `<countersign-registration api-base="${origin}" widget-token="${token}" lang="en" ${more}></countersign-registration>`;
const page_ = (body, head = "") => `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Portal</title><link rel="icon" href="data:,">${head}</head><body><main><h1>Portal</h1>${body}</main></body></html>`;
const NOTE = `<script type="module" src="/note.js"></script>`;
pages.set("/note.js", { headers: { "content-type": "text/javascript" }, body: `
  window.said = [];
  for (const name of ["step", "code-sent", "verified", "status", "action", "accepted", "downgraded", "declined", "terms-closed", "done", "error"])
    document.addEventListener("countersign-" + name, (event) => window.said.push([name, event.detail]));
` });

test("on-a-plain-page-with-its-events", async (page) => {
  serve("/plain", page_(element(await tokenFor(page, origin, site)), NOTE + SCRIPT));
  await page.goto(`${site}/plain`);
  await ask(page, "41001000001");
  await enter(page, "123456");
  await page.waitForSelector("countersign-status .head h2");
  const said = await page.evaluate(() => window.said);
  equal(said.map(([name]) => name).join(" "), "step code-sent verified step status done", "events");
  equal(said[4][1].signingStatus, "MID", "the answer of the API");
  equal(said[2][1].msisdn, "41001000001", "whose");
}, { at: `${site}/note.js` });

test("each-element-on-its-own-and-events-that-are-taken", async (page) => {
  const token = await tokenFor(page, origin, site);
  const attributes = `api-base="${origin}" widget-token="${token}" lang="fr"`;
  serve("/parts", page_(`<countersign-phone-check ${attributes} default-country="CH"></countersign-phone-check>`, SCRIPT + `<script type="module" src="/parts.js"></script>`));
  pages.set("/parts.js", { headers: { "content-type": "text/javascript" }, body: `
    const check = document.querySelector("countersign-phone-check");
    check.texts = { sendCode: "Allons-y" };
    check.addEventListener("countersign-verified", (event) => {
      for (const name of ["countersign-status", "countersign-terms"]) {
        const next = document.createElement(name);
        for (const attribute of ["api-base", "widget-token", "lang"]) next.setAttribute(attribute, check.getAttribute(attribute));
        next.setAttribute("msisdn", event.detail.msisdn);
        next.setAttribute("jurisdictions", "eidas");
        // The page shows terms by itself.
        next.addEventListener("countersign-action", (action) => action.preventDefault());
        check.after(next);
      }
    });` });
  await page.goto(`${site}/parts`);
  await page.waitForSelector("text=Allons-y");
  await ask(page, "41001000013");
  await enter(page, "123456");
  await page.waitForSelector("countersign-terms fieldset");
  equal(await page.locator("countersign-terms fieldset").count(), 1, "one jurisdiction");
  await page.waitForSelector("countersign-status .head h2");
  equal(await head(page), "Acceptez les conditions, puis vous pourrez signer", "what it says");
  equal(await page.locator("countersign-status .facts dt").first().innerText(), "Union européenne (eIDAS)", "and of which");
  await page.click("countersign-status [part~=action]");
  equal(await page.locator("countersign-status").count(), 1, "the action is the page's");
}, { at: `${site}/note.js` });

test("on-a-page-that-the-service-does-not-know", async (page) => {
  serve("/other", page_(element(await tokenFor(page, origin, site)), SCRIPT));
  await page.goto(`${stranger}/other`);
  await page.waitForSelector("countersign-registration [part=error]");
  equal(await page.locator("#number").count(), 0, "nothing to enter");
}, { at: `${stranger}/note.js` });

tests.at(-1).faults = /blocked by CORS policy|ERR_FAILED/;

test("on-a-page-in-react", async (page) => {
  pages.set("/react.js", { headers: { "content-type": "text/javascript" }, body: await react() });
  const given = JSON.stringify({ apiBase: origin, token: await tokenFor(page, origin, site) });
  serve("/react", page_(`<div id="root"></div>`, `<script>window.given = ${given}</script><script type="module" src="/react.js"></script>`).replace("<main><h1>Portal</h1>", "").replace("</main>", ""));
  await page.goto(`${site}/react`);
  await ask(page, "41001000001");
  await enter(page, "123456");
  await page.waitForSelector("#said li >> text=done");
  equal((await page.locator("#said li").allTextContents()).join(", "), "step phone, verified, step status, status MID, done", "events");
}, { at: `${site}/note.js` });

test("on-a-page-with-a-strict-policy", async (page) => {
  const policy = `default-src 'none'; script-src ${origin} ${site}; style-src ${site}; connect-src ${origin}; frame-src ${origin}; img-src data:; base-uri 'none'; require-trusted-types-for 'script'; trusted-types 'none'`;
  pages.set("/theme.css", { headers: { "content-type": "text/css" }, body: `:host { --countersign-accent: #5b2a86; }` });
  serve("/strict", page_(element(await tokenFor(page, origin, site), `require-tc theme-href="/theme.css"`), NOTE + SCRIPT), { "content-security-policy": policy });
  await page.goto(`${site}/strict`);
  await ask(page, "41001000013");
  await enter(page, "123456");
  await decideOn(page, ["zertes"]);
  await page.waitForSelector("countersign-terms [part=end] >> text=You have cancelled on your phone.");
  equal(await page.locator("countersign-registration").first().evaluate((host) => getComputedStyle(host).getPropertyValue("--countersign-accent").trim()), "#5b2a86", "the looks of the file");
}, { at: `${site}/note.js` });

test("attributes-narrow-and-never-widen", async (page) => {
  serve("/narrow", page_(element(await tokenFor(page, origin, site), `allowed-methods="MID" require-tc="false" identify-url="https://id.example.org/start"`), SCRIPT));
  await page.goto(`${site}/narrow`);
  await ask(page, "41001000002");
  await enter(page, "123456");
  await page.waitForSelector("text=This service takes only: the app.");
  equal(await page.getAttribute("countersign-status a[part~=action]", "href"), "https://id.example.org/start", "where to go");
  // The second client takes the app alone, and asks for no terms, whatever its page says.
  serve("/wide", page_(element(await tokenFor(page, origin, site, "themed"), `allowed-methods="MID SAS" require-tc`), SCRIPT));
  await page.goto(`${site}/wide`);
  await ask(page, "41001000002");
  await enter(page, "123456");
  await page.waitForSelector("text=This service takes only: the app.");
  equal(await page.locator("countersign-status >> text=Terms").count(), 0, "nothing about terms");
}, { at: `${site}/note.js` });

// ---- the page of the service, opened by others

test("as-a-pop-up-with-messages", async (page) => {
  serve("/popup", page_(`<button id="open">Open</button>`, `<script type="module">
    import { openStatus } from "${origin}/elements/countersign-elements.js";
    window.said = [];
    document.getElementById("open").addEventListener("click", () => openStatus({ base: "${origin}", lang: "en", msisdn: "41001000001" }, (name, detail) => window.said.push([name, detail])));
  </script>`));
  await page.goto(`${site}/popup`);
  const opening = page.waitForEvent("popup");
  await page.click("#open");
  const popup = await opening;
  await popup.waitForSelector("#number");
  equal(await popup.inputValue("#number"), "41001000001", "the number that it begins with");
  equal(popup.url().includes("41001000001"), false, "which is in no address");
  await popup.click("[part~=send]");
  await enter(popup, "123456");
  await popup.waitForSelector("countersign-status .head h2");
  await page.waitForFunction(() => window.said.some(([name]) => name === "countersign-done"));
  equal(await page.evaluate(() => window.said.find(([name]) => name === "countersign-status")[1].signingStatus), "MID", "what is told");
}, { at: `${site}/note.js` });

const FRAME = `<iframe id="frame" title="May I sign?" width="400" height="300"></iframe><script type="module">
  import { embedStatus } from "${origin}/elements/countersign-elements.js";
  window.said = [];
  embedStatus(document.getElementById("frame"), { base: "${origin}", lang: "en" }, (name) => window.said.push(name));
</script>`;

test("in-a-frame-of-the-client-s-page", async (page) => {
  serve("/frame", page_(FRAME));
  await page.goto(`${site}/frame`);
  const frame = page.frameLocator("#frame");
  await ask(frame, "41001000001");
  await enter(frame, "123456");
  await frame.locator("countersign-status .head h2").waitFor();
  await page.waitForFunction(() => window.said.includes("countersign-done"));
  await page.waitForFunction(() => document.getElementById("frame").getBoundingClientRect().height > 400);
}, { at: `${site}/note.js` });

test("in-no-frame-of-anybody-else", async (page) => {
  serve("/frame", page_(FRAME));
  await page.goto(`${stranger}/frame`);
  await page.waitForFunction(() => document.getElementById("frame").src !== "");
  await page.waitForTimeout(500);
  equal(await page.frameLocator("#frame").locator("#number").count(), 0, "nothing is shown");
  const answer = await page.request.get(`${origin}/status`);
  equal(/frame-ancestors 'none'/.test(answer.headers()["content-security-policy"]), true, "the page itself is in no frame");
  equal((await page.request.get(`${origin}/status?client=nobody`)).status(), 404, "a client that there is not");
  equal((await page.request.post(`${origin}/status/token`, { headers: { origin: stranger } })).status(), 403, "a token for another page");
}, { at: `${stranger}/note.js` });
tests.at(-1).faults = /frame-ancestors|ERR_BLOCKED/;

// ---- looks

test("three-themes-by-one-file-each", async (page) => {
  const themes = {
    plain: "",
    ledger: ":root { --countersign-ink: #10241b; --countersign-muted: #3f5a4c; --countersign-surface: #f1f7f3; --countersign-line: #b9d0c2; --countersign-edge: #5f7d6d; --countersign-accent: #0f5a3c; --countersign-on-accent: #ffffff; --countersign-radius: 0; --countersign-font: 1.0625rem Georgia, serif; }",
    night: ":root { color-scheme: dark; background: #0a0d14; color: #fff; --countersign-ink: #f4f1ff; --countersign-muted: #b9b3d6; --countersign-surface: #16132a; --countersign-line: #3a3560; --countersign-edge: #8f87c4; --countersign-accent: #c9b8ff; --countersign-on-accent: #1b1238; --countersign-good: #7fe0a7; --countersign-warn: #ffcf70; --countersign-bad: #ff9aa8; --countersign-radius: 1.5rem; --countersign-gap: 1.25rem; }",
  };
  const seen = new Set();
  for (const [name, css] of Object.entries(themes)) {
    pages.set(`/${name}.css`, { headers: { "content-type": "text/css" }, body: css });
    serve(`/theme-${name}`, page_(element(await tokenFor(page, origin, site)), `<link rel="stylesheet" href="/${name}.css">${SCRIPT}`));
    await page.goto(`${site}/theme-${name}`);
    await ask(page, "41001000015");
    await enter(page, "123456");
    await page.waitForSelector("countersign-status .head h2");
    await page.click("countersign-qes-info summary");
    await audit(page, `theme ${name}`);
    const path = join(shots, `theme-${name}.png`);
    const picture = await page.screenshot({ path, fullPage: true });
    seen.add(picture.toString("base64"));
  }
  equal(seen.size, 3, "pictures that differ");
}, { at: `${site}/note.js` });

test("the-page-wears-the-style-sheet-of-its-client", async (page) => {
  pages.set("/brand.css", { headers: { "content-type": "text/css" }, body: ":root { --countersign-accent: #6b1f4e; --countersign-on-accent: #ffffff; --countersign-radius: 0; }" });
  await page.goto(`${origin}/status?client=themed&lang=en`);
  await page.waitForSelector("[part~=send]");
  await page.waitForFunction(() => {
    const send = document.querySelector("countersign-registration").shadowRoot.querySelector("countersign-phone-check").shadowRoot.querySelector("[part~=send]");
    return getComputedStyle(send).backgroundColor === "rgb(107, 31, 78)";
  });
  const policy = (await page.request.get(`${origin}/status?client=themed`)).headers()["content-security-policy"];
  equal(policy.includes(`style-src 'self' ${site}/brand.css`), true, "this one file is allowed");
  equal((await page.request.get(`${origin}/status`)).headers()["content-security-policy"].includes(site), false, "and only there");
});

// ---- every step, in every language

async function everyStep(page, lang, seen) {
  await page.goto(`${origin}/status?lang=${lang}`);
  await page.waitForSelector("#number");
  await seen("number");
  await page.fill("#number", "12");
  await page.click("[part~=send]");
  await page.waitForSelector("[role=alert] span");
  await seen("number-wrong");
  await ask(page, "41001000013");
  await enter(page, "12");
  await page.waitForSelector("[role=alert] span");
  await seen("code");
  await enter(page, "123456");
  await page.waitForSelector("countersign-terms fieldset");
  await seen("terms");
  await page.click("countersign-terms [part~=decline]");
  await page.waitForSelector("countersign-terms [part=end]");
  await seen("declined");
  await page.click("countersign-terms [part~=close]");
  await page.waitForSelector("countersign-status .head h2");
  await seen("terms-wait");
  for (const [name, msisdn] of [["good", "41001000002"], ["unknown", "41001000003"], ["mismatch", "41001000006"], ["nobody", "41001000005"]]) {
    await page.goto(`${origin}/status?lang=${lang}`);
    await ask(page, msisdn);
    await enter(page, "123456");
    await page.waitForSelector("countersign-status .head h2");
    if (name === "good") await page.click("countersign-qes-info summary");
    await seen(name);
  }
}

for (const lang of LANGUAGES) {
  test(`every-step-is-accessible-and-fits-${lang}`, async (page) => {
    await everyStep(page, lang, async (step) => {
      await fits(page, `${step} in ${lang}`);
      await audit(page, `${step} in ${lang}`);
      await page.screenshot({ path: join(shots, `${step}-${lang}-360.png`), fullPage: true });
    });
  }, { width: 360 });
}
for (const scheme of ["light", "dark"]) {
  test(`every-step-is-accessible-and-fits-wide-${scheme}`, async (page) => {
    await everyStep(page, "ru", async (step) => {
      await fits(page, step);
      await audit(page, step);
      await page.screenshot({ path: join(shots, `${step}-ru-1280-${scheme}.png`), fullPage: true });
    });
  }, { scheme });
}

for (const each of tests.filter(({ name }) => wanted(name))) {
  const context = await browser.newContext({ viewport: { width: each.width, height: 900 }, colorScheme: each.scheme, reducedMotion: "reduce" });
  const page = await context.newPage();
  page.setDefaultTimeout(30_000);
  const faults = [];
  const isExpected = (text) => EXPECTED.test(text) || each.faults?.test(text);
  context.on("console", (message) => {
    if (["error", "warning"].includes(message.type()) && !isExpected(message.text())) faults.push(message.text());
  });
  page.on("pageerror", (error) => faults.push(String(error)));
  try {
    await page.goto(each.at);
    await each.run(page);
    equal(faults.length, 0, `the console: ${faults.join("; ")}`);
    passed += 1;
  } catch (error) {
    failed += 1;
    console.log(`FAIL ${each.name}: ${String(error).split("\n").slice(0, 4).join(" ")}${faults.length > 0 ? ` [${faults.join("; ")}]` : ""}`);
    await page.screenshot({ path: join(shots, `FAILED-${each.name}.png`), fullPage: true }).catch(() => {});
  }
  await context.close();
}
await browser.close();
portal.close();
server.kill("SIGTERM");
rmSync(work, { recursive: true, force: true });
console.log(`status: ${passed} passed, ${failed} failed, 0 skipped`);
process.exit(failed === 0 && passed > 0 ? 0 : 1);
