/** The calls of the registration API, as a browser with a widget token makes them. */

import { isFinal } from "../answers.ts";
import {
  readOffer, readPoll, readSettings, readStatus, USUAL_SETTINGS,
  type Jurisdiction, type PollAnswer, type RegistrationStatus, type Settings, type TermsOffer,
} from "./answers.ts";

/** Why a call came to nothing. `code` is the word of the API, or one of ours: `offline`, `unreadable`, `no_token`. */
export class RegistrationError extends Error {
  override readonly name = "RegistrationError";

  constructor(
    readonly code: string,
    readonly status: number,
    message: string,
    /** Seconds after which it may be tried again, where the service says so. */
    readonly retryAfter?: number,
    /** Wrong codes that are still forgiven. */
    readonly attemptsLeft?: number,
  ) {
    super(message);
  }

  /** Whether the same may go well a little later. */
  get isPassing(): boolean {
    return this.status === 0 ? this.code !== "no_token" : !isFinal(this.status);
  }
}

/** Gives the token of this moment; asked anew when one is refused. */
export type TokenSource = (refused: boolean) => string | Promise<string>;

export interface Decision {
  readonly accepts: Readonly<Record<Jurisdiction, boolean>>;
  readonly knowsTheRisk: boolean;
}

export class RegistrationApi {
  readonly base: string;
  readonly #token: TokenSource;
  readonly #fetch: typeof fetch;

  /** `base` is where the service is: `https://id.example.org`. Error: a `TypeError` when that is no URL. */
  constructor(base: string, token: TokenSource, fetcher: typeof fetch = (input, init) => fetch(input, init)) {
    this.base = new URL(base, globalThis.document?.baseURI).href.replace(/\/$/, "");
    this.#token = token;
    this.#fetch = fetcher;
  }

  async sendCode(msisdn: string, signal?: AbortSignal): Promise<void> {
    await this.#call("POST", "/phone/verification", { msisdn }, signal);
  }

  async checkCode(msisdn: string, code: string, signal?: AbortSignal): Promise<void> {
    await this.#call("POST", "/phone/verification/code", { msisdn, code }, signal);
  }

  async status(msisdn: string, signal?: AbortSignal): Promise<RegistrationStatus> {
    return this.#read(readStatus, "GET", `/evidence/status?msisdn=${encodeURIComponent(msisdn)}`, undefined, signal);
  }

  /** The terms that are to be accepted; null when there are none. */
  async terms(msisdn: string, signal?: AbortSignal): Promise<TermsOffer | null> {
    try {
      return await this.#read(readOffer, "GET", `/evidence/${encodeURIComponent(msisdn)}/tc`, undefined, signal);
    } catch (error) {
      if (error instanceof RegistrationError && error.status === 404) return null;
      throw error;
    }
  }

  async decide(token: string, { accepts, knowsTheRisk }: Decision, signal?: AbortSignal): Promise<void> {
    // `decizionZertes` is how the guide spells it.
    const body = { token, decizionZertes: accepts.zertes, decisionEidas: accepts.eidas, knowsTheRisk };
    await this.#call("POST", "/confirm", body, signal);
  }

  async poll(token: string, signal?: AbortSignal): Promise<PollAnswer> {
    return this.#read(readPoll, "GET", `/mobileid/status?token=${encodeURIComponent(token)}`, undefined, signal);
  }

  /** What the operator has set for the client; the usual where the service does not say. */
  async settings(signal?: AbortSignal): Promise<Settings> {
    try {
      return await this.#read(readSettings, "GET", "/settings", undefined, signal);
    } catch (error) {
      if (error instanceof RegistrationError && error.status === 404) return USUAL_SETTINGS;
      throw error;
    }
  }

  async #read<T>(read: (value: unknown, base: string) => T, method: string, path: string, body: unknown, signal?: AbortSignal): Promise<T> {
    const value = await this.#call(method, path, body, signal);
    try {
      return read(value, this.base);
    } catch (error) {
      throw new RegistrationError("unreadable", 0, `the answer of ${path.split("?")[0]} cannot be read: ${String(error)}`);
    }
  }

  async #call(method: string, path: string, body: unknown, signal?: AbortSignal): Promise<unknown> {
    const first = await this.#send(method, path, body, await this.#token(false), signal);
    // A token counts for minutes: where the page can get another one, the person does not notice.
    if (first.status !== 401) return answer(first);
    const again = await this.#token(true);
    return answer(again === "" ? first : await this.#send(method, path, body, again, signal));
  }

  async #send(method: string, path: string, body: unknown, token: string, signal?: AbortSignal): Promise<Response> {
    if (token === "") throw new RegistrationError("no_token", 0, "there is no widget token");
    try {
      return await this.#fetch(`${this.base}/api/public${path}`, {
        method,
        headers: { accept: "application/json", authorization: `Bearer ${token}`, ...(body !== undefined && { "content-type": "application/json" }) },
        cache: "no-store",
        credentials: "omit",
        referrerPolicy: "no-referrer",
        ...(body !== undefined && { body: JSON.stringify(body) }),
        ...(signal && { signal }),
      });
    } catch (error) {
      if (signal?.aborted) throw error;
      throw new RegistrationError("offline", 0, "the service cannot be reached");
    }
  }
}

async function answer(response: Response): Promise<unknown> {
  const body: unknown = await response.json().catch(() => null);
  if (response.ok) return body;
  const said = (typeof body === "object" && body !== null ? body : {}) as { error?: unknown; message?: unknown; attemptsLeft?: unknown };
  const wait = Number(response.headers.get("retry-after") ?? Number.NaN);
  throw new RegistrationError(
    typeof said.error === "string" ? said.error : "internal",
    response.status,
    typeof said.message === "string" ? said.message : `HTTP status ${response.status}`,
    Number.isFinite(wait) ? wait : undefined,
    typeof said.attemptsLeft === "number" ? said.attemptsLeft : undefined,
  );
}
