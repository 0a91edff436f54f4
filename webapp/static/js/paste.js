// Rows of a spreadsheet become lines, which are confirmed first; selected lines are copied as rows of a spreadsheet.
"use strict";

const pasteDialog = document.getElementById("paste-dialog");

const showPasted = async (text) => {
  await window.htmx
    .ajax("POST", pasteDialog.dataset.paste, {
      target: pasteDialog,
      swap: "innerHTML settle:0ms",
      values: { text },
    })
    .catch(() => {});
  if (!pasteDialog.querySelector("#pasted")) return;
  pasteDialog.showModal();
  (pasteDialog.querySelector("#pasted-add") ?? pasteDialog.querySelector("[data-close]")).focus();
};
document.addEventListener("paste", (event) => {
  const text = event.clipboardData?.getData("text/plain") ?? "";
  const field = event.target.closest?.("input, textarea, select");
  // In the box for a new line, a single text is looked for; rows are lines.
  const areRows = /[\t\n]/.test(text.trim());
  if (pasteDialog.open || !areRows || (field && field.id !== "find-text")) return;
  event.preventDefault();
  showPasted(text);
});
pasteDialog.addEventListener("click", (event) => event.target.closest("[data-close]") && pasteDialog.close());
for (const kind of ["line-placed", "lines-changed"])
  document.addEventListener(kind, () => pasteDialog.close());

// The whole line is copied, with what the sheet doesn't show.
document.addEventListener("copy", (event) => {
  const cell = event.target.closest?.("#lines [data-cell]");
  if (!cell || event.target.closest("input, select") || !window.getSelection().isCollapsed) return;
  const picked = window.picked();
  const uids = picked.length ? picked : [window.sheet.uidOf(cell)];
  event.preventDefault();
  const address = `${pasteDialog.dataset.copied}?uids=${encodeURIComponent(uids.join(" "))}`;
  const rows = fetch(address).then((answer) => (answer.ok ? answer.text() : Promise.reject(answer.status)));
  rows
    .then((text) => navigator.clipboard.writeText(text))
    .then(() => window.unsaved.say(uids.length === 1 ? "1 line copied." : `${uids.length} lines copied.`))
    .catch(() => window.unsaved.say("Nothing was copied. Try again."));
});
