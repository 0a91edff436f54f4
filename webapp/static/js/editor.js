// The quote editor at the keyboard. Everything here also works without it, as plain forms.
"use strict";

const box = () => document.getElementById("find-text");
const results = () => [...document.querySelectorAll("#found .choice")];

// Arrow keys walk from the search box through what was found; Enter in the box takes the first.
document.addEventListener("keydown", (event) => {
  const input = box();
  if (!input || (event.target !== input && !event.target.closest("#found"))) return;
  const list = results();
  const at = list.indexOf(event.target);
  if (event.key === "ArrowDown" && list.length) {
    list[Math.min(at + 1, list.length - 1)].focus();
  } else if (event.key === "ArrowUp" && at >= 0) {
    (at === 0 ? input : list[at - 1]).focus();
  } else if (event.key === "Escape") {
    input.value = "";
    document.getElementById("found").replaceChildren();
    input.focus();
  } else if (event.key === "Enter" && event.target === input) {
    if (input.dataset.found === input.value && list.length) list[0].click();
    else document.body.addEventListener("found", () => results()[0]?.click(), { once: true });
    if (input.value.trim() === "") return;
  } else {
    return;
  }
  event.preventDefault();
});

document.addEventListener("htmx:afterSettle", (event) => {
  if (event.target.id !== "found") return;
  const input = box();
  const asked = event.detail.requestConfig?.parameters?.get?.("q") ?? event.detail.requestConfig?.parameters?.q;
  input.dataset.found = asked ?? input.value;
  document.body.dispatchEvent(new Event("found"));
});

// After a line was added: on with the next one, or to the price of a line that came without one.
document.addEventListener("line-added", (event) => {
  const input = box();
  input.value = "";
  document.getElementById("found").replaceChildren();
  const price = event.detail.focus && document.getElementById(`${event.detail.focus}-unit_price`);
  if (price) {
    price.focus();
    price.select();
  } else {
    input.focus();
  }
});

// A refused field says so to a screen reader as well.
document.addEventListener("htmx:oobAfterSwap", (event) => {
  const error = event.detail.target;
  if (!error.classList?.contains("cell-error")) return;
  const field = document.querySelector(`[aria-describedby="${error.id}"]`);
  if (error.textContent.trim()) field?.setAttribute("aria-invalid", "true");
  else field?.removeAttribute("aria-invalid");
});

// Publishing waits until what was typed last is saved, and does not happen when that was refused. Only what saves is
// waited for, and by the request itself: events of an element that was taken out of the page meanwhile never arrive.
const saves = new Set();
let waiting = null;
const ended = (request) => {
  saves.delete(request);
  if (!waiting) return;
  if (request.status === 0 || request.status >= 400) {
    waiting = null;
  } else if (saves.size === 0) {
    const form = waiting;
    waiting = null;
    (document.querySelector("form[data-after-saves]") ?? form).submit();
  }
};
document.addEventListener("htmx:beforeSend", (event) => {
  const {xhr, requestConfig} = event.detail;
  if (requestConfig.verb === "get") return;
  saves.add(xhr);
  // Later than htmx itself, which then has sent what was queued behind this request.
  xhr.addEventListener("loadend", () => setTimeout(ended, 0, xhr));
});
document.addEventListener("submit", (event) => {
  if (!event.target.matches("form[data-after-saves]") || saves.size === 0) return;
  event.preventDefault();
  waiting = event.target;
});

document.addEventListener("click", async (event) => {
  const source = event.target.dataset?.copy && document.getElementById(event.target.dataset.copy);
  if (!source) return;
  source.select();
  await navigator.clipboard?.writeText(source.value);
  event.target.textContent = "Copied";
});
