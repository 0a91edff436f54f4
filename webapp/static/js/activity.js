// The pages of pushes. They work without it.
"use strict";

// Choosing many quotes: one box that ticks all of them.
document.addEventListener("change", (event) => {
  const name = event.target.dataset?.tickAll;
  if (!name) return;
  for (const box of document.querySelectorAll(`input[type=checkbox][name="${name}"]`)) box.checked = event.target.checked;
});

// What somebody opened stays open when a page brings itself up to date.
let before = new Map();
document.addEventListener("htmx:beforeSwap", (event) => {
  before = new Map([...event.detail.target.querySelectorAll("details[id]")].map((one) => [one.id, one.open]));
});
document.addEventListener("htmx:afterSwap", () => {
  for (const [id, open] of before) {
    const found = document.getElementById(id);
    if (found && open) found.open = true;
  }
});
