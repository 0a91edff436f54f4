// Several lines at once: picked by box or key, changed by the bar in one command, which is one step to undo.
"use strict";

const bulkBar = document.getElementById("bulk");
const bulkForm = document.getElementById("bulk-form");
const pickedUids = new Set();
let lastPicked = "";
let bulkWhat = "";
let countTimer = 0;

const pickable = () => window.sheet.allRows().map((row) => window.sheet.uidOf(row));
const showPicked = () => {
  const there = pickable();
  for (const uid of [...pickedUids]) if (!there.includes(uid)) pickedUids.delete(uid);
  for (const row of window.sheet.allRows()) {
    const isPicked = pickedUids.has(window.sheet.uidOf(row));
    const box = row.querySelector(".line-pick");
    if (box.checked !== isPicked) box.checked = isPicked;
    if (isPicked) row.setAttribute("aria-selected", "true");
    else if (row.hasAttribute("aria-selected")) row.removeAttribute("aria-selected");
  }
  const count = pickedUids.size;
  const all = document.getElementById("pick-all");
  all.checked = count > 0 && count === there.length;
  all.indeterminate = count > 0 && count < there.length;
  bulkBar.hidden = count === 0;
  if (!count) closeBulk();
  if (bulkWhat && bulkForm.elements.uids.value !== [...pickedUids].join(" ")) foresee();
  document.getElementById("bulk-count").textContent = `${count} selected`;
  nameApply();
};
const nameApply = () => {
  const count = pickedUids.size;
  const verb = { delete: "Delete", section: "Move" }[bulkWhat] ?? "Apply to";
  document.getElementById("bulk-apply").textContent = `${verb} ${count === 1 ? "1 line" : `${count} lines`}`;
};
const sayPicked = () => {
  clearTimeout(countTimer);
  countTimer = setTimeout(() => window.unsaved.say(`${pickedUids.size} selected.`), 500);
};
const pick = (uid, isOn = !pickedUids.has(uid)) => {
  if (isOn) pickedUids.add(uid);
  else pickedUids.delete(uid);
  lastPicked = uid;
  showPicked();
  sayPicked();
};
const pickRange = (from, to) => {
  const there = pickable();
  const [first, last] = [there.indexOf(from), there.indexOf(to)].sort((one, other) => one - other);
  for (const uid of there.slice(Math.max(first, 0), last + 1)) pickedUids.add(uid);
  showPicked();
  sayPicked();
};
const clearPicked = () => {
  pickedUids.clear();
  showPicked();
};

let isShift = false;
document.addEventListener("click", (event) => {
  isShift = event.shiftKey;
  const box = event.target.closest?.(".line-pick");
  if (!box) return;
  const uid = window.sheet.uidOf(box);
  if (isShift && lastPicked) pickRange(lastPicked, uid);
  else pick(uid, box.checked);
});
document.addEventListener("change", (event) => {
  if (event.target.id !== "pick-all") return;
  for (const uid of pickable()) {
    if (event.target.checked) pickedUids.add(uid);
    else pickedUids.delete(uid);
  }
  showPicked();
  sayPicked();
});
document.addEventListener("keydown", (event) => {
  const cell = event.target.closest?.("#lines [data-cell]");
  if (
    event.key === "Escape" &&
    !event.defaultPrevented &&
    pickedUids.size &&
    (!cell || event.target === cell)
  ) {
    if (bulkForm.contains(event.target) || !bulkForm.hidden) closeBulk();
    else clearPicked();
    return;
  }
  if (!cell || event.target !== cell) return;
  const uid = window.sheet.uidOf(cell);
  const there = pickable();
  if (event.key === " ") pick(uid);
  else if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "a") {
    for (const one of there) pickedUids.add(one);
    showPicked();
    sayPicked();
  } else if (event.shiftKey && !event.altKey && ["ArrowDown", "ArrowUp"].includes(event.key)) {
    const next = there[there.indexOf(uid) + (event.key === "ArrowDown" ? 1 : -1)];
    if (!next) return;
    if (pickedUids.has(next)) pick(uid, false);
    else pickRange(uid, next);
    window.sheet.focusCell(next, cell.dataset.cell);
  } else return;
  event.preventDefault();
});
// Rows that the server sent again are picked as before.
document.addEventListener("htmx:afterSettle", () => pickedUids.size && showPicked());

const closeBulk = () => {
  bulkForm.hidden = true;
  bulkWhat = "";
  for (const button of bulkBar.querySelectorAll("[data-open]")) button.setAttribute("aria-expanded", "false");
};
// What the change would make of the lines, reckoned on the server.
const foresee = () => {
  bulkForm.elements.do.value = bulkWhat;
  bulkForm.elements.uids.value = [...pickedUids].join(" ");
  window.htmx.trigger(bulkForm, "foresee");
};
const openBulk = (what) => {
  closeBulk();
  bulkWhat = what;
  document.getElementById("e-bulk").textContent = "";
  document.getElementById("bulk-foreseen").replaceChildren();
  for (const part of bulkForm.querySelectorAll("[data-bulk]")) {
    part.hidden = part.dataset.bulk !== what;
    for (const field of part.querySelectorAll("input, select")) field.disabled = part.hidden;
  }
  if (what === "section") window.sections.fillChoice(document.getElementById("bulk-section"));
  nameApply();
  bulkForm.hidden = false;
  bulkBar.querySelector(`[data-open="${what}"]`).setAttribute("aria-expanded", "true");
  const field = bulkForm.querySelector("[data-bulk]:not([hidden]) .line-field");
  (field ?? document.getElementById("bulk-apply")).focus();
  foresee();
};
const sendBulk = (what, values = {}) =>
  window.rows.postLines(what === "section" ? what : "bulk", {
    ...values,
    do: what,
    uids: [...pickedUids].join(" "),
  });

bulkBar.addEventListener("click", (event) => {
  const { open, bulkDo, bulkClear } = event.target.closest("button")?.dataset ?? {};
  if (open && open === bulkWhat) closeBulk();
  else if (open) openBulk(open);
  else if (bulkDo) sendBulk(bulkDo);
  else if (bulkClear !== undefined) clearPicked();
});
bulkForm.addEventListener("submit", (event) => {
  event.preventDefault();
  sendBulk(bulkWhat, Object.fromEntries(new FormData(bulkForm)));
});
for (const kind of ["lines-changed", "line-placed", "line-deleted"])
  document.addEventListener(kind, () => !bulkForm.hidden && closeBulk());

window.picked = () => pickable().filter((uid) => pickedUids.has(uid));
