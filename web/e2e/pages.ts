/** Browsers with the phone in them, and the phone as a person handles it. */

import { cpSync } from "node:fs";
import { join } from "node:path";
import type { Browser, BrowserContext, BrowserType, Page } from "playwright-core";
import { audit } from "./audit.ts";

export const ARGUMENTS = [
  "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync",
];

/** Generous: the machine may be busy with other things. */
export const PATIENCE = 120_000;

const OPTIONS = { locale: "en-GB", viewport: { width: 400, height: 820 } } as const;

/** The browsers of one case, and what their consoles said. */
export class Pages {
  readonly heard: string[] = [];
  readonly #driver: BrowserType;
  readonly #browser: Browser;
  readonly #chromium: string;
  readonly #origin: string;
  readonly #work: string;
  readonly #contexts: BrowserContext[] = [];
  readonly #devices: Device[] = [];
  #profiles = 0;

  constructor(driver: BrowserType, browser: Browser, chromium: string, origin: string, work: string) {
    this.#driver = driver;
    this.#browser = browser;
    this.#chromium = chromium;
    this.#origin = origin;
    this.#work = work;
  }

  /** A browser that knows nothing yet. */
  async device(origin = this.#origin): Promise<Device> {
    return this.#take(await this.#browser.newContext(OPTIONS), origin);
  }

  /** A browser whose profile is on disk, new or a copy of one that has been closed. */
  async profile(copyOf?: string): Promise<{ readonly device: Device; readonly folder: string }> {
    const folder = join(this.#work, `profile-${++this.#profiles}-${this.#contexts.length}-${Math.random().toString(36).slice(2)}`);
    if (copyOf !== undefined) cpSync(copyOf, folder, { recursive: true, filter: (path) => !/Singleton/.test(path) });
    return { device: await this.reopen(folder), folder };
  }

  async reopen(folder: string): Promise<Device> {
    const context = await this.#driver.launchPersistentContext(folder, {
      ...OPTIONS, executablePath: this.#chromium, args: ARGUMENTS,
    });
    return this.#take(context);
  }

  #take(context: BrowserContext, origin = this.#origin): Device {
    context.setDefaultTimeout(PATIENCE);
    this.#contexts.push(context);
    context.on("console", (message) => {
      // A refusal by the service is an answer; the browser calls each one an error to load.
      if (message.type() === "error" && !message.text().startsWith("Failed to load resource")) {
        this.heard.push(`console: ${message.text()}`);
      }
    });
    context.on("weberror", (error) => this.heard.push(`error: ${error.error().message}`));
    const device = new Device(context, origin);
    this.#devices.push(device);
    return device;
  }

  /** What each browser keeps at the end: nothing but what it may, and no PIN that was typed into it. */
  async audit(): Promise<void> {
    for (const device of this.#devices) {
      if (device.closed) continue;
      for (const page of device.context.pages()) {
        if (new URL(page.url()).pathname.startsWith("/phone/")) await audit(page, "at the end", [...device.typed], null);
      }
      // What is kept for the origin is there even where the app is open no longer.
      const page = await device.context.newPage();
      await page.goto(`${device.origin}/livez`);
      await audit(page, "at the end", [...device.typed], null);
      await page.close();
    }
  }

  /** Fails when a console had something to complain about: errors, violated policies. */
  complain(): void {
    if (this.heard.length > 0) throw new Error(`the console is not silent: ${this.heard.join("; ")}`);
  }

  async shoot(folder: string, name: string): Promise<void> {
    const pages = this.#contexts.flatMap((context) => context.pages());
    await Promise.all(pages.map((page, at) =>
      page.screenshot({ path: join(folder, `${name.replace(/\W+/g, "-")}-${at}.png`), timeout: 10_000 }).catch(() => undefined)));
  }

  async close(): Promise<void> {
    await Promise.all(this.#contexts.map((context) => context.close().catch(() => undefined)));
  }
}

/** A browser. */
export class Device {
  readonly context: BrowserContext;
  readonly origin: string;
  /** The PINs that were typed into it. */
  readonly typed = new Set<string>();
  closed = false;

