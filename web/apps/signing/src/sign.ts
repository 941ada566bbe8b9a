/** `<signing-sign>`: from files to a signed container, in one place that changes. */

import { button, fill, h, icon, type Child } from "@countersign/page/dom";
import { dropZone, size } from "@countersign/page/files";
import { containerPath, Refusal, signaturePath, signing, upload, type Asked, type Container, type Signature } from "./api.ts";
import { failureText, kindOf, levelText, standingText, whoSigns } from "./words.ts";

type Way = "qr" | "phone" | "here";

const WAYS: readonly { way: Way; label: string; icon: "qr" | "bell" | "phone" }[] = [
  { way: "qr", label: "QR code", icon: "qr" },
  { way: "phone", label: "Ask a phone", icon: "bell" },
  { way: "here", label: "This device", icon: "phone" },
];

/** What the tab remembers over a reload, and any tab when the app leads back here. */
const HERE = "signing-container";
const BACK = "signing-back";

export class SigningSign extends HTMLElement {
  #files: File[] = [];
  #asPdf = true;
  #container: Container | null = null;
  #open: Signature | null = null;
  /** A signature is being begun: nothing else may be, and the container stays. */
  #beginning = false;
  #way: Way = "qr";
  #who = "";
  #watching: AbortController | null = null;
  #body = h("div", { class: "steps" });
  #status = h("div", { class: "heard", attrs: { role: "status" } });
  #error = h("div", { class: "error-box", attrs: { role: "alert" } });

  connectedCallback(): void {
    this.className = "card";
    this.append(h("h1", null, "Sign files"), this.#error, this.#body, this.#status);
    void this.#resume();
  }

  disconnectedCallback(): void {
    this.#watching?.abort();
  }

  /** After a reload, or after the app has led back here to `url`. */
  async #resume(url = location.href): Promise<void> {
    const back = new URL(url).searchParams.get("back");
    const kept = back ? localStorage.getItem(`${BACK}-${back}`) : null;
    try {
      if (back && kept) {
        const { container, signature } = JSON.parse(kept) as { container: string; signature: string };
        history.replaceState(null, "", "/signing");
        this.#container = await signing.show(container);
        this.#remember();
        const returned = await signing.returned(container, signature, url);
        localStorage.removeItem(`${BACK}-${back}`);
        this.#follow(returned);
        return;
      }
      const id = sessionStorage.getItem(HERE);
      if (id) {
        this.#container = await signing.show(id);
        const open = this.#container.signatures.find((each) => ["choosing", "asking", "completing"].includes(each.state));
        if (open) return this.#follow(open);
      }
    } catch (error) {
      // What is not there any more is forgotten; what cannot be reached just now is not.
      if (error instanceof Refusal && error.status > 0 && error.status < 500) {
        sessionStorage.removeItem(HERE);
        if (back) localStorage.removeItem(`${BACK}-${back}`);
        this.#container = null;
        if (back) this.#fail(error);
      } else {
        this.#fail(error);
        const again = (): void => {
          this.#error.replaceChildren();
          void this.#resume(url);
        };
        fill(this.#body, button("Try again", again, { class: "main" }));
        return;
      }
    }
    this.#paint();
  }

  #remember(): void {
    if (this.#container) sessionStorage.setItem(HERE, this.#container.id);
    else sessionStorage.removeItem(HERE);
  }

  #fail(error: unknown): void {
    const text = error instanceof Refusal ? refusalText(error) : "The page has made a mistake. Please load it again.";
    if (!(error instanceof Refusal)) console.error(error);
    this.#error.replaceChildren(h("p", null, text), button("Close", () => this.#error.replaceChildren(), { class: "plain" }));
  }

