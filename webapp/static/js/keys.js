// Keys of the whole editor, and their help. A single letter acts only where nothing is typed.
"use strict";

const keysDialog = document.getElementById("keys");
const keysButton = document.getElementById("open-keys");
keysButton.addEventListener("click", () => keysDialog.showModal());

const editorKeys = {
  "?": () => keysDialog.showModal(),
  "/": () => document.getElementById("find-text").focus(),
  a: () => document.getElementById("find-text").focus(),
  q: () => window.location.assign(keysButton.dataset.new),
  p: () => window.location.assign(keysButton.dataset.preview),
};
document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
  // A cell takes what is typed on it, but for the name.
  const isTypedOn =
    "input:not([type=checkbox]), textarea, select, dialog, [role=menu], [data-cell]:not(.cell-name)";
  if (event.target.closest?.(isTypedOn)) return;
  const act = editorKeys[event.key.toLowerCase()];
  if (!act) return;
  event.preventDefault();
  act();
});
