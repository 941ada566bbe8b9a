/** Registers `<countersign-qr>` alone. */

import { CountersignQr } from "./countersign-qr.ts";
import { define } from "./define.ts";

declare global {
  interface HTMLElementTagNameMap {
    "countersign-qr": CountersignQr;
  }
}

define({ "countersign-qr": CountersignQr });

export * from "./qr.ts";
