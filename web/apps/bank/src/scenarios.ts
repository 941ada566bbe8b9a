/** Ways to break it, each through the documented test persons and the service's own controls. */

import { type Link, type Screen, type Transaction, bank, dev } from "./api.ts";

/** What a scenario may do with the page. */
export interface Stage {
  /** Starts a log-in and shows it. */
  logIn(wanted: { documentNumber?: string; screen?: Screen }): Promise<Transaction>;
  /** Waits until a log-in has ended. */
  end(transaction: Transaction): Promise<Transaction>;
  /** Tells what is going on. */
  tell(text: string): void;
  wait(milliseconds: number): Promise<void>;
}

export interface Scenario {
  readonly id: string;
  readonly title: string;
  readonly text: string;
  /** The end that a correct e-service finds. */
  readonly expected: readonly string[];
  readonly needsHttps?: boolean;
  run(stage: Stage): Promise<Transaction>;
}

const REFUSES = "PNOEE-30403039917-MOCK-Q";
const CANCELS = "PNOEE-30403039928-MOCK-Q";
const WRONG_CODE = "PNOEE-30403039972-MOCK-Q";
const IGNORES = "PNOEE-30403039983-MOCK-Q";
const SCANS = "PNOEE-40404040009-MOCK-Q";
const LOCKED = "PNOLT-40504040001-MOCK-Q";
const REVOKED = "PNOLV-329999-99709-MOCK-Q";
const EXPIRED = "PNOEE-50001029996-DEMO-Q";
const NOT_QUALIFIED = "PNOLT-49912318881-MOCK-NQ";

/** More than a session lasts. */
const SESSION = 130;
/** More than a certificate of a test person lasts, in seconds. */
const FOUR_YEARS = 4 * 366 * 86_400;

/** Logs somebody in by notification and waits for the end. */
const ask = (documentNumber: string, screen: Screen = "pin") => async (stage: Stage) =>
  stage.end(await stage.logIn({ documentNumber, screen }));

/** Runs something in another time, and comes back whatever happens. */
async function inTime(seconds: number, run: () => Promise<Transaction>): Promise<Transaction> {
  await dev.advance(seconds);
  try {
    return await run();
  } finally {
    await dev.resetClock();
  }
}

async function link(transaction: Transaction): Promise<Link & { link: string }> {
  const answer = await bank.link(transaction.id);
  if (answer.link === undefined) throw new Error("no code is shown");
  return { ...answer, link: answer.link };
}

export const SCENARIOS: readonly Scenario[] = [
  {
    id: "refuse",
    title: "The person refuses",
    text: "They press Cancel before they have read anything.",
    expected: ["USER_REFUSED"],
    run: ask(REFUSES),
  },
  {
    id: "cancel",
    title: "Cancelled on the PIN screen",
    text: "They read who asks, and press Cancel instead of typing PIN1.",
    expected: ["USER_REFUSED_INTERACTION"],
    run: ask(CANCELS),
  },
  {
    id: "wrong-code",
    title: "The wrong code",
    text: "The phone shows three codes; they choose one that the bank did not show.",
    expected: ["WRONG_VC"],
    run: ask(WRONG_CODE, "codeChoice"),
  },
  {
    id: "timeout",
    title: "Nobody answers",
    text: "The phone lies in a drawer. The clock is moved on, so that you need not wait.",
    expected: ["TIMEOUT"],
    run: async (stage) => {
      const started = await stage.logIn({ documentNumber: IGNORES });
      return inTime(SESSION, () => stage.end(started));
    },
  },
  {
    id: "locked",
    title: "Three wrong PINs",
    text: "They type a wrong PIN until the key is locked. The service counts, the phone cannot.",
    expected: ["DOCUMENT_UNUSABLE", "TIMEOUT"],
    run: async (stage) => {
      await dev.script(LOCKED, "WRONG_PIN");
      try {
        const first = await stage.logIn({ documentNumber: LOCKED });
        stage.tell("Wrong PINs are typed; then the account is asked once more.");
        await stage.wait(2500);
        if ((await bank.transaction(first.id)).state !== "running") return await stage.end(first);
        const again = await stage.logIn({ documentNumber: LOCKED });
        await stage.wait(1000);
        return await inTime(SESSION, () => stage.end(again));
      } finally {
        await dev.unscript(LOCKED);
      }
    },
  },
  {
    id: "revoked",
    title: "The certificate is revoked",
    text: "The phone was stolen, and its owner has called. Until this server starts anew.",
    expected: ["ACCOUNT_NOT_FOUND", "REVOKED", "DOCUMENT_UNUSABLE"],
    run: async (stage) => {
      await dev.revoke(REVOKED);
      return ask(REVOKED)(stage);
    },
  },
  {
    id: "expired",
    title: "The certificate has expired",
    text: "The clock goes four years ahead, and back when it is over.",
    expected: ["UNTRUSTED", "ACCOUNT_NOT_FOUND", "STATUS_UNKNOWN", "DOCUMENT_UNUSABLE"],
    run: (stage) => inTime(FOUR_YEARS, () => ask(EXPIRED)(stage)),
  },
  {
    id: "not-qualified",
    title: "Not a qualified account",
    text: "The bank asks for qualified certificates; this person has only an advanced one.",
    expected: ["NO_SUITABLE_ACCOUNT_FOUND", "ACCOUNT_NOT_FOUND"],
    run: ask(NOT_QUALIFIED),
  },
  {
    id: "unknown",
    title: "Nobody of that number",
    text: "A typing error in the document number.",
    expected: ["ACCOUNT_NOT_FOUND"],
    run: ask("PNOEE-38001085718-NONE-Q"),
  },
  {
    id: "old-code",
    title: "A photographed QR code",
    text: "Somebody sends a picture of the code to a victim, who scans it ten seconds later. It takes that long.",
    expected: ["TIMEOUT"],
    run: async (stage) => {
      const started = await stage.logIn({});
      const { link: old } = await link(started);
      for (let left = 10; left > 0; left -= 1) {
        stage.tell(`The picture travels: ${left} s`);
        await stage.wait(1000);
      }
      await dev.open(SCANS, old, "QR");
      stage.tell("The service ignores the old code; nobody else scans the new one.");
      await stage.wait(1500);
      return inTime(SESSION, () => stage.end(started));
    },
  },
  {
    id: "changed-link",
    title: "A link with one letter changed",
    text: "Somebody changes the link on its way to the phone. Its authentication code no longer fits.",
    expected: ["PROTOCOL_FAILURE"],
    run: async (stage) => {
      const started = await stage.logIn({});
      const { link: good } = await link(started);
      await dev.open(SCANS, good.replace("lang=eng", "lang=est"), "QR");
      return stage.end(started);
    },
  },
  {
    id: "other-browser",
    title: "Another browser comes back",
    text: "A victim approves an attacker's same-device log-in: the callback arrives in the wrong browser.",
    expected: ["CALLBACK_MISSING"],
    needsHttps: true,
    run: async (stage) => {
      const started = await stage.logIn({});
      const { sameDeviceLink } = await link(started);
      if (sameDeviceLink === undefined) throw new Error("there is no same-device link");
      await dev.open(SCANS, sameDeviceLink, "Web2App");
      stage.tell("The bank has sent the other browser away, and waits a minute for its own.");
      return stage.end(started);
    },
  },
];
