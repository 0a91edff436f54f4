// The lines of the editor hold no more than what they show. The rest comes when it is asked for: the choices of a list
// from the page's template, the details of a line from the server.
"use strict";

// A list holds its own choice only; the others are added when the line comes near the window or the list gets the focus.
const fillChoices = (list) => {
  const choices = document.getElementById("tax-choices");
  if (!list.name.endsWith("tax_code_id") || list.dataset.filled !== undefined || !choices) return;
  list.dataset.filled = "";
  const own = list.options[0];
  const value = list.value;
  const before = own?.value;
  list.replaceChildren(choices.content.cloneNode(true));
  const saved = [...list.options].find((option) => option.value === before);
  // An inactive code can stay where it is, but not be chosen.
  if (saved) saved.defaultSelected = true;
  else if (own) list.append(own);
  list.value = value;
};
const fillAll = (line) => {
  for (const list of line.querySelectorAll("select[name=tax_code_id]")) fillChoices(list);
};
const near = new IntersectionObserver(
  (seen) => {
    for (const entry of seen) {
      if (!entry.isIntersecting) continue;
      near.unobserve(entry.target);
      fillAll(entry.target);
    }
  },
  { rootMargin: "400px" },
);
const watchLines = () => {
  for (const line of document.querySelectorAll(".line:not([data-watched])")) {
    line.dataset.watched = "";
    near.observe(line);
  }
};
watchLines();
document.addEventListener("htmx:afterSettle", watchLines);
for (const kind of ["focusin", "pointerdown"])
  document.addEventListener(kind, (event) => event.target.matches?.("select") && fillChoices(event.target));

// The details of a line are loaded when it is opened, once. Returns when they are there, or couldn't be had.
const opening = new WeakMap();
const loadDetails = async (details) => {
  const box = details.querySelector(".line-opened");
  await window.htmx
    .ajax("GET", details.dataset.opens, { target: box, swap: "innerHTML settle:0ms" })
    .catch(() => {});
  // Opening it again tries again.
  if (!box.querySelector("form")) opening.delete(details);
};
const openDetails = (details) => {
  if (!details) return null;
  details.open = true;
  if (!opening.has(details)) opening.set(details, loadDetails(details));
  return opening.get(details);
};

// What is open stays open over a reload of the tab, and where all lines are sent again.
const OPEN_KEY = `open:${window.location.pathname}`;
const openLines = () => new Set(JSON.parse(sessionStorage.getItem(OPEN_KEY) ?? "[]"));
document.addEventListener(
  "toggle",
  (event) => {
    if (!event.target.matches?.(".line-more[data-opens]")) return;
    const lines = openLines();
    if (event.target.open) lines.add(event.target.parentElement.id);
    else lines.delete(event.target.parentElement.id);
    sessionStorage.setItem(OPEN_KEY, JSON.stringify([...lines]));
    if (event.target.open) openDetails(event.target);
  },
  true,
);
const openAll = () => {
  for (const id of openLines()) openDetails(document.getElementById(id)?.querySelector(".line-more"));
};
window.addEventListener("load", openAll);
document.addEventListener("htmx:oobAfterSwap", (event) => event.detail.target.id === "lines" && openAll());

// What was typed into a field of a category is replaced by typing, so that the list offers all.
document.addEventListener(
  "focusin",
  (event) => event.target.matches?.("input[list]") && event.target.select(),
);

// A line was added, moved, copied, deleted or put back: the others keep what was typed, and are counted again.
const relabel = (line, number, count) => {
  for (const control of line.querySelectorAll("[aria-label]"))
    control.setAttribute(
      "aria-label",
      control.getAttribute("aria-label").replace(/\b([Ll]ine) \d+/, `$1 ${number}`),
    );
  const [position, up, down] = line.querySelectorAll(".line-actions [name=position]").length
    ? [".line-position", "[id^='up-']", "[id^='down-']"].map((one) => line.querySelector(one))
    : [];
  if (!position) return;
  position.defaultValue = position.value = number;
  up.value = number - 1;
  down.value = number + 1;
  up.disabled = number === 1;
  down.disabled = number === count;
};
const countLines = () => {
  const lines = [...document.querySelectorAll("#lines > .line")];
  for (const [at, line] of lines.entries()) {
    const position = line.querySelector(".line-position");
    const isFirstOrLast = at === 0 || at === lines.length - 1;
    const wasFirstOrLast = line.querySelector(".icon-button:disabled");
    if (position?.value !== String(at + 1) || isFirstOrLast || wasFirstOrLast)
      relabel(line, at + 1, lines.length);
  }
};
const place = ({ line, position }) => {
  const row = document.getElementById(`line-${line}`);
  const others = [...document.querySelectorAll("#lines > .line")].filter((other) => other !== row);
  if (row && others.length) {
    if (position <= others.length) others[position - 1].before(row);
    else others.at(-1).after(row);
  }
};
for (const kind of ["line-added", "line-moved", "line-placed", "line-deleted"])
  document.addEventListener(kind, (event) => {
    document.getElementById("lines").dataset.order = event.detail.order;
    const undo = document.querySelectorAll(".line-undo");
    for (const old of kind === "line-deleted" ? [...undo].slice(0, -1) : undo) old.remove();
    if (kind === "line-moved") place(event.detail);
    countLines();
  });
// A label for each box would make the browser look at all of them for every form (see _line_parts.html).
document.addEventListener("click", (event) => {
  if (event.target.matches?.("span.form-check > .form-check-label"))
    event.target.parentElement.querySelector("input").click();
});

// The server sends all lines where it can't tell from this that the page shows the others.
document.addEventListener("htmx:configRequest", (event) => {
  if (event.detail.verb === "post" && event.detail.path.includes("/lines"))
    event.detail.parameters.order = document.getElementById("lines")?.dataset.order ?? "";
});

window.editorLines = { fillChoices, openDetails };
