/** The real app in headless Chromium against the real service: nothing in between is made up. */

import encodeQR from "qr";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PIN1, PIN2, Person, browserPath, launch } from "./browser.ts";
import { RpSession, Service, binary } from "./service.ts";

const missing = binary === null ? "the service is not built" : browserPath === null ? "Chromium is not installed" : null;
if (missing) console.log(`SKIP the phone in a browser: ${missing}`);

describe.skipIf(missing !== null)("the phone in a browser", () => {
  let service: Service;
  let browser: Browser;
  let person: Person;
  let document: string;

  beforeAll(async () => {
    [service, browser] = await Promise.all([Service.start(), launch()]);
    person = await Person.arrive(service, browser);
    document = await person.enrol();
  });

  afterAll(async () => {
    await browser?.close();
    await service?.stop();
  });

  const quiet = () => expect(person.noise).toEqual([]);

  it("shows the account after enrolment, and nothing of the code in the address", async () => {
    expect(document).toMatch(/^PNO/);
    await expect.poll(() => person.page.getByText("3 tries left").count()).toBe(2);
    quiet();
  });

  it("logs in after a notification, with the code of the e-service", async () => {
    const session = await RpSession.authenticate(service, { document });
    await person.heading("Log in");
    expect(await person.page.locator(".code .heard").textContent()).toBe([...session.vc!].join(" "));
    expect(await person.page.locator("cs-stranger.name bdi").textContent()).toBe("DEMO");
    const start = Date.now();
    await person.enter(PIN1);
    await person.heading("You are logged in");
    expect(Date.now() - start).toBeLessThan(5000);
    await session.authenticated();
    await person.press("Done");
    await person.home();
    quiet();
  });

  it("takes the digits of a keyboard, and no input element", async () => {
    const session = await RpSession.authenticate(service, { document });
    await person.heading("Log in");
    expect(await person.page.locator("input").count()).toBe(0);
    await person.page.keyboard.type(PIN1);
    await person.page.keyboard.press("Enter");
    await person.heading("You are logged in");
    await session.authenticated();
    await person.press("Done");
  });

  it("offers three codes, and a wrong one ends it", async () => {
    const list = [{ type: "confirmationMessageAndVerificationCodeChoice", displayText200: "Log in to the bank" }];
    const right = await RpSession.authenticate(service, { document }, list);
    await person.heading("Log in");
    await person.type(PIN1);
    await person.page.locator(".confirm").click();
    // Nothing goes out before a code is chosen.
    await person.heading("Log in");
    await person.page.locator("label.choice", { hasText: right.vc! }).click();
    await person.page.locator(".confirm").click();
    await person.heading("You are logged in");
    await right.authenticated();
    await person.press("Done");

    const wrong = await RpSession.authenticate(service, { document }, list);
    await person.heading("Log in");
    const other = person.page.locator("label.choice").filter({ hasNotText: wrong.vc! }).first();
    await other.click();
    await person.enter(PIN1);
    await person.heading("That was another code");
    expect((await wrong.status()).result?.endResult).toBe("WRONG_VC");
    await person.press("Done");
  });

  it("reads a QR code from an image", async () => {
    const session = await RpSession.authenticate(service);
    await person.home();
    await person.press("Scan a QR code");
    const gif = encodeQR(session.deviceLink(0), "gif", { scale: 6, border: 4, ecc: "low" });
    await person.page.setInputFiles("#scan-image", { name: "code.gif", mimeType: "image/gif", buffer: Buffer.from(gif) });
    await person.heading("Log in");
    await person.enter(PIN1);
    await person.heading("You are logged in");
    await session.authenticated();
    await person.press("Done");
    quiet();
  });

  it("says so when an image holds no code, or a foreign one", async () => {
    await person.press("Scan a QR code");
    const foreign = encodeQR("https://example.org/", "gif", { scale: 6, border: 4 });
    await person.page.setInputFiles("#scan-image", { name: "code.gif", mimeType: "image/gif", buffer: Buffer.from(foreign) });
    await person.page.getByText("This is not a code or link").waitFor();
    await person.page.setInputFiles("#scan-image", { name: "x.txt", mimeType: "text/plain", buffer: Buffer.from("hello") });
    await person.page.getByText("No QR code was found").waitFor();
    await person.press("Back");
  });

  it("signs after a notification", async () => {
    const data = Buffer.from("the contract");
    const session = await RpSession.sign(service, document, data);
    await person.heading("Sign");
    await person.enter(PIN2);
    await person.heading("Signed");
    await session.signed(data);
    await person.press("Done");
  });

  describe("on the same device", () => {
    const callback = "https://e-service.example/cb?value=abcdefghijklmnopqrstuvwx";
    let seen: URL[];

    // The e-service of this test: the one page that the service has no part in.
    beforeAll(async () => {
      seen = [];
      await person.context.route("https://e-service.example/**", (route) => {
        seen.push(new URL(route.request().url()));
        return route.fulfill({ contentType: "text/html", body: "<!doctype html><title>e-service</title><h1>e-service</h1>" });
      });
    });

    const returned = () => {
      const url = seen.findLast(({ pathname }) => pathname === "/cb");
      return { digest: url?.searchParams.get("sessionSecretDigest"), verifier: url?.searchParams.get("userChallengeVerifier") };
    };

    it("opens the phone from a device link and goes back", async () => {
      const session = await RpSession.authenticate(service, { callback });
      await person.page.goto(session.deviceLink("Web2App").replace(/^https?:\/\/[^/]+/, service.origin));
      await person.heading("Log in");
      expect(new URL(person.page.url()).hash).toBe("");
      await person.enter(PIN1);
      await person.heading("e-service");
      expect(returned().digest).toBe(session.secretDigest());
      await session.authenticated(returned().verifier!);
    });

    it("signs a linked signature without leaving the screen", async () => {
      const choice = await RpSession.chooseCertificate(service, callback);
      await person.page.goto(choice.deviceLink("Web2App").replace(/^https?:\/\/[^/]+/, service.origin));
      await person.heading("Show your certificate");
      await person.press("Show it");
      await person.heading("The document is being prepared");
      const data = Buffer.from("prepared");
      const session = await RpSession.sign(service, document, data, { linkedSessionID: choice.id }, `notification/linked/${document}`);
      await person.heading("Now sign");
      await person.enter(PIN2);
      await person.heading("e-service");
      expect(returned().digest).toBe(choice.secretDigest());
      await session.signed(data);
    });

    it("explains in the language of the link where no phone is", async () => {
      const stranger = await Person.arrive(service, browser);
      const session = await RpSession.authenticate(service, { callback });
      const link = session.deviceLink("Web2App").replace(/^https?:\/\/[^/]+/, service.origin);
      for (const [lang, heading] of [["nld", "Countersign is in deze browser niet ingesteld"], ["est", "Countersign pole selles brauseris kasutusele võetud"]]) {
        await stranger.page.goto(link.replace("lang=eng", `lang=${lang}`));
        await stranger.heading(heading!);
      }
      expect(stranger.noise).toEqual([]);
      // Looking has not made a database.
      expect(await stranger.page.evaluate(async () => (await indexedDB.databases()).map(({ name }) => name))).toEqual([]);
      await stranger.context.close();
    });
  });

  it("refuses, and reports", async () => {
    await person.phone();
    await person.home();
    const refused = await RpSession.authenticate(service, { document });
    await person.heading("Log in");
    await person.press("Refuse");
    await person.heading("Refused");
    expect((await refused.status()).result?.endResult).toBe("USER_REFUSED_INTERACTION");
    await person.press("Done");

    const reported = await RpSession.sign(service, document, Buffer.from("x"));
    await person.heading("Sign");
    await person.press("This was not me");
    await person.press("Refuse and report");
    await person.heading("Refused and reported");
    expect((await reported.status()).state).toBe("COMPLETE");
    await person.press("Done");
  });

  it("changes a PIN: the old one fails, the new one works", async () => {
    const fresh = "408317";
    await person.home();
    await person.page.locator('[data-keep="AUTH"]').click();
    await person.press("Change PIN1");
    for (const pin of [PIN1, fresh, fresh]) await person.enter(pin);
    await person.heading("PIN1 is changed");
    await person.press("Done");
    const session = await RpSession.authenticate(service, { document });
    await person.heading("Log in");
    await person.enter(PIN1);
    await person.page.getByText("Wrong PIN. 2 tries left").waitFor();
    await person.enter(fresh);
    await person.heading("You are logged in");
    await session.authenticated();
    await person.press("Done");
  });

  it("answers once when the page is closed between PIN and answer", async () => {
    const data = Buffer.from("once");
    const session = await RpSession.sign(service, document, data);
    await person.heading("Sign");
    await person.page.route("**/confirm", async (route) => {
      // It arrives, and its answer does not.
      await route.fetch();
      await route.abort();
    });
    await person.enter(PIN2);
    await person.page.getByText("It is not clear whether the answer arrived").waitFor();
    await person.page.unroute("**/confirm");
    await person.phone();
    await person.heading(/Approved|Signed/);
    await session.signed(data);
    await person.press("Done");
    await person.home();
  });

  it("works in one tab at a time", async () => {
    await person.home();
    const second = await Person.in(service, person.context);
    await second.phone();
    await second.heading("Open in another tab");
    await second.press("Use it in this tab");
    await second.home();
    await person.heading("Open in another tab");
    const session = await RpSession.authenticate(service, { document });
    await second.heading("Log in");
    await second.page.close();
    // The tab that is left goes on by itself.
    await person.heading("Log in");
    await person.press("Refuse");
    await person.heading("Refused");
    expect((await session.status()).state).toBe("COMPLETE");
    await person.press("Done");
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

  it("locks after three wrong PINs, counts down, and unlocks when the time has passed", async () => {
    await RpSession.sign(service, document, Buffer.from("x"));
    await person.heading("Sign");
    for (const left of ["2 tries left", "1 try left"]) {
      await person.enter("99999");
      await person.page.getByText(left).first().waitFor();
    }
    await person.enter("99999");
    await person.heading("PIN2 is locked");
    expect(await person.page.locator(".clock").textContent()).toMatch(/^(3:00:00|2:59:5\d)$/);
    await person.press("Done");
    await service.advance(3 * 3600 + 5);
    const data = Buffer.from("later");
    const session = await RpSession.sign(service, document, data);
    await person.heading("Sign");
    await person.enter(PIN2);
    await person.heading("Signed");
    await session.signed(data);
    await person.press("Done");
  });

  it("ends the account when its holder says so", async () => {
    await person.home();
    await person.press("Settings");
    await person.press("Stop this account");
    const stop = person.page.getByRole("button", { name: "Stop it for good" });
    expect(await stop.isDisabled()).toBe(true);
    await person.page.getByText("I want to stop this account").click();
    await stop.click();
    await person.heading("The account is stopped");
    await person.press("Remove it from this phone");
    await person.heading("Your half of the key");
    quiet();
  });
});
