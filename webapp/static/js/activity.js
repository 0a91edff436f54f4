// The activity pages. They work without it.
"use strict";

// Bulk sync: a checkbox that selects all quotes.
document.addEventListener("change", (event) => {
  const name = event.target.dataset?.tickAll;
  if (!name) return;
  for (const box of document.querySelectorAll(`input[type=checkbox][name="${name}"]`))
    box.checked = event.target.checked;
});

// Opened details stay open when the page refreshes itself.
let openDetails = new Map();
document.addEventListener("htmx:beforeSwap", (event) => {
  const details = [...event.detail.target.querySelectorAll("details[id]")];
  openDetails = new Map(details.map((element) => [element.id, element.open]));
});
document.addEventListener("htmx:afterSwap", () => {
  for (const [id, open] of openDetails) {
    const element = document.getElementById(id);
    if (element && open) element.open = true;
  }
});
