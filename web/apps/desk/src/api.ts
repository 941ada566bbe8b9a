/** The operator's API. The key is in this module's memory, and nowhere else: a reload forgets it. */

export interface Operator {
  readonly operator: string;
  readonly roles: readonly string[];
  readonly acts: readonly string[];
  readonly fourEyes: readonly string[];
  /** What the key is not for, and the roles that it is for. */
  readonly others: readonly { readonly act: string; readonly roles: readonly string[] }[];
}

export interface Levels {
  readonly zertes: number | null;
  readonly eidas: number | null;
}

export interface Evidence {
  readonly evidence: string;
  readonly person: string;
  readonly msisdn: string;
  readonly state: "WAITING" | "IN_FORCE" | "EXPIRED" | "ENDED";
  readonly ended?: string;
  readonly means?: string;
  readonly levels: Levels;
  readonly qualifiedUntil: string;
  readonly advancedUntil: string;
  readonly by: string;
  readonly recorded: string;
}

export interface Device {
  readonly deviceId: string;
  readonly words: readonly string[];
  readonly platform: string;
  readonly state: string;
}

export interface Key {
  readonly use: "AUTH" | "SIGN";
  readonly state: string;
  readonly notAfter?: string;
}

export interface Account {
  readonly documentNumber: string;
  readonly level: string;
  readonly state: string;
  readonly created: string;
  readonly devices: readonly Device[];
  readonly keys: readonly Key[];
}

export interface Proposal {
  readonly proposal: string;
  readonly act: string;
  readonly state: "OPEN" | "APPROVED" | "REJECTED" | "EXPIRED";
  readonly by: string;
  readonly proposed: string;
  readonly expires: string;
  readonly sha256: string;
  readonly request?: { readonly method: string; readonly path: string; readonly body: string };
  readonly decidedBy?: string;
  readonly decided?: string;
}

export interface Activation {
  readonly activation: string;
  readonly activationCode: string;
  readonly link: string;
  readonly documentNumber: string;
  readonly expires: string;
}

export interface Password {
  readonly state: "NONE" | "ACTIVE" | "LOCKED" | "ENDED";
  readonly set?: string;
  readonly lockedUntil?: string;
  readonly linkUntil?: string;
}

export interface Erased {
  readonly erased: readonly { readonly what: string; readonly count: number }[];
  readonly kept: readonly { readonly what: string; readonly count: number; readonly until?: string; readonly ground: string }[];
}

export interface Identification {
  readonly identification: string;
  readonly msisdn: string;
  readonly state: "BEGUN" | "PROVEN" | "FINISHED" | "CANCELLED" | "EXPIRED";
  readonly expires: string;
  readonly link?: string;
}

export interface TrailEntry {
  readonly seq: number;
  readonly at: string;
  readonly kind: string;
  readonly subject: string;
  readonly operator?: string;
  readonly act?: string;
  readonly reference?: string;
}

/** Why the service did not do something. */
export class Refusal extends Error {
  constructor(
    /** 0 when it could not be asked. */
    readonly status: number,
    readonly problem: Problem,
  ) {
    super(problem.detail);
  }
}

/** A problem [RFC 9457] as the service tells it. */
export interface Problem {
  /** The last part of its `type`; empty when it has none of ours. */
  readonly kind: string;
  /** In English. */
  readonly detail: string;
  /** Members of the request that are wrong, by JSON pointers. */
  readonly members: readonly { readonly pointer: string; readonly name: string }[];
}

/** What came of an act: done, or proposed because it takes two people. */
export type Done<T> = { readonly done: T; readonly proposed?: undefined } | { readonly done?: undefined; readonly proposed: Proposal };

let key = "";

export function signIn(text: string): void {
  key = text;
}

async function call(method: string, path: string, body?: unknown): Promise<Response> {
  let answer: Response;
  try {
    answer = await fetch(`/admin/v1${path}`, {
      method,
      cache: "no-store",
      credentials: "omit",
      headers: { authorization: `Bearer ${key}`, ...(body === undefined ? {} : { "content-type": "application/json" }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  } catch {
    throw new Refusal(0, { kind: "", detail: "", members: [] });
  }
  if (!answer.ok) throw new Refusal(answer.status, readProblem(await answer.text()));
  return answer;
}

const TYPE = "urn:countersign:problem:";

export function readProblem(body: string): Problem {
  try {
    const { type = "", detail = "", errors = [] } = JSON.parse(body) as { type?: string; detail?: string; errors?: { detail?: string; pointer?: string; paramName?: string }[] };
    const details = errors.map((each) => each.detail).filter(Boolean).join(" ");
    const members = errors.map(({ pointer = "", paramName = "" }) => ({ pointer, name: paramName }));
    return { kind: type.startsWith(TYPE) ? type.slice(TYPE.length) : "", detail: details || detail, members };
  } catch {
    return { kind: "", detail: "", members: [] };
  }
}

export async function look<T>(path: string): Promise<T> {
  return (await call("GET", path)).json() as Promise<T>;
}

export async function act<T>(path: string, body: unknown): Promise<Done<T>> {
  const answer = await call("POST", path, body);
  const value: unknown = await answer.json();
  return answer.status === 202 ? { proposed: value as Proposal } : { done: value as T };
}

export const segment = encodeURIComponent;
