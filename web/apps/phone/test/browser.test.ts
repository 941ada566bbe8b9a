/**
 * What the screens do in headless Chromium with the real engine and the real service: keyboard, pictures, links, no network.
 * The flows of a person, and how long they take, are in `web/e2e`.
 */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import encodeQR from "qr";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PIN1, Person, browserPath, film, launch } from "./browser.ts";
import { RpSession, Service, binary } from "./service.ts";

const missing =
  binary === null ? "the service is not built" : browserPath === null ? "Chromium is not installed" : null;
if (missing) console.log(`SKIP the phone in a browser: ${missing}`);

/** Where the phone fetches one request; the list of them has no further part. */
const ONE_REQUEST = "**/device/v1/transactions/*";

/** In the page: a transaction over the accounts that lasts until the event `let-go`. Nobody else reads or writes them. */
async function holdAccounts(): Promise<void> {
  const database = await new Promise<IDBDatabase>((resolve, reject) => {
    const opening = indexedDB.open("countersign-phone");
    opening.onsuccess = () => resolve(opening.result);
    opening.onerror = () => reject(opening.error!);
  });
  let held = true;
  addEventListener("let-go", () => (held = false), { once: true });
  await new Promise<void>((resolve) => {
    const store = database.transaction("accounts", "readwrite").objectStore("accounts");
    const hold = () => {
      const request = store.count();
      request.onsuccess = () => {
        resolve();
        if (held) hold();
        else database.close();
      };
    };
    hold();
  });
}