  #paint(): void {
    if (this.#open) fill(this.#body, ...this.#waiting(this.#open));
    else if (this.#beginning) fill(this.#body, h("progress", { attrs: { "aria-label": "Asking" } }));
    else if (this.#container) fill(this.#body, ...this.#ready(this.#container));
    else if (this.#files.length > 0) fill(this.#body, ...this.#chosen());
    else fill(this.#body, this.#drop("Drop files here, or choose them", "Any files, a PDF, or a container (.asice) that others have signed already."));
  }

  #drop(label: string, hint: string): Node {
    return dropZone("files", label, hint, true, (files) => {
      this.#error.replaceChildren();
      this.#files = [...this.#files, ...files];
      this.#paint();
      this.querySelector<HTMLElement>("#send")?.focus();
    }).zone;
  }

  /** Files that are chosen, and nothing sent yet. */
  #chosen(): Child[] {
    const kind = kindOf(this.#files);
    return [
      h("ul", { class: "files" },
        ...this.#files.map((file, index) =>
          h("li", null,
            icon("file"),
            h("span", { class: "name" }, file.name),
            h("span", { class: "quiet" }, size(file.size)),
            button(`Remove ${file.name}`, () => {
              this.#files = this.#files.filter((_, other) => other !== index);
              this.#paint();
            }, { class: "only-icon" }, icon("cross")),
          ),
        ),
      ),
      kind === "pdf" &&
        h("fieldset", { class: "choice" },
          h("legend", null, "The signature goes"),
          this.#radio("as-pdf", "into the PDF itself", this.#asPdf, () => (this.#asPdf = true)),
          this.#radio("as-container", "beside it, into a container", !this.#asPdf, () => (this.#asPdf = false)),
        ),
      kind === "container" && h("p", { class: "quiet" }, "Your signature is added to those that are in it."),
      h("div", { class: "row" },
        button("Go on", () => void this.#send(), { id: "send", class: "main" }),
        h("label", { class: "plain", attrs: { for: "files" } }, "Add more files"),
      ),
      h("div", { class: "hidden-drop" }, this.#drop("Add more files", "")),
    ];
  }

  #radio(id: string, label: string, checked: boolean, choose: () => void): Node {
    const input = h("input", { id, attrs: { type: "radio", name: "signature-place", checked }, on: { change: choose } });
    return h("label", { attrs: { for: id } }, input, label);
  }

  async #send(): Promise<void> {
    const kind = kindOf(this.#files);
    const form = new FormData();
    if (kind === "pdf" && this.#asPdf) form.append("format", "pdf");
    for (const file of this.#files) form.append(kind === "container" ? "container" : "file", file, file.name);
    const bar = h("progress", { attrs: { max: 1, value: 0, "aria-label": "Sending" } });
    const total = this.#files.reduce((sum, file) => sum + file.size, 0);
    const said = h("p", { class: "quiet" }, `Sending ${size(total)}…`);
    fill(this.#body, said, bar);
    try {
      this.#container = await upload(form, (part) => {
        bar.value = part;
        if (part >= 1) said.textContent = "Reading the files…";
      });
      this.#files = [];
      this.#remember();
      this.#error.replaceChildren();
    } catch (error) {
      this.#fail(error);
    }
    this.#paint();
    this.querySelector<HTMLElement>("#sign")?.focus();
  }

  /** A container that is here: who has signed it, and who shall. */
  #ready(container: Container): Child[] {
    const signed = container.signatures.filter((each) => each.state === "complete");
    return [
      h("div", { class: "container" },
        icon("lock"),
        h("div", null,
          h("strong", { class: "name" }, container.name),
          h("p", { class: "quiet" }, container.files.map((file) => `${file.name} (${size(file.bytes)})`).join(", ")),
        ),
      ),
      signed.length > 0 &&
        h("ul", { class: "signers", attrs: { "aria-label": "Signatures" } },
          ...signed.map((each) =>
            h("li", null,
              icon("check"),
              h("span", { class: "name" }, each.result?.signedBy ?? "somebody"),
              h("span", { class: "chip" }, levelText(each.result?.format)),
              each.result?.timeStamp && h("time", { class: "quiet", attrs: { datetime: each.result.timeStamp } }, when(each.result.timeStamp)),
            ),
          ),
        ),
      signed.length > 0 &&
        h("div", { class: "row" },
          h("a", { id: "download", class: "main", attrs: { href: `${containerPath(container.id)}/file`, download: container.name } }, icon("down"), "Download"),
          h("a", { id: "report", class: "plain", attrs: { href: `${containerPath(container.id)}/report`, target: "_blank", rel: "noopener" } }, "Validation report"),
        ),
      h("section", { class: "who", attrs: { "aria-label": "Who signs" } },
        h("h2", null, signed.length > 0 ? "Let somebody else sign, too" : "Who signs?"),
        h("div", { class: "ways", attrs: { role: "group", "aria-label": "How the phone is reached" } },
          ...WAYS.filter(({ way }) => way !== "here" || isSecureContext && location.protocol === "https:").map(({ way, label, icon: name }) =>
            button(label, () => {
              this.#way = way;
              this.#paint();
            }, { id: `way-${way}`, attrs: { "aria-pressed": String(this.#way === way) } }, icon(name)),
          ),
        ),
        this.#way === "phone"
          ? h("div", { class: "field" },
              h("label", { attrs: { for: "who" } }, "Personal code or document number"),
              h("input", {
                id: "who",
                attrs: { type: "text", value: this.#who, autocomplete: "off", spellcheck: "false", placeholder: "PNOEE-40504040001" },
                on: {
                  input: (event) => (this.#who = (event.target as HTMLInputElement).value),
                  keydown: (event) => {
                    if (event.key === "Enter") void this.#begin();
                  },
                },
              }),
            )
          : h("p", { class: "quiet" }, this.#way === "qr" ? "Whoever scans the code chooses an account and signs." : "The app on this device opens, and comes back here."),
        h("div", { class: "row" },
          button(signed.length > 0 ? "Sign, too" : "Sign", () => void this.#begin(), { id: "sign", class: "main sign" }),
          button("Delete and start over", () => void this.#startOver(), { id: "start-over", class: "plain" }),
        ),
      ),
    ];
  }

  async #startOver(): Promise<void> {
    const { id } = this.#container ?? {};
    this.#container = null;
    this.#files = [];
    this.#remember();
    this.#error.replaceChildren();
    this.#paint();
    if (id) {
      // It would be deleted later anyway.
      await signing.remove(id).catch(() => undefined);
    }
  }

  async #begin(): Promise<void> {
    const container = this.#container;
    if (!container || this.#beginning) return;
    let asked: Asked = { flow: "device-link" };
    let token = "";
    if (this.#way === "phone") {
      const who = whoSigns(this.#who);
      if (!who) {
        this.#fail(new Refusal(0, "", "Give a personal code such as PNOEE-40504040001, or a document number."));
        this.querySelector<HTMLElement>("#who")?.focus();
        return;
      }
      asked = { flow: "notification", ...who };
    } else if (this.#way === "here") {
      token = [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
      asked = { flow: "device-link", callbackUrl: `${location.origin}/signing?back=${token}` };
    }
    this.#error.replaceChildren();
    this.#beginning = true;
    this.#paint();
    try {
      const begun = await signing.begin(container.id, asked);
      if (token) localStorage.setItem(`${BACK}-${token}`, JSON.stringify({ container: container.id, signature: begun.id }));
      this.#beginning = false;
      this.#follow(begun);
    } catch (error) {
      this.#beginning = false;
      this.#fail(error);
      this.#paint();
    }
  }

  /** Shows a signature until it is over. */
  #follow(signature: Signature): void {
    this.#watching?.abort();
    this.#watching = new AbortController();
    this.#news(signature);
    void this.#watch(signature, this.#watching.signal);
  }

  async #watch(signature: Signature, signal: AbortSignal): Promise<void> {
    const container = this.#container?.id;
    if (!container) return;
    let seen = signature.state;
    let failures = 0;
    while (!signal.aborted && !isOver(seen)) {
      try {
        const news = await signing.watch(container, signature.id, seen, signal);
        failures = 0;
        if (signal.aborted) return;
        const changed = news.state !== seen;
        seen = news.state;
        if (changed) this.#news(news);
      } catch (error) {
        if (signal.aborted) return;
        failures += 1;
        if (failures >= 5 || (error instanceof Refusal && error.status === 404)) {
          this.#open = null;
          this.#fail(error);
          return this.#paint();
        }
        await new Promise((resolve) => setTimeout(resolve, 1000 * failures));
      }
    }
    if (!signal.aborted) await this.#ended(container);
  }

  #news(signature: Signature): void {
    this.#status.textContent = standingText(signature.state);
    if (signature.state === "failed" && signature.failure) {
      this.#fail(new Refusal(0, "", failureText(signature.failure.code, signature.failure.detail)));
    }
    // The element with the code is not made anew while it is the same code.
    const same = this.#open?.id === signature.id && this.#open.hasLink === signature.hasLink && signature.hasLink;
    this.#open = isOver(signature.state) ? null : signature;
    if (same) this.querySelector(".standing")?.replaceChildren(standingText(signature.state));
    else this.#paint();
  }

  async #ended(container: string): Promise<void> {
    try {
      const shown = await signing.show(container);
      // Deleted meanwhile: it does not come back.
      if (this.#container?.id !== container) return;
      this.#container = shown;
    } catch (error) {
      this.#fail(error);
    }
    this.#open = null;
    this.#paint();
    this.querySelector<HTMLElement>("#download")?.focus();
  }

  /** Somebody is asked. */
  #waiting(signature: Signature): Child[] {
    const container = this.#container?.id ?? "";
    const qr = signature.hasLink
      ? h("countersign-qr", {
          attrs: {
            "link-url": `${signaturePath(container, signature.id)}/link`,
            ...(this.#way === "here" ? { prefer: "link" } : { prefer: "qr" }),
          },
        })
      : null;
    return [
      h("p", { class: "standing" }, standingText(signature.state)),
      signature.text && signature.state !== "completing" && h("p", { class: "quiet" }, `The phone shows: ${signature.text}`),
      qr,
      !qr && signature.verificationCode &&
        h("div", { class: "code", attrs: { "aria-label": "Verification code" } },
          h("span", { class: "quiet" }, "The phone must show this code"),
          h("strong", null, signature.verificationCode),
        ),
      !qr && !signature.verificationCode && h("progress", { attrs: { "aria-label": "Working" } }),
      signature.state !== "completing" &&
        h("div", { class: "row" }, button("Cancel", () => void this.#cancel(signature), { id: "cancel", class: "plain" })),
    ];
  }

  async #cancel(signature: Signature): Promise<void> {
    const container = this.#container?.id;
    if (!container) return;
    try {
      await signing.cancel(container, signature.id);
    } catch (error) {
      // It was over before: then that is what is shown.
      if (!(error instanceof Refusal && error.status === 409)) return this.#fail(error);
    }
    this.#watching?.abort();
    await this.#ended(container);
  }
}

const isOver = (state: Signature["state"]): boolean => ["complete", "failed", "cancelled"].includes(state);

function refusalText(error: Refusal): string {
  if (error.status === 401 || (error.status === 404 && error.message.includes("for others"))) {
    return "This service signs for e-services that have a key. The page works where the service is open to everybody.";
  }
  return error.code ? failureText(error.code, error.message) : error.message;
}

function when(time: string): string {
  return new Date(time).toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "short" });
}
