/** Start from a QR code: by camera, from an image, or from the link itself. */

import { button, h } from "@countersign/page/dom";
import { icon } from "../icons.ts";
import { type QrReader, qrReader } from "../qr-reader.ts";
import { Screen, title } from "../screen.ts";

/** Between two looks at the camera's picture, in ms. */
const LOOK_EVERY = 120;
/** The largest picture file that is looked at, in bytes. */
const FILE_MAX = 20_000_000;

export class ScanScreen extends Screen {
  protected override readonly look = "scan";
  readonly #status = h("p", { class: "quiet scan-status", attrs: { role: "status" } });
  readonly #fault = h("p", { class: "fault", attrs: { role: "alert" } });
  readonly #video = h("video", { attrs: { playsinline: true, "aria-hidden": "true" } });
  #reader: Promise<QrReader> | null = null;
  #done = false;

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    for (const track of (this.#video.srcObject as MediaStream | null)?.getTracks() ?? []) track.stop();
    this.#video.srcObject = null;
    void this.#reader?.then((reader) => reader.close());
    this.#reader = null;
  }

  protected override draw(): void {
    const { app } = this;
    const view = h(
      "div",
      { class: "finder" },
      this.#video,
      h("div", { class: "corners", attrs: { "aria-hidden": "true" } }),
    );
    const file = h("input", { class: "heard", id: "scan-image", attrs: { type: "file", accept: "image/*" } });
    file.addEventListener("change", () => {
      const image = file.files?.[0];
      file.value = "";
      if (image) void this.#readImage(image);
    });
    const link = h("input", {
      id: "scan-link",
      attrs: {
        type: "text",
        inputmode: "url",
        autocomplete: "off",
        autocapitalize: "off",
        spellcheck: "false",
        maxlength: 4096,
        enterkeyhint: "go",
      },
    });
    const go = () => {
      const text = link.value.trim();
      if (text !== "") this.#found(text);
      else link.focus();
    };
    link.addEventListener("keydown", (event) => {
      if (event.key === "Enter") go();
    });
    this.fill(
      this.top(() => void app.home()),
      h(
        "div",
        { class: "body" },
        title(app.t("scanTitle")),
        view,
        this.#status,
        this.#fault,
        h(
          "div",
          { class: "drop" },
          file,
          h("label", { class: "button", attrs: { for: "scan-image" } }, icon("image"), app.t("scanImage")),
          h("p", { class: "quiet" }, app.t("scanDrop")),
        ),
        h("div", { class: "field" }, h("label", { attrs: { for: "scan-link" } }, app.t("scanPasteLabel")), link),
        button(app.t("scanPasteButton"), go, { class: "button" }),
      ),
    );
    this.#listen();
    void this.#camera(view);
  }

  #listen(): void {
    const { signal } = this;
    // A picture can be dropped or pasted anywhere on the page.
    this.app.addEventListener(
      "dragover",
      (event) => {
        event.preventDefault();
        this.classList.add("dropping");
      },
      { signal },
    );
    this.app.addEventListener("dragleave", () => this.classList.remove("dropping"), { signal });
    this.app.addEventListener(
      "drop",
      (event) => {
        event.preventDefault();
        this.classList.remove("dropping");
        const image = event.dataTransfer?.files[0];
        const text = event.dataTransfer?.getData("text") ?? "";
        if (image) void this.#readImage(image);
        else if (text !== "") this.#found(text);
      },
      { signal },
    );
    document.addEventListener(
      "paste",
      (event) => {
        const image = [...(event.clipboardData?.files ?? [])].find((file) => file.type.startsWith("image/"));
        if (image) {
          event.preventDefault();
          void this.#readImage(image);
        }
      },
      { signal },
    );
  }

  async #camera(view: HTMLElement): Promise<void> {
    const { app } = this;
    this.#status.textContent = app.t("scanStarting");
    if (!("mediaDevices" in navigator)) {
      this.#noCamera(view, app.t("scanNone"));
      return;
    }
    let stream: MediaStream;
    try {
      stream = await navigator.mediaDevices.getUserMedia({
        video: { facingMode: "environment", width: { ideal: 1280 } },
      });
    } catch (error) {
      const denied = error instanceof DOMException && error.name === "NotAllowedError";
      if (!this.signal.aborted) this.#noCamera(view, app.t(denied ? "scanDenied" : "scanNone"));
      return;
    }
    if (this.signal.aborted) {
      for (const track of stream.getTracks()) track.stop();
      return;
    }
    this.#video.srcObject = stream;
    this.#video.muted = true;
    await this.#video.play().catch(() => undefined);
    this.#status.textContent = app.t("scanHint");
    const reader = await (this.#reader ??= qrReader());
    while (!this.signal.aborted && !this.#done) {
      const text = await reader.read(this.#video).catch(() => null);
      if (text !== null) this.#found(text);
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY));
    }
  }

  #noCamera(view: HTMLElement, reason: string): void {
    view.hidden = true;
    this.#status.textContent = reason;
  }

  async #readImage(file: File): Promise<void> {
    const { app } = this;
    this.#fault.textContent = "";
    if (!file.type.startsWith("image/") || file.size > FILE_MAX) {
      this.#fault.textContent = app.t("scanNothing");
      return;
    }
    app.say(app.t("scanReading"));
    try {
      const picture = await createImageBitmap(file);
      const reader = await (this.#reader ??= qrReader());
      const text = await reader.read(picture);
      picture.close();
      if (text === null) this.#fault.textContent = app.t("scanNothing");
      else this.#found(text);
    } catch {
      this.#fault.textContent = app.t("scanNothing");
    }
  }

  /** A text was found: by camera, in a picture, or pasted. */
  #found(text: string): void {
    const { app } = this;
    if (this.#done || this.signal.aborted) return;
    const read = app.engine.readLink(text);
    switch (read.kind) {
      case "ACTIVATION":
        this.#done = true;
        app.enrol(read.code);
        return;
      case "DEVICE_LINK":
        this.#done = true;
        void app.start({ kind: "LINK", link: read.link });
        return;
      case "UNKNOWN":
        // Once: the camera sees the same foreign code many times.
        if (this.#fault.textContent !== app.t("scanForeign")) this.#fault.textContent = app.t("scanForeign");
    }
  }
}
