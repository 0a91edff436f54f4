// Keyboard use of the quote editor. Without this script, everything works as plain forms.
"use strict";

const searchBox = () => document.getElementById("find-text");
// The text in the box when Enter was pressed, until its search returns.
let pendingText = "";
const results = () => [...document.querySelectorAll("#found .choice")];

// Arrow keys move from the search box through the results; Enter in the box chooses the first one.
document.addEventListener("keydown", (event) => {
  const input = searchBox();
  if (!input || (event.target !== input && !event.target.closest("#found"))) return;
  const list = results();
  const at = list.indexOf(event.target);
  if (event.key === "ArrowDown" && list.length) {
    list[Math.min(at + 1, list.length - 1)].focus();
  } else if (event.key === "ArrowUp" && at >= 0) {
    (at === 0 ? input : list[at - 1]).focus();
  } else if (event.key === "ArrowUp" && list.length) {
    list.at(-1).focus();
  } else if (event.key === "Escape") {
    // Of an empty box, it goes back to the lines.
    const isLeft = event.target === input && input.value === "";
    input.value = "";
    document.getElementById("found").replaceChildren();
    if (!isLeft) input.focus();
    else if (!window.sheet.focusCurrent()) input.blur();
  } else if (event.key === "Enter" && event.target === input && !event.ctrlKey && !event.metaKey) {
    if (input.value.trim() === "") pendingText = "";
    else if (input.dataset.found === input.value && list.length) list[0].click();
    else pendingText = input.value;
  } else {
    return;
  }
  event.preventDefault();
});

document.addEventListener("htmx:afterSettle", (event) => {
  if (event.target.id !== "found") return;
  const input = searchBox();
  const searched =
    event.detail.requestConfig?.parameters?.get?.("q") ?? event.detail.requestConfig?.parameters?.q;
  input.dataset.found = searched ?? input.value;
  // Enter was pressed before the results arrived, and the text hasn't changed since.
  if (pendingText && pendingText === input.value && pendingText === input.dataset.found)
    results()[0]?.click();
  pendingText = "";
});

// Clear the box as soon as a result is chosen, so that the next line can be typed while this one is added. Restore the
// text if the request fails.
let chosenText = "";
// Whether the person went back to the box since then.
let isBack = false;
const isChoice = (event) => event.detail.elt.matches?.("#found form");
document.addEventListener("htmx:beforeSend", (event) => {
  if (!isChoice(event)) return;
  chosenText = searchBox().value;
  searchBox().value = "";
  isBack = false;
});
document.addEventListener("focusin", (event) => {
  if (event.target === searchBox()) isBack = true;
});
for (const failure of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) {
  document.addEventListener(failure, (event) => {
    if (isChoice(event) && searchBox().value === "") searchBox().value = chosenText;
  });
}

// After a line was added: focus the search box, or the price of a custom item, unless the person went on meanwhile.
document.addEventListener("line-added", (event) => {
  const input = searchBox();
  window.sheet.stopAt(event.detail.line, "name");
  if (input.value !== "" || window.sheet.typesElsewhere()) return;
  document.getElementById("found").replaceChildren();
  if (isBack) return;
  if (event.detail.focus) window.sheet.editCell(event.detail.focus, "unit_price");
  else input.focus();
});

// After a line was moved, copied, deleted or put back, the focus stays near it.
for (const kind of ["line-moved", "line-placed", "line-deleted", "lines-changed"])
  document.addEventListener(kind, (event) => {
    if (window.sheet.typesElsewhere()) return;
    if (event.detail.line) window.sheet.focusCell(event.detail.line, "name");
    else if (kind === "line-deleted") searchBox().focus();
  });

// The bar covers the bottom of the window; what gets the focus is scrolled above it.
const editorBar = document.querySelector(".editor-bar");
if (editorBar)
  new ResizeObserver(() => {
    document.documentElement.style.scrollPaddingBottom = `${editorBar.offsetHeight + 16}px`;
    // Only where it's used: on the root, it would style every row again.
    for (const id of ["bulk", "toast"])
      document.getElementById(id)?.style.setProperty("--bar-height", `${editorBar.offsetHeight}px`);
  }).observe(editorBar);

// The browser scrolls only to the first row of a box for long texts; by Tab, all of it is shown.
let byTab = false;
document.addEventListener("keydown", (event) => {
  byTab = event.key === "Tab";
});
document.addEventListener("pointerdown", () => {
  byTab = false;
});
document.addEventListener("focusin", (event) => {
  if (!byTab || !editorBar || editorBar.contains(event.target)) return;
  const box = event.target.getBoundingClientRect();
  const under = box.bottom + 16 - editorBar.getBoundingClientRect().top;
  if (under > 0 && box.top > under) window.scrollBy({ top: under, behavior: "instant" });
});

// The title is text in the headline until it is touched.
document.getElementById("title")?.addEventListener("keydown", (event) => {
  const field = event.target;
  if (event.key !== "Enter" && event.key !== "Escape") return;
  event.preventDefault();
  if (event.key === "Escape") {
    field.value = window.formFields.savedValueOf(field);
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }
  field.blur();
});
