/** From a link to the path of an SVG. */

import { encode } from "uqr";

/** Modules of quiet zone on each side, as ISO/IEC 18004 asks for. */
export const QUIET = 4;

/** The modules of the code with their quiet zone, row by row; true is dark. Level L, as device links are long. */
export function qrMatrix(text: string): boolean[][] {
  return encode(text, { ecc: "L", border: QUIET }).data;
}

/** The dark modules as one path in units of a module. Runs of a row are one rectangle, so that no seams show. */
export function qrPath(matrix: readonly (readonly boolean[])[]): string {
  let path = "";
  matrix.forEach((row, y) => {
    for (let x = 0; x < row.length; x += 1) {
      if (!row[x]) continue;
      const from = x;
      while (row[x + 1]) x += 1;
      path += `M${from} ${y}h${x - from + 1}v1H${from}z`;
    }
  });
  return path;
}
