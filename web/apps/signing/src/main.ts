/** The page: sign on one side, check on the other. */

import "./style.css";
import "@countersign/elements/register-qr";
import { h } from "@countersign/page/dom";
import { pageHead } from "@countersign/page/head";
import { SigningCheck } from "./check.ts";
import { SigningSign } from "./sign.ts";

customElements.define("signing-sign", SigningSign);
customElements.define("signing-check", SigningCheck);

document.body.append(
  pageHead({ skip: "To the content", brand: "Countersign", home: "/signing" },
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
