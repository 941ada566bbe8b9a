/** The engine in a browser. */

import { scriptUrl } from "../ui/trusted-script.ts";
import type { Environment, Locks, Signals, Visibility } from "./environment.ts";
import { browserPasskeys } from "./passkeys.ts";
import { Phone } from "./phone.ts";
import { random } from "./random.ts";
import type { Engine } from "./types.ts";
import { IndexedDbVault } from "./vault.ts";
import { type FromWorker, type Port, remoteArithmetic } from "./worker-messages.ts";
import workerPath from "./worker.ts?worker&url";

const CHANNEL = "countersign-phone";

export function createEngine(): Engine {
  const environment: Environment = {
    origin: location.origin,
    appVersion: "0.1.0",
    now: () => Date.now(),
    random,
    fetch: (input, init) => fetch(input, init),
    vault: new IndexedDbVault(indexedDB),
    locks,
    signals: channelSignals(),
    visibility,
    arithmetic: remoteArithmetic(openWorker),
    passkeys: typeof PublicKeyCredential === "function" ? browserPasskeys(random) : null,
    persist: () => navigator.storage?.persist?.() ?? Promise.resolve(false),
    pause,
  };
  return new Phone(environment);
}

const locks: Locks = {
  exclusive: <T>(name: string, work: () => Promise<T>) => navigator.locks.request(name, work) as Promise<T>,
};

const visibility: Visibility = {
  visible: () => document.visibilityState === "visible",
  onChange(listener) {
    document.addEventListener("visibilitychange", listener);
    addEventListener("online", listener);
    return () => {
      document.removeEventListener("visibilitychange", listener);
      removeEventListener("online", listener);
    };
  },
};

function channelSignals(): Signals {
  const channel = new BroadcastChannel(CHANNEL);
  const listeners = new Set<() => void>();
  const tell = () => {
    for (const listener of listeners) listener();
  };
  channel.addEventListener("message", tell);
  return {
    changed() {
      channel.postMessage("changed");
      // The own screens want to know as well.
      tell();
    },
    onChanged(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

function openWorker(): Port {
  const worker = new Worker(scriptUrl(workerPath), { type: "module", name: "arithmetic" });
  return {
    post: (message) => worker.postMessage(message),
    onMessage: (listener) => worker.addEventListener("message", ({ data }: MessageEvent<FromWorker>) => listener(data)),
    onFailure: (listener) => {
      worker.addEventListener("error", () => {
        worker.terminate();
        listener();
      });
    },
  };
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", done, { once: true });
    function done() {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    }
  });
}
