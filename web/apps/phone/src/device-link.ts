/**
 * The page that a device link opens (`/device-link`). Where the phone is enrolled in this browser it goes on to the phone with
 * the whole link, which the phone reads as a raw string; else it explains, in the language that the link asks for.
 */

import "./ui/style.css";
import "./ui/screens.css";
import { LINK_LANGUAGES, WORDS, linkLanguage } from "./i18n/device-link.ts";
import { button, h } from "@countersign/page/dom";
import { icon, mark } from "./ui/icons.ts";
import { applyTheme, storedTheme } from "./ui/settings-store.ts";

/** Where the phone keeps its accounts. */
const DATABASE = "countersign-phone";
const STORE = "accounts";

const PHONE = import.meta.env.BASE_URL;

void run();

async function run(): Promise<void> {
  applyTheme(storedTheme());
  const query = new URLSearchParams(location.search);
  const language = linkLanguage(query.get("lang"), navigator.languages);
  const words = WORDS[language];
  document.documentElement.lang = LINK_LANGUAGES[language];
  const target = `${PHONE}#link=${encodeURIComponent(location.href.split("#")[0] ?? "")}`;
  // Only what a link never lacks is looked at; whether it is right, the service decides.
  if (!query.get("sessionToken") || !query.get("authCode")) {
    show(icon("alert"), words.incomplete, [words.incompleteText], null);
  } else if (await enrolled()) {
    show(
      mark("big"),
      words.opening,
      [],
      button(words.open, () => location.replace(target), { class: "button main" }),
    );
    location.replace(target);
  } else {
    show(
      mark("big"),
      words.notHere,
      [words.notHereText, words.otherDevice],
      // The phone keeps the link while it is set up.
      h("a", { class: "button main", attrs: { href: target } }, words.setUp),
    );
  }
}

function show(picture: SVGElement, heading: string, texts: readonly string[], action: HTMLElement | null): void {
  document.title = `${heading} – Countersign`;
  document.body.replaceChildren(
    h(
      "cs-phone",
      null,
      h(
        "main",
        { class: "screen" },
        h("div", { class: "top" }, h("span", { class: "wordmark" }, mark(), "Countersign")),
        h(
          "div",
          { class: "body" },
          h("div", { class: "hero" }, picture),
          h("h1", null, heading),
          ...texts.map((text) => h("p", { class: "lead" }, text)),
        ),
        h("div", { class: "foot" }, action),
      ),
    ),
  );
}

/** Whether there is an account in this browser. Looks without making a database. */
async function enrolled(): Promise<boolean> {
  try {
    return await new Promise<boolean>((resolve) => {
      const request = indexedDB.open(DATABASE);
      // There was none: leave it so.
      request.onupgradeneeded = () => request.transaction?.abort();
      request.onerror = () => resolve(false);
      request.onblocked = () => resolve(false);
      request.onsuccess = () => {
        const database = request.result;
        const end = (found: boolean) => {
          database.close();
          resolve(found);
        };
        if (!database.objectStoreNames.contains(STORE)) return end(false);
        const count = database.transaction(STORE, "readonly").objectStore(STORE).count();
        count.onsuccess = () => end(count.result > 0);
        count.onerror = () => end(false);
      };
    });
  } catch {
    return false;
  }
}
