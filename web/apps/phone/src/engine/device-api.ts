/** Requests with a device proof, and answers that are either what was asked for or a problem. */

import { type Bytes, utf8 } from "../crypto/bytes.ts";
import { prove } from "../crypto/proof.ts";
import type { Environment } from "./environment.ts";
import type { ServiceClock } from "./service-clock.ts";
import { PhoneError, type Problem } from "./types.ts";
import type { DeviceProblem } from "./wire.ts";

const BASE = "/device/v1";
/** Longer than the longest poll, in ms. */
const PATIENCE = 60_000;
/** A proof that was refused is made anew when the clock turns out to have been off by so many ms. */
const CLOCK_WAS_WRONG = 20_000;

export type Answer<A> = { readonly ok: A; readonly problem?: never } | { readonly ok?: never; readonly problem: DeviceProblem };

/** Who proves the requests. */
export interface ProofKey {
  readonly key: CryptoKey;
  /** Its thumbprint. */
  readonly kid: string;
}

export class DeviceApi {
  readonly #environment: Environment;
  readonly #clock: ServiceClock;
  /** The last one that came; the service takes each for five minutes, as often as it is given. */
  #nonce = "";

  constructor(environment: Environment, clock: ServiceClock) {
    this.#environment = environment;
    this.#clock = clock;
  }

  async get<A>(key: ProofKey, path: string, signal?: AbortSignal): Promise<A> {
    return this.#expect(await this.#call<A>(key, "GET", path, new Uint8Array(), signal));
  }

  async post<A>(key: ProofKey, path: string, request: object): Promise<A> {
    return this.#expect(await this.tryPost<A>(key, path, request));
  }

  async put(key: ProofKey, path: string, request: object): Promise<void> {
    this.#expect(await this.#call<object>(key, "PUT", path, utf8(JSON.stringify(request))));
  }

  async delete(key: ProofKey, path: string): Promise<void> {
    this.#expect(await this.#call<object>(key, "DELETE", path, new Uint8Array()));
  }

  /** Like `post`, but a problem is a value: the caller may have to keep the token in it. */
  tryPost<A>(key: ProofKey, path: string, request: object): Promise<Answer<A>> {
    return this.#call<A>(key, "POST", path, utf8(JSON.stringify(request)));
  }

  problem(problem: DeviceProblem): PhoneError {
    return new PhoneError(this.#meaning(problem));
  }

  #expect<A>(answer: Answer<A>): A {
    if (answer.problem) throw this.problem(answer.problem);
    return answer.ok;
  }

  async #call<A>(
    key: ProofKey, method: string, path: string, body: Bytes, signal?: AbortSignal,
  ): Promise<Answer<A>> {
    let { answer, moved } = await this.#attempt<A>(key, method, path, body, signal);
    const code = answer.problem?.code;
    // The first request of all, and one after a long pause, has no fresh nonce: the answer brings one. It brings the
    // time too, and with a wrong clock the service does not get as far as the nonce.
    if (code === "USE_NONCE" || (code === "PROOF_INVALID" && Math.abs(moved) > CLOCK_WAS_WRONG)) {
      ({ answer, moved } = await this.#attempt<A>(key, method, path, body, signal));
    }
    return answer;
  }

  async #attempt<A>(
    { key, kid }: ProofKey, method: string, path: string, body: Bytes, signal?: AbortSignal,
  ): Promise<{ answer: Answer<A>; moved: number }> {
    const { origin, random, fetch } = this.#environment;
    const url = `${origin}${BASE}${path}`;
    const claims = { htm: method, htu: url, iat: this.#clock.second(), jti: random(16), nonce: this.#nonce, body };
    const headers: Record<string, string> = { "Device-Proof": await prove(key, kid, claims) };
    if (body.length > 0) headers["Content-Type"] = "application/json";
    const timeout = AbortSignal.timeout(PATIENCE);
    let response: Response;
    let text: string;
    try {
      response = await fetch(url, {
        method,
        headers,
        ...(body.length > 0 && { body }),
        signal: signal ? either(signal, timeout) : timeout,
        cache: "no-store",
        credentials: "omit",
        redirect: "error",
        referrerPolicy: "no-referrer",
      });
      text = await response.text();
    } catch (cause) {
      throw new PhoneError({ code: "OFFLINE" }, { cause });
    }
    const nonce = response.headers.get("Device-Nonce");
    const moved = nonce ? this.#clock.learn(nonce) : 0;
    if (nonce) this.#nonce = nonce;
    return { answer: read<A>(response, text), moved };
  }

  #meaning(problem: DeviceProblem): Problem {
    const { code, triesLeft, until } = problem;
    switch (code) {
      case "WRONG_PIN":
        return { code, triesLeft: triesLeft ?? 0 };
      case "LOCKED":
        return until === undefined ? unexpected(problem) : { code, until: this.#clock.local(until) };
      case "BLOCKED":
      case "CLONE_SUSPECT":
      case "TX_EXPIRED":
      case "TX_CANCELLED":
      case "ALREADY_DONE":
      case "WRONG_CODE":
      case "IN_PROGRESS":
      case "UPGRADE_REQUIRED":
      case "UNKNOWN_DEVICE":
      case "ACTIVATION_INVALID":
      case "KEY_REFUSED":
      case "LINK_INVALID":
      case "LINK_STALE":
      case "LINK_TAKEN":
      case "LINK_NO_CALLBACK":
      case "WRONG_PERSON":
      case "NOT_FOUND":
        return { code };
      case "PROOF_INVALID":
        return problem.detail.includes("another time") ? { code: "CLOCK" } : unexpected(problem);
      default:
        return unexpected(problem);
    }
  }
}

/** Aborts with whichever is first; `AbortSignal.any` is younger than many phones. */
function either(...signals: readonly AbortSignal[]): AbortSignal {
  const controller = new AbortController();
  for (const signal of signals) {
    if (signal.aborted) controller.abort();
    else signal.addEventListener("abort", () => controller.abort(), { once: true, signal: controller.signal });
  }
  return controller.signal;
}

const unexpected = ({ status, code, detail }: DeviceProblem): Problem =>
  ({ code: "UNEXPECTED", detail: `${status} ${code}: ${detail}`.slice(0, 300) });

function read<A>(response: Response, text: string): Answer<A> {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    body = null;
  }
  const object = typeof body === "object" && body !== null && !Array.isArray(body);
  if (response.status === 200) {
    if (!object) throw new PhoneError({ code: "UNEXPECTED", detail: "an answer that is not JSON" });
    return { ok: body as A };
  }
  // It was not looked at: there is more to do than can be done, or one asks too often.
  if (response.status === 429 || response.status === 503) {
    const seconds = Number(response.headers.get("Retry-After") ?? 1);
    throw new PhoneError({ code: "BUSY", retryAfter: Number.isFinite(seconds) ? Math.max(1, seconds) : 1 });
  }
  if (object && typeof (body as DeviceProblem).code === "string") {
    const problem = body as DeviceProblem;
    return { problem: { ...problem, status: response.status, detail: String(problem.detail) } };
  }
  // A gateway in between, or a service that failed: whether the request was carried out is unknown.
  if (response.status >= 500) throw new PhoneError({ code: "OFFLINE" });
  throw new PhoneError({ code: "UNEXPECTED", detail: `HTTP status ${response.status}` });
}
