/** Files that people choose or drop. */

import { h, icon, type Child } from "./dom.ts";

export interface Drop {
  readonly zone: HTMLElement;
  readonly input: HTMLInputElement;
}

/** A place to drop files, which is also a button to choose them. */
export function dropZone(id: string, label: Child, hint: Child, many: boolean, take: (files: File[]) => void): Drop {
  const input = h("input", { id, class: "heard", attrs: { type: "file", multiple: many, "aria-describedby": `${id}-hint` } });
  const zone = h("div", { class: "drop" },
    input,
    h("label", { attrs: { for: id } }, icon("file"), h("strong", null, label)),
    h("p", { id: `${id}-hint`, class: "quiet" }, hint),
  );
  takeFiles(zone, input, take);
  return { zone, input };
}

/** Makes a place take files: those that are chosen with `input`, and those that are dropped on `zone`, which has `data-over` meanwhile. */
export function takeFiles(zone: HTMLElement, input: HTMLInputElement, take: (files: File[]) => void): void {
  const some = (list: FileList | null | undefined, then: () => unknown = () => undefined) => {
    const files = [...(list ?? [])];
    then();
    if (files.length > 0) take(input.multiple ? files : files.slice(0, 1));
  };
  // Emptied, so that the same file can be chosen again.
  input.addEventListener("change", () => some(input.files, () => (input.value = "")));
  const over = (on: boolean) => zone.toggleAttribute("data-over", on);
  zone.addEventListener("dragover", (event) => {
    event.preventDefault();
    over(true);
  });
  zone.addEventListener("dragleave", () => over(false));
  zone.addEventListener("drop", (event) => {
    event.preventDefault();
    over(false);
    some(event.dataTransfer?.files);
  });
}

/** 1 536 → "1.5 kB": thousands, as file managers count. */
export function size(bytes: number): string {
  if (bytes < 1000) return `${bytes} bytes`;
  const units = ["kB", "MB", "GB", "TB"];
  let value = bytes / 1000;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${value < 9.95 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}
