// What a hostile e-service can write, and that it stays in its box.
//
// Each text goes through the engine's own `displayable`, as in the product, and once more as it is, as if that had failed: the
// box must hold either way. Outside the boxes nothing may change: compared pixel by pixel and by hit tests.

import { decode, part } from "./png.mjs";

const MARKS = "\u0301\u0311\u0324\u0334\u0489\u20dd\u0e49\u0e49\u0e49";

export const HOSTILE = {
  markup:
    '<img src=x onerror="document.title=1"><style>*{display:none}</style><h1>Countersign</h1><button>Log in</button>',
  entities: "&lt;b&gt;&#x202e;&nbsp;&amp;<!-- --><![CDATA[x]]>",
  script: "</bdi></cs-stranger><script>document.body.textContent='x'</script><svg/onload=alert(1)>",
  override: "\u202eknaB elpmaS\u202d \u202b\u202a\u202c to log in",
  isolates: "Pay \u2067\u2066\u20681 EUR\u2069 \u2067 5000 EUR",
  marksOfDirection: "\u200f\u200e\u061c1234\u200f",
  invisible: "Sam\u200bple\u2060 Ba\u00adnk\ufeff \u3164\uffa0\u115f\u180e",
  tags: "Bank\u{e0041}\u{e0042}\u{e007f}\u{1d173}\ufe0f\u{e0100}",
  controls: "a\u0000b\u0007c\u001b[31md\u007fe\u0085f",
  lines: "Log in" + "\n\r\u2028\u2029\u000b\u000c".repeat(60) + "PIN2",
  climbing: [..."Bank"].map((letter) => letter + MARKS.repeat(12)).join(""),
  kilobyte: "I agree to everything. ".repeat(46),
  unbroken: "W".repeat(1024),
  wide: "\ufdfd".repeat(60) + "\u{12031}".repeat(60) + "\u2e3b".repeat(20),
  emoji: "👩‍👩‍👧‍👦".repeat(60),
  rightToLeft: "تسجيل الدخول ".repeat(30),
  imitation: "\n\nCode 1234\n────────\nPIN2 for signing ● ● ● ●\n[ Sign ]  [ Refuse ]",
  spaces: "\u2003\u3000\u2800".repeat(200) + "x",
  surrogates: "\ud800Bank\udc00",
};

export async function hostile(page, report) {
  await page.setViewportSize({ width: 390, height: 844 });
  await page.emulateMedia({ colorScheme: "light", reducedMotion: "reduce" });
  for (const kind of ["AUTH", "SIGN"]) {
    for (const place of ["text", "rp"]) {
      const calm = await look(page, kind, place, "Sample", true);
      for (const [name, words] of Object.entries(HOSTILE)) {
        for (const safe of [true, false]) {
          const seen = await look(page, kind, place, words, safe);
          const faults = [...seen.faults];
          if (seen.title !== calm.title) faults.push("the title changed");
          if (seen.elements !== calm.elements) faults.push(`${seen.elements - calm.elements} elements came`);
          if (!seen.band.equals(calm.band)) faults.push("the band looks different");
          if (!seen.pad.equals(calm.pad)) faults.push("the keypad looks different");
          for (const side of ["left", "right", "below"]) {
            if (!seen[side].equals(calm[side])) faults.push(`${side} of the message something is painted`);
          }
          if (!seen.label.equals(calm.label)) faults.push("the message's label looks different");
          // A name of more lines moves what is below it; a text moves nothing.
          if (place === "text" && !seen.head.equals(calm.head))
            faults.push("what stands over the message looks different");
          report(`hostile-${name}`, `${kind} ${place}${safe ? "" : " unfiltered"}`, faults);
        }
      }
    }
  }
}

async function look(page, kind, place, words, safe) {
  const found = await page.evaluate(
    async ([kind, place, words, safe]) => {
      await window.ask(kind, place, words, safe);
      const faults = [];
      const app = document.querySelector("cs-phone");
      const boxes = [...app.querySelectorAll("cs-stranger bdi")];
      if (boxes.length !== 2) faults.push(`${boxes.length} boxes`);
      for (const box of boxes) {
        if (box.childElementCount > 0) faults.push("an element in the box");
        if (getComputedStyle(box).unicodeBidi !== "isolate") faults.push("the box does not isolate");
      }
      // What is ours is where one touches it.
      for (const element of app.querySelectorAll(".key, .confirm, .link, .band h1, .what, .code strong, .message h2")) {
        const { left, top, width, height } = element.getBoundingClientRect();
        const hit = document.elementFromPoint(left + width / 2, top + height / 2);
        if (!hit || !(element.contains(hit) || hit.contains(element)))
          faults.push(`covered: ${element.className || element.localName}`);
        if (hit?.closest("cs-stranger"))
          faults.push(`a stranger's words over ${element.className || element.localName}`);
        if (top < 0 || top + height > innerHeight + 1)
          faults.push(`pushed out of sight: ${element.className || element.localName}`);
      }
      if (document.documentElement.scrollWidth > innerWidth) faults.push("the page scrolls sideways");
      const box = (selector) => {
        const { x, y, width, height } = app.querySelector(selector).getBoundingClientRect();
        return { x, y, width, height };
      };
      return {
        faults,
        title: document.title,
        elements: app.querySelectorAll("*").length - app.querySelectorAll(".message .quiet, .message .quiet *").length,
        band: box(".band"),
        pad: box("cs-pin-pad"),
        message: box(".message"),
        label: box(".message h2"),
      };
    },
    [kind, place, words, safe],
  );
  const picture = decode(await page.screenshot({ animations: "disabled", caret: "hide" }));
  const { band, pad, message, label } = found;
  const high = pad.y - band.height;
  return {
    ...found,
    band: part(picture, band),
    head: part(picture, { x: 0, y: band.height, width: 390, height: message.y - band.height }),
    // The margins of the request, and the strip under the message.
    left: part(picture, { x: 0, y: band.height, width: message.x - 1, height: high }),
    right: part(picture, {
      x: message.x + message.width + 1,
      y: band.height,
      width: 389 - message.x - message.width,
      height: high,
    }),
    below: part(picture, {
      x: message.x,
      y: Math.ceil(message.y + message.height) + 1,
      width: message.width,
      height: 6,
    }),
    label: part(picture, { x: message.x + 2, y: label.y, width: message.width - 24, height: label.height }),
    pad: part(picture, { x: 0, y: pad.y, width: 390, height: 844 - pad.y }),
  };
}
