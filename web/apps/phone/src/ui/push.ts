/** Notifications of this browser: one subscription, told to the service for each account of the phone. */

import type { AccountSummary, Engine, WakeUpAddress } from "../engine/types.ts";

export interface Push {
  /** `NONE`: not possible here, or the service sends none; `DENIED`: forbidden in the browser's settings. */
  state(): Promise<"ON" | "OFF" | "DENIED" | "NONE">;
  /** After a click: asks for permission and subscribes. */
  turnOn(): Promise<void>;
  turnOff(): Promise<void>;
  /** Tells the service again where they are on: the browser may have got another address, the phone another account. */
  renew(): Promise<void>;
}

/** Null where the browser has none. */
export function browserPush(engine: Engine): Push | null {
  if (!("serviceWorker" in navigator) || !("PushManager" in globalThis) || !("Notification" in globalThis)) return null;
  const accounts = async (): Promise<AccountSummary[]> =>
    (await engine.accounts()).filter((account) => account.status === "READY");
  const registration = () => navigator.serviceWorker.getRegistration(import.meta.env.BASE_URL);
  const subscription = async () => (await (await registration())?.pushManager.getSubscription()) ?? null;
  const tell = async (address: WakeUpAddress | null): Promise<void> => {
    for (const account of await accounts()) await engine.wakeUpAt(account.id, address);
  };
  return {
    async state() {
      const [account] = await accounts();
      if (!account || !(await registration())) return "NONE";
      if (Notification.permission === "denied") return "DENIED";
      if ((await subscription()) && Notification.permission === "granted") return "ON";
      return (await engine.pushKey(account.id)) === null ? "NONE" : "OFF";
    },
    async turnOn() {
      const [account] = await accounts();
      const manager = (await registration())?.pushManager;
      if (!account || !manager || (await Notification.requestPermission()) !== "granted") return;
      const applicationServerKey = await engine.pushKey(account.id);
      if (!applicationServerKey) return;
      await tell(addressOf(await manager.subscribe({ userVisibleOnly: true, applicationServerKey })));
    },
    async turnOff() {
      await tell(null);
      await (await subscription())?.unsubscribe();
    },
    async renew() {
      try {
        const present = await subscription();
        if (present) await tell(addressOf(present));
      } catch {
        // Without a connection: the next start tries again.
      }
    },
  };
}

function addressOf(subscription: PushSubscription): WakeUpAddress {
  const { endpoint, keys } = subscription.toJSON();
  return { endpoint: endpoint ?? "", keys: { p256dh: keys?.["p256dh"] ?? "", auth: keys?.["auth"] ?? "" } };
}
