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
  let waiting: AbortController | null = null;
  const request = (options: LockOptions): void => {
    navigator.locks
      .request(NAME, options, (lock) => {
        if (!lock) {
          lose();
          return undefined;
        }
        set(true);
        // Held until the tab is closed, or another takes it.
        return new Promise<never>(() => undefined);
      })
      .catch(() => {
        // Another tab took it, or this one stopped waiting to take it itself.
        if (held) lose();
      });
  };
  /** Says so, and goes on by itself when the other tab is closed. */
  const lose = (): void => {
    set(false);
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
