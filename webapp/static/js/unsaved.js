// Edits of a quote that the server doesn't have yet. Their rows are marked, the bar counts them, they are sent again by
// themselves, they survive a reload of the tab, and publishing waits for them.
"use strict";

const unsavedBox = document.getElementById("unsaved");
const UNSAVED_KEY = unsavedBox.dataset.key;
const RETRY_AFTER_MS = [2000, 5000, 10000, 30000];
const NOT_REACHED = "Not saved yet: we couldn't reach the server. We'll try again.";
const SERVER_ERROR = "Not saved yet: the server had an error. We'll try again.";
const SESSION_ENDED = "Not saved yet: your session ended. Sign in again, then come back to this tab.";
const REFUSED = "Not saved.";
const GONE = "This line was deleted by someone else or in another tab, so your edit can't be saved.";

// By the id of the form: {state, values, seen, why}. State "typing": not sent yet; "sending"; "waiting": is sent again;
// "refused": a person must act.
const edits = new Map();
let retries = 0;
let retryTimer = 0;

// A line has a form for its cells, and one for its details once it is opened.
const lineOf = (id) => id.replace(/^(form|details|price)-/, "");
const formOf = (id) => document.getElementById(id);
const { fieldsOf, entered, savedValues, savedValueOf, changedIn } = window.formFields;

const keep = () => {
  const kept = [...edits].map(([id, edit]) => [id, edit]);
  if (kept.length) sessionStorage.setItem(UNSAVED_KEY, JSON.stringify(kept));
  else sessionStorage.removeItem(UNSAVED_KEY);
};

const failing = (state) => state === "waiting" || state === "refused";
const note = (form, state, why = "", failed = failing(state)) => {
  const values = changedIn(form);
  if (!Object.keys(values).length && state !== "sending") edits.delete(form.id);
  else edits.set(form.id, { state, values, why, failed, seen: form.elements.seen.value });
  keep();
  show();
};

// ``failed``: also while it is sent again, so that its mark doesn't flicker.
const summary = () => {
  const failed = [...edits].filter(([, edit]) => edit.failed).map(([id]) => id);
  const lines = new Set(failed.filter((id) => id !== "header").map(lineOf)).size;
  const parts = [
    lines && (lines === 1 ? "1 line" : `${lines} lines`),
    failed.includes("header") && "quote details",
  ].filter(Boolean);
  return parts.length ? `${parts.join(" and ")} not saved` : "";
};

const show = (prefix = "") => {
  for (const row of document.querySelectorAll("[data-unsaved]")) delete row.dataset.unsaved;
  for (const old of document.querySelectorAll(".unsaved-note")) old.remove();
  for (const [id, edit] of edits) {
    const form = formOf(id);
    if (!form || !edit.failed) continue;
    (form.closest(".line") ?? form).dataset.unsaved = "";
    if (!edit.why) continue;
    const words = document.createElement("span");
    words.className = "unsaved-note";
    words.textContent = edit.why;
    (form.matches(".row-form") ? form.parentElement : form).append(words);
  }
  const text = summary();
  const words = text && `${prefix}${text[0].toUpperCase()}${text.slice(1)}.`;
  unsavedBox.querySelector("[data-count]").textContent = words;
  if (prefix) say(words);
  unsavedBox.querySelector(".btn-list").hidden = !text;
};

// One live region says shortly what a change did.
const say = (words) => {
  document.getElementById("said").textContent = words;
};
for (const kind of ["line-moved", "line-placed", "line-deleted", "lines-changed"])
  document.addEventListener(kind, (event) => say(event.detail.said));
// Of many lines, those that are gone are named by the sheet instead of the event.
const goneFrom = (event) => [
  ...event.detail.gone,
  ...(document.getElementById("lines").dataset.gone ?? "").split(" "),
];
document.addEventListener("line-deleted", (event) => {
  for (const id of [...edits.keys()]) if (goneFrom(event).includes(lineOf(id))) edits.delete(id);
  keep();
  show();
});

const totals = () =>
  [...document.querySelectorAll("#bar .bar-totals > div")]
    .map((sum) => [...sum.children].map((part) => part.textContent).join(" "))
    .join(", ");
