/** What the e-service's backend answers the element, and what that means. Rules only: no page, no network. */

/** The answer of `link-url`. */
export interface LinkAnswer {
  /** The device link of this second; absent when no code is to be shown any more. */
  readonly link?: string;
  /** The link for this very device, where the e-service has a way back. */
  readonly sameDeviceLink?: string;
  /** How long codes are shown yet. */
  readonly secondsLeft?: number;
}

/** The answer of `status-url`. Everything else in it goes to the page as it is. */
export interface StatusAnswer {
  readonly state: "running" | "complete" | "failed";
  /** Sent back as `?seen=`, so that the backend can wait for something newer. */
  readonly version?: number;
  readonly failure?: { readonly code: string };
}

/** How a session is over for the page. */
export type Ending = "complete" | "refused" | "timeout" | "error";

const REFUSALS = /^(USER_REFUSED|WRONG_VC)/;

/** How the session ended; `null` while it runs. */
export function ending(status: StatusAnswer): Ending | null {
  switch (status.state) {
    case "running":
      return null;
    case "complete":
      return "complete";
    case "failed": {
      const code = status.failure?.code ?? "";
      if (REFUSALS.test(code)) return "refused";
      return code === "TIMEOUT" ? "timeout" : "error";
    }
  }
}

/** Reads the answer of `link-url`. Error: a `TypeError` that says what is wrong. */
export function readLink(value: unknown): LinkAnswer {
  if (typeof value !== "object" || value === null) throw new TypeError("the link answer is no object");
  const { link, sameDeviceLink, secondsLeft } = value as Record<string, unknown>;
  for (const each of [link, sameDeviceLink]) {
    if (each !== undefined && (typeof each !== "string" || !/^https?:\/\//.test(each))) {
      throw new TypeError("the link is no http URL");
    }
  }
  if (secondsLeft !== undefined && (typeof secondsLeft !== "number" || !Number.isFinite(secondsLeft))) {
    throw new TypeError("secondsLeft is no number");
  }
  return {
    ...(typeof link === "string" && { link }),
    ...(typeof sameDeviceLink === "string" && { sameDeviceLink }),
    ...(typeof secondsLeft === "number" && { secondsLeft: Math.max(0, Math.floor(secondsLeft)) }),
  };
}

/** Reads the answer of `status-url`. Error: a `TypeError`. */
export function readStatus(value: unknown): StatusAnswer {
  const { state } = (value ?? {}) as { state?: unknown };
  if (state !== "running" && state !== "complete" && state !== "failed") {
    throw new TypeError("the status answer has no state that is known");
  }
  return value as StatusAnswer;
}

/** Whether an answer with this HTTP status will not get better: the session is not there, or not for this browser. */
export function isFinal(status: number): boolean {
  return status >= 400 && status < 500 && status !== 408 && status !== 429;
}

/** `0:07` */
export function clock(seconds: number): string {
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}
