// The parts under a bundle fold; a fold lasts as long as the page, also where its row is swapped.
"use strict";

(() => {
  const folded = new Set();

  const show = (uid) => {
    const parts = document.getElementById(`parts-${uid}`);
    if (parts) parts.hidden = folded.has(uid);
    // A row that is entered has no button.
    document.querySelector(`[data-fold="${uid}"]`)?.setAttribute("aria-expanded", String(!folded.has(uid)));
  };

  const fold = (event) => {
    const uid = event.target.closest?.("[data-fold]")?.dataset.fold;
    if (!uid) return;
    event.stopPropagation();
    if (!folded.delete(uid)) folded.add(uid);
    show(uid);
  };

  // Before the row takes the click.
  document.addEventListener("click", fold, true);

  // After rows were added, or left.
  for (const name of ["htmx:afterSettle", "focusin"]) {
    document.addEventListener(name, () => folded.forEach(show));
  }
})();
