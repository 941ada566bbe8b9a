import { createElement } from "react";
import { renderToString } from "react-dom/server";
import { describe, expect, it } from "vitest";
import { attributesOf } from "./component.ts";
import { CountersignQesInfo, CountersignQr, CountersignRegistration, CountersignStatus } from "./index.ts";

describe("on a server", () => {
  it("a component is its tag with its attributes, and touches nothing of a browser", () => {
    expect(globalThis.customElements).toBeUndefined();
    const html = renderToString(createElement(CountersignRegistration, {
      apiBase: "https://id.example", widgetToken: "t&<\"", lang: "de", requireTc: true, allowedMethods: "MID", className: "mine",
      texts: { accept: "Ja" }, onDone: () => undefined,
    }));
    expect(html).toBe('<countersign-registration lang="de" api-base="https://id.example" widget-token="t&amp;&lt;&quot;" allowed-methods="MID" require-tc="" class="mine"></countersign-registration>');
  });

  it("what is false is not there", () => {
    expect(renderToString(createElement(CountersignQesInfo, { compact: false }))).toBe("<countersign-qes-info></countersign-qes-info>");
    expect(renderToString(createElement(CountersignStatus, { msisdn: "41791234567", requireTc: "false" }))).toBe('<countersign-status msisdn="41791234567" require-tc="false"></countersign-status>');
  });

  it("children go where the element has a slot", () => {
    expect(renderToString(createElement(CountersignQr, { linkUrl: "/l", statusUrl: "/s" }, "Help"))).toBe('<countersign-qr link-url="/l" status-url="/s">Help</countersign-qr>');
  });
});

it("attributes are made of properties", () => {
  expect(attributesOf({ a: "a-a", b: "b", c: "c", d: "d" }, { a: "x", b: true, c: false, d: 0, e: "other" })).toEqual({ "a-a": "x", b: "", d: "0" });
});

it("components have names that tools can show", () => expect(CountersignRegistration.displayName).toBe("CountersignRegistration"));
