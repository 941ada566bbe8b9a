/** What a person does with the phone, and what must come of it. */

import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Page, Worker } from "playwright-core";
import { RpSession } from "../apps/phone/test/service.ts";
import { audit } from "./audit.ts";
import { JavaClient, javaClient } from "./java.ts";
import { type Device, PATIENCE, type PhonePage } from "./pages.ts";
import { qrImage } from "./qr-image.ts";
import type { Stage } from "./suite.ts";

export interface Case {
  readonly name: string;
  play(stage: Stage): Promise<void>;
}

const [PIN1, PIN2] = ["4071", "92716"];
const CALLBACK = "https://rp.example.org/back?value=opaque";

function must(condition: boolean, text: string): asserts condition {
  if (!condition) throw new Error(text);
}

function same(found: unknown, expected: unknown, what: string): void {
  const [a, b] = [JSON.stringify(found), JSON.stringify(expected)];
  if (a !== b) throw new Error(`${what}: expected ${b}, found ${a}`);
}

/** What an e-service may try to put beside the keypad, and what is shown of it. */
const HOSTILE: readonly { readonly kind: string; readonly text: string; readonly shown: string }[] = [
  {
    kind: "markup stays text",
    text: "<img src=x onerror=document.title='taken'><b>Pay</b>",
    shown: "<img src=x onerror=document.title='taken'><b>Pay</b>",
  },
  { kind: "entities stay text", text: "&lt;b&gt;&#x202e;<!-- --><![CDATA[x]]>", shown: "&lt;b&gt;&#x202e;<!-- --><![CDATA[x]]>" },
  { kind: "turned directions are taken out", text: "Pay \u202e000 01\u202c EUR \u2067\u2066now\u2069\u200f", shown: "Pay 000 01 EUR now" },
  { kind: "invisible characters are taken out", text: "P\u200ba\u2060y\ufeff \u{e0041}\u3164\u00adnow", shown: "Pay now" },
  { kind: "marks do not pile up", text: `Pay${"\u0301".repeat(50)} now`, shown: "Pa\u00fd\u0301\u0301\u0301 now" },
  { kind: "a text from right to left stays in its box", text: "ادفع 10 يورو <b>", shown: "ادفع 10 يورو <b>" },
  { kind: "a long text is bounded", text: "W".repeat(200), shown: "W".repeat(200) },
];

interface Enrolled { readonly device: Device; readonly phone: PhonePage; readonly document: string; readonly person: string }

async function enrolled({ service, pages }: Stage, device?: Device): Promise<Enrolled> {
  const on = device ?? await pages.device();
  const { link, person } = await service.activation();
  const phone = await on.phone(new URL(link).hash);
  return { device: on, phone, document: await phone.enrol(PIN1, PIN2), person };
}

/** A log-in from the request to what the relying party gets, with nothing out of the ordinary. */
async function logsIn(phone: PhonePage, service: Stage["service"], document: string): Promise<void> {
  const rp = await RpSession.authenticate(service, { document });
  await phone.asked("login");
  await phone.enter(PIN1);
  await phone.outcome(/./);
  await rp.authenticated();
}

/** Stops the account, by the way that its screen shows. */
async function revoke(phone: PhonePage): Promise<void> {
  await phone.page.locator('[data-keep="settings"]').click();
  await phone.button(/^Stop this account/).click();
  const stop = phone.page.locator(".button.stop");
  must(await stop.isDisabled(), "the account ends without being asked twice");
  await phone.page.locator('.tick input[type="checkbox"]').check();
  await stop.click();
  await phone.outcome(/stopped/);
}

interface Notified { readonly title: string; readonly options: Readonly<Record<string, unknown>> }

/** What the worker will put on the lock screen next. */
async function nextNotification(worker: Worker): Promise<() => Promise<Notified>> {
  const next = await worker.evaluateHandle(() => {
    const { registration } = self as unknown as { readonly registration: ServiceWorkerRegistration };
    const show = ServiceWorkerRegistration.prototype.showNotification;
    return { shown: new Promise<Notified>((resolve, reject) => {
      registration.showNotification = async (title, options = {}) => {
        await show.call(registration, title, options).catch(reject);
        resolve({ title, options: { ...options } });
      };
    }) };
  });
  return () => next.evaluate(({ shown }) => shown);
}

