// What is done with a whole row: its menu, keys, moving by key and by dragging.
"use strict";

const menu = document.getElementById("line-menu");
const placeDialog = document.getElementById("place-dialog");
let menuUid = "";
// A deletion by the menu offers to undo it; by key, the next row may be deleted as well.
let isByMenu = false;
const offersUndo = () => isByMenu;

// One after the other, so that each finds the page as the one before left it; ``values``: may be asked for only then.
let lastRequest = Promise.resolve();
const postLines = (path, values = {}, base = menu.dataset.lines) => {
  const send = async () => {
    // After what was typed just now, which is on its way.
    await window.unsaved.quiet();
    const sent = typeof values === "function" ? values() : values;
    const how = { swap: "none settle:0ms", values: sent };
    if (sent) await window.htmx.ajax("POST", base + path, how).catch(() => {});
  };
  lastRequest = lastRequest.then(send);
  return lastRequest;
};

const positionOf = (uid) => window.sheet.allRows().indexOf(window.sheet.rowOf(uid)) + 1;
// ``find``: the new place of the row that is at ``position`` then.
const moveTo = (uid, find) =>
  postLines(`${uid}/move`, () => {
    const now = positionOf(uid);
    const position = find(now);
    const isThere = position < 1 || position > window.sheet.allRows().length || position === now;
    return isThere ? null : { position };
  });
const selectedOr = (uid) => {
  const picked = window.picked?.() ?? [];
  return picked.includes(uid) ? picked : [uid];
};
const commands = {
  details: (uid) => window.editorLines.toggleDetails(uid),
  copy: (uid) => postLines(`${uid}/copy`),
  up: (uid) => moveTo(uid, (now) => now - 1),
  down: (uid) => moveTo(uid, (now) => now + 1),
  place: (uid) => {
    const field = placeDialog.querySelector("[name=position]");
    field.value = positionOf(uid);
    field.max = window.sheet.allRows().length;
    placeDialog.dataset.uid = uid;
    placeDialog.showModal();
    field.select();
  },
  section: (uid) => window.sections.ask(selectedOr(uid)),
  optional: (uid) => postLines("bulk", { do: "optional", uids: selectedOr(uid).join(" ") }),
  delete: (uid) =>
    selectedOr(uid).length > 1
      ? postLines("bulk", { do: "delete", uids: selectedOr(uid).join(" ") })
      : postLines(`${uid}/delete`),
};
placeDialog.addEventListener("submit", () => {
  const position = Number(placeDialog.querySelector("[name=position]").value);
  const count = window.sheet.allRows().length;
  moveTo(placeDialog.dataset.uid, () => Math.max(1, Math.min(position || 1, count)));
});

// The menu.
const menuItems = () => [...menu.querySelectorAll("[role=menuitem]")];
const closeMenu = () => {
  if (menu.hidden) return;
  menu.hidden = true;
  document
    .querySelector(`#row-${CSS.escape(menuUid)} .line-menu-button`)
    ?.setAttribute("aria-expanded", "false");
};
const openMenu = (uid) => {
  menuUid = uid;
  const button = window.sheet.rowOf(uid).querySelector(".line-menu-button");
  button.setAttribute("aria-expanded", "true");
  menu.hidden = false;
  const at = button.getBoundingClientRect();
  const top = Math.min(at.bottom + 4, window.innerHeight - menu.offsetHeight - 8);
  menu.style.top = `${Math.max(8, top)}px`;
  menu.style.left = `${Math.max(8, at.right - menu.offsetWidth)}px`;
  menuItems()[0].focus();
};
document.addEventListener("click", (event) => {
  const button = event.target.closest?.(".line-menu-button");
  if (button) {
    const uid = window.sheet.uidOf(button);
    if (menu.hidden || menuUid !== uid) openMenu(uid);
    else closeMenu();
    return;
  }
  const item = event.target.closest?.("#line-menu [data-do]");
  if (item) {
    closeMenu();
    isByMenu = true;
    window.sheet.focusCell(menuUid, "name");
    commands[item.dataset.do](menuUid);
  } else if (!menu.hidden) closeMenu();
});
menu.addEventListener("keydown", (event) => {
  const items = menuItems();
  const at = items.indexOf(document.activeElement);
  if (event.key === "ArrowDown") items[(at + 1) % items.length].focus();
  else if (event.key === "ArrowUp") items[(at - 1 + items.length) % items.length].focus();
  else if (event.key === "Home") items[0].focus();
  else if (event.key === "End") items.at(-1).focus();
  else if (event.key === "Escape" || event.key === "Tab") {
    closeMenu();
    window.sheet.focusCell(menuUid, "name");
  } else return;
  event.preventDefault();
});

// Keys on a row.
document.addEventListener("keydown", (event) => {
  const cell = event.target.closest?.("#lines [data-cell]");
  if (!cell) return;
  const uid = window.sheet.uidOf(cell);
  const isField = event.target !== cell;
  const isFar = event.ctrlKey || event.metaKey;
  let name = "";
  if (event.altKey && !event.shiftKey && event.key === "ArrowUp") name = "up";
  else if (event.altKey && !event.shiftKey && event.key === "ArrowDown") name = "down";
  else if (isField) return;
  else if (isFar && event.key.toLowerCase() === "d") name = "copy";
  else if (event.key === "Delete") name = "delete";
  else if (!isFar && cell.dataset.cell === "name" && event.key.toLowerCase() === "o") name = "optional";
  else if (!isFar && cell.dataset.cell === "name" && event.key.toLowerCase() === "m") name = "section";
  else if ((event.key === "F10" && event.shiftKey) || (event.key === "." && cell.dataset.cell === "name")) {
    event.preventDefault();
    openMenu(uid);
    return;
  }
  if (!name) return;
  event.preventDefault();
  isByMenu = false;
  commands[name](uid);
});

// Dragging by the handle.
let dragged = "";
const dropAt = (event) => {
  const rows = window.sheet.allRows();
  const under = rows.findIndex((row) => {
    const box = row.parentElement.getBoundingClientRect();
    return event.clientY < box.top + box.height / 2;
  });
  return under === -1 ? rows.length : under;
};
const showDrop = (at) => {
  for (const old of document.querySelectorAll("#lines .line-drop, #lines .line-drop-after"))
    old.classList.remove("line-drop", "line-drop-after");
  if (at === null) return;
  const rows = window.sheet.allRows();
  if (at < rows.length) rows[at].parentElement.classList.add("line-drop");
  else rows.at(-1)?.parentElement.classList.add("line-drop-after");
};
const stopDragging = () => {
  if (dragged) document.getElementById(`line-${dragged}`)?.classList.remove("line-dragged");
  dragged = "";
  showDrop(null);
};
document.addEventListener("pointerdown", (event) => {
  const handle = event.target.closest?.(".line-drag");
  if (!handle || event.button !== 0) return;
  event.preventDefault();
  dragged = window.sheet.uidOf(handle);
  handle.setPointerCapture(event.pointerId);
  handle.closest(".line").classList.add("line-dragged");
});
document.addEventListener("pointermove", (event) => dragged && showDrop(dropAt(event)));
document.addEventListener("pointerup", (event) => {
  if (!dragged) return;
  const from = positionOf(dragged) - 1;
  const at = dropAt(event);
  moveTo(dragged, () => (at > from ? at : at + 1));
  stopDragging();
});
document.addEventListener("pointercancel", stopDragging);
document.addEventListener("keydown", (event) => event.key === "Escape" && stopDragging());

window.rows = { postLines, offersUndo };
