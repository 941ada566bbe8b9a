/** Runs the cases one after the other: each opens its own browser context, and all share one service unless they move it. */

import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Browser, chromium as driver } from "playwright-core";
import { Service } from "../apps/phone/test/service.ts";
import { cases } from "./cases.ts";
import { ARGUMENTS, Pages } from "./pages.ts";
import { Skip } from "./skip.ts";

export interface Order {
  readonly binary: string;
  readonly chromium: string;
  readonly names: readonly string[];
  /** Fails what takes longer than it may. For a machine that does nothing else meanwhile. */
  readonly budgets: boolean;
}

/** What a case gets. */
export interface Stage {
  readonly service: Service;
  readonly binary: string;
  readonly pages: Pages;
  /** A folder that is deleted afterwards. */
  readonly work: string;
  /** A line in the report. */
  note(text: string): void;
  /** A line with figures and what their median may be; with `--budgets` more is a failure. */
  readonly budget: (what: string, figures: readonly number[], limit: number) => void;
}

const SHOTS = fileURLToPath(new URL("../../target/screens/e2e", import.meta.url));

export async function run({ binary, chromium, names, budgets }: Order): Promise<number> {
  const unknown = names.find((name) => !cases.some((one) => one.name.includes(name)));
  if (unknown !== undefined) throw new Error(`no case has ${unknown} in its name`);
  const chosen = cases.filter(({ name }) => names.length === 0 || names.some((part) => name.includes(part)));
  const work = mkdtempSync(join(tmpdir(), "countersign-e2e-"));
  mkdirSync(SHOTS, { recursive: true });
  let service: Service | null = null;
  let browser: Browser | null = null;
  let [passed, failed, skipped] = [0, 0, 0];
  try {
    service = await Service.start(binary);
    browser = await driver.launch({ executablePath: chromium, args: ARGUMENTS });
    for (const { name, play } of chosen) {
      const pages = new Pages(driver, browser, chromium, service.origin, work);
      const started = performance.now();
      try {
        const note = (text: string) => console.log(`NOTE ${name}: ${text}`);
        const budget = (what: string, figures: readonly number[], limit: number) => {
          const sorted = figures.map(Math.round).sort((a, b) => a - b);
          const median = sorted[sorted.length >> 1]!;
          note(`${what}: median ${median}, of ${sorted.join(", ")}; to be below ${limit}`);
          if (budgets && median >= limit) throw new Error(`${what}: median ${median}, to be below ${limit}`);
        };
        await within(play({ service, binary, pages, work, note, budget }));
        await pages.audit();
        pages.complain();
        passed++;
        console.log(`PASS ${name} (${Math.round(performance.now() - started)} ms)`);
      } catch (error) {
        if (error instanceof Skip) {
          skipped++;
          console.log(`SKIP e2e/${error.part}: ${error.message}`);
          continue;
        }
        failed++;
        await pages.shoot(SHOTS, name);
        const text = error instanceof Error ? error.message : String(error);
        console.log(`FAIL ${name}: ${text.split("\n").slice(0, 4).join(" | ")}`);
        if (error instanceof Error) console.log(error.stack?.split("\n").filter((line) => line.includes("/e2e/")).join("\n"));
        for (const line of pages.heard) console.log(`  ${line}`);
      } finally {
        await pages.close();
      }
    }
  } finally {
    await browser?.close();
    await service?.stop();
    rmSync(work, { recursive: true, force: true });
  }
  console.log(`e2e: ${passed} passed, ${failed} failed, ${skipped} skipped`);
  return failed === 0 ? 0 : 1;
}

/** For one case, in ms; the machine may be busy with other things. */
const LIMIT = 300_000;

async function within(work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no end after ${LIMIT / 1000} s`)), LIMIT);
  });
  try {
    await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
