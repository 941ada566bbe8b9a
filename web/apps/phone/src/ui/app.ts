/**
 * `<cs-phone>`: the whole app. It holds the engine and the language, decides which screen is up, and lets a request in when the
 * person is not in the middle of something.
 */

import type { AccountId, AccountSummary, Engine, Problem, TransactionRef, Waiting } from "../engine/types.ts";
import { type CountedKey, type Language, type TextKey, Translation, load } from "../i18n/index.ts";
import { button, h } from "@countersign/page/dom";
import type { Start } from "./fragment.ts";
import { icon } from "./icons.ts";
import { problemOf } from "./problems.ts";
import type { Push } from "./push.ts";
import type { Screen } from "./screen.ts";
import { AccountsScreen, ChooseAccountScreen } from "./screens/accounts.ts";
import { ApproveScreen } from "./screens/approve.ts";
import { EnrolFlow } from "./screens/enrol.ts";
import { HomeScreen } from "./screens/home.ts";
import { OutcomeScreen, outcomeOf } from "./screens/outcome.ts";
import { OtherTabScreen, WaitScreen } from "./screens/plain.ts";
import { PinChangeScreen } from "./screens/pin-change.ts";
import { WelcomeScreen } from "./screens/welcome.ts";
import { storeLanguage } from "./settings-store.ts";

/** What the app is put together from. */
export interface Parts {
  readonly engine: Engine;
  readonly translation: Translation;
  readonly version: string;
  /** Notifications, where the engine and the browser have them. */
  readonly push?: Push | null;
}

/** How long a link waits for an account, in ms: no session lasts longer. */
const LINK_LASTS = 180_000;

/** A link that no account of this phone could take, and the accounts that there were. */
interface Later {
  readonly link: string;
  readonly until: number;
  readonly known: ReadonlySet<AccountId>;
}

export class App extends HTMLElement {
  readonly engine: Engine;
  readonly version: string;
  readonly push: Push | null;
  tr: Translation;
  /** The account that is looked at. */
  account: AccountId | null = null;
  waiting: readonly Waiting[] = [];
  connected = true;

  readonly #main = h("main");
  readonly #notices = h("div", { class: "notices" });
  readonly #polite = h("div", { class: "heard", attrs: { role: "status" } });
  readonly #urgent = h("div", { class: "heard", attrs: { role: "alert" } });
  #screen: Screen | null = null;
  /** Decided here already; the service may still list it for a moment. */
  readonly #decided = new Set<string>();
  #update: (() => void) | null = null;
  #unwatch: (() => void) | null = null;
  #entering = 0;
  /** The request that is being fetched, and the screen that it is to follow. */
  #opening: { readonly tx: string; after: Screen | null } | null = null;
  #later: Later | null = null;

  constructor(parts: Parts) {
    super();
    this.engine = parts.engine;
    this.tr = parts.translation;
    this.version = parts.version;
    this.push = parts.push ?? null;
  }

