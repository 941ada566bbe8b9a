/** What the signing service answers, and the calls. */

export type Flow = "device-link" | "notification";
export type Format = "asice" | "pdf" | "hashcode";
export type Standing = "choosing" | "asking" | "awaiting-value" | "completing" | "complete" | "failed" | "cancelled";

export interface DataFile {
  readonly name: string;
  readonly mediaType: string;
  readonly bytes: number;
}

export interface Result {
  readonly signature: string;
  readonly format?: string;
  readonly signedBy?: string;
  readonly timeStamp?: string;
}

export interface Signature {
  readonly id: string;
  readonly state: Standing;
  readonly flow?: Flow | "remote";
  readonly text?: string;
  readonly verificationCode?: string;
  readonly hasLink: boolean;
  readonly result?: Result;
  readonly failure?: { readonly code: string; readonly detail: string };
}

export interface Container {
  readonly id: string;
  readonly name: string;
  readonly format: Format;
  readonly bytes: number;
  readonly files: readonly DataFile[];
  readonly signatures: readonly Signature[];
}

export interface Asked {
  readonly flow: Flow;
  readonly documentNumber?: string;
  readonly person?: string;
  readonly callbackUrl?: string;
}

export interface Finding {
  readonly rule: string;
  readonly expected: string;
  readonly found: string;
}

export interface Report {
  readonly signaturesCount: number;
  readonly validSignaturesCount: number;
  readonly errors: readonly Finding[];
  readonly signatures: readonly {
    readonly signedBy?: string;
    readonly indication: string;
    readonly signatureFormat?: string;
    readonly info?: { readonly bestSignatureTime?: string };
  }[];
}

/** The service's own words about why it did not do something. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

const BASE = "/signing/v1/containers";

export const containerPath = (container: string): string => `${BASE}/${encodeURIComponent(container)}`;
export const signaturePath = (container: string, signature: string): string =>
  `${containerPath(container)}/signatures/${encodeURIComponent(signature)}`;

async function call<T>(path: string, init: RequestInit = {}): Promise<T> {
  let answer: Response;
  try {
    answer = await fetch(path, { cache: "no-store", ...init });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new Refusal(0, "OFFLINE", "The service cannot be reached. Check the connection and try again.");
  }
  if (!answer.ok) throw refusal(answer.status, await answer.text());
  return answer.status === 204 ? (undefined as T) : ((await answer.json()) as T);
}

function refusal(status: number, body: string): Refusal {
  let problem: { code?: string; detail?: string; errors?: { detail?: string }[] } = {};
  try {
    problem = JSON.parse(body) as typeof problem;
  } catch {
    // A proxy in between may answer with a page.
  }
  const details = problem.errors?.map((each) => each.detail).filter(Boolean).join(" ");
  return new Refusal(status, problem.code ?? "", details || problem.detail || `The service answered with status ${status}.`);
}

const json = (method: string, body: unknown): RequestInit => ({
  method,
  headers: { "content-type": "application/json" },
  body: JSON.stringify(body),
});

/** Sends files, and tells how far that is: 0 to 1. */
export function upload(form: FormData, progress: (part: number) => void): Promise<Container> {
  return new Promise((resolve, reject) => {
    // `fetch` does not tell how much has been sent.
    const request = new XMLHttpRequest();
    request.upload.addEventListener("progress", (event) => {
      if (event.lengthComputable && event.total > 0) progress(event.loaded / event.total);
    });
    request.addEventListener("error", () => reject(new Refusal(0, "OFFLINE", "The files did not arrive. Check the connection and try again.")));
    request.addEventListener("load", () => {
      if (request.status === 201) resolve(JSON.parse(request.responseText) as Container);
      else reject(refusal(request.status, request.responseText));
    });
    request.open("POST", BASE);
    request.send(form);
  });
}

export const signing = {
  show: (container: string) => call<Container>(containerPath(container)),
  remove: (container: string) => call<void>(containerPath(container), { method: "DELETE" }),
  begin: (container: string, asked: Asked) => call<Signature>(`${containerPath(container)}/signatures`, json("POST", asked)),
  cancel: (container: string, signature: string) => call<Signature>(signaturePath(container, signature), { method: "DELETE" }),
  returned: (container: string, signature: string, url: string) =>
    call<Signature>(`${signaturePath(container, signature)}/callback`, json("POST", { url })),
  /** Waits for news of a signature. */
  watch: (container: string, signature: string, seen: Standing, signal: AbortSignal) =>
    call<Signature>(`${signaturePath(container, signature)}?timeoutMs=20000&seen=${seen}`, { signal }),
};

/** Asks for the verdict over a file. */
export function validate(file: File): Promise<Report> {
  const form = new FormData();
  form.append("file", file);
  return call<Report>("/validation/v1/reports", { method: "POST", body: form, headers: { accept: "application/json" } });
}
