// What the server answers is morphed into the page: it says how things read now, and what a person is doing there stays.
"use strict";

// The form whose answer is swapped just now, by its id.
let answeredForm = "";
document.addEventListener("htmx:beforeSwap", (event) => {
  answeredForm = event.detail.requestConfig?.elt?.id ?? "";
});

// A field with an error says so to screen readers, too.
const showError = (error, words = []) => {
  error.replaceChildren(...words);
  // It can hold the buttons of a choice, which belong to a form elsewhere.
  if (error.firstElementChild) window.htmx.process(error);
  const field = document.querySelector(`[aria-describedby="${error.id}"]`);
  if (error.textContent.trim()) field?.setAttribute("aria-invalid", "true");
  else field?.removeAttribute("aria-invalid");
};

// By selector: what is done before an element is changed to what arrived; false leaves it as it is.
const BEFORE = {
  ".line-row": (row, fresh) => window.sheet.receiveRow(row, fresh, answeredForm),
  "[data-cell]": (cell, fresh) => window.sheet.receiveCell(cell, fresh),
  // What is folded or open stays so.
  details: (old, fresh) => {
    fresh.open = old.open;
  },
  ".line-parts": (parts, fresh) => {
    fresh.hidden = parts.hidden;
  },
  ".line-fold, .section-fold": (button, fresh) =>
    fresh.setAttribute("aria-expanded", button.getAttribute("aria-expanded")),
  // What isn't saved is changed only by the answer to its own form, which says field by field what it takes back.
  "form[data-edits]": (form, fresh) => {
    if ("unsaved" in form.dataset) fresh.dataset.unsaved = "";
    return !window.unsaved.has(form.id) || form.id === answeredForm;
  },
  "[data-edits] [name=seen]": (seen, fresh) => {
    window.unsaved.takeSeen(seen, fresh);
    return false;
  },
  "[data-edits] :is(input, select, textarea):not([type=hidden])": (field) => {
    if (window.unsaved.has(field.form.id)) return false;
    window.formFields.savedValues.delete(field);
    return true;
  },
  ".cell-error": (error, fresh) => {
    showError(error, fresh.childNodes);
    return false;
  },
};
Object.assign(window.Idiomorph.defaults.callbacks, {
  beforeNodeMorphed: (old, fresh) =>
    !(old instanceof Element) ||
    Object.entries(BEFORE).every(([selector, ask]) => !old.matches(selector) || ask(old, fresh) !== false),
  beforeNodeRemoved: (node) => !(node instanceof Element && node.matches(".unsaved-note")),
  afterNodeAdded: (node) => node instanceof Element && window.htmx.process(node),
});

// hx-swap(-oob)="morph", or "morph:innerHTML". Htmx gets no nodes to process again: it takes a form that is being sent for
// a new one, and forgets the save that waits behind it.
window.htmx.defineExtension("morph", {
  isInlineSwap: (style) => style === "morph",
  handleSwap: (style, target, fragment) => {
    if (!style.startsWith("morph")) return false;
    const morphStyle = style === "morph:innerHTML" ? "innerHTML" : "outerHTML";
    window.Idiomorph.morph(target, fragment.children, { morphStyle });
    return [];
  },
});

window.morphing = { showError };
