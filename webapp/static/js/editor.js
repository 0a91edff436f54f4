// The quote editor at the keyboard. Everything here also works without it, as plain forms.
"use strict";

const box = () => document.getElementById("find-text");
// What was in the box when Enter was pressed, while the search for it is under way.
let wanted = "";
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
    if (input.value.trim() === "") wanted = "";
    else if (input.dataset.found === input.value && list.length) list[0].click();
    else wanted = input.value;
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
  // Enter was pressed before this was found, and nothing else was typed since.
  if (wanted && wanted === input.value && wanted === input.dataset.found) results()[0]?.click();
  wanted = "";
});

// What was chosen is taken out of the box at once, so that the next line can be typed while this one is on its way. When
// it does not arrive, it comes back.
let chosen = "";
const isChoice = (event) => event.detail.elt.matches?.("#found form");
document.addEventListener("htmx:beforeSend", (event) => {
  if (!isChoice(event)) return;
  chosen = box().value;
  box().value = "";
});
for (const failure of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) {
  document.addEventListener(failure, (event) => {
    if (isChoice(event) && box().value === "") box().value = chosen;
  });
}

// After a line was added: on with the next one, or to the price of a line that came without one; unless somebody types
// the next one already.
document.addEventListener("line-added", (event) => {
  const input = box();
  if (input.value !== "") return;
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