  constructor(context: BrowserContext, origin: string) {
    this.context = context;
    this.origin = origin;
    context.on("close", () => this.closed = true);
  }

  /** Opens the phone in a new tab. */
  async phone(fragment = "", tab?: Page): Promise<PhonePage> {
    const page = tab ?? await this.context.newPage();
    await page.goto(`${this.origin}/phone/${fragment}`);
    return this.phoneIn(page);
  }

  /** The phone that is open in a tab. */
  phoneIn(page: Page): PhonePage {
    return new PhonePage(page, this.typed);
  }
}

/** The phone on the screen. */
export class PhonePage {
  readonly page: Page;
  readonly #typed: Set<string>;

  constructor(page: Page, typed: Set<string>) {
    this.page = page;
    this.#typed = typed;
  }

  /** Through the whole enrolment, as a newcomer goes; `passkey` where one is offered. Gives the document number. */
  async enrol(pin1: string, pin2: string, passkey = false): Promise<string> {
    await this.register(pin1, pin2, passkey);
    return this.document();
  }

  /** The same, up to the button that leads on. `compare` gets the words that the desk shows too. */
  async register(pin1: string, pin2: string, passkey = false, compare?: (words: string[]) => void): Promise<void> {
    const { page } = this;
    for (const pin of [pin1, pin1, pin2, pin2]) {
      await this.#fresh(".pin-screen cs-pin-pad");
      await this.type(pin);
      await this.page.locator(".pin-screen cs-pin-pad").evaluateAll((pads) => pads.forEach((pad) => pad.setAttribute("data-used", "")));
      await this.confirm();
    }
    if (passkey) await this.button(/passkey|yes|guard/i).first().click();
    await page.locator("ol.words li").nth(3).waitFor();
    compare?.(await page.locator("ol.words li").allInnerTexts());
    await page.locator(".foot .main").click();
    await page.locator(".seal.good").waitFor();
    await page.locator(".foot .main").click();
  }

  /** One that was not typed into yet: screens of the same look follow each other. */
  async #fresh(pad: string): Promise<void> {
    await this.page.locator(`${pad}:not([data-used])`).waitFor();
  }

  /** The document number on the home screen. */
  async document(): Promise<string> {
    const place = this.page.locator(".person .mono");
    await place.filter({ hasText: /^PNO/ }).waitFor();
    return (await place.textContent())!.trim();
  }

  async type(pin: string): Promise<void> {
    this.#typed.add(pin);
    for (const digit of pin) await this.page.locator(`cs-pin-pad [data-digit="${digit}"]`).click();
  }

  confirm(): Promise<void> {
    return this.page.locator("cs-pin-pad .confirm").click();
  }

  async enter(pin: string): Promise<void> {
    await this.type(pin);
    await this.confirm();
  }

  /** Waits for a request of a kind. */
  async asked(kind: "login" | "sign" | "choose"): Promise<void> {
    await this.page.locator(`.approve.${kind}`).waitFor();
  }

  text(selector: string): Promise<string> {
    return this.page.locator(selector).innerText();
  }

  /** Waits for a screen with this heading. */
  async heading(text: string | RegExp): Promise<void> {
    await this.page.getByRole("heading", { level: 1, name: text }).waitFor();
  }

  async fault(text: RegExp): Promise<void> {
    await this.page.locator(".pad-fault").filter({ hasText: text }).waitFor();
  }

  async outcome(text: string | RegExp): Promise<void> {
    await this.page.locator(".outcome").waitFor();
    await this.heading(text);
  }

  /** Refuses what is asked, and goes on from the screen that says so. */
  async refuse(): Promise<void> {
    await this.page.locator(".approve .answers button").first().click();
    await this.outcome(/./);
    await this.done();
  }

  async done(): Promise<void> {
    await this.page.locator(".outcome .foot button").last().click();
  }

  button(name: string | RegExp) {
    return this.page.getByRole("button", { name });
  }
}
