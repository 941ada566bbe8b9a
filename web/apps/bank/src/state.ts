/** What the page knows: one object, which tells everybody when something has changed. */

import { type About, type Kept, type Listed, type Person, Refusal, type Transaction, bank, dev } from "./api.ts";

/** Who answers on the phone. */
export type Answerer = { readonly kind: "phone" } | { readonly kind: "person"; readonly documentNumber: string };

/** A phone that was set up from this page. */
export interface OwnPhone {
  readonly documentNumber: string;
  readonly person: string;
}

/** A person who approves at once. */
export const USUAL = "PNOEE-40504040001-DEM0-Q";

const OWN_PHONE = "bank-own-phone";

export class BankState extends EventTarget {
  about: About | null = null;
  persons: readonly Listed[] = [];
  person: Person | null = null;
  logIn: Transaction | null = null;
  signing: Transaction | null = null;
  file: Kept | null = null;
  /** What the panel shows: the latest of whatever it was. */
  latest: Transaction | null = null;
  answerer: Answerer = { kind: "phone" };
  ownPhone: OwnPhone | null = readOwnPhone();
  /** Whether this program has the phone app inside; null while unknown. */
  hasPhone: boolean | null = null;
  #followed = new Set<string>();

  async load(): Promise<void> {
    const [about, persons, hasPhone] = await Promise.all([
      bank.about(),
      dev.persons().catch(() => []),
      fetch("/phone/", { cache: "no-store" }).then((answer) => answer.ok, () => false),
    ]);
    this.about = about;
    this.person = about.person ?? null;
    this.persons = persons;
    this.hasPhone = hasPhone;
    if (!hasPhone) this.answerer = { kind: "person", documentNumber: USUAL };
    this.changed();
  }

  changed(): void {
    this.dispatchEvent(new Event("change"));
  }

  /** The person's name, if this is a test person. */
  listed(documentNumber: string): Listed | undefined {
    return this.persons.find((person) => person.documentNumber === documentNumber);
  }

  /** Takes what is known about a transaction now. */
  take(transaction: Transaction): void {
    const known = transaction.kind === "logIn" ? this.logIn : this.signing;
    if (known?.id === transaction.id && known.version > transaction.version) return;
    if (transaction.kind === "logIn") {
      this.logIn = transaction;
      if (transaction.state === "complete") this.person = transaction.person ?? null;
    } else this.signing = transaction;
    this.latest = transaction;
    this.changed();
  }

  /** Asks until the transaction has ended, wherever that is shown. */
  async follow(transaction: Transaction): Promise<Transaction> {
    this.take(transaction);
    if (this.#followed.has(transaction.id)) return transaction;
    this.#followed.add(transaction.id);
    let now = transaction;
    try {
      while (now.state === "running" && this.#followed.has(now.id)) {
        now = await bank.transaction(now.id, now.version);
        if (this.#followed.has(now.id)) this.take(now);
      }
    } catch (error) {
      // Cancelled, or forgotten by the server.
      if (!(error instanceof Refusal)) throw error;
      this.drop(transaction.id);
    } finally {
      this.#followed.delete(transaction.id);
    }
    return now;
  }

  drop(id: string): void {
    this.#followed.delete(id);
    if (this.logIn?.id === id) this.logIn = null;
    if (this.signing?.id === id) this.signing = null;
    this.changed();
  }

  async logOut(): Promise<void> {
    await bank.logOut();
    this.person = null;
    this.logIn = null;
    this.signing = null;
    this.file = null;
    this.changed();
  }

  setOwnPhone(phone: OwnPhone): void {
    this.ownPhone = phone;
    this.answerer = { kind: "phone" };
    // The number of a test account, so that a reload does not have to ask for it again.
    sessionStorage.setItem(OWN_PHONE, JSON.stringify(phone));
    this.changed();
  }
}

function readOwnPhone(): OwnPhone | null {
  try {
    const { documentNumber, person } = JSON.parse(sessionStorage.getItem(OWN_PHONE) ?? "null") as OwnPhone;
    return typeof documentNumber === "string" && typeof person === "string" ? { documentNumber, person } : null;
  } catch {
    return null;
  }
}
