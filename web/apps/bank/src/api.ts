/** What the bank's backend and the service's controls answer, and the calls. */

export interface Person {
  readonly givenName: string;
  readonly surname: string;
  readonly identifier: string;
  readonly country: string;
  readonly dateOfBirth?: string;
  readonly documentNumber: string;
  readonly certificateLevel: string;
  readonly flow: string;
}

export interface About {
  readonly provider: string;
  readonly relyingPartyName: string;
  readonly relyingPartyUUID: string;
  readonly scheme: string;
  readonly secureOrigin?: string;
  readonly fileBytesMax: number;
  readonly now: string;
  readonly person?: Person;
}

export type Way = "deviceLink" | "notification" | "linked";
export type Screen = "pin" | "confirmation" | "codeChoice";

export interface Step {
  readonly name: "certificate" | "ask" | "person" | "check" | "timeStamp" | "status" | "file";
  readonly state: "waiting" | "running" | "done" | "failed";
  readonly detail?: string;
}

export interface Check {
  readonly check: string;
  readonly result: "passed" | "failed" | "not_reached";
  readonly detail?: string;
}

export interface Field {
  readonly name: string;
  readonly value: string;
  readonly decoded?: string;
  readonly why: string;
}

export interface Payload {
  readonly text: string;
  readonly fields: readonly Field[];
  readonly hash: string;
  readonly digest: string;
  readonly signature: string;
  readonly algorithm: string;
}

export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

export interface Exchange {
  readonly at: string;
  readonly service: string;
  readonly method: string;
  readonly path: string;
  readonly request: Json;
  readonly status: number | null;
  readonly answer: Json;
}

export interface Failure {
  readonly code: string;
  readonly title: string;
  readonly detail: string;
  readonly advice: string;
}

/** What comes out of signing: a container with the file inside, or a PDF document with the signature inside. */
export type Format = "asice" | "pdf";

/** A file to sign, and what it can become. */
export interface Kept {
  readonly name: string;
  readonly bytes: number;
  readonly usual: Format;
  readonly other?: Format;
  /** Why a PDF document cannot become a signed PDF. */
  readonly notAsPdf?: string;
}

export interface SignedFile {
  readonly name: string;
  readonly format: Format;
  readonly bytes: number;
  readonly level: string;
  readonly timeStamp?: string;
}

export interface Transaction {
  readonly version: number;
  readonly id: string;
  readonly kind: "logIn" | "sign";
  readonly way: Way;
  readonly state: "running" | "complete" | "failed";
  readonly startedAt: string;
  readonly steps: readonly Step[];
  readonly verificationCode?: string;
  readonly hasLink: boolean;
  readonly text: string;
  readonly person?: Person;
  readonly file?: SignedFile;
  readonly failure?: Failure;
  readonly notes?: readonly string[];
  readonly checks?: readonly Check[];
  readonly payload?: Payload;
  readonly exchanges: readonly Exchange[];
}

export interface Link {
  readonly link?: string;
  readonly sameDeviceLink?: string;
  readonly secondsLeft: number;
}

export interface Listed {
  readonly documentNumber: string;
  readonly givenName: string;
  readonly surname: string;
  readonly outcome: string;
  readonly remark: string;
}

export interface Activation {
  readonly activationCode: string;
  readonly link: string;
  readonly person: string;
  readonly documentNumber: string;
}

export interface Report {
  readonly signaturesCount: number;
  readonly validSignaturesCount: number;
  readonly errors: readonly Finding[];
  readonly signatures: readonly { readonly indication: string; readonly subIndication?: string; readonly errors: readonly Finding[] }[];
}

export interface Finding {
  readonly part: string;
  readonly name?: string;
  readonly expected: string;
  readonly found: string;
}

/** A refusal, in the words of the server. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    detail: string,
  ) {
    super(detail);
  }
}

async function call(method: string, path: string, body?: BodyInit, headers: Record<string, string> = {}): Promise<Response> {
  let answer: Response;
  try {
    answer = await fetch(path, { method, headers, cache: "no-store", ...(body !== undefined && { body }) });
  } catch {
    throw new Refusal(0, "The server cannot be reached. Is it still running?");
  }
  if (answer.ok) return answer;
  const problem = (await answer.json().catch(() => null)) as { detail?: unknown; title?: unknown } | null;
  const detail = [problem?.detail, problem?.title].find((text): text is string => typeof text === "string" && text !== "");
  throw new Refusal(answer.status, detail ?? `HTTP status ${answer.status}`);
}

const JSON_BODY = { "content-type": "application/json" };
const MEDIA_TYPES: Record<Format, string> = { asice: "application/vnd.etsi.asic-e+zip", pdf: "application/pdf" };

async function json<T>(answer: Promise<Response>): Promise<T> {
  return (await (await answer).json()) as T;
}

const post = <T>(path: string, body: unknown) => json<T>(call("POST", path, JSON.stringify(body), JSON_BODY));

export const bank = {
  about: () => json<About>(call("GET", "/bank/api/about")),
  logIn: (wanted: { way: Way; documentNumber?: string; person?: string; screen?: Screen }) =>
    post<Transaction>("/bank/api/log-in", wanted),
  logOut: () => call("DELETE", "/bank/api/log-in"),
  keep: (file: File) =>
    json<Kept>(
      call("PUT", "/bank/api/file", file, {
        "content-type": file.type || "application/octet-stream",
        "x-file-name": encodeURIComponent(file.name),
      }),
    ),
  sign: (wanted: { way: Way; format: Format; documentNumber?: string }) => post<Transaction>("/bank/api/sign", wanted),
  transaction: (id: string, seen?: number) =>
    json<Transaction>(call("GET", `/bank/api/transactions/${id}${seen === undefined ? "" : `?seen=${seen}`}`)),
  cancel: (id: string) => call("DELETE", `/bank/api/transactions/${id}`),
  link: (id: string) => json<Link>(call("GET", `/bank/api/transactions/${id}/link`)),
  signed: async (id: string) => (await call("GET", `/bank/api/transactions/${id}/file`)).arrayBuffer(),
  verify: (format: Format, signed: BufferSource) =>
    json<Report>(call("POST", "/bank/api/verify", signed as BodyInit, { "content-type": MEDIA_TYPES[format] })),
};

/** The service's own controls and test persons: they are there in development only. */
export const dev = {
  persons: () => json<Listed[]>(call("GET", "/control/v1/persons")),
  activation: () => post<Activation>("/control/v1/activations", {}),
  advance: (seconds: number) => post("/control/v1/clock", { advanceSeconds: seconds }),
  resetClock: () => post("/control/v1/clock", { reset: true }),
  script: (documentNumber: string, outcome: string) => post("/control/v1/outcomes", { documentNumber, outcome }),
  unscript: (documentNumber: string) =>
    call("DELETE", "/control/v1/outcomes", JSON.stringify({ documentNumber }), JSON_BODY),
  revoke: (documentNumber: string) => call("POST", `/control/v1/revoke/${documentNumber}`),
  /** A test person's simulated phone opens a link. */
  open: (documentNumber: string, deviceLink: string, flowType: "QR" | "Web2App") =>
    call(
      "POST",
      "/mock/device-link",
      JSON.stringify({ documentNumber, deviceLink, flowType, ...(flowType !== "QR" && { initialCallbackUrl: deviceLink }) }),
      JSON_BODY,
    ),
};
