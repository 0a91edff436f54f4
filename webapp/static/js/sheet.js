// The sheet: rows are text. A row that is entered gets its fields and one form; it is text again once it is left and
// saved. The server answers an edit with the row as it reads now; the texts of cells with fields wait until then.
"use strict";

const resting = new WeakMap();
// The one cell that Tab stops at.
let current = { uid: "", name: "name" };
let isPressed = false;

const rowOf = (uid) => document.getElementById(`row-${uid}`);
const uidOf = (node) => node?.closest?.(".line")?.id.slice("line-".length) ?? "";
const allRows = () => [...document.querySelectorAll("#lines .line > .line-row")];
const cellOf = (row, name) => row?.querySelector(`[data-cell="${name}"]`);
const shownRows = () => allRows().filter((row) => !row.parentElement.hidden);
const cellsOf = (row) => [...row.querySelectorAll("[data-cell]")];
const fieldOf = (cell) => cell?.querySelector(".line-field");
const isEdited = (uid) => window.unsaved?.has(`form-${uid}`) ?? false;

const textOf = (cell) => cell.dataset.value ?? (cell.querySelector(".line-name") ?? cell).textContent.trim();
const fill = (field, value, shown) => {
  if (field.tagName !== "SELECT") {
    field.defaultValue = field.value = value;
    return;
  }
  let option = [...field.options].find((one) => one.value === value);
  // An inactive tax code can stay where it is, but not be chosen.
  if (!option && value && field.name === "tax_code_id") {
    option = new Option(shown, value);
    field.append(option);
  }
  if (!option) return;
  option.defaultSelected = true;
  field.value = value;
};

const enterRow = (row) => {
  if (!row || resting.has(row)) return;
  const uid = uidOf(row);
  const fields = document.createElement("template");
  fields.innerHTML = document.getElementById("line-fields").innerHTML.replaceAll("__uid__", uid);
  const before = new Map();
  for (const part of fields.content.querySelectorAll("[data-for]")) {
    const cell = cellOf(row, part.dataset.for);
    if (!cell) continue;
    for (const field of part.querySelectorAll(".line-field"))
      fill(field, field.name === "discount_kind" ? cell.dataset.kind : textOf(cell), cell.textContent.trim());
    before.set(cell, [...cell.childNodes]);
    const badge = cell.querySelector(".kind");
    cell.replaceChildren(...(badge ? [badge] : []), ...part.childNodes);
    cell.removeAttribute("tabindex");
  }
  const form = fields.content.querySelector("form");
  form.elements.seen.value = row.dataset.seen;
  cellOf(row, "name").append(form, fields.content.querySelector(".line-note"));
  resting.set(row, before);
  row.classList.add("line-open");
  window.htmx.process(form);
};

const restRow = (row) => {
  const before = row && resting.get(row);
  if (!before) return;
  resting.delete(row);
  for (const [cell, nodes] of before) {
    cell.replaceChildren(...nodes);
    cell.tabIndex = -1;
  }
  row.classList.remove("line-open");
  stopAt(current.uid, current.name);
};

// Tab stops at one cell of the sheet.
const stopAt = (uid, name) => {
  for (const old of document.querySelectorAll("#lines [data-cell][tabindex='0']")) old.tabIndex = -1;
  const row = rowOf(uid) ?? allRows()[0];
  if (!row) return null;
  current = { uid: uidOf(row), name };
  const cell = cellOf(row, name) ?? cellOf(row, "name");
  if (!resting.has(row)) cell.tabIndex = 0;
  return cell;
};
const focusCell = (uid, name) => {
  const cell = stopAt(uid, name);
  const field = fieldOf(cell);
  if (field) field.focus();
  else cell?.focus();
};
const editCell = (uid, name) => {
  const row = rowOf(uid);
  enterRow(row);
  const field = fieldOf(cellOf(row, name)) ?? fieldOf(cellOf(row, "name"));
  field?.focus();
  if (field?.select) field.select();
};

