// Colleagues in the same quote. The page asks while its person does something in it, and so is seen by them.
"use strict";

const hereBox = document.getElementById("here");
const EVERY_MS = 5000;
const IDLE_MS = 5 * 60 * 1000;
let usedAt = Date.now();
let shownHere = "";

const askWhoIsHere = async () => {
  if (document.hidden || Date.now() - usedAt > IDLE_MS) return;
  // No answer changes nothing: the editor works without.
  const answer = await fetch(hereBox.dataset.here).catch(() => null);
  if (!answer?.ok || answer.redirected) return;
  const text = await answer.text();
  // The same words aren't said twice.
  if (text === shownHere) return;
  shownHere = text;
  hereBox.innerHTML = text;
};
if (hereBox) {
  for (const kind of ["keydown", "pointermove", "focus"])
    window.addEventListener(
      kind,
      () => {
        usedAt = Date.now();
      },
      { passive: true },
    );
  document.addEventListener("visibilitychange", askWhoIsHere);
  setInterval(askWhoIsHere, EVERY_MS);
  askWhoIsHere();
}
