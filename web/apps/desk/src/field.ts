/** Fields of forms, and what comes of sending one. */

import { append, button, fill, h, icon, type Child } from "@countersign/page/dom";
import { Refusal, type Done, type Operator } from "./api.ts";
import { t, told } from "./texts/index.ts";
import { actText, problemText, type Act, type ProblemWords } from "./words.ts";

interface Options {
  readonly type?: string;
  readonly hint?: Child;
  readonly required?: boolean;
  readonly placeholder?: string;
  /** Where the request has it: a JSON pointer. */
  readonly member?: string;
}

/** A label with what is entered. */
export class Field {
  constructor(
    readonly row: HTMLElement,
    readonly input: HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement,
    readonly member?: string,
  ) {}

  value(): string {
    return this.input.value.trim();
  }
}

export function field(id: string, label: Child, { type = "text", hint, required = false, placeholder, member }: Options = {}): Field {
  const input = h("input", {
    id,
    attrs: { type, required, placeholder, autocomplete: "off", spellcheck: "false", "aria-describedby": hint ? `${id}-hint` : undefined },
  });
  return new Field(labelled(id, label, input, hint), input, member);
}

export function area(id: string, label: Child, { hint, required = false, member }: Options = {}): Field {
  const input = h("textarea", { id, class: "mono", attrs: { required, rows: 5, autocomplete: "off", spellcheck: "false", "aria-describedby": hint ? `${id}-hint` : undefined } });
  return new Field(labelled(id, label, input, hint), input, member);
}

export function choice(id: string, label: Child, options: readonly (readonly [string, Child])[], { member }: Options = {}): Field {
  const input = h("select", { id }, ...options.map(([value, text]) => h("option", { attrs: { value } }, text)));
  return new Field(labelled(id, label, input), input, member);
}

/** The number of a file, which the trail keeps. `member`: what the request calls it. */
export function reference(id: string, { label = t("reference"), required = false, member = "/reference" }: { label?: Child; required?: boolean; member?: string } = {}): Field {
  return field(id, label, { hint: t("referenceHint"), required, member });
}

function labelled(id: string, label: Child, input: HTMLElement, hint?: Child): HTMLElement {
  return h("div", { class: "field" }, h("label", { attrs: { for: id } }, label), input, hint && h("p", { id: `${id}-hint`, class: "quiet" }, hint));
}

interface FormOptions {
  readonly tone?: "main" | "plain" | "danger";
  /** What is asked before it is sent, where it cannot be undone. */
  readonly sure?: () => Child;
  readonly busy?: Child;
  readonly problems?: ProblemWords;
  /** What is wrong with a member that no field is for, by its JSON pointer. */
  readonly members?: Readonly<Record<string, () => Child>>;
}

/**
 * A form of fields; two that belong together stand beside each other. While it is sent, nothing else is; what comes of it is
 * said below the button.
 */
export function form(id: string, label: Child, parts: readonly (Child | Field | readonly Field[])[], send: () => Promise<Child[]>, options: FormOptions = {}): HTMLFormElement {
  const { tone = "main", sure, problems, members } = options;
  const said = h("div", { class: "said", attrs: { role: "status" } });
  const submit = h("button", { id, class: tone, attrs: { type: "submit" } }, label);
  const fields = parts.flat().filter((part) => part instanceof Field);
  const go = async (): Promise<void> => {
    if (sure && !(await isSure(sure(), submit))) return;
    submit.disabled = true;
    for (const { input } of fields) input.removeAttribute("aria-invalid");
    fill(said, h("p", { class: "quiet" }, options.busy ?? t("sending")));
    try {
      fill(said, ...(await send()));
    } catch (error) {
      fill(said, refusal(error, { problems, members, fields }));
    } finally {
      submit.disabled = false;
      // A button that is disabled loses the focus.
      if (document.activeElement === document.body) submit.focus();
    }
  };
  const shown = parts.map((part) => {
    if (part instanceof Field) return part.row;
    return Array.isArray(part) ? h("div", { class: "pair" }, ...(part as readonly Field[]).map((each) => each.row)) : (part as Child);
  });
  const submitted = (event: SubmitEvent): void => {
    event.preventDefault();
    void go();
  };
  return h("form", { on: { submit: submitted } }, ...shown, h("div", { class: "row" }, submit), said);
}

/** Asks before something that cannot be undone. Escape, and where the focus is, mean no. */
function isSure(question: Child, submit: HTMLButtonElement): Promise<boolean> {
  return new Promise((resolve) => {
    const dialog = h("dialog", { attrs: { "aria-labelledby": "sure" } },
      h("p", { id: "sure" }, question),
      h("div", { class: "row" },
        button(t("back"), () => dialog.close(), { class: "plain", attrs: { autofocus: true } }),
        button(submit.textContent, () => dialog.close("yes"), { class: "danger" }),
      ),
    );
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes");
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}

interface Known {
  readonly problems?: ProblemWords | undefined;
  readonly members?: FormOptions["members"] | undefined;
  readonly fields?: readonly Field[];
}

/** Why it was not done, in the words of the page; the service's own, which are English, stand below. */
export function refusal(error: unknown, { problems, members = {}, fields = [] }: Known = {}): HTMLElement {
  if (!(error instanceof Refusal)) {
    console.error(error);
    return h("p", { class: "bad" }, t("problemPage"));
  }
  const { detail, members: wrong } = error.problem;
  const shown = h("div", { class: "refusal" });
  const about = wrong.map(({ pointer, name }) => {
    const at = fields.find(({ member }) => member !== undefined && member === pointer);
    at?.input.setAttribute("aria-invalid", "true");
    const own = members[pointer];
    return own ? own() : t("problemMember", { name: () => at?.row.querySelector("label")?.textContent ?? name });
  });
  fields.find(({ input }) => input.hasAttribute("aria-invalid"))?.input.focus();
  const sentences = about.length > 0 ? about : [told(() => problemText(error, problems))];
  append(shown, [
    ...sentences.map((each) => h("p", { class: "bad" }, each)),
    detail !== "" && h("p", { class: "quiet" }, t("serviceSays"), " ", h("span", { attrs: { lang: "en" } }, detail)),
  ]);
  return shown;
}

/** What is said of an act: that it waits for a second person, or what `then` makes of it. */
export function outcome<T>(came: Done<T>, then: (done: T) => Child[]): Child[] {
  if (came.proposed) {
    const { act, proposal } = came.proposed;
    return [h("p", { class: "waits" }, t("proposed", { act: () => actText(act) })), h("p", { class: "quiet" }, t("proposalName", { proposal }))];
  }
  return then(came.done as T);
}

/** A part of the page that can be opened: an act that is not done every day. Whose key is not for it sees which role is. */
export function drawer(operator: Operator, act: Act, label: Child, ...children: Child[]): HTMLDetailsElement {
  const other = operator.others.find((each) => each.act === act);
  const inside = other
    ? [h("p", { class: "quiet" }, t("mayNot", { roles: other.roles.join(", "), own: operator.roles.join(", ") }))]
    : children;
  return h("details", { class: other ? "drawer locked" : "drawer", attrs: { "data-locked": other && act } },
    h("summary", null, label, other && " ", other && icon("lock")),
    h("div", { class: "inside" }, ...inside),
  );
}