  connectedCallback(): void {
    this.replaceChildren(h("header", null, this.#notices), this.#main, this.#polite, this.#urgent);
    this.#nameLanguage();
  }

  // Words

  readonly t: Translation["t"] = (key: TextKey, ...values) => this.tr.t(key, ...(values as [never]));

  n(key: CountedKey, count: number): string {
    return this.tr.n(key, count);
  }

  async setLanguage(language: Language): Promise<void> {
    this.tr = await load(language);
    storeLanguage(language);
    this.#nameLanguage();
    this.#showNotices();
    this.#screen?.redraw();
    this.#nameScreen();
  }

  #nameLanguage(): void {
    document.documentElement.lang = this.tr.language;
    document.documentElement.dir = "ltr";
  }

  /** For screen readers, when they have time. */
  say(text: string): void {
    this.#polite.textContent = text;
  }

  /** For screen readers, at once; and nothing to look at. */
  alert(text: string): void {
    this.#urgent.textContent = "";
    requestAnimationFrame(() => (this.#urgent.textContent = text));
  }

  // Screens

  get screen(): Screen | null {
    return this.#screen;
  }

  show(screen: Screen): void {
    this.#screen = screen;
    this.#polite.textContent = "";
    this.#main.replaceChildren(screen);
    this.#nameScreen();
    // In a frame only where the person is in it already: not while they type into the page around it.
    if (!this.framed || document.hasFocus()) screen.querySelector<HTMLElement>("h1")?.focus({ preventScroll: true });
  }

  #nameScreen(): void {
    const heading = this.#screen?.querySelector("h1")?.textContent;
    document.title = heading ? `${heading} – ${this.t("appName")}` : this.t("appName");
  }

  /** Whether the app stands inside another page, such as beside the sample bank. */
  get framed(): boolean {
    return window.self !== window.top;
  }

  /** Goes back to the e-service. */
  leaveTo(url: string): void {
    let protocol: string;
    try {
      protocol = new URL(url).protocol;
    } catch {
      return;
    }
    // A callback is a web address. Anything else (`javascript:` above all) is not followed.
    if (protocol !== "https:" && protocol !== "http:") return;
    if (this.framed) window.open(url, "_top");
    else location.assign(url);
  }

  // Start

  /** Starts working: what the address asks for, else what was left open, else home. */
  async enter(start: Start | null): Promise<void> {
    const turn = ++this.#entering;
    this.show(new WaitScreen(this));
    this.#watch();
    let accounts: readonly AccountSummary[];
    try {
      accounts = await this.engine.accounts();
    } catch (error) {
      this.problem(problemOf(error), null, () => void this.enter(start));
      return;
    }
    if (turn !== this.#entering) return;
    this.account ??= (accounts.find((account) => account.status === "READY") ?? accounts[0])?.id ?? null;
    for (const account of accounts) {
      if (account.unsettled && (await this.#settle(account))) return;
    }
    if (turn !== this.#entering) return;
    void this.push?.renew();
    if (start) await this.start(start);
    else await this.home();
  }

  /** What a link asks for; also while the app runs. */
  async start(start: Start): Promise<void> {
    if (start.kind === "ACTIVATE") {
      this.enrol(start.code);
      return;
    }
    const accounts = await this.engine.accounts().catch(() => []);
    if (start.kind === "TX" && accounts.length > 0) await this.#openByName(start.tx, accounts);
    else if (start.kind === "TX") this.show(new WelcomeScreen(this, null));
    else if (accounts.some((account) => account.status === "READY")) await this.claim(start.link);
    else {
      this.#keep(start.link, accounts);
      if (accounts.length === 0) this.show(new WelcomeScreen(this, "link"));
      else await this.home();
    }
  }

  /** Stops working: another tab has taken over. */
  rest(): void {
    this.#entering++;
    this.#unwatch?.();
    this.#unwatch = null;
  }

  /** The page that says that another tab works. */
  restInFavour(take: () => void): void {
    this.rest();
    this.show(new OtherTabScreen(this, take));
  }

  /** What became of a request whose answer never came. True: a screen tells. */
  async #settle(account: AccountSummary): Promise<boolean> {
    try {
      const settled = await this.engine.settle(account.id);
      switch (settled.kind) {
        case "CONFIRMED":
          this.show(
            new OutcomeScreen(this, {
              mood: "good",
              icon: "check",
              title: () => this.t("historyApproved"),
              text: () => this.t("doneLoginText"),
              callback: settled.callback,
            }),
          );
          return true;
        case "PIN_CHANGED":
          this.show(PinChangeScreen.done(this, settled.use));
          return true;
        case "PIN_CHANGE_PROPOSED":
          this.show(new PinChangeScreen(this, account.id, settled.use, true));
          return true;
        case "NOTHING":
        case "NOT_DONE":
        case "KEY_PROVEN":
        case "PIN_RIGHT":
          return false;
      }
    } catch {
      // Without a connection it stays unsettled; whoever asks for the PIN next finishes it.
      return false;
    }
  }

  async home(): Promise<void> {
    const left = this.#screen;
    const accounts = await this.engine.accounts().catch(() => []);
    // A link or a request has come meanwhile, and is shown.
    if (this.#screen !== left) return;
    // From here to the screen nothing can come in between: what is not listed yet will find the screen there.
    const next = this.#undecided();
    if (next) {
      await this.open(next);
      return;
    }
    const current = accounts.find((account) => account.id === this.account) ?? accounts[0];
    if (!current) {
      this.account = null;
      this.show(new WelcomeScreen(this, null));
      return;
    }
    const kept = this.#kept(accounts);
    if (kept) {
      await this.claim(kept.link, kept.account);
    } else if (current.status === "UNFINISHED") {
      this.account = current.id;
      this.show(EnrolFlow.resume(this, current.id));
    } else {
      this.account = current.id;
      this.show(new HomeScreen(this, current));
    }
  }

  /** From an activation code to an account. */
  enrol(code: string): void {
    this.engine.prepare();
    this.show(EnrolFlow.begin(this, code));
  }

  /** The account in use cannot be mended: forget it and start over. */
  async registerAgain(): Promise<void> {
    if (this.account) await this.engine.forget(this.account).catch(() => undefined);
    this.account = null;
    await this.home();
  }

  // Requests

  /** Takes the session behind a link or QR code. */
  async claim(link: string, account?: AccountId): Promise<void> {
    const wait = new WaitScreen(this);
    this.show(wait);
    // A link, a code or another tab may come while this one is asked about: then that is what is shown.
    const replaced = (): boolean => this.#screen !== wait;
    try {
      const claimed = await this.engine.claim(link, account);
      if (replaced()) return;
      if (claimed.kind === "CHOOSE_ACCOUNT") {
        this.show(new ChooseAccountScreen(this, claimed.accounts, (chosen) => void this.claim(link, chosen)));
        return;
      }
      await this.open(claimed.ref);
    } catch (error) {
      const problem = problemOf(error);
      // The right person may have an account here in a minute.
      if (problem.code === "WRONG_PERSON") this.#keep(link, await this.engine.accounts().catch(() => []));
      if (replaced()) return;
      this.#unfetched(problem, () => void this.claim(link, account));
    }
  }

  /** Keeps a link until there is another account; in memory alone, because it holds a secret. */
  #keep(link: string, accounts: readonly AccountSummary[]): void {
    const ready = accounts.filter((account) => account.status === "READY");
    this.#later = { link, until: performance.now() + LINK_LASTS, known: new Set(ready.map((account) => account.id)) };
  }

  /** The link that waited, and the account that has come since. */
  #kept(accounts: readonly AccountSummary[]): { readonly link: string; readonly account: AccountId } | null {
    const later = this.#later;
    if (!later) return null;
    if (performance.now() >= later.until) {
      this.#later = null;
      return null;
    }
    const come = accounts.find((account) => account.status === "READY" && !later.known.has(account.id));
    if (!come) return null;
    this.#later = null;
    return { link: later.link, account: come.id };
  }

  /** The first request that waits for the person. */
  #undecided(): Waiting | undefined {
    return this.waiting.find((one) => !this.#decided.has(one.tx));
  }

  /** Shows a request. */
  async open(ref: TransactionRef): Promise<void> {
    const before = this.#opening;
    if (before?.tx === ref.tx) {
      before.after = this.#screen;
      return;
    }
    const opening = { tx: ref.tx, after: this.#screen };
    this.#opening = opening;
    // Who has gone on to another screen meanwhile is interrupted there. The list tells of a request once: nothing else would
    // show it. Where they cannot be interrupted, the way home leads past it.
    const welcome = () =>
      this.#screen === opening.after || (this.#screen?.interruptible === true && !this.#decided.has(ref.tx));
    try {
      const presented = await this.engine.open(ref);
      if (!welcome()) return;
      this.account = ref.account;
      this.show(new ApproveScreen(this, presented));
    } catch (error) {
      if (!welcome()) return;
      this.decided(ref.tx);
      this.#unfetched(problemOf(error), () => void this.open(ref));
    } finally {
      if (this.#opening === opening) this.#opening = null;
    }
  }

  async #openByName(tx: string, accounts: readonly AccountSummary[]): Promise<void> {
    for (const account of accounts) {
      try {
        const presented = await this.engine.open({ account: account.id, tx });
        this.account = account.id;
        this.show(new ApproveScreen(this, presented));
        return;
      } catch (error) {
        const problem = problemOf(error);
        if (problem.code !== "NOT_FOUND" && problem.code !== "WRONG_PERSON") {
          this.#unfetched(problem, () => void this.#openByName(tx, accounts));
          return;
        }
      }
    }
    this.problem({ code: "NOT_FOUND" }, null);
  }

  /** The screen of a problem with a request that is not here yet. Without a connection it can be tried again. */
  #unfetched(problem: Problem, again: () => void): void {
    this.problem(problem, null, problem.code === "OFFLINE" ? again : undefined);
  }

  /** Not to be shown again by itself. */
  decided(tx: string): void {
    this.#decided.add(tx);
  }

  /** The screen of a problem. */
  problem(problem: Problem, pin: "PIN1" | "PIN2" | null, retry?: () => void): void {
    this.show(new OutcomeScreen(this, outcomeOf(this, problem, pin, retry)));
  }

  #watch(): void {
    this.#unwatch ??= this.engine.watch({
      onTransactions: (waiting) => {
        this.waiting = waiting;
        const next = this.#undecided();
        const screen = this.#screen;
        if (screen instanceof ApproveScreen) screen.listed(waiting);
        else if (next && screen?.interruptible) void this.open(next);
      },
      onConnection: (connected) => {
        if (this.connected === connected) return;
        this.connected = connected;
        this.#showNotices();
        if (this.#screen instanceof HomeScreen) this.#screen.refresh();
      },
      onEnded: (account, problem) => {
        if (account === this.account && this.#screen?.interruptible) this.problem(problem, null);
      },
    });
  }

  // Notices

  /** A new release waits; `start` makes it take over. */
  offerUpdate(start: () => void): void {
    this.#update = start;
    this.#showNotices();
  }

  #showNotices(): void {
    this.#notices.replaceChildren();
    if (!this.connected) {
      this.#notices.append(
        h(
          "p",
          { attrs: { role: "status" } },
          icon("offline"),
          h("span", null, `${this.t("offline")}. ${this.t("offlineText")}`),
        ),
      );
    }
    const update = this.#update;
    if (update) {
      this.#notices.append(
        h(
          "div",
          { attrs: { role: "status" } },
          h("span", null, this.t("updateReady")),
          button(this.t("updateNow"), update, { class: "link" }),
        ),
      );
    }
  }

  accounts(): void {
    this.show(new AccountsScreen(this));
  }
}
