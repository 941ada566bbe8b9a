/** What a person does with the phone, and what must come of it. */

import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Page } from "playwright-core";
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

interface Enrolled { readonly device: Device; readonly phone: PhonePage; readonly document: string }

async function enrolled({ service, pages }: Stage, device?: Device): Promise<Enrolled> {
  const on = device ?? await pages.device();
  const { link } = await service.activation();
  const phone = await on.phone(new URL(link).hash);
  return { device: on, phone, document: await phone.enrol(PIN1, PIN2) };
}

const endOf = async (rp: RpSession): Promise<string> => {
  for (let attempt = 0; attempt < 60; attempt++) {
    const { state, result } = await rp.status(5000);
    if (state === "COMPLETE") return result?.endResult ?? "";
  }
  throw new Error("the session does not end");
};

/** Answers the callback's host without a network: the browser goes there, and what it asked for is what counts. */
async function awaitCallback({ device }: Enrolled): Promise<{ readonly url: Promise<URL> }> {
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
      const { service, note } = stage;
      const { phone, document } = await enrolled(stage);
      const times: number[] = [];
      const gaps: number[] = [];
      for (let round = 0; round < 5; round++) {
        const rp = await RpSession.authenticate(service, { document });
        await phone.asked("login");
        must((await phone.text(".approve .code strong")).includes(rp.vc!), "the code is not on the screen");
        same(await phone.text(".approve .who"), "DEMO", "who asks");
        const { took, gap } = await timed(phone, PIN1);
        times.push(took);
        gaps.push(gap);
        await rp.authenticated();
        await phone.done();
      }
      times.sort((a, b) => a - b);
      note(`from the last digit of the PIN to done: median ${times[2]} ms, slowest ${times[4]} ms; `
        + `longest time between two frames ${Math.max(...gaps)} ms`);
      must(times[2]! < 10_000, `it takes ${times[2]} ms`);
      await audit(phone.page, "after log-ins", [PIN1, PIN2]);
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
      const back = await awaitCallback(who);
      const rp = await RpSession.authenticate(service, { callback: CALLBACK });
      // The link leads to the service's own page, which opens the phone that is enrolled here.
      await who.phone.page.close();
      const page = await who.device.context.newPage();
      await page.goto(rp.deviceLink("Web2App"));
      await page.waitForURL(/\/phone\//);
      const phone = Object.assign(Object.create(Object.getPrototypeOf(who.phone) as object) as PhonePage, { page });
      await phone.asked("login");
      must(!page.url().includes("sessionToken"), "the link stays in the address");
      await phone.enter(PIN1);
      const url = await back.url;
      same(url.searchParams.get("value"), "opaque", "the e-service's own value");
      same(url.searchParams.get("sessionSecretDigest"), rp.secretDigest(), "the digest of the secret");
      same((await rp.authenticated(url.searchParams.get("userChallengeVerifier")!)).signature?.flowType, "Web2App", "flow");
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
      const first = await RpSession.authenticate(service, { document });
      await owner.asked("login");
      await owner.enter(PIN1);
      await owner.outcome(/./);
      await first.authenticated();
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
      const next = await RpSession.authenticate(service, { document });
      await reopened.asked("login");
      await reopened.enter(PIN1);
      await reopened.outcome(/./);
      await next.authenticated();
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
      const rp = await RpSession.authenticate(service, { document });
      await other.asked("login");
      await other.enter(PIN1);
      await other.outcome(/./);
      await rp.authenticated();
      await phone.page.bringToFront();
      await phone.page.locator(".foot .main").click();
      await phone.document();
      const again = await RpSession.authenticate(service, { document });
      await phone.asked("login");
      await phone.enter(PIN1);
      await phone.outcome(/./);
      await again.authenticated();
    },
  },
  {
    name: "texts of a hostile e-service",
    async play(stage) {
      const { service } = stage;
      const { phone, document } = await enrolled(stage);
      const texts = [
        ["<img src=x onerror=document.title='taken'><b>Pay</b>", "<img src=x onerror=document.title='taken'><b>Pay</b>"],
        ["Pay \u202e000 01\u202c EUR\u2066\u200b\u{e0041}", "Pay 000 01 EUR"],
        [`Pay${"\u0301".repeat(150)} now`, "Paý\u0301\u0301\u0301 now"],
        ["ادفع 10 يورو <b>", "ادفع 10 يورو <b>"],
      ] as const;
      for (const [text, shown] of texts) {
        await RpSession.authenticate(service, { document }, [{ type: "confirmationMessage", displayText200: text }]);
        await phone.asked("login");
        const place = phone.page.locator(".approve .message cs-stranger, .approve .message bdi, .approve .message [dir=auto]").first();
        same((await place.textContent())!.trim(), shown, "the text on the screen");
        same(await phone.page.locator(".approve .message img, .approve .message b").count(), 0, "elements made of text");
        await phone.page.locator(".approve .answers button").first().click();
        await phone.outcome(/./);
        await phone.done();
      }
      must((await phone.page.title()) !== "taken", "a script of the e-service ran");
    },
  },
  {
    name: "the account is revoked on the phone",
    async play(stage) {
      const { service } = stage;
      const { phone, document } = await enrolled(stage);
      await phone.page.locator('[data-keep="settings"]').click();
      await phone.button(/^Stop this account/).click();
      const stop = phone.page.locator(".button.stop");
      must(await stop.isDisabled(), "the account ends without being asked twice");
      await phone.page.locator('.tick input[type="checkbox"]').check();
      await stop.click();
      await phone.outcome(/stopped/);
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
      const { service, binary, work, note } = stage;
      const { phone, document } = await enrolled(stage);
      // The client library checks everything that a relying party has to.
      const login = command(binary, ["login", "--document", document, "--url", service.origin]);
      await Promise.race([login, phone.asked("login")]);
      await phone.enter(PIN1);
      await phone.outcome(/./);
      await login;
      await phone.done();
      const help = await command(binary, ["sign", "--help"]);
      const formats = help.includes("- pdf:") ? ["asice", "pdf"] : ["asice"];
      for (const format of formats) {
        const input = join(work, format === "pdf" ? "contract.pdf" : "contract.txt");
        writeFileSync(input, format === "pdf" ? SMALL_PDF : "a contract");
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
      note(`signed and validated as ${formats.join(" and ")}`);
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
      const rp = await RpSession.authenticate(service, { document });
      await phone.asked("login");
      await phone.enter(PIN1);
      await phone.outcome(/./);
      await rp.authenticated();
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
      const again = await RpSession.authenticate(service, { document });
      await phone.asked("login");
      await phone.enter(PIN1);
      await phone.outcome(/./);
      await again.authenticated();
    },
  },
];

