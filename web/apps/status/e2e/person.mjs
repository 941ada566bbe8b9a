// What a person does on the pages of the suite. A page or a frame will do.

const place = (page) => (typeof page.waitForSelector === "function" ? page : { locator: (selector) => page.locator(selector) });

/** Gives a number, and waits for the entry of the code. */
export async function ask(page, msisdn) {
  await place(page).locator("#number").fill(msisdn);
  await place(page).locator("[part~=send]").click();
  await place(page).locator("#code").waitFor();
}

/** Enters a code. */
export async function enter(page, code) {
  await place(page).locator("#code").fill(code);
  await place(page).locator("[part~=check]").click();
}

/** Ticks terms, and accepts. */
export async function decideOn(page, jurisdictions) {
  const names = { zertes: "Switzerland", eidas: "European Union" };
  for (const jurisdiction of jurisdictions) {
    await page.locator("countersign-terms fieldset", { hasText: names[jurisdiction] }).locator("input").check();
  }
  await page.click("countersign-terms [part~=accept]");
}

/** What the overview says first. */
export const head = (page) => page.locator("countersign-status .head h2").innerText();

/** The level of each jurisdiction. */
export async function levels(page) {
  return (await page.locator("countersign-status .facts dd").allInnerTexts()).slice(0, 2);
}

let drawn = 0;

/** A number that nobody has, another one each time. */
export function number() {
  drawn += 1;
  return `4179000${String(drawn).padStart(4, "0")}`;
}
