import { callbackUrl } from "../crypto/acsp.ts";
import type { CallbackTask } from "./wire.ts";

/** The URL to open at the end; null when there is none, or none that may be opened. */
export function completed(task: CallbackTask | undefined, verifier: string | null): string | null {
  return task ? callbackUrl(task.url, task.sessionSecretDigest, verifier) : null;
}
