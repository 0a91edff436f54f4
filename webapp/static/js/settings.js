// Settings pages: dialogs, unsaved marks, the tax tab, and Save Integration. The pages work without it.
"use strict";

const forms = () => [...document.querySelectorAll("form[data-settings-form]")];
const isUnsaved = (form) => form.hasAttribute("data-unsaved");
let leaving = false;

// Dialogs: a link with data-dialog opens its dialog instead of its page.
document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-dialog]");
  const dialog = opener && document.getElementById(opener.dataset.dialog);
  if (dialog?.showModal) {
    event.preventDefault();
    dialog.showModal();
    for (const part of dialog.querySelectorAll("[hx-trigger='dialog-opened']")) {
      htmx.trigger(part, "dialog-opened");
    }
  }
  const closer = event.target.closest("[data-close-dialog]");
  if (closer) {
    closer.closest("dialog").close();
  }
});

// Mark unsaved input in the section and in the list of sections.
const markContents = () => {
  for (const form of forms()) {
    const section = form.closest("section");
    const link = section && document.querySelector(`[data-contents="${section.dataset.section}"]`);
    link?.toggleAttribute("data-unsaved", isUnsaved(form));
  }
  const words = document.querySelector(".unsaved-words");
  const count = forms().filter(isUnsaved).length;
  if (words) {
    words.hidden = count === 0;
    words.textContent =
      `${count} ${count === 1 ? "section has" : "sections have"} unsaved changes. ` +
      "Save Integration saves them first.";
    document.querySelector(".saved-words").hidden = count > 0;
  }
};
document.addEventListener("input", (event) => {
  const form = event.target.closest("form[data-settings-form]");
  if (form && !event.target.matches("[name='q'], [name='unmapped_only']")) {
    form.setAttribute("data-unsaved", "");
    rememberInput(form, event.target);
    markContents();
  }
});

// Input typed while a section is being saved is put into the section that comes back.
const typedDuringSave = new Map();
const keyOf = (form) => form.closest("section")?.id ?? form.id;
const rememberInput = (form, control) => {
  if (form.closest(".htmx-request")) {
    const typed = typedDuringSave.get(keyOf(form)) ?? new Map();
    typed.set(control.name, control.type === "checkbox" ? control.checked : control.value);
    typedDuringSave.set(keyOf(form), typed);
  }
};
const restoreInput = () => {
  for (const form of forms()) {
    const typed = typedDuringSave.get(keyOf(form));
    if (!typed || form.closest(".htmx-request")) {
      continue;
    }
    typedDuringSave.delete(keyOf(form));
    for (const [name, value] of typed) {
      let control = form.elements[name];
      if (!control) {
        // Its row is no longer on this page of the table.
        control = document.createElement("input");
        control.type = "hidden";
        control.name = name;
        form.append(control);
      }
      control[typeof value === "boolean" ? "checked" : "value"] = value;
      control.dispatchEvent(new Event("change", { bubbles: true }));
    }
    form.setAttribute("data-unsaved", "");
  }
};

// Input typed before this script loaded, or restored by the browser after “Back” or a reload, is unsaved too.
const differs = (control) => {
  if (control.type === "hidden" || ["q", "unmapped_only"].includes(control.name)) {
    return false;
  }
  if (control.type === "checkbox") {
    return control.checked !== control.defaultChecked;
  }
  if (control.options) {
    const offered = [...control.options];
    return !(offered.find((option) => option.defaultSelected) ?? offered[0])?.selected;
  }
  return control.defaultValue !== undefined && control.value !== control.defaultValue;
};
window.addEventListener("pageshow", () => {
  for (const form of forms()) {
    if ([...form.elements].some(differs)) {
      form.setAttribute("data-unsaved", "");
    }
  }
  showDependentControls();
  markContents();
});

// Ask before leaving with unsaved input.
window.addEventListener("beforeunload", (event) => {
  if (!leaving && forms().some(isUnsaved)) {
    event.preventDefault();
  }
});
document.addEventListener("submit", (event) => {
  // Sending a form without htmx leaves the page on purpose.
  if (!event.target.hasAttribute("hx-post")) {
    leaving =
      !event.defaultPrevented && event.target.matches("form[data-settings-form], #save-integration-form");
  }
});

// Show controls that depend on the value of another control.
const showDependentControls = () => {
  for (const part of document.querySelectorAll("[data-shown-when]")) {
    const [name, ...values] = part.dataset.shownWhen.split(" ");
    const other = part.closest("form").elements[name];
    part.hidden = !values.includes(other.value) && !part.querySelector("[aria-invalid]");
  }
};
document.addEventListener("change", showDependentControls);

// The list of sections highlights the section in view.
const inView = new Set();
const markCurrentSection = () => {
  for (const link of document.querySelectorAll("[data-spy]")) {
    link.removeAttribute("aria-current");
  }
  const first = [...document.querySelectorAll("section[id^='section-']")].find((part) => inView.has(part.id));
  document.querySelector(`[data-spy="${first?.id}"]`)?.setAttribute("aria-current", "true");
};
const watcher = new IntersectionObserver(
  (entries) => {
    for (const entry of entries) {
      inView[entry.isIntersecting ? "add" : "delete"](entry.target.id);
    }
    markCurrentSection();
  },
  { rootMargin: "-15% 0px -60% 0px" },
);
const watchSections = () => {
  watcher.disconnect();
  for (const part of document.querySelectorAll("section[id^='section-']")) {
    watcher.observe(part);
  }
};

