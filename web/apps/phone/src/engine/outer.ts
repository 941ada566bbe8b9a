/** The outer layer of the storage: AES-256-GCM under a key that has nothing to do with a PIN, so it may be authenticated. */

import { type Bytes, utf8 } from "../crypto/bytes.ts";
import type { Environment } from "./environment.ts";
import { PhoneError } from "./types.ts";
import type { AccountRecord, Locked } from "./vault.ts";

/** Octets of the salt that the passkey's secret is derived with. */
export const PASSKEY_SALT = 32;

/** What an unlocked account can do: open and close its values. */
export class Outer {
  readonly #random: Environment["random"];
  readonly #key: CryptoKey;
  /** The passkey's secret, which goes into the masks; empty without one. */
  readonly hardware: Bytes;

  private constructor(random: Environment["random"], key: CryptoKey, hardware: Bytes) {
    this.#random = random;
    this.#key = key;
    this.hardware = hardware;
  }

  /** A new key that the browser keeps and does not show. */
  static newKey(): Promise<CryptoKey> {
    return crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
  }

  static async unlock(environment: Environment, record: Pick<AccountRecord, "outerKey" | "passkey">): Promise<Outer> {
    if (record.outerKey) return new Outer(environment.random, record.outerKey, new Uint8Array());
    if (!record.passkey || !environment.passkeys) throw new PhoneError({ code: "PASSKEY", gone: true });
    const secret = await environment.passkeys.evaluate(record.passkey.credential, record.passkey.salt);
    return Outer.ofSecret(environment, secret);
  }

  static async ofSecret(environment: Environment, secret: Bytes): Promise<Outer> {
    const material = await crypto.subtle.importKey("raw", secret, "HKDF", false, ["deriveKey"]);
    const key = await crypto.subtle.deriveKey(
      { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info: utf8("countersign/phone/outer/v1") },
      material, { name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
    return new Outer(environment.random, key, secret);
  }

  /** `place` says what and whose the value is; it opens only there. */
  async close(place: string, value: unknown): Promise<Locked> {
    const iv = this.#random(12);
    const plaintext = utf8(JSON.stringify(value));
    const additionalData = utf8(`${place}|1`);
    const ct = await crypto.subtle.encrypt({ name: "AES-GCM", iv, additionalData }, this.#key, plaintext);
    return { iv, ct: new Uint8Array(ct) };
  }

  async open<T>(place: string, { iv, ct }: Locked): Promise<T> {
    try {
      const additionalData = utf8(`${place}|1`);
      const plaintext = await crypto.subtle.decrypt({ name: "AES-GCM", iv, additionalData }, this.#key, ct);
      return JSON.parse(new TextDecoder().decode(plaintext)) as T;
    } catch (cause) {
      throw new PhoneError({ code: "STORAGE", detail: `${place.split("|")[0]} does not open` }, { cause });
    }
  }
}
