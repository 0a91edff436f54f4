// Undo and redo of this session's edits, which the server keeps. In a field, the keys are the field's own.
"use strict";

const toast = document.getElementById("toast");
let toastTimer = 0;
const hideToast = () => {
  if (toast.contains(document.activeElement)) document.getElementById("find-text").focus();
  toast.hidden = true;
};
const showToast = (words, canUndo) => {
  clearTimeout(toastTimer);
  toast.querySelector("[data-words]").textContent = words;
  toast.querySelector("[data-undo]").hidden = !canUndo;
  toast.hidden = false;
  toastTimer = setTimeout(() => !toast.contains(document.activeElement) && hideToast(), 8000);
};
const step = (what) => {
  toast.hidden = true;
  window.rows.postLines(what, {}, document.getElementById("line-menu").dataset.steps);
};

toast.querySelector("[data-undo]").addEventListener("click", () => step("undo"));
document.addEventListener(
  "submit",
  (event) => {
    const what = event.target.dataset?.step;
    if (!what) return;
    event.preventDefault();
    event.stopPropagation();
    step(what);
  },
  true,
);
document.addEventListener("keydown", (event) => {
  if (!(event.ctrlKey || event.metaKey) || event.altKey) return;
  const field = event.target.closest?.("input:not([type=checkbox]), textarea, select");
  if (field) return;
  const key = event.key.toLowerCase();
  const what = key === "y" || (key === "z" && event.shiftKey) ? "redo" : key === "z" ? "undo" : "";
  if (!what) return;
  event.preventDefault();
  step(what);
});
document.addEventListener("line-deleted", (event) => {
  showToast(event.detail.said, true);
  if (window.rows.offersUndo()) toast.querySelector("[data-undo]").focus();
});
for (const kind of ["line-placed", "lines-changed"])
  document.addEventListener(kind, (event) => event.detail.kept && showToast(event.detail.said, false));

window.toast = { show: showToast };