// Also of fields that belong to the form and stand elsewhere.
const firstError = (form) =>
  [
    ...[...form.elements].map((field) => document.getElementById(field.getAttribute("aria-describedby"))),
    ...(form.closest(".line-row") ?? form).querySelectorAll(".cell-error, .unsaved-note"),
  ].find((error) => error?.textContent.trim())?.textContent ?? "";

const send = (form) => window.htmx.trigger(form, "submit");
const sendAll = (states = ["typing", "sending", "waiting", "refused"]) => {
  for (const [id, edit] of [...edits]) if (states.includes(edit.state) && formOf(id)) send(formOf(id));
};
const sendAgain = () => sendAll(["waiting"]);
// After an ended session only the person can go on, so nothing is tried until they are back in this tab.
const canRetry = (edit) => edit.state === "waiting" && edit.why !== SESSION_ENDED;
const sendLater = () => {
  clearTimeout(retryTimer);
  if (![...edits.values()].some(canRetry)) return;
  retryTimer = setTimeout(sendAgain, RETRY_AFTER_MS[Math.min(retries, RETRY_AFTER_MS.length - 1)]);
  retries += 1;
};
window.addEventListener("online", sendAgain);
window.addEventListener("focus", sendAgain);
document.addEventListener("visibilitychange", () => document.hidden || sendAgain());

for (const kind of ["input", "change"]) {
  document.addEventListener(
    kind,
    (event) => {
      const form = event.target.form;
      if (!form?.matches("[data-edits]")) return;
      const before = edits.get(form.id);
      note(form, before?.state ?? "typing", before?.why, before?.failed);
    },
    true,
  );
}

const answered = (id, sent, status) => {
  const form = formOf(id);
  const before = edits.get(id);
  if (!form) {
    if (status < 400 && status !== 0) edits.delete(id);
  } else if (status >= 200 && status < 400) {
    for (const field of fieldsOf(form))
      if (sent.has(field.name)) savedValues.set(field, sent.get(field.name));
    retries = 0;
    note(form, "typing");
    say(`Saved. ${totals()}`);
    if (!edits.size) document.querySelector("#notices .alert-danger")?.remove();
  } else if (status === 0) note(form, "waiting", NOT_REACHED);
  else if (status === 401 || status === 400) note(form, "waiting", SESSION_ENDED);
  else if (status >= 500 || status === 429) note(form, "waiting", SERVER_ERROR);
  else note(form, "refused", status === 404 ? GONE : form.id === "header" ? REFUSED : "");
  keep();
  show();
  document.dispatchEvent(new CustomEvent("edit-settled", { detail: { form: id } }));
  const now = edits.get(id);
  // Told once, not at every attempt.
  if (form && now && failing(now.state) && (!now.why || now.why !== before?.why))
    say(`Not saved. ${firstError(form)}`);
  sendLater();
};

// The details of a line aren't on the page until they are opened, which takes a moment.
const openAgain = async (id) => {
  await window.editorLines.openDetails(lineOf(id));
  if (!formOf(id)) return;
  restore([id]);
  if (edits.has(id)) send(formOf(id));
};

// Put what isn't saved back into the fields of a page that came from the server.
const restore = (ids = [...edits.keys()]) => {
  for (const id of ids) {
    const edit = edits.get(id);
    const row = window.sheet.rowOf(lineOf(id));
    if (row && id.startsWith("form-")) window.sheet.enterRow(row);
    const form = formOf(id);
    if (!form && row) {
      openAgain(id);
      continue;
    }
    if (!form) {
      edits.set(id, { ...edit, state: "refused", why: GONE, failed: true });
      continue;
    }
    if (edit.seen) form.elements.seen.value = edit.seen;
    for (const field of fieldsOf(form)) {
      if (!(field.name in edit.values)) continue;
      if (field.type === "checkbox") field.checked = edit.values[field.name];
      else field.value = edit.values[field.name];
    }
  }
  keep();
  show();
};
// New rows can send only once htmx has settled them; sending refused ones again brings their errors back.
let linesAreNew = false;
document.addEventListener("htmx:oobAfterSwap", (event) => {
  if (event.detail.target.id !== "lines" || linesAreNew) return;
  linesAreNew = true;
  restore();
});
document.addEventListener("htmx:afterSettle", () => {
  if (!linesAreNew) return;
  linesAreNew = false;
  sendAll(["waiting", "refused"]);
});
window.addEventListener("load", () => {
  for (const [id, edit] of JSON.parse(sessionStorage.getItem(UNSAVED_KEY) ?? "[]")) edits.set(id, edit);
  restore();
  sendAll();
});

