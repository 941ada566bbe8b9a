/** The long poll over all accounts, as long as somebody looks. */

import { displayable, LIMITS } from "./displayable.ts";
import type { DeviceApi } from "./device-api.ts";
import type { Environment } from "./environment.ts";
import type { ServiceClock } from "./service-clock.ts";
import { proofKey } from "./session.ts";
import { type AccountId, PhoneError, type Problem, type Waiting, type Watcher } from "./types.ts";
import type { AccountRecord } from "./vault.ts";
import type { TransactionHint } from "./wire.ts";

/** How long one poll waits for something to come, in seconds. */
const WAIT = 25;
/** While something is open the service answers at once; so often the phone looks whether it still is, in ms. */
const LOOK_AGAIN = 1_500;
/** Pauses after polls without an answer, in ms. */
const BACK_OFF = [500, 1_000, 2_000, 4_000, 8_000];

export function watch(
  environment: Environment, apiOf: (id: AccountId) => DeviceApi, clock: ServiceClock, watcher: Watcher,
  onEnded: (id: AccountId) => Promise<void>,
): () => void {
  const stop = new AbortController();
  const polls = new Map<AccountId, AbortController>();
  const waiting = new Map<AccountId, readonly Waiting[]>();
  let told = "";
  let connected: boolean | null = null;

  const tell = () => {
    const all = [...waiting.values()].flat().sort((a, b) => a.expires.getTime() - b.expires.getTime());
    const now = JSON.stringify(all.map(({ account, tx }) => [account, tx]));
    if (now === told) return;
    told = now;
    watcher.onTransactions(all);
  };
  const connection = (now: boolean) => {
    if (connected === now) return;
    connected = now;
    watcher.onConnection?.(now);
  };
  const ended = async (id: AccountId, problem: Problem) => {
    waiting.delete(id);
    tell();
    await onEnded(id);
    watcher.onEnded?.(id, problem);
  };

  const poll = async (record: AccountRecord, signal: AbortSignal): Promise<void> => {
    let failures = 0;
    let open = 0;
    while (!signal.aborted) {
      try {
        const path = `/transactions?wait=${open > 0 || connected !== true ? 0 : WAIT}`;
        const { transactions } = await apiOf(record.id).get<{ transactions: readonly TransactionHint[] }>(
          proofKey(record), path, signal);
        if (signal.aborted) return;
        failures = 0;
        open = transactions.length;
        connection(true);
        waiting.set(record.id, transactions.map((hint) => waitingOf(record.id, hint, clock)));
        tell();
        if (open > 0) await environment.pause(LOOK_AGAIN, signal);
      } catch (error) {
        if (signal.aborted) return;
        const problem = error instanceof PhoneError ? error.problem : null;
        if (problem?.code === "UNKNOWN_DEVICE" || problem?.code === "CLONE_SUSPECT") return ended(record.id, problem);
        if (problem?.code !== "BUSY") connection(false);
        await environment.pause(BACK_OFF[Math.min(failures++, BACK_OFF.length - 1)]!, signal);
      }
    }
  };

  /** Begins polls of accounts that have none, and ends those of accounts that are gone. */
  const arrange = async () => {
    const visible = environment.visibility.visible() && !stop.signal.aborted;
    const records = visible ? await environment.vault.list().catch(() => []) : [];
    const usable = records.filter((record) => record.activated && !record.ended);
    for (const [id, controller] of polls) {
      if (usable.some((record) => record.id === id)) continue;
      controller.abort();
      polls.delete(id);
      if (visible) waiting.delete(id);
    }
    for (const record of stop.signal.aborted ? [] : usable) {
      if (polls.has(record.id)) continue;
      const controller = new AbortController();
      polls.set(record.id, controller);
      void poll(record, controller.signal).finally(() => {
        if (polls.get(record.id) === controller) polls.delete(record.id);
      });
    }
    if (visible) tell();
  };

  const endings = [
    environment.visibility.onChange(() => void arrange()),
    environment.signals.onChanged(() => void arrange()),
  ];
  void arrange();
  return () => {
    stop.abort();
    for (const end of endings) end();
    for (const controller of polls.values()) controller.abort();
    polls.clear();
  };
}

const waitingOf = (account: AccountId, hint: TransactionHint, clock: ServiceClock): Waiting => ({
  account, tx: hint.tx, kind: hint.kind, rp: displayable(hint.rp.name, LIMITS.rpName), expires: clock.local(hint.expires),
});
