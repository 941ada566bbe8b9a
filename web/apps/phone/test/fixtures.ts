import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const path = (name: string) => fileURLToPath(new URL(`../../../../fixtures/${name}`, import.meta.url));

/** A fixture that the Rust tests read too. */
export const fixture = <T>(name: string): T => JSON.parse(readFileSync(path(name), "utf8")) as T;

export function writeFixture(name: string, value: unknown): void {
  writeFileSync(path(name), `${JSON.stringify(value, null, 2)}\n`);
}
