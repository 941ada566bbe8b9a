/** Registers every element under its own name, once. One script tag with this module is all that a page needs. */

import { CountersignPhoneCheck } from "./countersign-phone-check.ts";
import { CountersignQesInfo } from "./countersign-qes-info.ts";
import { CountersignQr } from "./countersign-qr.ts";
import { CountersignRegistration } from "./countersign-registration.ts";
import { CountersignStatus } from "./countersign-status.ts";
import { CountersignTerms } from "./countersign-terms.ts";

declare global {
  interface HTMLElementTagNameMap {
    "countersign-qr": CountersignQr;
    "countersign-registration": CountersignRegistration;
    "countersign-phone-check": CountersignPhoneCheck;
    "countersign-status": CountersignStatus;
    "countersign-terms": CountersignTerms;
    "countersign-qes-info": CountersignQesInfo;
  }
}

const ELEMENTS = {
  "countersign-qr": CountersignQr,
  "countersign-registration": CountersignRegistration,
  "countersign-phone-check": CountersignPhoneCheck,
  "countersign-status": CountersignStatus,
  "countersign-terms": CountersignTerms,
  "countersign-qes-info": CountersignQesInfo,
};

// On a server there is nothing to register with, and nothing to do.
const registry = globalThis.customElements;
for (const [name, element] of Object.entries(ELEMENTS)) {
  if (registry && !registry.get(name)) registry.define(name, element);
}

export * from "./index.ts";
