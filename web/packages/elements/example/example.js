// What the element tells the page.
const list = document.getElementById("events");
const names = ["link", "status", "expired", "complete", "refused", "timeout", "error"];
for (const name of names) {
  document.querySelector("countersign-qr").addEventListener(`countersign-${name}`, (event) => {
    const item = document.createElement("li");
    item.textContent = `countersign-${name} ${JSON.stringify(event.detail)}`;
    list.prepend(item);
    while (list.childElementCount > 12) list.lastElementChild.remove();
  });
}
