/** Reads everything that the browser keeps for the phone, and knows the kind of every value. */

import type { Page } from "playwright-core";

interface Kept {
  readonly databases: readonly string[];
  readonly records: readonly Readonly<Record<string, string>>[];
  readonly local: readonly (readonly [string, string])[];
  readonly session: readonly string[];
  readonly caches: readonly string[];
  readonly cookies: string;
}

/** Paths inside a record with what may stand there. `*` is one step of any name. */
const KINDS: readonly (readonly [RegExp, RegExp])[] = [
  [/^id$/, /^text [\w-]{43}$/],
  [/^version$/, /^number 1$/],
  [/^createdAt$/, /^number \d+$/],
  // Keys that the browser does not show.
  [/^(dk|ek)\.privateKey$/, /^key private not-extractable (ECDSA|ECDH)$/],
  [/^(dk|ek)\.publicKey$/, /^key public extractable (ECDSA|ECDH)$/],
  [/^outerKey$/, /^(key secret not-extractable AES-GCM|null)$/],
  [/^passkey(\.(credential|salt))?$/, /^(null|octets \d+)$/],
  // Gone as soon as it has been exchanged.
  [/^activationCode$/, /^null$/],
  [/^activated\.(deviceId|documentNumber)$/, /^text /],
  [/^activated\.coreKeys\.\d\.(id|x|y)$/, /^text /],
  [/^activated\.parameters\./, /^(text|number|boolean) /],
  // Under the outer key: an initialization vector and a ciphertext.
  [/^token\.iv$/, /^octets 12$/],
  [/^token\.ct$/, /^octets 61$/],
  [/^keys\.\d\.(kid|use)$/, /^text /],
  [/^keys\.\d\.(proven|changing)$/, /^boolean /],
  [/^keys\.\d\.locked\.iv$/, /^octets 12$/],
  [/^keys\.\d\.locked\.ct$/, /^octets \d+$/],
  [/^pending$/, /^null$/],
  [/^pending\.(req|salt)$/, /^text [\w-]*$/],
  [/^pending\.at$/, /^number \d+$/],
  [/^pending\.of\.(kind|tx|kid|interaction|nonce)$/, /^text /],
  [/^pending\.of\.verifier(\.(iv|ct))?$/, /^(null|octets \d+)$/],
  [/^pending\.of\.refresh\.(id|enc|ct)$/, /^text /],
  [/^pending\.of\.shown\./, /^(text|boolean|null)/],
  [/^(certified|ended)$/, /^boolean /],
  // What the service says of the account, and certificates, which are public.
  [/^last(\.at|\.answer\..*)?$/, /^(null|text|number|empty)/],
  [/^recent(\.\d+\.(at|kind|outcome|rp\..*|text(\..*)?))?$/, /^(null|date|text|boolean|empty)/],
];

const LOCAL = /^countersign[-.:](language|theme|lang|push)/;

/** `accounts`: how many there must be, or null for any number, also where the phone was never opened. */
export async function audit(page: Page, when: string, secrets: readonly string[], accounts: number | null = 1): Promise<void> {
  const kept = await page.evaluate(collect);
  const wrong: string[] = [];
  const databases = kept.databases.join();
  if (databases !== "countersign-phone" && (accounts !== null || databases !== "")) wrong.push(`databases ${databases}`);
  if (accounts !== null && kept.records.length !== accounts) wrong.push(`${kept.records.length} accounts`);
  for (const record of kept.records) {
    for (const [path, value] of Object.entries(record)) {
      const kind = KINDS.find(([at]) => at.test(path));
      if (!kind || !kind[1].test(value)) wrong.push(`${path} = ${value.slice(0, 80)}`);
      for (const secret of secrets) if (value === `text ${secret}` || value === `number ${secret}`) wrong.push(`${path} is a PIN`);
    }
  }
  for (const [name, value] of kept.local) if (!LOCAL.test(name) || value.length > 40) wrong.push(`local storage: ${name}`);
  for (const name of kept.session) wrong.push(`session storage: ${name}`);
  for (const url of kept.caches) if (!url.startsWith("/phone/")) wrong.push(`cache: ${url}`);
  if (kept.cookies !== "") wrong.push("cookies");
  if (wrong.length > 0) throw new Error(`${when}, the storage holds what it should not: ${wrong.join("; ")}`);
}

/** Runs in the page. */
async function collect(): Promise<Kept> {
  const databases = (await indexedDB.databases()).map(({ name }) => name ?? "");
  const records: Record<string, string>[] = [];
  const flatten = (value: unknown, path: string, into: Record<string, string>): void => {
    if (value === null) into[path] = "null";
    else if (value instanceof CryptoKey) {
      into[path] = `key ${value.type} ${value.extractable ? "extractable" : "not-extractable"} ${value.algorithm.name}`;
    } else if (value instanceof Uint8Array) into[path] = `octets ${value.length}`;
    else if (value instanceof Date) into[path] = "date";
    else if (typeof value === "object") {
      const entries = Object.entries(value as object);
      if (entries.length === 0) into[path] = "empty";
      for (const [name, inner] of entries) flatten(inner, path === "" ? name : `${path}.${name}`, into);
    } else into[path] = `${typeof value === "string" ? "text" : typeof value} ${String(value)}`;
  };
  if (databases.includes("countersign-phone")) {
    const database = await new Promise<IDBDatabase>((resolve, reject) => {
      const request = indexedDB.open("countersign-phone");
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error ?? new Error("no database"));
    });
    for (const store of database.objectStoreNames) {
      const all = await new Promise<unknown[]>((resolve, reject) => {
        const request = database.transaction(store).objectStore(store).getAll();
        request.onsuccess = () => resolve(request.result as unknown[]);
        request.onerror = () => reject(request.error ?? new Error("not read"));
      });
      for (const record of all) {
        const flat: Record<string, string> = {};
        flatten(record, "", flat);
        records.push(flat);
      }
    }
    database.close();
  }
  const cached: string[] = [];
  for (const name of await caches.keys()) {
    for (const { url } of await (await caches.open(name)).keys()) cached.push(new URL(url).pathname);
  }
  return {
    databases, records, local: Object.entries(localStorage), session: Object.keys(sessionStorage), caches: cached,
    cookies: document.cookie,
  };
}
