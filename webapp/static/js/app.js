// Small behavior that every page shares. Pages work without it.
"use strict";

// Ask before a dangerous form is sent: <form data-confirm="Sentence?">.
document.addEventListener(
  "submit",
  (event) => {
    const sentence = event.target.dataset.confirm;
    if (!sentence) return;
    if (!window.confirm(sentence)) {
      event.preventDefault();
      event.stopPropagation();
      return;
    }
    const sure = document.createElement("input");
    Object.assign(sure, { type: "hidden", name: "sure", value: "y" });
    event.target.append(sure);
  },
  true,
);

// Show a failed request where all notices appear; nothing typed is lost.
const notice = (text) => {
  const box = document.getElementById("notices");
  const alert = document.createElement("div");
  alert.className = "alert alert-danger";
  alert.setAttribute("role", "alert");
  alert.textContent = text;
  box.replaceChildren(alert);
};
// After a session ended, the server sends a token that is valid once the user has signed in again.
document.addEventListener("htmx:afterRequest", (event) => {
  const token = event.detail.xhr?.getResponseHeader("X-CSRFToken");
  if (!token) return;
  document.body.setAttribute("hx-headers", JSON.stringify({ "X-CSRFToken": token }));
  for (const field of document.querySelectorAll("input[name='csrf_token']")) field.value = token;
});

// A settings section and the quote editor show it next to the fields (see settings.js and unsaved.js).
const showsItself = (event) => event.detail.elt?.matches?.("form[data-settings-form], form[data-edits]");
document.addEventListener("htmx:sendError", (event) => {
  if (showsItself(event)) return;
  notice(
    "We couldn't reach the server, so nothing was saved. Your entries are still here. Try again in a moment.",
  );
});
document.addEventListener("htmx:timeout", (event) => {
  if (showsItself(event)) return;
  notice("The server took too long to respond. Your entries are still here. Try again in a moment.");
});

// What the page has to say first, for example why something was refused.
document.querySelector("[data-focus]")?.focus();

// Let the first admin's browser say where the company is.
for (const field of document.querySelectorAll("input[data-browser-time-zone]"))
  field.value = Intl.DateTimeFormat().resolvedOptions().timeZone || "";

// Keep “2 minutes ago” true while the page stays open.
const relative = new Intl.RelativeTimeFormat("en-US");
const sayHowLongAgo = (element) => {
  const seconds = (new Date(element.dateTime) - Date.now()) / 1000;
  if (Math.abs(seconds) < 45) return;
  const [unit, length] = [
    ["minute", 60],
    ["hour", 3600],
    ["day", 86400],
  ].findLast(([name, size]) => name === "minute" || Math.abs(seconds) >= size);
  element.textContent = relative.format(Math.round(seconds / length), unit);
};
setInterval(() => document.querySelectorAll("time[data-relative]").forEach(sayHowLongAgo), 30_000);

// Handle what was typed before the page was ready, when nothing was listening yet.
window.addEventListener("load", () => {
  for (const field of document.querySelectorAll("form[hx-get] input[type='search'], form[hx-post] input")) {
    if (field.value === field.defaultValue || ["hidden", "checkbox", "radio"].includes(field.type)) continue;
    const kind = field.type === "search" ? "input" : "change";
    if (kind === "input" || field !== document.activeElement)
      field.dispatchEvent(new Event(kind, { bubbles: true }));
  }
});

// Copy a link: <button data-copy="id of its field">.
document.addEventListener("click", async (event) => {
  const source = event.target.dataset?.copy && document.getElementById(event.target.dataset.copy);
  if (!source) return;
  source.select();
  await navigator.clipboard?.writeText(source.value);
  event.target.textContent = "Copied";
});