const leaveRow = (row) => {
  if (!resting.has(row) || row.contains(document.activeElement) || isEdited(uidOf(row))) return;
  restRow(row);
};
// A row that gets lower under a pressed mouse button would move what the click is meant for.
const leaveRows = () => {
  if (isPressed) return;
  for (const row of document.querySelectorAll("#lines .line-open")) leaveRow(row);
};
document.addEventListener("pointerdown", () => {
  isPressed = true;
});
for (const kind of ["pointerup", "pointercancel"])
  document.addEventListener(kind, () => {
    isPressed = false;
    setTimeout(leaveRows, 0);
  });
document.addEventListener(
  "focusout",
  (event) => event.target.closest?.(".line-open") && setTimeout(leaveRows, 0),
);
document.addEventListener("edit-settled", leaveRows);
document.addEventListener("focusin", (event) => {
  const cell = event.target.closest?.("#lines [data-cell]");
  if (cell) stopAt(uidOf(cell), cell.dataset.cell);
});

// Leaving a changed field saves its row.
document.addEventListener("change", (event) => {
  if (event.target.form?.matches(".row-form")) window.htmx.trigger(event.target.form, "submit");
});

document.addEventListener("click", (event) => {
  const cell = event.target.closest?.("#lines [data-cell]");
  if (!cell || event.ctrlKey || event.metaKey || event.target.closest(".line-field, button")) return;
  event.preventDefault();
  editCell(uidOf(cell), cell.dataset.cell);
});

// What arrives for a row (js/morph.js). ``answeredForm``: the form that it answers.
const receiveRow = (row, fresh, answeredForm) => {
  const answer = fresh.querySelector(":scope > template");
  answer?.remove();
  fresh.querySelector(".line-pick").checked = row.querySelector(".line-pick").checked;
  if (row.hasAttribute("aria-selected")) fresh.setAttribute("aria-selected", "true");
  if (!resting.has(row)) return;
  fresh.classList.add("line-open");
  const form = document.getElementById(`form-${uidOf(row)}`);
  if (!isEdited(uidOf(row))) form.elements.seen.value = fresh.dataset.seen;
  if (form.id !== answeredForm || !answer) return;
  for (const error of row.querySelectorAll(".cell-error")) window.morphing.showError(error);
  for (const part of [...answer.content.children]) {
    const old = document.getElementById(part.id);
    if (part.name === "seen") window.unsaved.takeSeen(form.elements.seen, part);
    else if (old) window.morphing.showError(old, part.childNodes);
  }
};
// A cell with fields keeps them, and what is typed there; its text waits until the row is left.
const receiveCell = (cell, fresh) => {
  const before = resting.get(cell.parentElement);
  if (!before?.has(cell)) {
    fresh.setAttribute("tabindex", cell.getAttribute("tabindex"));
    return true;
  }
  for (const { name, value } of fresh.attributes) if (name !== "tabindex") cell.setAttribute(name, value);
  if (!isEdited(uidOf(cell)))
    for (const field of cell.querySelectorAll(".line-field")) {
      window.formFields.savedValues.delete(field);
      fill(
        field,
        field.name === "discount_kind" ? fresh.dataset.kind : textOf(fresh),
        fresh.textContent.trim(),
      );
    }
  before.set(cell, [...fresh.childNodes]);
  return false;
};
// Where all lines are sent again, the focus comes back.
let focusBefore = null;
document.addEventListener("htmx:beforeSwap", () => {
  const at = document.activeElement;
  const cell = at?.closest?.("#lines [data-cell]");
  focusBefore = cell ? { uid: uidOf(cell), name: cell.dataset.cell, edits: at.matches(".line-field") } : null;
});
document.addEventListener("htmx:afterSettle", () => {
  if (focusBefore && document.activeElement === document.body && rowOf(focusBefore.uid)) {
    if (focusBefore.edits) editCell(focusBefore.uid, focusBefore.name);
    else focusCell(focusBefore.uid, focusBefore.name);
  }
  focusBefore = null;
  if (!document.querySelector("#lines [data-cell][tabindex='0'], #lines .line-open"))
    stopAt(current.uid, current.name);
});

