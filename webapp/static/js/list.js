// J and K go through a list; Enter opens, as everywhere.
"use strict";

const step = (by) => {
  const links = [...document.querySelectorAll("[data-open]")];
  const at = links.indexOf(document.activeElement);
  links[at < 0 ? 0 : Math.max(0, Math.min(at + by, links.length - 1))]?.focus();
};
window.pageKeys = { j: () => step(1), k: () => step(-1) };
