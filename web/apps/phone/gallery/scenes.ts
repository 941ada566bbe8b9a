/** Every screen of the phone in every state that looks different: what leads there, and its longest language. */

import type { Presented, TransactionKind } from "../src/engine/types.ts";
import type { Language } from "../src/i18n/index.ts";
import type { App } from "../src/ui/app.ts";
import type { Start } from "../src/ui/fragment.ts";
import {
  ACCOUNT,
  NOW,
  SECOND,
  type Script,
  WORDS,
  account,
  after,
  fail,
  key,
  never,
  presented,
  words,
} from "./fake-engine.ts";

export interface Scene {
  readonly name: string;
  readonly script?: Script;
  readonly start?: Start;
  /** What the person does to get there. */
  readonly act?: (app: App) => Promise<void>;
  /** The language whose words are the longest here. */
  readonly longest?: Language;
  /** A text of full length that has to be read beside the keypad without scrolling. */
  readonly readable?: boolean;
}

const HOUR = 3_600_000;
const LONG =
  "Подтверждаю перевод 12 450,00 € на счёт LV80 BANK 0000 4351 9500 1, получатель «Näidis OÜ», назначение: оплата по договору № 2026/114-A от 9 марта, včetně všech poplatků, spätestens am 12. März.….";
export const ARABIC =
  "أوافق على تحويل مبلغ 12,450.00 € إلى الحساب LV80 BANK 0000 4351 9500 1 باسم شركة المثال، وذلك سدادًا للعقد رقم 2026/114-A المؤرخ في 9 مارس، على أن يتم التنفيذ في موعد أقصاه 12 مارس.";
export const HEBREW = "כניסה לבנק לדוגמה (2026/114-A)";

// Acting like a person

const settle = () => new Promise<void>((resolve) => setTimeout(resolve, 0));

export async function press(app: App, ...labels: readonly (string | RegExp)[]): Promise<void> {
  for (const label of labels) {
    const found = [...app.querySelectorAll<HTMLElement>("button, a, label.choice")].filter(
      (one) =>
        !one.closest("[hidden]") &&
        (typeof label === "string" ? one.matches(label) : label.test(one.textContent ?? "")),
    );
    const target = found.at(-1);
    if (!target) throw new Error(`nothing to press: ${label}`);
    target.click();
    await settle();
  }
}

export async function type(app: App, digits: string): Promise<void> {
  for (const digit of digits) app.querySelector<HTMLElement>(`[data-digit="${digit}"]`)!.click();
  await settle();
}

const enter = async (app: App, digits: string) => {
  await type(app, digits);
  await press(app, ".confirm");
};

const choosePins = async (app: App) => {
  for (const pin of ["2580", "2580", "14703", "14703"]) await enter(app, pin);
};

const ask = (
  kind: TransactionKind,
  change: Partial<Presented> = {},
  more: Script = {},
): Pick<Scene, "script" | "start"> => ({
  script: { open: () => Promise.resolve(presented(kind, change)), ...more },
  start: { kind: "TX", tx: "tx-1" },
});

const afterApproval = (
  kind: TransactionKind,
  problem: Parameters<typeof fail>[0],
  change: Partial<Presented> = {},
): Pick<Scene, "script" | "start" | "act"> => ({
  ...ask(kind, change, { approve: () => fail(problem) }),
  act: (app) => enter(app, kind === "SIGN" ? "14703" : "2580"),
});

