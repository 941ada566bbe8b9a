/** Registers every element under its own name, once. One script tag with this module is all that a page needs. */

import { CountersignQr } from "./countersign-qr.ts";

if (!customElements.get("countersign-qr")) customElements.define("countersign-qr", CountersignQr);

export * from "./index.ts";
