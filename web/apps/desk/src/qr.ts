/** A link as a code, for a phone that is in the person's hand and not on this machine. */

import { qrMatrix, qrPath } from "@countersign/elements";

const SVG = "http://www.w3.org/2000/svg";

export function qr(link: string, label: string): SVGElement {
  const matrix = qrMatrix(link);
  const root = document.createElementNS(SVG, "svg");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", qrPath(matrix));
  root.setAttribute("viewBox", `0 0 ${matrix.length} ${matrix.length}`);
  root.setAttribute("class", "qr");
  root.setAttribute("role", "img");
  root.setAttribute("aria-label", label);
  root.append(path);
  return root;
}
