/** The page `/status`: the elements of the registration, with a token for this page and one language at a time. */

import "./style.css";
import { LANGUAGES, pickLanguage, REGISTRATION_EVENTS, type Language } from "@countersign/elements";
import "@countersign/elements/register";
import { fill, h } from "@countersign/page/dom";
import { languagePicker, pageHead } from "@countersign/page/head";
import { isFresh, listenerOf, readAddress, readToken, withoutFragment, type Token } from "./page.ts";
import { FRAME_TEXTS } from "./texts.ts";

const asked = readAddress(location.href);
// A number does not stay in the address, nor in the history.
if (location.hash) history.replaceState(null, "", withoutFragment(location.href));

let token: Token | null = null;

/** Gets a token for this page from the service. */
async function getToken(): Promise<Token> {
  const query = asked.client === null ? "" : `?client=${encodeURIComponent(asked.client)}`;
  const answer = await fetch(`/status/token${query}`, { method: "POST", cache: "no-store" });
  if (!answer.ok) throw new TypeError(`no token: HTTP status ${answer.status}`);
  return readToken(await answer.json(), performance.now());
}

async function tokenNow(refused: boolean): Promise<string> {
  if (refused || token === null || !isFresh(token, performance.now())) token = await getToken();
  return token.token;
}

const language = pickLanguage([asked.lang, ...navigator.languages]);

const title = h("h1", null);
const footer = h("footer", null);
const stage = h("main", { id: "main", attrs: { tabindex: -1 } });
const skip = document.createTextNode("");
const picker = languagePicker(LANGUAGES, (tag) => {
  speak(tag);
  stage.querySelector("countersign-registration")?.setAttribute("lang", tag);
});

function speak(tag: Language): void {
  const texts = FRAME_TEXTS[tag];
  document.documentElement.lang = tag;
  document.title = `${texts.title} · Countersign`;
  title.textContent = texts.title;
  skip.data = texts.skip;
  footer.textContent = texts.footer;
  picker.value = tag;
  picker.setAttribute("aria-label", texts.language);
}

/** Tells the page that has opened this one, or shows it, what happens: that page alone. */
function tell(message: object): void {
  const to = listenerOf(asked.origin, token?.origins ?? []);
  const around = asked.isFrame ? parent : (opener as Window | null);
  if (to !== null && around && around !== window) around.postMessage(message, to);
}

function registration(): HTMLElement {
  const element = document.createElement("countersign-registration");
  element.tokenSource = tokenNow;
  element.setAttribute("require-tc", "");
  if (asked.msisdn !== null) element.setAttribute("msisdn", asked.msisdn);
  for (const name of REGISTRATION_EVENTS) {
    element.addEventListener(name, (event) => tell({ type: "countersign-event", name, detail: event.detail }));
  }
  return element;
}

async function begin(): Promise<void> {
  try {
    token = await getToken();
  } catch (error) {
    console.error(error);
    const texts = FRAME_TEXTS[picker.value as Language];
    fill(stage, asked.isFrame ? null : title, h("div", { class: "card", attrs: { role: "alert" } }, texts.unavailable));
    return;
  }
  if (token.themeCss !== null) document.head.append(h("link", { attrs: { rel: "stylesheet", href: token.themeCss } }));
  fill(stage, asked.isFrame ? null : title, registration());
}

speak(language);

if (asked.isFrame) {
  document.body.className = "embed";
  document.body.append(stage);
  new ResizeObserver(() => tell({ type: "countersign-height", height: document.body.scrollHeight })).observe(document.body);
} else {
  document.body.append(pageHead({ skip, brand: "Countersign" }, picker), stage, footer);
}
void begin();
