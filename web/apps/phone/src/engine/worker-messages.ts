/** Calls of the arithmetic as messages to its thread, and back. */

import type { Arithmetic } from "./arithmetic.ts";

type Method = keyof Arithmetic;

export interface ToWorker {
  readonly call: number;
  readonly method: Method;
  readonly args: readonly unknown[];
}

export type FromWorker =
  | { readonly call: number; readonly result: unknown }
  | { readonly call: number; readonly error: string };

/** What the thread answers to a message. */
export async function answer(arithmetic: Arithmetic, { call, method, args }: ToWorker): Promise<FromWorker> {
  try {
    const run = arithmetic[method] as (...args: unknown[]) => Promise<unknown>;
    return { call, result: await run.apply(arithmetic, [...args]) };
  } catch (error) {
    // The name only: a message could hold what it was about.
    return { call, error: error instanceof Error ? error.name : "unknown" };
  }
}

/** A port to the thread: of a worker, or of a test. */
export interface Port {
  post(message: ToWorker): void;
  onMessage(listener: (message: FromWorker) => void): void;
  onFailure(listener: () => void): void;
}

/** The arithmetic behind a port. */
export function remoteArithmetic(open: () => Port): Arithmetic {
  const waiting = new Map<number, { resolve(value: never): void; reject(error: Error): void }>();
  let port: Port | null = null;
  let last = 0;
  const connected = (): Port => {
    if (port) return port;
    const opened = open();
    opened.onMessage((message) => {
      const caller = waiting.get(message.call);
      waiting.delete(message.call);
      if ("error" in message) caller?.reject(new Error(`the arithmetic failed: ${message.error}`));
      else caller?.resolve(message.result as never);
    });
    opened.onFailure(() => {
      for (const { reject } of waiting.values()) reject(new Error("the arithmetic's thread failed"));
      waiting.clear();
      port = null;
    });
    return port = opened;
  };
  const method = <M extends Method>(name: M): Arithmetic[M] => ((...args: readonly unknown[]) =>
    new Promise((resolve, reject) => {
      const call = ++last;
      waiting.set(call, { resolve, reject });
      connected().post({ call, method: name, args });
    })) as unknown as Arithmetic[M];
  return {
    makeKey: method("makeKey"),
    sealShare: method("sealShare"),
    maskKey: method("maskKey"),
    sign: method("sign"),
    refresh: method("refresh"),
  };
}
