// The customer's page. It works without this script.
"use strict";

// A refused answer: focus the first wrong field, or else the sentence that says why; after the browser has gone to the
// place that the address names, which takes the focus away.
window.addEventListener("load", () =>
  setTimeout(() => {
    const wrong = document.querySelector(
      "#answer [aria-invalid], #answer [data-wrong], .decline [aria-invalid]",
    );
    (wrong ?? document.querySelector(".answer-refused"))?.focus();
  }),
);

// What is folded on the screen is unfolded on paper.
window.addEventListener("beforeprint", () => {
  for (const details of document.querySelectorAll(".offer-description:not([open])")) {
    details.open = true;
    details.dataset.unfolded = "";
  }
});
window.addEventListener("afterprint", () => {
  for (const details of document.querySelectorAll("[data-unfolded]")) details.open = false;
});

// One step more or less of a line. The server says what it makes of the totals.
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-step]");
  const field = button?.parentElement.querySelector("input");
  if (!field) return;
  const before = field.value;
  if (button.dataset.step === "1") field.stepUp();
  else field.stepDown();
  if (field.value !== before) field.dispatchEvent(new Event("change", { bubbles: true }));
});

// Tell once that a person has the quote on the screen: at the first touch, or after two seconds. Programs that only
// check links don't get that far.
const viewedAt = document.body.dataset.viewed;
const ON_SCREEN_MS = 2000;
const SIGNS = ["pointermove", "pointerdown", "keydown", "scroll", "touchstart"];
let viewedTimer = 0;
const tellViewed = () => {
  stopWatching();
  const token = document.querySelector("[name=csrf_token]").value;
  fetch(viewedAt, { method: "POST", headers: { "X-CSRFToken": token }, keepalive: true }).catch(() => {});
};
const watch = () => {
  clearTimeout(viewedTimer);
  if (document.visibilityState === "visible") viewedTimer = setTimeout(tellViewed, ON_SCREEN_MS);
};
const stopWatching = () => {
  clearTimeout(viewedTimer);
  document.removeEventListener("visibilitychange", watch);
  for (const sign of SIGNS) document.removeEventListener(sign, tellViewed);
};
if (viewedAt) {
  document.addEventListener("visibilitychange", watch);
  for (const sign of SIGNS) document.addEventListener(sign, tellViewed, { passive: true });
  watch();
}
