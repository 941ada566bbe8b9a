/**
 * `<cs-stranger>`: the words of somebody else, in a box that they cannot leave.
 *
 * The engine has taken out what is invisible or turns direction; here they are text in a `<bdi>`, never markup, with a label of
 * ours outside. The style sheet contains the box (`contain: content`), so nothing drawn inside reaches over its edge.
 */

import type { DisplayText } from "../engine/types.ts";
import { h, setAttributes } from "@countersign/page/dom";

/** A name of more characters is set smaller. */
const LONG = 48;

export class Stranger extends HTMLElement {
  constructor(
    private readonly words: DisplayText,
    private readonly look: "name" | "text",
    private readonly label: string | null = null,
  ) {
    super();
  }

  connectedCallback(): void {
    this.className = this.words.text.length > LONG ? `${this.look} long` : this.look;
    const bdi = h("bdi", { attrs: { dir: "auto" } });
    bdi.textContent = this.words.text;
    this.replaceChildren(bdi);
    // More than fits is shaded at its edge, and can be scrolled by keyboard too.
    const watch = new ResizeObserver(() => {
      const scrolls = bdi.scrollHeight > bdi.clientHeight + 1;
      this.classList.toggle("scrolls", scrolls);
      setAttributes(bdi, {
        tabindex: scrolls ? 0 : undefined,
        role: scrolls ? "group" : undefined,
        "aria-label": scrolls ? (this.label ?? undefined) : undefined,
      });
    });
    watch.observe(bdi);
  }
}
