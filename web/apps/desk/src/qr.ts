/** A link as a code, for a phone that is in the person's hand and not on this machine. */

import { qrMatrix, qrPath } from "@countersign/elements";
import { svg } from "@countersign/page/dom";
import { named } from "./texts/index.ts";

export function qr(link: string): SVGElement {
  const matrix = qrMatrix(link);
  const root = svg("svg", { viewBox: `0 0 ${matrix.length} ${matrix.length}`, class: "qr", role: "img" }, svg("path", { d: qrPath(matrix) }));
  return named(root, "aria-label", "linkAsCode");
}
