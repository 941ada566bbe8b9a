/** The page: sign on one side, check on the other. */

import "./style.css";
import "@countersign/elements/register-qr";
import { h, mark } from "@countersign/page/dom";
import { SigningCheck } from "./check.ts";
import { SigningSign } from "./sign.ts";

customElements.define("signing-sign", SigningSign);
customElements.define("signing-check", SigningCheck);

document.body.append(
  h("a", { class: "skip", attrs: { href: "#main" } }, "To the content"),
  h("header", { class: "top" },
    h("a", { class: "brand", attrs: { href: "/signing" } }, mark(), h("span", null, "Countersign")),
    h("nav", { attrs: { "aria-label": "Also here" } },
      h("a", { attrs: { href: "/phone/" } }, "phone"),
      h("a", { attrs: { href: "/docs" } }, "docs"),
    ),
  ),
  h("main", { id: "main", attrs: { tabindex: -1 } }, new SigningSign(), new SigningCheck()),
  h("footer", null,
    h("p", null, "Files are kept here for an hour after the last change, or until you delete them."),
  ),
);
