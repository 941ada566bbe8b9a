/** What the page says to everybody at once: spoken by screen readers, and errors in a box that can be closed. */

import { Refusal } from "./api.ts";
import { button, h } from "@countersign/page/dom";

const heard = h("div", { class: "heard", attrs: { role: "status" } });
const box = h("div", { class: "error-box", attrs: { role: "alert" } });

/** Where both live. */
export const voice: readonly Node[] = [heard, box];

export function say(text: string): void {
  heard.textContent = text;
}

export function showError(error: unknown): void {
  const text = error instanceof Refusal ? error.message : "The page has made a mistake. Please load it again.";
  if (!(error instanceof Refusal)) console.error(error);
  box.replaceChildren(h("p", null, text), button("Close", () => box.replaceChildren(), { class: "plain" }));
}

export function clearError(): void {
  box.replaceChildren();
}