// Keys. In a field they are the field's, but for those that leave it.
const beside = (row, step) => {
  const rows = shownRows();
  return rows[rows.indexOf(row) + step];
};
const inField = (event, row, cell) => {
  const field = event.target;
  if (event.key === "Enter") {
    const next = beside(row, event.shiftKey ? -1 : 1);
    // Leaving the field says that it changed.
    field.blur();
    if (next) focusCell(uidOf(next), cell.dataset.cell);
    else if (event.shiftKey) focusCell(uidOf(row), cell.dataset.cell);
    else document.getElementById("find-text").focus();
  } else if (event.key === "Escape") {
    for (const one of cell.querySelectorAll(".line-field")) {
      one.value = window.unsaved.savedValueOf(one);
      one.dispatchEvent(new Event("input", { bubbles: true }));
    }
    const uid = uidOf(row);
    field.blur();
    leaveRow(row);
    focusCell(uid, cell.dataset.cell);
  } else return false;
  return true;
};
// Up and down also stop at the headings of sections.
const goBeside = (from, step) => {
  const stops = [
    ...document.querySelectorAll("#lines .section-edit, #lines .line:not([hidden]) > .line-row"),
  ];
  const next = stops[stops.indexOf(from) + step];
  if (next?.matches(".line-row")) focusCell(uidOf(next), current.name);
  else next?.focus();
};
const isTyping = (event) => event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey;
const onCell = (event, row, cell) => {
  const cells = cellsOf(row);
  const at = cells.indexOf(cell);
  const rows = shownRows();
  const isFar = event.ctrlKey || event.metaKey;
  const goTo = (next, name = cell.dataset.cell) => next && focusCell(uidOf(next), name);
  const isPlain = !event.altKey && !event.shiftKey;
  if (event.key === "ArrowDown" && isPlain) goBeside(row, 1);
  else if (event.key === "ArrowUp" && isPlain) goBeside(row, -1);
  else if (event.key === "ArrowRight" && isPlain)
    goTo(row, cells[Math.min(at + 1, cells.length - 1)].dataset.cell);
  else if (event.key === "ArrowLeft" && isPlain) goTo(row, cells[Math.max(at - 1, 0)].dataset.cell);
  else if (event.key === "Home") goTo(isFar ? rows[0] : row, "name");
  else if (event.key === "End") goTo(isFar ? rows.at(-1) : row, cells.at(-1).dataset.cell);
  else if (event.key === "PageDown") goTo(rows[Math.min(rows.indexOf(row) + 10, rows.length - 1)]);
  else if (event.key === "PageUp") goTo(rows[Math.max(rows.indexOf(row) - 10, 0)]);
  else if (event.key === "F2" || (event.key === "Enter" && cell.dataset.cell !== "name"))
    editCell(uidOf(row), cell.dataset.cell);
  else if (event.key === "Enter") window.editorLines.toggleDetails(uidOf(row));
  else if (isTyping(event) && event.key !== " " && cell.dataset.cell !== "name") {
    editCell(uidOf(row), cell.dataset.cell);
    // The key itself goes into the field.
    return false;
  } else return false;
  return true;
};
document.addEventListener("keydown", (event) => {
  const cell = event.target.closest?.("#lines [data-cell]");
  const publishes = event.key === "Enter" && (event.ctrlKey || event.metaKey);
  if (!cell || event.defaultPrevented || publishes) return;
  const row = cell.closest(".line-row");
  const isHandled = event.target === cell ? onCell(event, row, cell) : inField(event, row, cell);
  if (isHandled) event.preventDefault();
});

stopAt("", "name");

// An answer moves the focus only of a person who waits for it, not of one who types elsewhere meanwhile.
function typesElsewhere() {
  const active = document.activeElement;
  if (!active?.matches("input:not([type=checkbox], [type=radio]), textarea")) return false;
  return active.value !== "" || active.closest(".line") !== null;
}

// The line that Tab stops at, by its name, where letters are keys; false where there is none.
const focusCurrent = () => {
  if (!rowOf(current.uid) && !allRows().length) return false;
  focusCell(uidOf(rowOf(current.uid) ?? allRows()[0]), "name");
  return true;
};

window.sheet = {
  stopAt,
  goBeside,
  focusCurrent,
  typesElsewhere,
  enterRow,
  restRow,
  focusCell,
  editCell,
  rowOf,
  uidOf,
  allRows,
  receiveRow,
  receiveCell,
};
