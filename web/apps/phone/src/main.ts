/** The start of the app: language and theme, the engine, the lock between tabs, the service worker. */

import "./ui/style.css";
import "./ui/approve.css";
import "./ui/screens.css";
import { choose, load } from "./i18n/index.ts";
import { App } from "./ui/app.ts";
import { registerElements } from "./ui/elements.ts";
import { takeFragment } from "./ui/fragment.ts";
import { browserPush } from "./ui/push.ts";
import { keepOffline } from "./ui/offline.ts";
import { applyTheme, storedLanguage, storedTheme } from "./ui/settings-store.ts";
import { holdScreen } from "./ui/single-tab.ts";

void run();

async function run(): Promise<void> {
  // First of all: what the address holds does not stay there.
  let start = takeFragment();
  applyTheme(storedTheme());
  const wish = new URLSearchParams(location.search).get("lang");
  const [translation, { createEngine }] = await Promise.all([
    load(choose([storedLanguage(), wish, ...navigator.languages])),
    import("./engine/index.ts"),
  ]);
  registerElements();
  const engine = createEngine();
  const app = new App({
    engine,
    translation,
    version: import.meta.env["VITE_VERSION"] ?? "0.1.0",
    push: browserPush(engine),
  });
  document.body.replaceChildren(app);
  const hold = holdScreen((held) => {
    if (held) {
      void app.enter(start);
      start = null;
    } else app.restInFavour(() => hold.take());
  }, start !== null);
  addEventListener("hashchange", () => {
    const next = takeFragment();
    if (!next) return;
    if (hold.held) void app.start(next);
    else {
      start = next;
      hold.take();
    }
  });
  keepOffline(app);
}
