/** Registers every element under its own name, once. One script tag with this module is all that a page needs. */

import { CountersignPhoneCheck } from "./countersign-phone-check.ts";
import { CountersignQesInfo } from "./countersign-qes-info.ts";
import { CountersignRegistration } from "./countersign-registration.ts";
import { CountersignStatus } from "./countersign-status.ts";
import { CountersignTerms } from "./countersign-terms.ts";
import { define } from "./define.ts";
import "./register-qr.ts";

declare global {
  interface HTMLElementTagNameMap {
    "countersign-registration": CountersignRegistration;
    "countersign-phone-check": CountersignPhoneCheck;
    "countersign-status": CountersignStatus;
    "countersign-terms": CountersignTerms;
    "countersign-qes-info": CountersignQesInfo;
  }
}

define({
  "countersign-registration": CountersignRegistration,
  "countersign-phone-check": CountersignPhoneCheck,
  "countersign-status": CountersignStatus,
  "countersign-terms": CountersignTerms,
  "countersign-qes-info": CountersignQesInfo,
});

export * from "./index.ts";