const endOf = async (rp: RpSession): Promise<string> => {
  for (let attempt = 0; attempt < 60; attempt++) {
    const { state, result } = await rp.status(5000);
    if (state === "COMPLETE") return result?.endResult ?? "";
  }
  throw new Error("the session does not end");
};

/** Answers the callback's host without a network: the browser goes there, and what it asked for is what counts. */
async function awaitCallback(device: Device): Promise<{ readonly url: Promise<URL> }> {
  let arrived: (url: URL) => void;
  const url = new Promise<URL>((resolve) => arrived = resolve);
  await device.context.route("https://rp.example.org/**", (route) => {
    arrived(new URL(route.request().url()));
    return route.fulfill({ contentType: "text/html", body: "<!doctype html><title>back</title>back" });
  });
  return { url };
}

/**
 * Reads a log-in's code from its picture. As at an e-service, the picture is a new one each second, so one that came too
 * late is read again.
 */
async function scan(phone: PhonePage, link: () => string): Promise<void> {
  const [approve, outcome] = [phone.page.locator(".approve.login"), phone.page.locator(".outcome")];
  for (let attempt = 0; ; attempt++) {
    await phone.page.locator(".foot .main").click();
    await phone.page.locator("#scan-image").waitFor({ state: "attached" });
    const image = { name: "qr.gif", mimeType: "image/gif", buffer: qrImage(link()) };
    await phone.page.locator("#scan-image").setInputFiles(image);
    await approve.or(outcome).first().waitFor();
    if (await approve.isVisible()) return;
    must(attempt < 5, `the code is not taken: ${await phone.text(".outcome")}`);
    await phone.done();
  }
}

const choice = [{ type: "confirmationMessageAndVerificationCodeChoice", displayText200: "Transfer 10 EUR to a friend" }];

