// The top bar on every page: its menu of the account, the theme, and the keys that work everywhere.
"use strict";

const accountMenu = document.querySelector(".account-menu");
const letters = !("noLetters" in document.body.dataset);
const GO_WITHIN = 1500;

// Where a letter is text, or belongs to what has the focus: a cell takes what is typed on it, but for the name. A dialog
// that was just closed can hold the focus for another moment.
const takesLetters =
  "input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable], dialog[open], [role=menu], [data-cell]:not(.cell-name)";

const openKeys = () => (document.getElementById("keys") ?? document.getElementById("frame-keys")).showModal();
const find = () => {
  const listSearch = document.getElementById("filter-text");
  if (listSearch) listSearch.focus();
  else document.getElementById("open-jump").click();
};
let goUntil = 0;
const frameKeys = {
  "?": openKeys,
  "/": find,
  q: () => document.querySelector("[data-new-quote]")?.click(),
  g: () => {
    goUntil = Date.now() + GO_WITHIN;
  },
};

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.isComposing || event.altKey) return;
  if (event.key === "Escape" && accountMenu.open) return closeAccountMenu();
  const key = event.key.toLowerCase();
  if (key === "k" && (event.ctrlKey || event.metaKey) && !event.shiftKey) {
    event.preventDefault();
    document.getElementById("open-jump").click();
    return;
  }
  if (!letters || event.ctrlKey || event.metaKey || event.target.closest?.(takesLetters)) return;
  const place = Date.now() < goUntil && document.querySelector(`[data-go="${CSS.escape(key)}"]`);
  if (place) goUntil = 0;
  const named = event.shiftKey && /^[a-z]$/.test(key) ? `shift ${key}` : key;
  const act = place ? () => place.click() : (frameKeys[named] ?? window.pageKeys?.[named]);
  if (!act) return;
  event.preventDefault();
  act();
});

const closeAccountMenu = () => {
  accountMenu.open = false;
  accountMenu.querySelector("summary").focus();
};
document.addEventListener("click", (event) => {
  if (!accountMenu.contains(event.target)) accountMenu.open = false;
});
accountMenu.addEventListener("focusout", (event) => {
  if (event.relatedTarget && !accountMenu.contains(event.relatedTarget)) accountMenu.open = false;
});

// A theme that was chosen shows at once; the next page comes with it.
accountMenu.addEventListener("htmx:afterRequest", (event) => {
  const chosen = event.detail.successful && event.detail.requestConfig.parameters.theme;
  if (!chosen) return;
  document.documentElement.className = `theme-${chosen}`;
  for (const button of accountMenu.querySelectorAll("[name=theme]"))
    button.setAttribute("aria-pressed", String(button.value === chosen));
});

if (/Mac|iP(hone|ad)/.test(navigator.platform))
  for (const kbd of document.querySelectorAll("kbd")) kbd.textContent = kbd.textContent.replace("Ctrl", "⌘");
