/** The page: a key first, then what it is for. */

import "./style.css";
import { LANGUAGES, pickLanguage } from "@countersign/elements";
import { button, fill, h } from "@countersign/page/dom";
import { languagePicker, pageHead } from "@countersign/page/head";
import { look, signIn, type Operator } from "./api.ts";
import { field, form } from "./field.ts";
import { forgetFile } from "./held.ts";
import { DeskPerson } from "./person.ts";
import { DeskProposals } from "./proposals.ts";
import { DeskRecord } from "./record.ts";
import { DeskResult } from "./result.ts";
import { DeskRights } from "./rights.ts";
import { following, named, sentence, speak, t, type PlainKey } from "./texts/index.ts";
import { DeskTrail } from "./trail.ts";
import type { Act } from "./words.ts";

customElements.define("desk-person", DeskPerson);
customElements.define("desk-proposals", DeskProposals);
customElements.define("desk-record", DeskRecord);
customElements.define("desk-result", DeskResult);
customElements.define("desk-rights", DeskRights);
customElements.define("desk-trail", DeskTrail);

interface View {
  readonly id: string;
  readonly label: PlainKey;
  /** Who may do this sees the view. */
  readonly act: Act;
  readonly make: (operator: Operator) => HTMLElement;
}

const VIEWS: readonly View[] = [
  { id: "view-record", label: "viewRecord", act: "record-evidence", make: () => new DeskRecord() },
  { id: "view-result", label: "viewResult", act: "upload-result", make: () => new DeskResult() },
  { id: "view-person", label: "viewPerson", act: "look-up", make: (operator) => new DeskPerson(operator) },
  { id: "view-proposals", label: "viewProposals", act: "look-at-proposals", make: (operator) => new DeskProposals(operator) },
  { id: "view-trail", label: "viewTrail", act: "read-trail", make: () => new DeskTrail() },
];

const nav = named(h("nav"), "aria-label", "navigation");
const main = h("main", { id: "main", attrs: { tabindex: -1 } });
const picker = named(languagePicker(LANGUAGES, (tag) => void speak(tag).then((spoken) => (picker.value = spoken))), "aria-label", "language");

picker.value = await speak(pickLanguage([new URLSearchParams(location.search).get("lang"), ...navigator.languages]));
following(document, () => (document.title = `${sentence("desk")} · Countersign`));
document.body.append(pageHead({ skip: t("skip"), brand: t("desk") }, picker, nav), main);
ask();

/** Who is it? Nothing of the key, or of what was done with it, is kept beyond this page. */
function ask(): void {
  signIn("");
  forgetFile();
  fill(nav);
  const key = field("key", t("keyLabel"), { type: "password", required: true, hint: t("keyHint") });
  const come = async () => {
    signIn(key.value());
    enter(await look<Operator>("/operator"));
    return [];
  };
  const keys = form("sign-in", t("keyGo"), [key], come, { problems: { unauthorized: "keyUnknown", forbidden: "keyOther" } });
  fill(main, h("section", { class: "card" }, h("h1", null, t("keyTitle")), keys));
  key.input.focus();
}

function enter(operator: Operator): void {
  const views = VIEWS.filter((view) => operator.acts.includes(view.act));
  const show = (id: string, view: HTMLElement): void => {
    for (const each of nav.querySelectorAll("button")) each.removeAttribute("aria-current");
    nav.querySelector(`#${id}`)?.setAttribute("aria-current", "page");
    fill(main, view);
    main.focus({ preventScroll: true });
  };
  const rights = () => show("view-rights", new DeskRights(operator, views.length === 0));
  fill(nav,
    ...views.map(({ id, label, make }) => button(t(label), () => show(id, make(operator)), { id })),
    button(t("viewKey", { name: operator.operator }), rights, { id: "view-rights", class: "who" }),
    button(t("leave"), ask, { id: "leave" }),
  );
  const [first] = views;
  if (first) show(first.id, first.make(operator));
  else rights();
}