export const cases: readonly Case[] = [
  {
    name: "enrolment, storage and what is on the home screen",
    async play(stage) {
      const { service, pages } = stage;
      const device = await pages.device();
      const { link, person } = await service.activation();
      const phone = await device.phone(new URL(link).hash);
      must(!phone.page.url().includes("activate"), "the activation code stays in the address");
      // Guessable and unequal PINs are refused on the device.
      await phone.enter("1234");
      await phone.fault(/./);
      const document = await phone.enrol(PIN1, PIN2);
      must(document.startsWith(person), `the account ${document} is not of ${person}`);
      // They come with the service's answer, a moment after the screen.
      await phone.page.locator(".keys-list button").nth(1).waitFor();
      same(await phone.page.locator(".keys-list button").count(), 2, "keys on the home screen");
      await audit(phone.page, "after enrolment", [PIN1, PIN2]);
      await phone.page.reload();
      same(await phone.document(), document, "after a reload");
    },
  },
  {
    name: "log-in by notification with a code to compare, and the time it takes",
    async play(stage) {
      const { service, budget } = stage;
      const { device, phone: first, document } = await enrolled(stage);
      await first.page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));
      await first.page.close();
      const [opened, took, tasks, dropped]: number[][] = [[], [], [], []];
      for (let round = 0; round < 5; round++) {
        const rp = await RpSession.authenticate(service, { document });
        // What waits is shown by itself, as after a notification.
        const { phone, after } = await coldOpen(device);
        opened!.push(after);
        must((await phone.text(".approve .code strong")).includes(rp.vc!), "the code is not on the screen");
        same(await phone.text(".approve .who"), "DEMO", "who asks");
        const traced = await trace(phone.page);
        took!.push(await timed(phone, PIN1));
        const { longestTask, droppedFrames } = await traced.end();
        tasks!.push(longestTask);
        dropped!.push(droppedFrames);
        await rp.authenticated();
        await phone.done();
        if (round === 4) await audit(phone.page, "after log-ins", [PIN1, PIN2]);
        await phone.page.close();
      }
      budget("from a cold open to the request, in ms", opened!, 1000);
      budget("from the last digit of the PIN to done, in ms", took!, 1000);
      budget("longest task of the page meanwhile, in ms", tasks!, 50);
      budget("frames dropped meanwhile", dropped!, 1);
    },
  },
  {
    name: "log-in by notification with a choice of codes, right and wrong",
    async play(stage) {
      const { service } = stage;
      const { phone, document } = await enrolled(stage);
      const right = await RpSession.authenticate(service, { document }, choice);
      await phone.asked("login");
      same(await phone.page.locator(".codes input").count(), 3, "codes to choose from");
      must(!(await phone.text(".approve .message")).includes(right.vc!), "the text tells the code");
      await phone.page.locator(`.codes input[value="${right.vc}"]`).check({ force: true });
      await phone.enter(PIN1);
      await phone.outcome(/./);
      await right.authenticated();
      await phone.done();

      const wrong = await RpSession.authenticate(service, { document }, choice);
      await phone.asked("login");
      await phone.page.locator(`.codes input:not([value="${wrong.vc}"])`).first().check({ force: true });
      await phone.enter(PIN1);
      await phone.outcome(/./);
      same(await endOf(wrong), "WRONG_VC", "the session");
    },
  },
  {
    name: "log-in by a QR code, read from its picture",
    async play(stage) {
      const { service } = stage;
      const { phone } = await enrolled(stage);
      const rp = await RpSession.authenticate(service, { callback: CALLBACK });
      const started = Date.now();
      await scan(phone, () => rp.deviceLink(Math.floor((Date.now() - started) / 1000) + 1));
      await phone.enter(PIN1);
      await phone.outcome(/./);
      // The callback belongs to links on the same device only.
      same(await phone.page.locator(".outcome a[href]").count(), 0, "ways back");
      same((await rp.authenticated()).signature?.flowType, "QR", "flow");
    },
  },
  {
    name: "log-in on the same device, with the way back",
    async play(stage) {
      const { service } = stage;
      const who = await enrolled(stage);
      const back = await awaitCallback(who.device);
      const rp = await RpSession.authenticate(service, { callback: CALLBACK });
      // The link leads to the service's own page, which opens the phone that is enrolled here.
      await who.phone.page.close();
      const page = await who.device.context.newPage();
      await page.goto(rp.deviceLink("Web2App"));
      await page.waitForURL(/\/phone\//);
      const phone = who.device.phoneIn(page);
      await phone.asked("login");
      must(!page.url().includes("sessionToken"), "the link stays in the address");
      await phone.enter(PIN1);
      const url = await back.url;
      await page.waitForURL("https://rp.example.org/**");
      same(url.searchParams.get("value"), "opaque", "the e-service's own value");
      same(url.searchParams.get("sessionSecretDigest"), rp.secretDigest(), "the digest of the secret");
      same((await rp.authenticated(url.searchParams.get("userChallengeVerifier")!)).signature?.flowType, "Web2App", "flow");
    },
  },
  {
    name: "a link that came before the account waits for it",
    async play(stage) {
      const { service, pages } = stage;
      const device = await pages.device();
      const page = await device.context.newPage();
      const { link } = await service.activation();
      const rp = await RpSession.authenticate(service, { callback: CALLBACK });
      const back = await awaitCallback(device);
      await page.goto(rp.deviceLink("Web2App"));
      // The service's page says that there is no phone here; its button leads to one.
      await page.locator("a.button.main").click();
      const phone = device.phoneIn(page);
      await page.locator("#activation").fill(link);
      must(!page.url().includes("sessionToken"), "the link stays in the address");
      await page.locator("#activation").press("Enter");
      await phone.register(PIN1, PIN2);
      await phone.asked("login");
      await phone.enter(PIN1);
      const url = await back.url;
      await page.waitForURL("https://rp.example.org/**");
      same((await rp.authenticated(url.searchParams.get("userChallengeVerifier")!)).signature?.flowType, "Web2App", "flow");
    },
  },
  {
    name: "a request for somebody else waits until they have an account here",
    async play(stage) {
      const { service } = stage;
      const { phone, document } = await enrolled(stage);
      // They have a phone, but it is elsewhere.
      const { person } = await enrolled(stage);
      must(!document.startsWith(person), "the same person again");
      const { link } = await service.activation({ country: person.slice(3, 5), personalCode: person.slice(6) });
      const rp = await RpSession.authenticate(service, { person });
      await phone.page.evaluate((link) => location.hash = `#link=${encodeURIComponent(link)}`, rp.deviceLink("Web2App"));
      await phone.outcome(/./);
      await phone.done();
      await phone.page.evaluate((hash) => location.hash = hash, new URL(link).hash);
      await phone.register(PIN1, PIN2);
      await phone.asked("login");
      await phone.enter(PIN1);
      await phone.outcome(/./);
      const { result } = await rp.authenticated();
      must(result!.documentNumber!.startsWith(person), `answered by ${result!.documentNumber}`);
    },
  },
  {
    name: "two phones of one person: each has its own account, and one goes on when the other is lost",
    async play(stage) {
      const { service, pages } = stage;
      const { phone: first, document: one, person } = await enrolled(stage);
      const [country, personalCode] = [person.slice(3, 5), person.slice(6)];
      const again = await service.activation({ country, personalCode });
      const second = await (await pages.device()).phone(new URL(again.link).hash);
      const other = await second.enrol(PIN1, PIN2);
      must(other !== one && other.startsWith(person), `the second account is ${other}`);
      // A request that names an account goes to its phone alone.
      for (const [phone, document] of [[second, other], [first, one]] as const) {
        const rp = await RpSession.authenticate(service, { document });
        await phone.asked("login");
        const idle = phone === first ? second : first;
        same(await idle.page.locator(".approve").count(), 0, "requests on the other phone");
        await phone.enter(PIN1);
        await phone.outcome(/./);
        same((await rp.authenticated()).result?.documentNumber, document, "who answered");
        await phone.done();
      }
      await revoke(second);
      await logsIn(first, service, one);
    },
  },
  {
    name: "a notification says that something waits, and nothing more",
    async play(stage) {
      const { service } = stage;
      const { device, phone, document } = await enrolled(stage);
      const { page } = phone;
      await device.context.grantPermissions(["notifications"], { origin: device.origin });
      await page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));
      const worker = device.context.serviceWorkers()[0] ?? await device.context.waitForEvent("serviceworker");
      const session = await device.context.newCDPSession(page);
      const registered = new Promise<string>((resolve) => session.on("ServiceWorker.workerRegistrationUpdated", ({ registrations }) => {
        const found = registrations.find(({ scopeURL }) => scopeURL.startsWith(device.origin));
        if (found) resolve(found.registrationId);
      }));
      await session.send("ServiceWorker.enable");
      const registrationId = await registered;
      const rp = await RpSession.authenticate(service, { document });
      // As a push service delivers it, once it is decrypted.
      for (const [data, tx] of [
        [JSON.stringify({ type: "TX", tx: "abc-1" }), "abc-1"], [JSON.stringify({ type: "TX", tx: "../evil" }), null], ["no JSON", null],
      ] as const) {
        const shown = await nextNotification(worker);
        await session.send("ServiceWorker.deliverPushMessage", { origin: device.origin, registrationId, data });
        const { title, options } = await shown();
        same(title, "Countersign: a request is waiting", "its title");
        same(options.data, { tx }, "the request that it names");
        same(Object.keys(options).sort(), ["badge", "data", "icon", "tag"], "what it holds");
      }
      await phone.asked("login");
      await phone.enter(PIN1);
      await phone.outcome(/./);
      await rp.authenticated();
    },
  },
  {
    name: "a signature, and one linked to a certificate choice",
    async play(stage) {
      const { service } = stage;
      const { device, phone, document } = await enrolled(stage);
      const data = Buffer.from("a contract");
      const rp = await RpSession.sign(service, document, data);
      await phone.asked("sign");
      must((await phone.text(".approve .code strong")).includes(rp.vc!), "the code is not on the screen");
      await phone.enter(PIN2);
      await phone.outcome(/./);
      await rp.signed(data);
      await audit(phone.page, "after a signature", [PIN1, PIN2]);

      const chosen = await RpSession.chooseCertificate(service);
      await phone.page.close();
      const again = await device.phone(`#link=${encodeURIComponent(chosen.deviceLink(0))}`);
      await again.asked("choose");
      await again.page.locator(".approve .foot .main").click();
      same(await endOf(chosen), "OK", "the choice");
      const linked = await RpSession.sign(
        service, document, data, { linkedSessionID: chosen.id }, `notification/linked/${document}`);
      // Without leaving the screen.
      await again.asked("sign");
      same(await again.page.locator(".approve .code").count(), 0, "codes to compare");
      await again.enter(PIN2);
      await again.outcome(/./);
      await linked.signed(data);
    },
  },
  {
    name: "refusals on each screen",
    async play(stage) {
      const { service } = stage;
      const { phone, document } = await enrolled(stage);
      const kinds = [
        ["login", () => RpSession.authenticate(service, { document })],
        ["login", () => RpSession.authenticate(service, { document }, choice)],
        ["sign", () => RpSession.sign(service, document, Buffer.from("x"))],
      ] as const;
      for (const [kind, start] of kinds) {
        const rp = await start();
        await phone.asked(kind);
        await phone.page.locator(".approve .answers button").first().click();
        await phone.outcome(/./);
        same(await endOf(rp), "USER_REFUSED_INTERACTION", `${kind} refused`);
        await phone.done();
      }
      const rp = await RpSession.authenticate(service, { document });
      await phone.asked("login");
      await phone.page.locator(".approve .answers button").last().click();
      await phone.page.locator("dialog[open] .stop").click();
      await phone.outcome(/./);
      same(await endOf(rp), "USER_REFUSED", "not me");
      await phone.done();
      const chosen = await RpSession.chooseCertificate(service);
      await phone.page.evaluate((link) => location.hash = `#link=${encodeURIComponent(link)}`, chosen.deviceLink(0));
      await phone.asked("choose");
      await phone.page.locator(".approve .answers button").first().click();
      await phone.outcome(/./);
      same(await endOf(chosen), "USER_REFUSED_CERT_CHOICE", "choice refused");
    },
  },
  {
    name: "a copied browser profile raises the clone alarm",
    async play(stage) {
      const { service, pages } = stage;
      const { device, folder } = await pages.profile();
      const { document } = await enrolled(stage, device);
      await device.context.close();
      const copy = await pages.profile(folder);
      const owner = await (await pages.reopen(folder)).phone();
      same(await owner.document(), document, "the owner's");
      await logsIn(owner, service, document);
      await owner.page.close();
      const thief = await copy.device.phone();
      same(await thief.document(), document, "the copy's");
      const second = await RpSession.authenticate(service, { document });
      await thief.asked("login");
      await thief.enter(PIN1);
      await thief.outcome(/register again/i);
      same(await endOf(second), "DOCUMENT_UNUSABLE", "the session");
      await thief.page.close();
    },
  },
  {
    name: "a change of PIN: the old one fails, the new one works",
    async play(stage) {
      const { service } = stage;
      const { phone, document } = await enrolled(stage);
      await phone.page.locator('.keys-list [data-keep="AUTH"]').click();
      await phone.button(/change/i).click();
      await phone.page.locator(".pin-screen").waitFor();
      for (const [at, pin] of ["4071", "8305", "8305"].entries()) {
        await phone.page.locator("cs-pin-pad:not([data-used])").waitFor();
        await phone.type(pin);
        if (at < 2) await phone.page.locator("cs-pin-pad").evaluate((pad) => pad.setAttribute("data-used", ""));
        await phone.confirm();
      }
      await phone.outcome(/./);
      await audit(phone.page, "after a change of PIN", [PIN1, PIN2, "8305"]);
      await phone.done();
      const rp = await RpSession.authenticate(service, { document });
      await phone.asked("login");
      await phone.enter(PIN1);
      await phone.fault(/2/);
      await phone.enter("8305");
      await phone.outcome(/./);
      await rp.authenticated();
    },
  },
  {
    name: "the page is closed between PIN and answer: exactly one signature",
    async play(stage) {
      const { service } = stage;
      const { device, phone, document } = await enrolled(stage);
      const data = Buffer.from("once");
      const rp = await RpSession.sign(service, document, data);
      await phone.asked("sign");
      // The request reaches the service, its answer does not reach the page.
      let reached: () => void;
      const answered = new Promise<void>((resolve) => reached = resolve);
      await phone.page.route("**/confirm", async (route) => {
        const response = await route.fetch();
        if (response.status() === 401) return route.fulfill({ response });
        reached();
        return undefined;
      });
      await phone.enter(PIN2);
      await answered;
      await audit(phone.page, "while an answer is awaited", [PIN1, PIN2]);
      await phone.page.close();
      const first = await rp.signed(data);
      const reopened = await device.phone();
      await reopened.outcome(/./);
      same((await rp.signed(data)).signature, first.signature, "the signature");
      await reopened.done();
      await reopened.document();
      // Nothing is left over: the next request goes its usual way.
      await logsIn(reopened, service, document);
    },
  },
  {
    name: "two tabs at once",
    async play(stage) {
      const { service } = stage;
      const { device, phone, document } = await enrolled(stage);
      const other = await device.phone();
      // One works, the other says so; the person can move the work.
      await other.heading(/./);
      const take = other.page.locator(".foot .main");
      await take.click();
      await other.document();
      await logsIn(other, service, document);
      await phone.page.bringToFront();
      await phone.page.locator(".foot .main").click();
      await phone.document();
      await logsIn(phone, service, document);
    },
  },
  {
    name: "what a hostile e-service writes stays in its box",
    async play(stage) {
      const { service } = stage;
      const { phone, document } = await enrolled(stage);
      const { page } = phone;
      const box = page.locator(".approve .message bdi");
      for (const [type, place, limit] of [["confirmationMessage", "displayText200", 200], ["displayTextAndPIN", "displayText60", 60]] as const) {
        const ask = async (words: string) => {
          const rp = await RpSession.authenticate(service, { document }, [{ type, [place]: [...words].slice(0, limit).join("") }]);
          await phone.asked("login");
          return rp;
        };
        // A note may say that something was taken out; nothing else comes.
        const notes = ".message .quiet, .message .quiet *";
        const elements = async () => await page.locator(".approve *").count() - await page.locator(notes).count();
        await ask("Pay");
        const calm = await elements();
        await phone.refuse();
        for (const { kind, text, shown } of HOSTILE) {
          const rp = await ask(text);
          same(await box.count(), 1, `${kind}: boxes for the text`);
          same(await box.textContent(), [...shown].slice(0, limit).join(""), `${kind}: the text on the screen`);
          same(await box.locator("*").count(), 0, `${kind}: elements made of the text`);
          same(await elements(), calm, `${kind}: elements on the screen`);
          const width = await page.evaluate(() => window.document.documentElement.scrollWidth);
          same(width, page.viewportSize()!.width, `${kind}: the width of the page`);
          must(await page.locator("cs-pin-pad .confirm").isVisible(), `${kind}: the keypad is pushed out of sight`);
          await phone.refuse();
          same(await endOf(rp), "USER_REFUSED_INTERACTION", `${kind}: the session`);
        }
      }
      must((await page.title()) !== "taken", "a script of the e-service ran");
      // A kilobyte is not even taken, and leaves nothing: the next request is the first that is shown.
      for (const interaction of [
        { type: "confirmationMessage", displayText200: "I agree. ".repeat(114) },
        { type: "displayTextAndPIN", displayText60: "W".repeat(1024) },
        { type: "displayTextAndPIN", displayText60: "👩".repeat(256) },
      ]) {
        const refused = await RpSession.authenticate(service, { document }, [interaction]).then(() => "taken", String);
        must(/: 400 /.test(refused), `a kilobyte: ${refused}`);
      }
      const rp = await RpSession.authenticate(service, { document });
      await phone.asked("login");
      same(await box.textContent(), "Log in", "the text on the screen");
      await phone.enter(PIN1);
      await phone.outcome(/./);
      await rp.authenticated();
    },
  },
  {
    name: "the account is revoked on the phone",
    async play(stage) {
      const { service } = stage;
      const { phone, document } = await enrolled(stage);
      await revoke(phone);
      const asked = await RpSession.authenticate(service, { document }).then(endOf, () => "refused");
      must(asked === "refused" || asked === "DOCUMENT_UNUSABLE", `a revoked account is asked: ${asked}`);
      await audit(phone.page, "after revocation", [PIN1, PIN2]);
      await phone.page.locator(".foot .main").click();
      await phone.page.locator(".welcome, #activation").first().waitFor();
      await audit(phone.page, "after its data was removed", [PIN1, PIN2], 0);
    },
  },
  {
    name: "a log-in and files signed with the command line, approved on the phone, and validated",
    async play(stage) {
      const { service, binary, work } = stage;
      const { phone, document } = await enrolled(stage);
      // The client library checks everything that a relying party has to.
      const login = command(binary, ["login", "--document", document, "--url", service.origin]);
      await Promise.race([login, phone.asked("login")]);
      await phone.enter(PIN1);
      await phone.outcome(/./);
      await login;
      await phone.done();
      const text = join(work, "contract.txt");
      writeFileSync(text, "a contract");
      for (const format of ["asice", "pdf"]) {
        const input = format === "pdf" ? ONE_PAGE : text;
        const output = join(work, `signed.${format}`);
        const signing = command(binary, [
          "sign", input, "--format", format, "--document", document, "--url", service.origin, "-o", output,
        ]);
        await Promise.race([signing, phone.asked("sign")]);
        await phone.enter(PIN2);
        await phone.outcome(/./);
        await signing;
        await command(binary, ["verify", output, "--dev-trust"]);
        await phone.done();
      }
    },
  },
  {
    name: "a passkey guards the keys, and each PIN asks for it",
    async play(stage) {
      const { service, pages } = stage;
      // An address has no passkeys, a name has.
      const device = await pages.device(service.origin.replace("127.0.0.1", "localhost"));
      const page = await device.context.newPage();
      const authenticator = await virtualAuthenticator(page);
      const { link } = await service.activation();
      const phone = await device.phone(new URL(link).hash, page);
      const document = await phone.enrol(PIN1, PIN2, true);
      await audit(page, "with a passkey", [PIN1, PIN2]);
      const made = await authenticator.uses();
      await logsIn(phone, service, document);
      await phone.done();
      must(await authenticator.uses() > made, "the passkey was not asked");
      // Without it no PIN is tried: the stored keys do not open.
      await authenticator.refuse();
      const other = await RpSession.authenticate(service, { document });
      await phone.asked("login");
      await phone.enter(PIN1);
      await phone.fault(/./);
      await phone.page.locator(".approve .answers button").first().click();
      same(await endOf(other), "USER_REFUSED_INTERACTION", "the session");
    },
  },
  {
    name: "the official Java client accepts log-ins and a signature",
    async play(stage) {
      const { service, binary, work } = stage;
      const version = await javaClient();
      const { phone, document } = await enrolled(stage);
      const trust = join(work, "trust");
      await command(binary, ["trust", "export", trust]);
      const client = JavaClient.start(version, {
        "countersign.url": service.origin, "countersign.trust": trust, "countersign.webphone.document": document,
        "build.dir": join(work, "java"), test: "WebPhoneTest",
      });
      try {
        const code = await client.said("CODE authentication");
        await phone.asked("login");
        same(await shownCode(phone), code, "the code of the log-in");
        await phone.enter(PIN1);
        await phone.outcome(/./);
        await client.said("ACCEPTED notification");
        await phone.done();

        await client.said("LINK");
        await scan(phone, () => client.last("LINK")!);
        await phone.enter(PIN1);
        await phone.outcome(/./);
        await client.said("ACCEPTED link");
        await phone.done();

        const signing = await client.said("CODE signature");
        await phone.asked("sign");
        same(await shownCode(phone), signing, "the code of the signature");
        await phone.enter(PIN2);
        await phone.outcome(/./);
        await client.said("ACCEPTED signature");
        await client.success();
      } finally {
        client.kill();
      }
    },
  },
  {
    name: "three wrong PINs lock, the clock moves, the right PIN unlocks",
    async play(stage) {
      const { service } = stage;
      const { phone, document } = await enrolled(stage);
      const rp = await RpSession.authenticate(service, { document });
      await phone.asked("login");
      for (const [pin, left] of [["1111", 2], ["2222", 1]] as const) {
        await phone.enter(pin);
        await phone.fault(new RegExp(String(left)));
      }
      await phone.enter("3333");
      await phone.outcome(/locked/i);
      same(await endOf(rp), "DOCUMENT_UNUSABLE", "the session");
      await service.advance(3 * 3600 + 60);
      await phone.page.reload();
      await phone.document();
      await logsIn(phone, service, document);
    },
  },
];