// Focus the first error, for keyboards and screen readers; or the section's Save button if the pressed button is gone.
document.addEventListener("htmx:afterSettle", (event) => {
  const part = event.target.isConnected ? event.target : document;
  // Not of one who is typing what to search for.
  if (!document.activeElement.matches("[type=search]")) part.querySelector("[aria-invalid='true']")?.focus();
  const { elt, triggeringEvent } = event.detail.requestConfig ?? {};
  const section = ["submit", "click"].includes(triggeringEvent?.type) && elt.closest("[data-section]");
  if (section && document.activeElement === document.body) {
    document.getElementById(`save-${section.dataset.section}`)?.focus({ preventScroll: true });
  }
  watchSections();
  restoreInput();
  showDependentControls();
  markContents();
});

// Show a section's error in the section itself.
const showError = (form, sentence) => {
  const alert = document.createElement("div");
  alert.className = "alert alert-danger";
  alert.setAttribute("role", "alert");
  alert.textContent = sentence;
  form.querySelector("[data-messages]").replaceChildren(alert);
  form.setAttribute("data-unsaved", "");
  form.closest("section")?.scrollIntoView({ block: "start" });
  markContents();
};
document.addEventListener("htmx:beforeSwap", (event) => {
  const form = event.detail.requestConfig.elt.closest("form[data-settings-form]");
  if (form && event.detail.isError) {
    event.detail.target = form.querySelector("[data-messages]");
    event.detail.swapOverride = "innerHTML";
    form.setAttribute("data-unsaved", "");
  }
});
for (const name of ["htmx:sendError", "htmx:timeout"]) {
  document.addEventListener(name, (event) => {
    const form = event.detail.elt.closest?.("form[data-settings-form]");
    if (form && event.detail.elt === form) {
      showError(form, "We couldn't confirm the save. Your entries are still here, and saving again is safe.");
    }
  });
}

// After a refresh of the Autotask lists, redraw each section with them and keep its unsaved input.
document.addEventListener("lists-refreshed", () => {
  for (const form of forms()) {
    const section = form.closest("section");
    const where = { target: `#${section.id}`, swap: "outerHTML" };
    const request = isUnsaved(form)
      ? htmx.ajax("POST", form.getAttribute("hx-post"), { ...where, source: form, values: { do: "redraw" } })
      : htmx.ajax("GET", form.getAttribute("hx-post"), { ...where, source: section });
    request.catch(() => {}); // htmx:sendError reports a broken connection
  }
});

// The tax mapping is saved in another tab; the settings tab shows it when it gets the message or becomes visible.
const channel = "BroadcastChannel" in window ? new BroadcastChannel("quotewright-tax-mapping") : null;
let taxTabOpened = false;
const refreshTaxes = () => {
  const section = document.getElementById("section-tax_code");
  if (section) {
    htmx.trigger(section, "tax-mapping-changed");
  }
};
if (channel) {
  channel.onmessage = refreshTaxes;
}
document.addEventListener("click", (event) => {
  if (event.target.closest("#open-tax-codes")) {
    taxTabOpened = true;
  }
});
document.addEventListener("visibilitychange", () => {
  if (!document.hidden && taxTabOpened) {
    taxTabOpened = false;
    refreshTaxes();
  }
});
const announceTaxesSaved = () => {
  if (document.querySelector("[data-tax-saved]") && channel) {
    channel.postMessage("saved");
  }
};
document.addEventListener("htmx:afterSwap", announceTaxesSaved);

// Save Integration first saves each unsaved section, and stops at the first section with errors.
const saveSection = (form) =>
  new Promise((resolve) => {
    const section = form.closest("section");
    const done = (event) => {
      if (event.detail.requestConfig.elt === form) {
        document.removeEventListener("htmx:afterRequest", done);
        // For htmx an error response that it swaps in is a success.
        const { status } = event.detail.xhr;
        resolve(status >= 200 && status < 300 ? "" : section.id);
      }
    };
    document.addEventListener("htmx:afterRequest", done);
    // htmx processes a section that was just swapped in only a moment later.
    htmx.process(form);
    form.requestSubmit(form.querySelector(`#save-${section.dataset.section}`));
  });
document.addEventListener("submit", (event) => {
  const form = event.target;
  const next = () => {
    restoreInput();
    return forms().find((candidate) => isUnsaved(candidate) || candidate.hasAttribute("data-suggested"));
  };
  if (form.id !== "save-integration-form" || !next()) {
    return;
  }
  event.preventDefault();
  const button = form.querySelector("button");
  (async () => {
    button.disabled = true;
    // One after the other; a section with input typed during its save is saved again.
    for (let section = next(); section; section = next()) {
      const refused = await saveSection(section);
      if (refused) {
        button.disabled = false;
        document.getElementById(refused)?.scrollIntoView({ block: "start" });
        return;
      }
    }
    leaving = true;
    form.submit();
  })();
});
showDependentControls();
markContents();
watchSections();
announceTaxesSaved();
document.getElementById("save-problems")?.focus();
