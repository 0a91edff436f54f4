// The sections of the sheet: folding, their forms, and which one lines go to.
"use strict";

const sectionDialog = document.getElementById("section-dialog");
const heads = () => [...document.querySelectorAll("#lines .section-head")];
const linesOf = (head) => {
  const lines = [];
  for (let next = head.nextElementSibling; next?.matches(".line"); next = next.nextElementSibling)
    lines.push(next);
  return lines;
};

// Folded sections stay folded over a reload of the tab, and where all lines are sent again.
const FOLDED_KEY = `folded:${window.location.pathname}`;
const folded = new Set(JSON.parse(sessionStorage.getItem(FOLDED_KEY) ?? "[]"));
const showFolds = () => {
  for (const head of heads()) {
    const isFolded = folded.has(head.dataset.section);
    head.querySelector(".section-fold").setAttribute("aria-expanded", String(!isFolded));
    const lines = linesOf(head);
    for (const line of lines) line.hidden = isFolded;
    // Lines that aren't there are numbered all the same.
    if (isFolded) head.style.counterIncrement = `line ${lines.length}`;
    // An empty attribute would stay, and htmx, which copies it, isn't let write styles.
    else head.removeAttribute("style");
  }
};
const fold = (uid, isFolded) => {
  if (isFolded) folded.add(uid);
  else folded.delete(uid);
  sessionStorage.setItem(FOLDED_KEY, JSON.stringify([...folded]));
  showFolds();
};

// A section's form, below its heading.
const closeForm = (head) => window.editorLines.closeBelow(head, "section");
const openForm = async (head) => {
  await window.editorLines.openBelow(head, "section", head.querySelector(".section-edit").href);
  head.querySelector(".section-opened [name=title]")?.select();
};
// What is wrong with it gets the focus.
document.addEventListener("htmx:afterSettle", (event) => {
  if (event.target.matches?.(".section-form")) event.target.querySelector("[aria-invalid]")?.focus();
});

document.addEventListener("click", (event) => {
  const head = event.target.closest?.(".section-head");
  const select = event.target.closest?.("[data-select]");
  if (select) window.rows.postLines(`${select.dataset.select}/select`);
  else if (event.target.closest?.(".section-fold"))
    fold(head.dataset.section, !folded.has(head.dataset.section));
  else if (event.target.closest?.(".section-edit")) {
    event.preventDefault();
    if (head.querySelector(".section-opened")) closeForm(head);
    else openForm(head);
  } else if (head && event.target.closest(".section-close")) {
    event.preventDefault();
    closeForm(head);
    head.querySelector(".section-edit").focus();
  }
});
document.addEventListener("keydown", (event) => {
  const opened = event.key === "Escape" && event.target.closest?.(".section-opened");
  if (!opened) return;
  const head = opened.closest(".section-head");
  closeForm(head);
  head.querySelector(".section-edit").focus();
});

// A heading is a row to the arrows, which fold it, too. Enter in a list of choices saves, as it does in a field.
document.addEventListener("keydown", (event) => {
  if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const link = event.target.matches?.("#lines .section-edit") && event.target;
  if (link && event.key === "ArrowDown") window.sheet.goBeside(link, 1);
  else if (link && event.key === "ArrowUp") window.sheet.goBeside(link, -1);
  else if (link && ["ArrowLeft", "ArrowRight"].includes(event.key))
    fold(link.closest(".section-head").dataset.section, event.key === "ArrowLeft");
  else if (event.key === "Enter" && event.target.matches?.(".section-form select, #section-choice"))
    event.target.form.requestSubmit(event.target.form.querySelector("[type=submit]"));
  else if (event.key === "Escape" && event.target.id === "section-title") {
    document.getElementById("add-section").open = false;
    if (!window.sheet.focusCurrent()) event.target.blur();
  } else return;
  event.preventDefault();
});

// Which section lines go to.
const fillChoice = (choice) => {
  const first = new Option("Above all sections", "");
  choice.replaceChildren(
    first,
    ...heads().map(
      (head) => new Option(head.querySelector(".section-edit").textContent, head.dataset.section),
    ),
  );
};
const ask = (uids) => {
  fillChoice(document.getElementById("section-choice"));
  sectionDialog.dataset.uids = uids.join(" ");
  sectionDialog.showModal();
};
sectionDialog.addEventListener("submit", () => {
  const section = document.getElementById("section-choice").value;
  window.rows.postLines("section", { uids: sectionDialog.dataset.uids, section });
});

// What is done with a line unfolds its section, so that it is seen.
for (const kind of ["line-added", "line-moved", "line-placed"])
  document.addEventListener(kind, (event) => {
    const line = document.getElementById(`line-${event.detail.line}`);
    const head = heads().find((one) => linesOf(one).includes(line));
    if (head && line.hidden) fold(head.dataset.section, false);
    else showFolds();
  });
for (const kind of ["lines-changed", "line-deleted"]) document.addEventListener(kind, showFolds);
document.addEventListener("htmx:oobAfterSwap", (event) => {
  if (event.detail.target.id === "lines") showFolds();
});
document.addEventListener("section-added", (event) => {
  document.getElementById("lines").dataset.order = event.detail.order;
  document.querySelector("#add-section form").reset();
  document.getElementById("e-section-title").textContent = "";
  if (!window.sheet.typesElsewhere()) document.getElementById("find-text").focus();
});
document.addEventListener("section-saved", (event) => {
  document.getElementById("lines").dataset.order = event.detail.order;
  document.querySelector(`#section-${CSS.escape(event.detail.line)} .section-edit`)?.focus();
});
showFolds();

window.sections = { ask, fillChoice };