/** The code to compare, as it is on the screen. */
const shownCode = (phone: PhonePage): Promise<string> => phone.text(".approve .code strong [aria-hidden]");

/** Opens the phone in a new tab; how long after the navigation began the request was there to be answered, in ms. */
async function coldOpen(device: Device): Promise<{ readonly phone: PhonePage; readonly after: number }> {
  const page = await device.context.newPage();
  await page.addInitScript(() => {
    new MutationObserver((_, observer) => {
      if (!document.querySelector(".approve cs-pin-pad .confirm")) return;
      observer.disconnect();
      // Its layout, too.
      requestAnimationFrame(() => performance.mark("asked"));
    }).observe(document, { childList: true, subtree: true });
  });
  const phone = await device.phone("", page);
  await phone.asked("login");
  await page.waitForFunction(() => performance.getEntriesByName("asked").length > 0);
  return { phone, after: await page.evaluate(() => performance.getEntriesByName("asked")[0]!.startTime) };
}

/** Types a PIN and waits for the end, in ms; measured in the page, without the driver's own time. */
const timed = (phone: PhonePage, pin: string): Promise<number> =>
  phone.page.evaluate((digits) => new Promise<number>((resolve, reject) => {
    const press = (selector: string) => document.querySelector<HTMLElement>(`cs-pin-pad ${selector}`)!.click();
    for (const digit of digits) press(`[data-digit="${digit}"]`);
    const started = performance.now();
    const observer = new MutationObserver(() => {
      if (!document.querySelector(".outcome .seal")) return;
      observer.disconnect();
      resolve(performance.now() - started);
    });
    observer.observe(document.body, { childList: true, subtree: true });
    setTimeout(() => reject(new Error("no end in sight")), 60_000);
    press(".confirm");
  }), pin);

