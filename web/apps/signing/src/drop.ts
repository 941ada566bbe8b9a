/** A place to drop files, which is also a button to choose them. */

import { h, icon } from "@countersign/page/dom";
import { takeFiles } from "@countersign/page/files";

export interface Drop {
  readonly zone: HTMLElement;
  readonly input: HTMLInputElement;
}

export function dropZone(id: string, label: string, hint: string, many: boolean, take: (files: File[]) => void): Drop {
  const input = h("input", { id, class: "heard", attrs: { type: "file", multiple: many, "aria-describedby": `${id}-hint` } });
  const zone = h("div", { class: "drop" },
    input,
    h("label", { attrs: { for: id } }, icon("file"), h("strong", null, label)),
    h("p", { id: `${id}-hint`, class: "quiet" }, hint),
  );
  takeFiles(zone, input, take);
  return { zone, input };
}
