// Keys of the whole editor besides those of every page (frame.js), and their help.
"use strict";

const keysDialog = document.getElementById("keys");
const keysButton = document.getElementById("open-keys");
keysButton.addEventListener("click", () => keysDialog.showModal());

window.pageKeys = {
  a: () => document.getElementById("find-text").focus(),
  "shift a": () => {
    document.getElementById("add-section").open = true;
    document.getElementById("section-title").focus();
  },
  p: () => window.location.assign(keysButton.dataset.preview),
};

// Publishing by key asks once: its button gets the focus, and is what the next Enter presses.
document.addEventListener("keydown", (event) => {
  const isAsked = event.key === "Enter" && (event.ctrlKey || event.metaKey) && !event.defaultPrevented;
  if (!isAsked || document.querySelector("dialog[open]")) return;
  event.preventDefault();
  const button = document.getElementById("publish");
  if (document.activeElement === button) {
    button.click();
    return;
  }
  button.focus();
  window.toast.show(`Press Enter to ${button.textContent.toLowerCase()}.`, false);
  window.unsaved.say(`Press Enter to ${button.textContent.toLowerCase()}.`);
});
