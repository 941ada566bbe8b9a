/**
 * One tab at a time. Two tabs that use the same keys look to the service like a copied phone, so the one that is looked at
 * holds a lock and the other says so. The engine locks each use of a token besides; this here is for the person.
 */

const NAME = "countersign-screen";

export interface TabHold {
  /** Whether this tab has it now. */
  readonly held: boolean;
  /** Takes it from the other tab. */
  take(): void;
}

/** Tries to hold the screen. `changed` is called whenever this tab gets or loses it. */
export function holdScreen(changed: (held: boolean) => void, insist: boolean): TabHold {
  let held = false;
  const set = (now: boolean) => {
    held = now;
    changed(now);
  };
  // Without the API there is nothing to tell tabs apart by; the engine still locks.
  if (!("locks" in navigator)) {
    queueMicrotask(() => set(true));
    return { held: true, take: () => undefined };
  }
  const request = (options: LockOptions) => {
    navigator.locks
      .request(NAME, options, (lock) => {
        if (!lock) {
          set(false);
          waitForTurn();
          return undefined;
        }
        set(true);
        return new Promise<never>(() => undefined);
      })
      .catch(() => {
        // Another tab took it.
        set(false);
      });
  };
  let waiting: AbortController | null = null;
  // When the other tab is closed, this one goes on by itself.
  const waitForTurn = () => {
    waiting = new AbortController();
    request({ signal: waiting.signal });
  };
  request(insist ? { steal: true } : { ifAvailable: true });
  return {
    get held() {
      return held;
    },
    take: () => {
      waiting?.abort();
      waiting = null;
      request({ steal: true });
    },
  };
}
