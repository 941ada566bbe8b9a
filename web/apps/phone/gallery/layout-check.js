/**
 * Looks at the laid-out page and lists what is wrong with it. Runs inside the page.
 *
 * - nothing is wider than the phone; nothing scrolls sideways;
 * - no text is cut by a box that does not scroll;
 * - no two things lie on each other;
 * - everything that can be touched is at least 44 × 44 pixels.
 */

globalThis.checkLayout = function checkLayout() {
  const faults = [];
  const slack = 1.5;
  const app = document.querySelector("cs-phone");
  const frame = app.getBoundingClientRect();
  const name = (element) => {
    const words = (element.textContent ?? "").trim().replace(/\s+/g, " ").slice(0, 40);
    const look =
      typeof element.className === "string" && element.className
        ? `.${element.className.trim().replace(/\s+/g, ".")}`
        : "";
    return `${element.localName}${look} "${words}"`;
  };
  const style = (element) => getComputedStyle(element);
  const hidden = (element) =>
    element.closest(".heard, [hidden], option, svg *") !== null ||
    style(element).clipPath === "inset(50%)" ||
    !element.checkVisibility({ opacityProperty: true, visibilityProperty: true });
  const scrolls = (value) => value === "auto" || value === "scroll";
  /** What can be seen of an element: its box within every box that cuts it. Second: whether something that does not scroll cut it. */
  const seen = (element) => {
    let { left, top, right, bottom } = element.getBoundingClientRect();
    let cut = null;
    for (
      let parent = element.parentElement;
      parent && parent !== document.documentElement;
      parent = parent.parentElement
    ) {
      const { overflowX, overflowY, contain } = style(parent);
      const contained = contain.includes("content") || contain.includes("paint") || contain.includes("strict");
      const box = parent.getBoundingClientRect();
      if (overflowX !== "visible" || contained) {
        if (!scrolls(overflowX) && (left < box.left - slack || right > box.right + slack)) cut ??= parent;
        left = Math.max(left, box.left);
        right = Math.min(right, box.right);
      }
      if (overflowY !== "visible" || contained) {
        if (!scrolls(overflowY) && (top < box.top - slack || bottom > box.bottom + slack)) cut ??= parent;
        top = Math.max(top, box.top);
        bottom = Math.min(bottom, box.bottom);
      }
    }
    return { left, top, right, bottom, cut };
  };
  const dialog = document.querySelector("dialog[open]");
  const root = dialog ?? app;
  if (document.documentElement.scrollWidth > innerWidth + 0.5)
    faults.push(`the page scrolls sideways: ${document.documentElement.scrollWidth} > ${innerWidth}`);
  if (document.documentElement.scrollHeight > innerHeight + 0.5)
    faults.push(`the page is higher than the window: ${document.documentElement.scrollHeight} > ${innerHeight}`);

  const leaves = [];
  for (const element of root.querySelectorAll("*")) {
    if (hidden(element)) continue;
    const box = element.getBoundingClientRect();
    if (box.width === 0 || box.height === 0) continue;
    if (!dialog && (box.left < frame.left - slack || box.right > frame.right + slack))
      faults.push(`wider than the phone: ${name(element)}`);
    const { overflowX, overflowY } = style(element);
    if (element.scrollWidth > element.clientWidth + slack && element.clientWidth > 0 && overflowX !== "visible")
      faults.push(`cut or scrolling sideways: ${name(element)}`);
    if (
      overflowY === "hidden" &&
      element.scrollHeight > element.clientHeight + slack &&
      element.clientHeight > 0 &&
      element.localName !== "cs-phone"
    )
      faults.push(`cut below: ${name(element)}`);
    const view = seen(element);
    if (view.cut && element.closest(".finder, .meter, cs-stranger") === null)
      faults.push(`cut by ${name(view.cut)}: ${name(element)}`);
    const own = [...element.childNodes].some(
      (node) => node.nodeType === Node.TEXT_NODE && node.textContent.trim() !== "",
    );
    if (own && element.scrollWidth > element.clientWidth + slack && element.clientWidth > 0)
      faults.push(`text wider than its box: ${name(element)}`);
    if (element.matches("button, a[href], input:not([type=file]), select, textarea, label.choice")) {
      const label = element.closest("label");
      const touch = (label ?? element).getBoundingClientRect();
      if (touch.width < 43.5 || touch.height < 43.5)
        faults.push(`too small to touch (${Math.round(touch.width)}×${Math.round(touch.height)}): ${name(element)}`);
    }
    if (
      (own || element.matches("svg, button, input, select, .dots")) &&
      view.right - view.left > 1 &&
      view.bottom - view.top > 1 &&
      element.closest(".finder") === null
    ) {
      leaves.push({ element, view });
    }
  }
  for (let i = 0; i < leaves.length; i++) {
    for (let j = i + 1; j < leaves.length; j++) {
      const [a, b] = [leaves[i], leaves[j]];
      if (a.element.contains(b.element) || b.element.contains(a.element)) continue;
      // The field of a label lies under the label's own words.
      const label = a.element.closest("label");
      if (label && label.contains(b.element)) continue;
      const wide = Math.min(a.view.right, b.view.right) - Math.max(a.view.left, b.view.left);
      const high = Math.min(a.view.bottom, b.view.bottom) - Math.max(a.view.top, b.view.top);
      if (wide > 2 && high > 2) {
        // Runs of text in one line box share edges; compare what is painted only for boxes of different lines.
        if (style(a.element).display === "inline" && style(b.element).display === "inline") continue;
        faults.push(`on each other: ${name(a.element)} and ${name(b.element)}`);
      }
    }
  }
  return faults;
};
