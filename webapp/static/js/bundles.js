// The parts under a bundle fold; a fold lasts as long as the page, also where its row is swapped.
"use strict";

(() => {
  const folded = new Set();

  const show = (button) => {
    const uid = button.dataset.fold;
    const parts = document.getElementById(`parts-${uid}`);
    button.setAttribute("aria-expanded", String(!folded.has(uid)));
    if (parts) parts.hidden = folded.has(uid);
  };

  const fold = (event) => {
    const button = event.target.closest?.("[data-fold]");
    if (!button) return;
    event.stopPropagation();
    if (!folded.delete(button.dataset.fold)) folded.add(button.dataset.fold);
    show(button);
  };

  // Before the row takes the click.
  document.addEventListener("click", fold, true);

  const again = () => {
    if (folded.size) document.querySelectorAll("[data-fold]").forEach(show);
  };

  document.addEventListener("htmx:afterSettle", again);
  document.addEventListener("htmx:oobAfterSwap", again);
})();
