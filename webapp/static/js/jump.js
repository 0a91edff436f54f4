// The command menu: one field, and a list in which one entry is marked. The server says what fits.
"use strict";

const jump = document.getElementById("jump");
const jumpText = document.getElementById("jump-text");
const jumpResults = document.getElementById("jump-results");
const jumpSaid = document.getElementById("jump-said");
// Enter was pressed before the answer to what is typed was there.
let opensFirst = false;

const jumpHits = () => [...jumpResults.querySelectorAll("[role=option]")];
const marked = () => jumpResults.querySelector("[aria-selected=true]");
const mark = (hit) => {
  marked()?.setAttribute("aria-selected", "false");
  hit?.setAttribute("aria-selected", "true");
  hit?.scrollIntoView({ block: "nearest" });
  if (hit) jumpText.setAttribute("aria-activedescendant", hit.id);
  else jumpText.removeAttribute("aria-activedescendant");
};
const isAnswered = () => jumpResults.firstElementChild?.dataset.for?.trim() === jumpText.value.trim();

document.getElementById("open-jump").addEventListener("click", () => {
  if (jump.open || document.querySelector("dialog[open]")) return;
  jump.showModal();
  jumpText.select();
  htmx.trigger(jumpText, "jump");
});
jump.querySelector(".jump-close").addEventListener("click", () => jump.close());
// On the scrim beside the menu.
jump.addEventListener("click", (event) => {
  if (event.target === jump) jump.close();
});
jump.addEventListener("close", () => {
  opensFirst = false;
});

jumpText.addEventListener("input", () => {
  opensFirst = false;
  if (jumpText.value.trim() !== "?") return;
  jumpText.value = "";
  jump.close();
  (document.getElementById("keys") ?? document.getElementById("frame-keys")).showModal();
});
jumpText.addEventListener("keydown", (event) => {
  if (event.isComposing) return;
  const hits = jumpHits();
  const at = hits.indexOf(marked());
  const next = { ArrowDown: at + 1, ArrowUp: at - 1 }[event.key];
  if (next !== undefined && hits.length) {
    event.preventDefault();
    mark(hits[(next + hits.length) % hits.length]);
  } else if (event.key === "Enter") {
    event.preventDefault();
    if (isAnswered()) marked()?.click();
    else opensFirst = true;
  }
});
jumpResults.addEventListener("mousemove", (event) => {
  const hit = event.target.closest("[role=option]");
  if (hit && hit !== marked()) mark(hit);
});
jumpResults.addEventListener("htmx:afterSwap", () => {
  mark(jumpHits()[0]);
  jumpSaid.textContent = jumpResults.firstElementChild?.dataset.said ?? "";
  if (opensFirst && isAnswered()) marked()?.click();
});
for (const failure of ["htmx:sendError", "htmx:timeout", "htmx:responseError"])
  jumpText.addEventListener(failure, () => {
    jumpSaid.textContent = "";
    const sentence = document.createElement("p");
    Object.assign(sentence, { className: "jump-none", textContent: "The server didn't answer. Type again." });
    sentence.setAttribute("role", "alert");
    jumpResults.replaceChildren(sentence);
  });
