// J and K go through a list; Enter opens, as everywhere. X selects, and Shift X all from the one selected last.
"use strict";

const links = () => [...document.querySelectorAll("[data-open]")];
const step = (by) => {
  const at = links().indexOf(document.activeElement);
  links()[at < 0 ? 0 : Math.max(0, Math.min(at + by, links().length - 1))]?.focus();
};

const boxes = () => [...document.querySelectorAll(".list-pick")];
let last = null;
const show = () => {
  const all = document.getElementById("pick-all");
  if (!all) return;
  // All of the view: those of the other pages, too.
  const view = document.getElementById("pick-view");
  const here = boxes().filter((box) => box.checked).length;
  if (view?.checked && here < boxes().length) view.checked = false;
  const count = view?.checked ? Number(view.value) : here;
  all.checked = here > 0 && here === boxes().length;
  all.indeterminate = here > 0 && !all.checked;
  const words = count === 1 ? "1 quote selected" : `${count} quotes selected`;
  document.getElementById("together-count").textContent = words;
};
const select = (toLast) => {
  const box = document.activeElement.closest("tr")?.querySelector(".list-pick");
  if (!box) return;
  if (toLast && last?.isConnected) {
    const [from, to] = [boxes().indexOf(last), boxes().indexOf(box)].sort((one, other) => one - other);
    for (const one of boxes().slice(from, to + 1)) one.checked = true;
  } else box.checked = !box.checked;
  last = box;
  show();
};
document.addEventListener("change", (event) => {
  if (["pick-all", "pick-view"].includes(event.target.id))
    for (const box of boxes()) box.checked = event.target.checked;
  else if (event.target.matches(".list-pick")) last = event.target;
  else return;
  show();
});
document.addEventListener("htmx:afterSettle", show);
window.addEventListener("pageshow", show);

window.pageKeys = {
  j: () => step(1),
  k: () => step(-1),
  x: () => select(false),
  "shift x": () => select(true),
};