interface Traced { readonly longestTask: number; readonly droppedFrames: number }

/** What the browser's own trace says of a page's main thread and frames until `end`. */
async function trace(page: Page): Promise<{ end(): Promise<Traced> }> {
  interface Event { readonly name: string; readonly pid: number; readonly tid: number; readonly dur?: number; readonly args: Readonly<Record<string, unknown>> }
  const session = await page.context().newCDPSession(page);
  const events: Event[] = [];
  session.on("Tracing.dataCollected", ({ value }) => events.push(...value as unknown as Event[]));
  const includedCategories = [
    "devtools.timeline", "disabled-by-default-devtools.timeline", "disabled-by-default-devtools.timeline.frame", "devtools.timeline.frame", "toplevel",
  ];
  await session.send("Tracing.start", { transferMode: "ReportEvents", traceConfig: { includedCategories } });
  return {
    async end() {
      const complete = new Promise<void>((resolve) => session.on("Tracing.tracingComplete", () => resolve()));
      await session.send("Tracing.end");
      await complete;
      // The page's thread is the one that handles its clicks.
      const main = events.find(({ name, args }) => name === "EventDispatch" && (args["data"] as { type?: string } | undefined)?.type === "click");
      must(main !== undefined, "the trace does not show the page's thread");
      const own = events.filter(({ pid }) => pid === main.pid);
      const tasks = own.filter(({ name, tid }) => name === "RunTask" && tid === main.tid).map(({ dur = 0 }) => dur / 1000);
      must(tasks.length > 0 && own.some(({ name }) => name === "BeginFrame"), "the trace shows no tasks or no frames");
      return { longestTask: Math.max(...tasks), droppedFrames: own.filter(({ name }) => name === "DroppedFrame").length };
    },
  };
}

