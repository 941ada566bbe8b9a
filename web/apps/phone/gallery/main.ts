/** The gallery's page: plays one scene after another, as the checks ask for them. */

import "../src/ui/style.css";
import "../src/ui/approve.css";
import "../src/ui/screens.css";
import { type Language, load } from "../src/i18n/index.ts";
import { App } from "../src/ui/app.ts";
import { registerElements } from "../src/ui/elements.ts";
import { LIMITS, displayable } from "../src/engine/displayable.ts";
import { FakeEngine, NOW, presented, words as plain } from "./fake-engine.ts";
import { SCENES } from "./scenes.ts";

declare global {
  interface Window {
    scenes: readonly { name: string; longest: Language; readable: boolean }[];
    play(name: string, language: Language): Promise<void>;
    /** A request with these words of a stranger; `safe`: after the engine's own filter. */
    ask(kind: "AUTH" | "SIGN", place: "text" | "rp", words: string, safe: boolean): Promise<void>;
    engine: FakeEngine;
    app: App;
  }
}

// The time stands still.
const RealDate = Date;
globalThis.Date = class extends RealDate {
  constructor(...parts: []) {
    // Without arguments: now.
    super(...((parts.length === 0 ? [NOW.getTime()] : parts) as []));
  }
  static override now = () => NOW.getTime();
} as DateConstructor;
// Nothing moves: a picture does not depend on when it is taken.
const stillness = new CSSStyleSheet();
stillness.replaceSync("*, *::before, *::after { animation: none !important; transition: none !important; }");
document.adoptedStyleSheets = [stillness];
registerElements();

window.scenes = SCENES.map(({ name, longest, readable }) => ({
  name,
  longest: longest ?? "en",
  readable: readable ?? false,
}));

window.play = async (name, language) => {
  const scene = SCENES.find((one) => one.name === name);
  if (!scene) throw new Error(`no scene ${name}`);
  window.app?.rest();
  const engine = new FakeEngine(scene.script);
  const app = new App({
    engine,
    translation: await load(language),
    version: "0.1.0",
    push: {
      state: () => Promise.resolve("OFF"),
      turnOn: () => Promise.resolve(),
      turnOff: () => Promise.resolve(),
      renew: () => Promise.resolve(),
    },
  });
  window.engine = engine;
  window.app = app;
  app.leaveTo = () => undefined;
  document.body.replaceChildren(app);
  await app.enter(scene.start ?? null);
  await new Promise((resolve) => setTimeout(resolve, 5));
  await scene.act?.(app);
  await still();
};

window.ask = async (kind, place, words, safe) => {
  window.app?.rest();
  const limit = place === "rp" ? LIMITS.rpName : LIMITS.displayText200;
  const shown = safe ? displayable(words, limit) : plain(words);
  const open = () => Promise.resolve(presented(kind, { code: "7180", [place]: shown }));
  const app = new App({ engine: new FakeEngine({ open }), translation: await load("en"), version: "0.1.0" });
  window.app = app;
  document.body.replaceChildren(app);
  await app.enter({ kind: "TX", tx: "tx-1" });
  await still();
};

const wish = new URLSearchParams(location.search);
const name = wish.get("scene");
if (name) void window.play(name, (wish.get("lang") ?? "en") as Language);

/** When everything has its place. */
async function still(): Promise<void> {
  await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
}
