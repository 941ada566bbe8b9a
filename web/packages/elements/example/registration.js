// Where the token comes from, and what the elements tell the page.
import { REGISTRATION_EVENTS } from "../countersign-elements.js";

const element = document.querySelector("countersign-registration");
element.tokenSource = async () => {
  const answer = await fetch("/status/token", { method: "POST" });
  return answer.ok ? (await answer.json()).access_token : "";
};

const list = document.getElementById("events");
for (const name of REGISTRATION_EVENTS) {
  element.addEventListener(name, (event) => {
    const item = document.createElement("li");
    item.textContent = `${name} ${JSON.stringify(event.detail)}`;
    list.prepend(item);
  });
}
