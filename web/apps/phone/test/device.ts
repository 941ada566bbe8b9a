/** What a browser has, for a phone in Node: storage that forgets nothing, locks and signals between "tabs". */

import { IDBFactory } from "fake-indexeddb";
import { DirectArithmetic } from "../src/engine/arithmetic.ts";
import type { Environment, Locks, Passkeys } from "../src/engine/environment.ts";
import { Phone } from "../src/engine/phone.ts";
import { random } from "../src/engine/random.ts";
import { PhoneError } from "../src/engine/types.ts";
import { type AccountRecord, IndexedDbVault, type Vault } from "../src/engine/vault.ts";

/** One device: as many phones (tabs) on it as you open share its storage. */
export class Device {
  readonly database: IDBFactory;
  readonly #origin: string;
  readonly #listeners = new Set<() => void>();
  readonly #locks = new Map<string, Promise<unknown>>();
  visible = true;
  passkeys: Passkeys | null = null;

  constructor(origin: string, database = new IDBFactory()) {
    this.#origin = origin;
    this.database = database;
  }

  /** A tab. `network` stands between the phone and the service, `vault` between it and its storage. */
  phone(network: typeof fetch = fetch, now: () => number = Date.now, vault: Vault = this.vault()): Phone {
    const locks: Locks = {
      exclusive: async (name, work) => {
        const before = this.#locks.get(name) ?? Promise.resolve();
        const mine = before.then(work, work);
        this.#locks.set(name, mine.catch(() => undefined));
        return mine;
      },
    };
    const environment: Environment = {
      origin: this.#origin,
      appVersion: "0.1.0",
      now,
      random,
      fetch: network,
      vault,
      locks,
      signals: {
        changed: () => this.#listeners.forEach((listener) => listener()),
        onChanged: (listener) => {
          this.#listeners.add(listener);
          return () => this.#listeners.delete(listener);
        },
      },
      visibility: { visible: () => this.visible, onChange: () => () => undefined },
      arithmetic: new DirectArithmetic(random),
      passkeys: this.passkeys,
      persist: () => Promise.resolve(false),
      pause: (ms, signal) => new Promise((resolve) => {
        const timer = setTimeout(resolve, ms);
        signal.addEventListener("abort", () => {
          clearTimeout(timer);
          resolve();
        }, { once: true });
      }),
    };
    return new Phone(environment);
  }

  vault(): IndexedDbVault {
    return new IndexedDbVault(this.database);
  }

  /** A tab that dies when it writes for the `fatal`-th time; what it wrote before is there. */
  dyingPhone(fatal: number): { readonly phone: Phone; readonly died: () => boolean } {
    let left = fatal;
    const vault = this.vault();
    const dying: Vault = Object.assign(Object.create(vault) as Vault, {
      list: () => vault.list(),
      find: (id: string) => vault.find(id),
      update: (id: string, change: (record: AccountRecord) => AccountRecord) => {
        if (--left <= 0) return Promise.reject(new PhoneError({ code: "STORAGE", detail: "dead" }));
        return vault.update(id, change);
      },
    });
    return { phone: this.phone(fetch, Date.now, dying), died: () => left <= 0 };
  }
}

/** A network that loses requests or answers to some paths. `count` is how many answers of a path were real so far. */
export function network(fate: (path: string, count: number) => "lose-answer" | "lose-request" | "pass"): typeof fetch {
  const counts = new Map<string, number>();
  return async (input, init) => {
    const path = new URL(String(input)).pathname;
    const count = counts.get(path) ?? 0;
    if (fate(path, count) === "lose-request") throw new TypeError("the network is down");
    const response = await fetch(input, init);
    // What only asks for a fresh nonce is no answer yet.
    if (response.status === 401) return response;
    counts.set(path, count + 1);
    if (fate(path, count) === "lose-answer") throw new TypeError("the answer was lost");
    return response;
  };
}

/** A service, or somebody in its place, that changes what it answers. */
export function lying(change: (path: string, answer: Record<string, unknown>) => void): typeof fetch {
  return async (input, init) => {
    const response = await fetch(input, init);
    if (response.status !== 200) return response;
    const answer = await response.json() as Record<string, unknown>;
    change(new URL(String(input)).pathname, answer);
    return new Response(JSON.stringify(answer), { status: 200, headers: response.headers });
  };
}
