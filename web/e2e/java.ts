/** The official Java client as a child process: `interop/java`, which prints what a person would read on the e-service's page. */

import { type ChildProcess, execFile, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify, stripVTControlCharacters } from "node:util";
import { PATIENCE } from "./pages.ts";
import { Skip } from "./skip.ts";

const FOLDER = fileURLToPath(new URL("../../interop/java", import.meta.url));

/** The version that Maven can get here. Throws a skip where there is none. */
export async function javaClient(): Promise<string> {
  const run = promisify(execFile);
  for (const tool of ["java", "mvn"]) {
    await run("sh", ["-c", `command -v ${tool}`]).catch(() => { throw new Skip("java", `${tool} not found`); });
  }
  const found = run(`${FOLDER}/client.sh`, { timeout: PATIENCE });
  const { stdout } = await found.catch((error: { readonly stderr?: string }) => {
    throw new Skip("java", error.stderr?.trim().split("\n").at(-1) || "the client cannot be had here");
  });
  return stdout.trim();
}

export class JavaClient {
  readonly #process: ChildProcess;
  readonly #lines: string[] = [];
  #code: number | null | undefined;
  #waiting: (() => void)[] = [];

  private constructor(process: ChildProcess) {
    this.#process = process;
    let rest = "";
    process.stdout!.setEncoding("utf8").on("data", (text: string) => {
      const lines = (rest + text).split("\n");
      rest = lines.pop()!;
      this.#lines.push(...lines.map((line) => stripVTControlCharacters(line).trim()));
      this.#wake();
    });
    const ended = (code: number | null) => {
      this.#code ??= code;
      this.#wake();
    };
    process.on("error", (error) => {
      this.#lines.push(error.message);
      ended(null);
    });
    process.on("close", ended);
  }

  static start(version: string, properties: Readonly<Record<string, string>>): JavaClient {
    const defined = Object.entries({ "smart-id-java-client.version": version, ...properties }).map(([name, value]) => `-D${name}=${value}`);
    // In a group of its own: Maven runs tests in a child of its own, and both have to end.
    return new JavaClient(spawn("mvn", ["-q", "-B", "-f", `${FOLDER}/pom.xml`, ...defined, "test"], {
      stdio: ["ignore", "pipe", "ignore"], detached: true,
    }));
  }

  /** What follows these words, in the newest line that begins with them. */
  last(words: string): string | undefined {
    return this.#lines.findLast((line) => line === words || line.startsWith(`${words} `))?.slice(words.length + 1);
  }

  /** Waits for a line that begins with these words. */
  async said(words: string): Promise<string> {
    await this.#until(words, () => this.last(words) !== undefined || this.#code !== undefined);
    return this.last(words) ?? this.#fail(`ended with ${this.#code} before it said ${words}`);
  }

  async success(): Promise<void> {
    await this.#until("the end", () => this.#code !== undefined);
    if (this.#code !== 0) this.#fail(`ended with ${this.#code}`);
  }

  kill(): void {
    if (this.#code !== undefined || this.#process.pid === undefined) return;
    process.kill(-this.#process.pid, "SIGKILL");
  }

  async #until(what: string, met: () => boolean): Promise<void> {
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      this.#wake();
    }, PATIENCE);
    while (!met() && !late) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    clearTimeout(timer);
    if (!met()) this.#fail(`no ${what} after ${PATIENCE / 1000} s`);
  }

  #fail(why: string): never {
    throw new Error(`the Java client: ${why} | ${this.#lines.filter((line) => !/^(LINK .*|\[ERROR\])?$/.test(line)).slice(0, 8).join(" | ")}`);
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }
}