/** The code to compare, as it is on the screen. */
const shownCode = (phone: PhonePage): Promise<string> => phone.text(".approve .code strong [aria-hidden]");

/** Types a PIN and waits for the end; measured in the page, without the driver's own time. */
async function timed(phone: PhonePage, pin: string): Promise<{ took: number; gap: number }> {
  return phone.page.evaluate((digits) => new Promise<{ took: number; gap: number }>((resolve, reject) => {
    const press = (selector: string) => document.querySelector<HTMLElement>(`cs-pin-pad ${selector}`)!.click();
    let [last, gap, counting] = [0, 0, true];
    const frame = (now: number) => {
      if (last > 0) gap = Math.max(gap, now - last);
      last = now;
      if (counting) requestAnimationFrame(frame);
    };
    for (const digit of digits) press(`[data-digit="${digit}"]`);
    const started = performance.now();
    requestAnimationFrame(frame);
    const observer = new MutationObserver(() => {
      if (!document.querySelector(".outcome .seal")) return;
      observer.disconnect();
      counting = false;
      resolve({ took: Math.round(performance.now() - started), gap: Math.round(gap) });
    });
    observer.observe(document.body, { childList: true, subtree: true });
    setTimeout(() => reject(new Error("no end in sight")), 60_000);
    press(".confirm");
  }), pin);
}


const execute = promisify(execFile);

/** Runs the command line as a person does. Throws what it says when it fails. */
async function command(binary: string, args: readonly string[]): Promise<string> {
  const { stdout } = await execute(binary, args, { env: { PATH: process.env.PATH }, timeout: PATIENCE });
  return stdout;
}

/** One empty page. */
const SMALL_PDF = (() => {
  const objects = [
    "<< /Type /Catalog /Pages 2 0 R >>",
    "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
    "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] >>",
  ];
  let text = "%PDF-1.7\n";
  const places = objects.map((object, at) => {
    const place = text.length;
    text += `${at + 1} 0 obj\n${object}\nendobj\n`;
    return place;
  });
  const start = text.length;
  text += `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n`;
  for (const place of places) text += `${String(place).padStart(10, "0")} 00000 n \n`;
  return `${text}trailer\n<< /Size ${objects.length + 1} /Root 1 0 R >>\nstartxref\n${start}\n%%EOF\n`;
})();

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
