/** The real app in a real browser: a person who reads, types PINs and presses buttons. */

import { existsSync } from "node:fs";
import { type Browser, type BrowserContext, type Page, chromium } from "playwright-core";
import { expect } from "vitest";
import type { Service } from "./service.ts";

const CHROMIUM = [process.env["CHROMIUM"], "/usr/bin/chromium", "/usr/bin/chromium-browser"].find(
  (path) => path !== undefined && existsSync(path),
);

/** The browser, or null: then these tests are skipped by name. */
export const browserPath = CHROMIUM ?? null;

export const PIN1 = "7294";
export const PIN2 = "52986";

const ARGUMENTS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** `camera`: a film (Y4M) that the browser's camera shows, without asking. */
export function launch(camera?: string): Promise<Browser> {
  const film = [
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
    `--use-file-for-fake-video-capture=${camera}`,
  ];
  return chromium.launch({ executablePath: browserPath!, args: camera ? [...ARGUMENTS, ...film] : ARGUMENTS });
}

/** A film of one still picture, grey in grey: `dark` says which cells of a square are. */
export function film(dark: readonly (readonly boolean[])[]): Buffer {
  const [width, height, cell, border] = [640, 480, 8, 40];
  const light = Buffer.alloc(width * height, 235);
  dark.forEach((row, y) =>
    row.forEach((on, x) => {
      if (!on) return;
      for (let line = 0; line < cell; line++) {
        const start = (border + y * cell + line) * width + border + x * cell;
        light.fill(16, start, start + cell);
      }
    }),
  );
  const colour = Buffer.alloc((width * height) / 2, 128);
  const frame = Buffer.concat([Buffer.from("FRAME\n"), light, colour]);
  return Buffer.concat([Buffer.from(`YUV4MPEG2 W${width} H${height} F10:1 Ip A1:1 C420\n`), frame, frame]);
}

/** A phone in its own profile. Everything that its console says is an error of the test. */
export class Person {
  readonly noise: string[] = [];

  private constructor(
    readonly service: Service,
    readonly context: BrowserContext,
    readonly page: Page,
  ) {
    this.#listen(page);
  }

  static async arrive(service: Service, browser: Browser): Promise<Person> {
    const context = await browser.newContext({ viewport: { width: 390, height: 844 }, locale: "en-GB" });
    return Person.in(service, context);
  }

  static async in(service: Service, context: BrowserContext): Promise<Person> {
    return new Person(service, context, await context.newPage());
  }

  #listen(page: Page): void {
    page.on("pageerror", (error) => this.noise.push(error.message));
    page.on("console", (message) => {
      // The browser reports each answer above 399; those are part of the protocol (a fresh nonce, a wrong PIN).
      if (message.type() === "error" && !message.text().includes("Failed to load resource"))
        this.noise.push(message.text());
    });
  }

  phone(fragment = ""): Promise<unknown> {
    return this.page.goto(`${this.service.origin}/phone/${fragment}`);
  }

  heading(text: string | RegExp): Promise<void> {
    return this.page.getByRole("heading", { level: 1, name: text }).waitFor({ timeout: 15_000 });
  }

  press(name: string | RegExp): Promise<void> {
    return this.page.getByRole("button", { name, exact: typeof name === "string" }).click();
  }

  async type(pin: string): Promise<void> {
    for (const digit of pin) await this.page.locator(`[data-digit="${digit}"]`).click();
  }

  async enter(pin: string): Promise<void> {
    await this.type(pin);
    await this.page.locator(".confirm").click();
  }

  /** From an activation link to the account. Gives the document number. */
  async enrol(): Promise<string> {
    const { activationCode } = await this.service.activation();
    await this.phone(`#activate=${activationCode}`);
    await this.heading("Choose your PIN1");
    expect(new URL(this.page.url()).hash).toBe("");
    return this.choosePins();
  }

  /** The rest of enrolment. */
  async choosePins(): Promise<string> {
    await this.enter(PIN1);
    await this.heading("Type PIN1 once more");
    await this.enter(PIN1);
    await this.heading("Choose your PIN2");
    await this.enter(PIN2);
    await this.heading("Type PIN2 once more");
    await this.enter(PIN2);
    await this.page
      .getByRole("heading", { level: 1, name: /Compare the words|Guard the keys/ })
      .waitFor({ timeout: 60_000 });
    if (await this.page.getByText("Guard the keys").isVisible()) {
      await this.press("Not now");
      await this.page.getByRole("heading", { level: 1, name: "Compare the words" }).waitFor({ timeout: 60_000 });
    }
    await this.press("They are the same");
    await this.heading("This phone is yours now");
    await this.press("Open my account");
    return this.home();
  }

  /** Waits for home; gives the document number that it shows. */
  async home(): Promise<string> {
    const number = this.page.locator(".person .mono");
    await number.waitFor({ timeout: 15_000 });
    return (await number.textContent()) ?? "";
  }
}