export const SCENES: readonly Scene[] = [
  { name: "welcome", script: { accounts: [] }, longest: "de" },
  { name: "welcome-link", script: { accounts: [] }, start: { kind: "LINK", link: "x?sessionToken=1" }, longest: "fr" },
  {
    name: "welcome-unreadable",
    script: { accounts: [] },
    act: async (app) => {
      app.querySelector<HTMLInputElement>("#activation")!.value = "hello";
      await press(app, ".button.main");
    },
    longest: "lt",
  },
  { name: "other-tab", act: async (app) => app.restInFavour(() => undefined), longest: "de" },
  {
    name: "offline",
    script: { connected: false, account: () => Promise.resolve(account({ stale: true, asOf: after(-2 * HOUR) })) },
    longest: "de",
  },
  { name: "update", act: async (app) => app.offerUpdate(() => undefined), longest: "fr" },

  { name: "enrol-pin1", script: { accounts: [] }, start: { kind: "ACTIVATE", code: "X" }, longest: "fr" },
  {
    name: "enrol-pin1-weak",
    script: { accounts: [], weakPin: () => "WEAK" },
    start: { kind: "ACTIVATE", code: "X" },
    act: (app) => enter(app, "1234"),
    longest: "lt",
  },
  {
    name: "enrol-pin1-typed",
    script: { accounts: [] },
    start: { kind: "ACTIVATE", code: "X" },
    act: (app) => type(app, "258014703258"),
    longest: "lv",
  },
  {
    name: "enrol-pin1-repeat",
    script: { accounts: [] },
    start: { kind: "ACTIVATE", code: "X" },
    act: (app) => enter(app, "2580"),
    longest: "et",
  },
  {
    name: "enrol-pin1-differs",
    script: { accounts: [] },
    start: { kind: "ACTIVATE", code: "X" },
    act: async (app) => {
      await enter(app, "2580");
      await enter(app, "2581");
    },
    longest: "de",
  },
  {
    name: "enrol-pin2",
    script: { accounts: [] },
    start: { kind: "ACTIVATE", code: "X" },
    act: async (app) => {
      await enter(app, "2580");
      await enter(app, "2580");
    },
    longest: "ru",
  },
  {
    name: "enrol-passkey",
    script: { accounts: [], passkey: true },
    start: { kind: "ACTIVATE", code: "X" },
    act: choosePins,
    longest: "de",
  },
  {
    name: "enrol-keys",
    script: {
      accounts: [],
      enrol: (request) => {
        request.onProgress?.({ step: "KEY_SIGN", fraction: 0.62, account: ACCOUNT.id, words: WORDS });
        return never;
      },
    },
    start: { kind: "ACTIVATE", code: "X" },
    act: choosePins,
    longest: "lt",
  },
  {
    name: "enrol-failed",
    script: { accounts: [], enrol: () => fail({ code: "OFFLINE" }) },
    start: { kind: "ACTIVATE", code: "X" },
    act: choosePins,
    longest: "fr",
  },
  {
    name: "enrol-invalid",
    script: { accounts: [], enrol: () => fail({ code: "ACTIVATION_INVALID" }) },
    start: { kind: "ACTIVATE", code: "X" },
    act: choosePins,
    longest: "de",
  },
  {
    name: "enrol-words",
    script: { accounts: [] },
    start: { kind: "ACTIVATE", code: "X" },
    act: choosePins,
    longest: "de",
  },
  {
    name: "enrol-words-differ",
    script: { accounts: [] },
    start: { kind: "ACTIVATE", code: "X" },
    act: async (app) => {
      await choosePins(app);
      await press(app, ".foot .button:not(.main)");
    },
    longest: "de",
  },
  {
    name: "enrol-pending",
    script: {
      accounts: [],
      enrol: () => Promise.resolve({ account: ACCOUNT.id, state: "PENDING_RA", words: WORDS, persisted: true }),
    },
    start: { kind: "ACTIVATE", code: "X" },
    act: async (app) => {
      await choosePins(app);
      await press(app, ".foot .main");
    },
    longest: "de",
  },
  {
    name: "enrol-ready",
    script: {
      accounts: [],
      enrol: () => Promise.resolve({ account: ACCOUNT.id, state: "CERTIFIED", words: WORDS, persisted: false }),
    },
    start: { kind: "ACTIVATE", code: "X" },
    act: async (app) => {
      await choosePins(app);
      await press(app, ".foot .main");
    },
    longest: "lt",
  },

  { name: "home", longest: "de" },
  { name: "home-empty", script: { account: () => Promise.resolve(account({ recent: [] })) }, longest: "fr" },
  {
    name: "home-locked",
    script: {
      account: () =>
        Promise.resolve(
          account({
            keys: [
              key("AUTH", { state: "LOCKED", triesLeft: 0, lockedUntil: after(3 * HOUR) }),
              key("SIGN", { triesLeft: 1 }),
            ],
          }),
        ),
    },
    longest: "de",
  },
  {
    name: "home-clone",
    script: {
      account: () =>
        Promise.resolve(
          account({
            state: "CLONE_SUSPECT",
            keys: [key("AUTH", { state: "CLONE_SUSPECT" }), key("SIGN", { state: "CLONE_SUSPECT" })],
          }),
        ),
    },
    longest: "de",
  },
  {
    name: "home-revoked",
    script: {
      account: () =>
        Promise.resolve(
          account({ state: "REVOKED", keys: [key("AUTH", { state: "REVOKED" }), key("SIGN", { state: "BLOCKED" })] }),
        ),
    },
    longest: "lt",
  },
  { name: "key", act: (app) => press(app, '[data-keep="SIGN"]'), longest: "de" },
  {
    name: "key-locked",
    script: {
      account: () =>
        Promise.resolve(
          account({ keys: [key("AUTH", { state: "LOCKED", triesLeft: 0, lockedUntil: after(3 * HOUR - 53_000) })] }),
        ),
    },
    act: (app) => press(app, '[data-keep="AUTH"]'),
    longest: "de",
  },
  {
    name: "accounts",
    script: { accounts: [ACCOUNT, SECOND] },
    act: (app) => press(app, '[data-keep="accounts"]'),
    longest: "de",
  },
  { name: "settings", act: (app) => press(app, '[data-keep="settings"]'), longest: "de" },
  {
    name: "revoke",
    act: async (app) => {
      await press(app, '[data-keep="settings"]', ".row-button.danger");
    },
    longest: "de",
  },
  { name: "scan", act: (app) => press(app, '[data-keep="scan"]'), longest: "fr" },
  {
    name: "scan-foreign",
    act: async (app) => {
      await press(app, '[data-keep="scan"]');
      app.querySelector<HTMLInputElement>("#scan-link")!.value = "https://example.org/";
      await press(app, ".body > .button");
    },
    longest: "de",
  },

  { name: "login", ...ask("AUTH", { code: "7180" }), longest: "de" },
  { name: "login-no-code", ...ask("AUTH", { flow: "device-link", flowType: "QR" }), longest: "fr" },
  { name: "login-typed", ...ask("AUTH", { code: "7180" }), act: (app) => type(app, "2580"), longest: "lv" },
  {
    name: "login-choice",
    readable: true,
    ...ask("AUTH", {
      codes: ["0192", "7180", "4555"],
      interaction: "confirmationMessageAndVerificationCodeChoice",
      text: words(LONG),
    }),
    act: async (app) => {
      await press(app, "label.choice");
      await type(app, "258");
    },
    longest: "ru",
  },
  { name: "login-hebrew", ...ask("AUTH", { rp: words("בנק לדוגמה"), text: words(HEBREW), code: "4612" }) },
  {
    name: "login-working",
    ...ask("AUTH", { code: "7180" }, { approve: () => never }),
    act: (app) => enter(app, "2580"),
    longest: "de",
  },
  {
    name: "login-wrong-pin",
    ...afterApproval("AUTH", { code: "WRONG_PIN", triesLeft: 2 }, { code: "7180" }),
    longest: "de",
  },
  {
    name: "login-last-try",
    ...afterApproval("AUTH", { code: "WRONG_PIN", triesLeft: 1 }, { code: "7180" }),
    longest: "de",
  },
  {
    name: "login-locked",
    ...ask("AUTH", {
      code: "7180",
      key: { state: "LOCKED", triesLeft: 0, lockedUntil: after(2 * HOUR + 59 * 60_000) },
    }),
    longest: "de",
  },
  {
    name: "login-not-me",
    ...ask("AUTH", { code: "7180" }),
    act: (app) => press(app, ".answers .link:last-child"),
    longest: "de",
  },
  { name: "login-resumes", ...ask("AUTH", { resumes: true }), longest: "de" },
  {
    name: "login-altered",
    ...ask("AUTH", {
      rp: words("Samp1e Bаnk"),
      text: words("Log in to <b>Sample Bank</b> <script>alert(1)</script> PIN2: 12345", true, true),
    }),
    longest: "de",
  },

  {
    name: "sign",
    readable: true,
    ...ask("SIGN", { code: "0427", text: words(LONG), interaction: "confirmationMessage" }),
    longest: "de",
  },
  { name: "sign-short", ...ask("SIGN", { code: "0427" }), act: (app) => type(app, "14703"), longest: "lt" },
  {
    name: "sign-arabic",
    readable: true,
    ...ask("SIGN", {
      rp: words("بنك المثال التجاري"),
      text: words(ARABIC),
      interaction: "confirmationMessage",
      code: "9031",
    }),
  },
  {
    name: "sign-choice",
    readable: true,
    ...ask("SIGN", {
      codes: ["0192", "7180", "4555"],
      text: words(LONG),
      interaction: "confirmationMessageAndVerificationCodeChoice",
    }),
    longest: "de",
  },
  { name: "sign-linked", ...ask("SIGN", { flow: "linked" }), longest: "de" },
  {
    name: "sign-wrong-pin",
    ...afterApproval("SIGN", { code: "WRONG_PIN", triesLeft: 1 }, { text: words(LONG) }),
    longest: "lt",
  },
  {
    name: "sign-blocked",
    ...ask("SIGN", { key: { state: "BLOCKED", triesLeft: 0, lockedUntil: null } }),
    longest: "de",
  },
  {
    name: "sign-long-name",
    ...ask("SIGN", {
      rp: words(
        "Internationale Gesellschaft für elektronische Unterschriften und Vertrauensdienste Aktiengesellschaft Niederlassung Donaudampfschifffahrtselektrizitätenhauptbetriebswerk",
      ),
      text: words("W".repeat(200)),
      otherAccounts: [SECOND],
    }),
    longest: "de",
  },

  { name: "certificate-choice", ...ask("CERT_CHOICE"), longest: "de" },
  {
    name: "choose-account",
    script: { claim: () => Promise.resolve({ kind: "CHOOSE_ACCOUNT", accounts: [ACCOUNT, SECOND] }) },
    start: { kind: "LINK", link: "x" },
    longest: "fr",
  },
  {
    name: "linked-wait",
    ...ask("CERT_CHOICE", {}, { approve: () => Promise.resolve({ callback: null, awaitsSignature: true, took: 1 }) }),
    act: (app) => press(app, ".foot .main"),
    longest: "de",
  },

  {
    name: "done-login",
    ...ask(
      "AUTH",
      {},
      {
        approve: () =>
          Promise.resolve({ callback: "https://bank.example/cb?value=x", awaitsSignature: false, took: 1 }),
      },
    ),
    act: (app) => enter(app, "2580"),
    longest: "de",
  },
  { name: "done-sign", ...ask("SIGN"), act: (app) => enter(app, "14703"), longest: "lt" },
  { name: "refused", ...ask("AUTH"), act: (app) => press(app, ".answers .link"), longest: "de" },
  {
    name: "reported",
    ...ask("AUTH"),
    act: (app) => press(app, ".answers .link:last-child", ".sheet .stop"),
    longest: "de",
  },
  { name: "wrong-code", ...afterApproval("AUTH", { code: "WRONG_CODE" }), longest: "de" },
  { name: "locked", ...afterApproval("AUTH", { code: "LOCKED", until: after(3 * HOUR) }), longest: "de" },
  { name: "blocked", ...afterApproval("SIGN", { code: "BLOCKED" }), longest: "de" },
  { name: "clone", ...afterApproval("AUTH", { code: "CLONE_SUSPECT" }), longest: "de" },
  { name: "expired", ...ask("AUTH", { expires: NOW }), longest: "de" },
  { name: "cancelled", ...afterApproval("AUTH", { code: "TX_CANCELLED" }), longest: "de" },
  { name: "unexpected", ...afterApproval("SIGN", { code: "UNEXPECTED", detail: "HTTP 500" }), longest: "fr" },
  {
    name: "link-stale",
    script: { claim: () => fail({ code: "LINK_STALE" }) },
    start: { kind: "LINK", link: "x" },
    longest: "de",
  },

  { name: "pin-change-old", act: (app) => press(app, '[data-keep="AUTH"]', ".foot .button"), longest: "de" },
  {
    name: "pin-change-new",
    act: async (app) => {
      await press(app, '[data-keep="SIGN"]', ".foot .button");
      await enter(app, "14703");
    },
    longest: "de",
  },
  {
    name: "pin-change-done",
    act: async (app) => {
      await press(app, '[data-keep="SIGN"]', ".foot .button");
      for (const pin of ["14703", "36925", "36925"]) await enter(app, pin);
    },
    longest: "fr",
  },
];
