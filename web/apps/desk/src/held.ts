/** Everything that is held of a person: taken out as a file, and erased as far as a law lets it go. */

import { h, type Child } from "@countersign/page/dom";
import { size } from "@countersign/page/files";
import { act, look, segment, type Erased } from "./api.ts";
import { drawer, form, outcome, reference } from "./field.ts";
import type { Case } from "./person.ts";
import { t, told } from "./texts/index.ts";
import { thingText } from "./words.ts";

/** The file that was taken out last, until there is another one, or nobody is there any more. */
let kept = "";

function keep(file: Blob): string {
  forgetFile();
  kept = URL.createObjectURL(file);
  return kept;
}

export function forgetFile(): void {
  URL.revokeObjectURL(kept);
}

export function held(here: Case): HTMLElement {
  return h("li", null, exportDrawer(here), eraseDrawer(here));
}

function exportDrawer({ operator, person }: Case): HTMLElement {
  const file = reference("export-reference");
  return drawer(operator, "export-person", t("exportTitle"),
    h("p", { class: "quiet" }, t("exportWhat")),
    form("export", t("export"), [file], async () => {
      const query = file.value() ? `?reference=${segment(file.value())}` : "";
      const found = await look<{ exported: string }>(`/persons/${segment(person)}/export${query}`);
      const blob = new Blob([JSON.stringify(found, null, 2), "\n"], { type: "application/json" });
      // The name says nothing of the person: lists of downloads are read by others.
      const name = `person-${found.exported.slice(0, 19).replaceAll(":", "")}.json`;
      const link = h("a", { id: "export-file", attrs: { href: keep(blob), download: name } }, t("exportSave"));
      link.click();
      return [h("p", { class: "good" }, t("exported", { name, size: size(blob.size) })), h("p", null, link)];
    }, { busy: t("exportBusy") }),
  );
}

function eraseDrawer({ operator, person, accounts }: Case): HTMLElement {
  if (accounts.some((each) => each.state !== "REVOKED")) {
    return drawer(operator, "erase-person", t("eraseTitle"), h("p", { class: "quiet" }, t("eraseActive")));
  }
  const file = reference("erase-reference", { label: t("eraseReference"), required: true });
  return drawer(operator, "erase-person", t("eraseTitle"),
    h("p", { class: "quiet" }, t("eraseWhat")),
    form("erase", t("erase"), [file], async () =>
      outcome(await act<Erased>(`/persons/${segment(person)}/erase`, { reference: file.value() }), erased),
    { tone: "danger", sure: () => t("eraseSure", { person }), problems: { conflict: "eraseActive", "not-found": "personUnknown" } }),
  );
}

/** What is gone, and what stays, until when and on which ground. */
export function erased({ erased: gone, kept }: Erased): Child[] {
  const counted = (what: string, count: number) => told(() => `${thingText(what)}: ${count}`);
  return [
    h("p", { class: "good" }, t("erased")),
    h("p", null, h("strong", null, t("erasedGone"))),
    gone.length === 0
      ? h("p", { class: "quiet" }, t("erasedNothing"))
      : h("ul", { class: "keys" }, ...gone.map(({ what, count }) => h("li", { attrs: { "data-gone": what } }, counted(what, count)))),
    kept.length > 0 && h("p", null, h("strong", null, t("erasedKept"))),
    kept.length > 0 && h("ul", { class: "keys" }, ...kept.map(({ what, count, until, ground }) => h("li", { attrs: { "data-kept": what } },
      counted(what, count), ", ", until ? t("keptUntil", { until }) : t("keptAlways"),
      h("p", { class: "quiet", attrs: { lang: "en" } }, ground),
    ))),
  ];
}