const execute = promisify(execFile);

/** Runs the command line as a person does. Throws what it says when it fails. */
async function command(binary: string, args: readonly string[]): Promise<string> {
  const { stdout } = await execute(binary, args, { env: { PATH: process.env.PATH }, timeout: PATIENCE });
  return stdout;
}

/** A document of one empty page. */
const ONE_PAGE = fileURLToPath(new URL("../../fixtures/pdf/one-page.pdf", import.meta.url));

/** An authenticator that derives secrets, as phones and laptops have one. */
async function virtualAuthenticator(page: Page): Promise<{ uses(): Promise<number>; refuse(): Promise<void> }> {
  const session = await page.context().newCDPSession(page);
  await session.send("WebAuthn.enable");
  const { authenticatorId } = await session.send("WebAuthn.addVirtualAuthenticator", {
    options: {
      protocol: "ctap2", ctap2Version: "ctap2_1", transport: "internal", hasResidentKey: true, hasUserVerification: true,
      hasPrf: true, isUserVerified: true, automaticPresenceSimulation: true,
    },
  });
  return {
    async uses() {
      const { credentials } = await session.send("WebAuthn.getCredentials", { authenticatorId });
      return credentials.reduce((sum, { signCount }) => sum + signCount, 0);
    },
    refuse: () => session.send("WebAuthn.setUserVerified", { authenticatorId, isUserVerified: false }).then(() => undefined),
  };
}
