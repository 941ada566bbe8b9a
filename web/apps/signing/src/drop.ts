/** A place to drop files, which is also a button to choose them. */

import { h, icon } from "@countersign/page/dom";

export interface Drop {
  readonly zone: HTMLElement;
  readonly input: HTMLInputElement;
}

export function dropZone(id: string, label: string, hint: string, many: boolean, take: (files: File[]) => void): Drop {
  const input = h("input", {
    id,
    class: "heard",
    attrs: { type: "file", multiple: many, "aria-describedby": `${id}-hint` },
    on: {
      change: () => {
        const files = [...(input.files ?? [])];
        // So that the same file can be chosen again.
        input.value = "";
        if (files.length > 0) take(files);
      },
    },
  });
  const zone = h("div", { class: "drop" },
    input,
    h("label", { attrs: { for: id } }, icon("file"), h("strong", null, label)),
    h("p", { id: `${id}-hint`, class: "quiet" }, hint),
  );
  const over = (on: boolean) => zone.toggleAttribute("data-over", on);
  zone.addEventListener("dragover", (event) => {
    event.preventDefault();
    over(true);
  });
  zone.addEventListener("dragleave", () => over(false));
  zone.addEventListener("drop", (event) => {
    event.preventDefault();
    over(false);
    const files = [...(event.dataTransfer?.files ?? [])];
    if (files.length > 0) take(many ? files : files.slice(0, 1));
  });
  return { zone, input };
}