describe.skipIf(missing !== null)("the phone in a browser", () => {
  let service: Service;
  let browser: Browser;
  let person: Person;
  let account: string;

  beforeAll(async () => {
    [service, browser] = await Promise.all([Service.start(), launch()]);
    person = await Person.arrive(service, browser);
    account = await person.enrol();
  });

  afterAll(async () => {
    await browser?.close();
    await service?.stop();
  });

  it("takes the digits of a keyboard, and no input element", async () => {
    const session = await RpSession.authenticate(service, { document: account });
    await person.heading("Log in");
    expect(await person.page.locator("input").count()).toBe(0);
    await person.page.keyboard.type(PIN1);
    await person.page.keyboard.press("Enter");
    await person.heading("You are logged in");
    await session.authenticated();
    await person.press("Done");
  });

  /** What the phone asks is approved, and the e-service has its answer. */
  const approves = async (session: RpSession): Promise<void> => {
    await person.heading("Log in");
    await person.enter(PIN1);
    await person.heading("You are logged in");
    await session.authenticated();
  };

  /** The same, and the person is home again. */
  const logsIn = async (session: RpSession): Promise<void> => {
    await approves(session);
    await person.press("Done");
    await person.home();
  };

  it.each([
    ["to another screen", async () => {}],
    ["where nothing interrupts, and back", async () => {
      await person.press("Change PIN1");
      await person.heading("Change PIN1");
      await person.press("Back");
    }],
  ])("shows a request that came while the person went %s", async (_, onwards) => {
    const { page } = person;
    let goOn!: () => void;
    const mayGoOn = new Promise<void>((resolve) => (goOn = resolve));
    await page.route(ONE_REQUEST, async (route) => {
      await mayGoOn;
      await route.continue();
    });
    const asked = page.waitForRequest(ONE_REQUEST);
    const session = await RpSession.authenticate(service, { document: account });
    await asked;
    await page.locator('.keys-list [data-keep="AUTH"]').click();
    await person.heading("Key for logging in");
    await onwards();
    goOn();
    await person.heading("Log in");
    await page.unroute(ONE_REQUEST);
    await logsIn(session);
  });

  it("tries again to fetch a request when it is told to", async () => {
    const { page } = person;
    await page.route(ONE_REQUEST, (route) => route.abort());
    const session = await RpSession.authenticate(service, { document: account });
    await page.locator(".outcome").waitFor();
    await page.unroute(ONE_REQUEST);
    await person.press("Try again");
    await logsIn(session);
  });

  it("shows a request that came on the way home", async () => {
    const { page } = person;
    await approves(await RpSession.authenticate(service, { document: account }));
    // The way home reads the accounts, and takes until this lets go of them.
    await page.evaluate(holdAccounts);
    await person.press("Done");
    const session = await RpSession.authenticate(service, { document: account });
    // Once a second list has it, the first has been told of.
    for (let lists = 0; lists < 2; ) {
      const answer = await page.waitForResponse(/\/transactions\?wait=/);
      const { transactions } = (await answer.json()) as { transactions: readonly object[] };
      if (transactions.length > 0) lists++;
    }
    await page.evaluate(() => dispatchEvent(new Event("let-go")));
    await logsIn(session);
  });

  it("says so when an image holds no code, or a foreign one", async () => {
    await person.press("Scan a QR code");
    const foreign = encodeQR("https://example.org/", "gif", { scale: 6, border: 4 });
    await person.page.setInputFiles("#scan-image", {
      name: "code.gif",
      mimeType: "image/gif",
      buffer: Buffer.from(foreign),
    });
    await person.page.getByText("This is not a code or link").waitFor();
    await person.page.setInputFiles("#scan-image", {
      name: "x.txt",
      mimeType: "text/plain",
      buffer: Buffer.from("hello"),
    });
    await person.page.getByText("No QR code was found").waitFor();
    await person.press("Back");
  });

  it("explains in the language of the link where no phone is", async () => {
    const stranger = await Person.arrive(service, browser);
    const session = await RpSession.authenticate(service, {
      callback: "https://e-service.example/cb?value=abcdefghijklmnopqrstuvwx",
    });
    const link = session.deviceLink("Web2App").replace(/^https?:\/\/[^/]+/, service.origin);
    for (const [lang, heading] of [
      ["nld", "Countersign is in deze browser niet ingesteld"],
      ["est", "Countersign pole selles brauseris kasutusele võetud"],
    ]) {
      await stranger.page.goto(link.replace("lang=eng", `lang=${lang}`));
      await stranger.heading(heading!);
    }
    expect(stranger.noise).toEqual([]);
    // Looking has not made a database.
    expect(await stranger.page.evaluate(async () => (await indexedDB.databases()).map(({ name }) => name))).toEqual([]);
    await stranger.context.close();
  });

  it("starts without a network, and says that there is none", async () => {
    await person.page.evaluate(() => navigator.serviceWorker.ready);
    await person.page.reload();
    await person.home();
    await person.context.setOffline(true);
    await person.page.reload();
    await person.home();
    await person.page.getByText("No connection", { exact: false }).first().waitFor();
    await person.context.setOffline(false);
    await person.page.getByText("No connection", { exact: false }).first().waitFor({ state: "hidden" });
  });

  it("holds a second account, and asks which of them answers a pasted link", async () => {
    await person.press("Switch account");
    await person.press("Add an account");
    await person.page.getByLabel("Activation link or code").fill("nothing of the kind");
    await person.press("Continue");
    await person.page.getByText("This is not an activation link").waitFor();
    const { link } = await service.activation();
    await person.page.getByLabel("Activation link or code").fill(link);
    await person.press("Continue");
    await person.heading("Choose your PIN1");
    const second = await person.choosePins();
    expect(second).not.toBe(account);

    const session = await RpSession.authenticate(service);
    await person.press("Scan a QR code");
    await person.page.getByLabel("Link from the e-service").fill(session.deviceLink(0));
    await person.press("Open the link");
    await person.heading("Which account?");
    await person.press(new RegExp(second));
    await person.heading("Log in");
    await person.enter(PIN1);
    await person.heading("You are logged in");
    expect((await session.authenticated()).result?.documentNumber).toBe(second);
    await person.press("Done");
    expect(await person.home()).toBe(second);
  });

  it("reads a QR code from the camera, and lets the camera go", async () => {
    const folder = mkdtempSync(join(tmpdir(), "countersign-film-"));
    const { link } = await service.activation();
    writeFileSync(join(folder, "code.y4m"), film(encodeQR(link, "raw", { ecc: "low" })));
    const filming = await launch(join(folder, "code.y4m"));
    const newcomer = await Person.arrive(service, filming);
    await newcomer.phone();
    await newcomer.press("Scan a QR code");
    await newcomer.heading("Choose your PIN1");
    expect(await newcomer.page.locator("video").count()).toBe(0);
    expect(newcomer.noise).toEqual([]);
    await filming.close();
    rmSync(folder, { recursive: true, force: true });
  });

  // Last: what the console said during all of it, violations of the page's policies among others.
  it("has said nothing on its console", () => {
    expect(person.noise).toEqual([]);
  });
});