// Fields that keep someone else's value show it at once, before a queued save is sent. A field that was typed into since
// keeps what was typed, and its old mark, so that the server asks.
const lastSent = new Map();
const takeSeen = (seen, fresh) => {
  seen.value = fresh.value;
  if (!fresh.dataset.replaced) return;
  const sent = lastSent.get(seen.form.id);
  const marks = Object.fromEntries(seen.value.split(" ").map((mark) => mark.split(":")));
  for (const [name, text] of Object.entries(JSON.parse(fresh.dataset.replaced))) {
    const field = seen.form.elements[name];
    // A field that this page doesn't show, like the currency where there is only one.
    if (!field) continue;
    const value = field.type === "checkbox" ? text !== "" : text;
    if (entered(field) === sent?.values.get(name)) {
      if (field.type === "checkbox") field.checked = value;
      else field.value = value;
      sent.values.set(name, value);
    } else {
      const mark = name.replace(/_id$/, "");
      marks[mark] = sent?.marks[mark];
    }
  }
  seen.value = Object.entries(marks)
    .map((mark) => mark.join(":"))
    .join(" ");
};

window.unsaved = { has: (id) => edits.has(id), savedValueOf, say, quiet: () => quiet(), takeSeen };
unsavedBox.querySelector("[data-save-now]").addEventListener("click", () => sendAll());
// The page is loaded again, because someone else may have changed what the fields held.
unsavedBox.querySelector("[data-discard]").addEventListener("click", () => {
  edits.clear();
  keep();
  window.location.reload();
});

// Publishing waits for running saves, and is canceled when something isn't saved after them. This listens to the
// requests themselves, because events of an element that has left the page never arrive.
const runningSaves = new Set();
const whenQuiet = [];
const quiet = () => new Promise((done) => (runningSaves.size ? whenQuiet.push(done) : done()));
let waitingForm = null;
const publishOrSay = () => {
  if (!waitingForm || runningSaves.size) return;
  const form = waitingForm;
  waitingForm = null;
  if ([...edits.values()].some((edit) => edit.state === "typing")) {
    waitingForm = form;
    sendAll(["typing"]);
    return;
  }
  if (!edits.size) {
    (document.querySelector("form[data-after-saves]") ?? form).submit();
    return;
  }
  show("Not published. ");
  const row = document.querySelector("[data-unsaved]");
  (row?.querySelector("[aria-invalid]") ?? row?.querySelector("input:not([type=hidden])"))?.focus();
};
const afterSave = (xhr, form, sent) => {
  runningSaves.delete(xhr);
  if (form) answered(form.id, sent, xhr.status);
  else if (xhr.status === 0 || xhr.status >= 400) waitingForm = null;
  if (!runningSaves.size) for (const done of whenQuiet.splice(0)) done();
  publishOrSay();
};
document.addEventListener("htmx:beforeSend", (event) => {
  const { xhr, requestConfig, elt } = event.detail;
  if (requestConfig.verb === "get") return;
  const form = elt.matches("form[data-edits]") ? elt : null;
  const sent = form && new Map(fieldsOf(form).map((field) => [field.name, entered(field)]));
  if (form) {
    const marks = form.elements.seen.value.split(" ").map((mark) => mark.split(":"));
    lastSent.set(form.id, { values: sent, marks: Object.fromEntries(marks) });
    note(form, "sending", edits.get(form.id)?.why, edits.get(form.id)?.failed);
  }
  runningSaves.add(xhr);
  // After htmx's own handler, which sends the request queued behind this one.
  xhr.addEventListener("loadend", () => setTimeout(afterSave, 0, xhr, form, sent));
});
document.addEventListener("submit", (event) => {
  if (event.target.matches("form[data-drops-edits]")) {
    edits.clear();
    keep();
  }
  if (!event.target.matches("form[data-after-saves]") || (!runningSaves.size && !edits.size)) return;
  event.preventDefault();
  waitingForm = event.target;
  sendAll(["typing", "waiting", "refused"]);
  publishOrSay();
});
