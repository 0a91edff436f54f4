// What a row doesn't show comes when it is asked for: its details, as a form of their own below it.
"use strict";

const lineMenu = () => document.getElementById("line-menu");

// A form below a row, of a line or of a section's heading: loaded when it is opened, once. Returns when it is there, or
// couldn't be had; opening it again tries again. ``kind``: ``line`` or ``section``.
const opening = new WeakMap();
const loadBelow = async (row, opened, address) => {
  const box = opened.firstElementChild;
  await window.htmx.ajax("GET", address, { target: box, swap: "innerHTML settle:0ms" }).catch(() => {});
  if (!box.querySelector("form")) opening.delete(row);
};
const openBelow = (row, kind, address) => {
  if (!opening.has(row)) {
    closeBelow(row, kind);
    const opened = document.createElement("div");
    opened.className = `${kind}-opened`;
    opened.setAttribute("role", "row");
    const box = document.createElement("div");
    box.setAttribute("role", "gridcell");
    opened.append(box);
    row.append(opened);
    opening.set(row, loadBelow(row, opened, address));
  }
  return opening.get(row);
};
const closeBelow = (row, kind) => {
  opening.delete(row);
  row.querySelector(`:scope > .${kind}-opened`)?.remove();
};

// The details of a line.
const openDetails = (uid) => {
  const line = document.getElementById(`line-${uid}`);
  if (!line) return null;
  const loaded = openBelow(line, "line", lineMenu().dataset.details + uid);
  noteOpen();
  return loaded;
};
const closeDetails = (uid) => {
  const line = document.getElementById(`line-${uid}`);
  // What isn't saved stays in sight.
  if (!line || ["details", "price"].some((name) => window.unsaved.has(`${name}-${uid}`))) return;
  closeBelow(line, "line");
  noteOpen();
};
const toggleDetails = async (uid) => {
  const line = document.getElementById(`line-${uid}`);
  if (line?.querySelector(".line-opened")) {
    closeDetails(uid);
    window.sheet.focusCell(uid, "name");
    return;
  }
  await openDetails(uid);
  document.getElementById(`${uid}-description`)?.focus();
};
document.addEventListener("keydown", (event) => {
  const opened = event.key === "Escape" && event.target.closest?.(".line-opened");
  if (!opened) return;
  const uid = window.sheet.uidOf(opened);
  event.target.blur();
  window.sheet.focusCell(uid, "name");
  closeDetails(uid);
});

// What is open stays open over a reload of the tab, and where all lines are sent again.
const OPEN_KEY = `open:${window.location.pathname}`;
const noteOpen = () => {
  const open = [...document.querySelectorAll("#lines .line:has(> .line-opened)")];
  sessionStorage.setItem(OPEN_KEY, JSON.stringify(open.map((line) => window.sheet.uidOf(line))));
};
const openAll = () => {
  for (const uid of JSON.parse(sessionStorage.getItem(OPEN_KEY) ?? "[]")) openDetails(uid);
};
window.addEventListener("load", openAll);
document.addEventListener("htmx:oobAfterSwap", (event) => event.detail.target.id === "lines" && openAll());

// What was typed into a field of a category is replaced by typing, so that the list offers all.
document.addEventListener(
  "focusin",
  (event) => event.target.matches?.("input[list]") && event.target.select(),
);

// Lines were added, moved, copied, changed, deleted or put back.
const place = ([uid, above]) => {
  const line = document.getElementById(`line-${uid}`);
  if (line) document.querySelector(above)?.after(line);
};
for (const kind of ["line-added", "line-moved", "line-placed", "line-deleted", "lines-changed"])
  document.addEventListener(kind, (event) => {
    document.getElementById("lines").dataset.order = event.detail.order;
    for (const one of event.detail.places) place(one);
  });

// The server sends all lines where it can't tell from this that the page shows the others.
document.addEventListener("htmx:configRequest", (event) => {
  if (event.detail.verb === "post" && /\/(lines|steps)\b/.test(event.detail.path))
    event.detail.parameters.order = document.getElementById("lines")?.dataset.order ?? "";
});

window.editorLines = { openBelow, closeBelow, openDetails, toggleDetails };
