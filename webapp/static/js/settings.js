// Settings pages: dialogs, marks on unsaved sections, the tax tab, and Save Integration. Pages work without it.
"use strict";

const forms = () => [...document.querySelectorAll("form[data-settings-form]")];
const isUnsaved = (form) => form.hasAttribute("data-unsaved");
let leaving = false;

// Dialogs: a link with data-dialog opens its dialog instead of the page that it leads to.
document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-dialog]");
  const dialog = opener && document.getElementById(opener.dataset.dialog);
  if (dialog && dialog.showModal) {
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

// What was typed and not saved is marked, and leaving with it asks first.
document.addEventListener("input", (event) => {
  const form = event.target.closest("form[data-settings-form]");
  if (form && !event.target.matches("[name='q'], [name='unmapped_only']")) {
    form.setAttribute("data-unsaved", "");
  }
});
window.addEventListener("beforeunload", (event) => {
  if (!leaving && forms().some(isUnsaved)) {
    event.preventDefault();
  }
});
document.addEventListener("submit", (event) => {
  // A form that htmx does not send leaves the page on purpose.
  if (!event.target.hasAttribute("hx-post")) {
    leaving = !event.defaultPrevented && event.target.matches("form[data-settings-form], #save-integration-form");
  }
});

// An error takes the focus, so that keyboard and screen reader arrive at it.
document.addEventListener("htmx:afterSettle", (event) => {
  const part = event.target.isConnected ? event.target : document;
  const wrong = part.querySelector("[aria-invalid='true']");
  if (wrong) {
    wrong.focus();
  }
});

// The tax mapping is saved in another tab; the settings tab shows it as soon as it is told, or looked at again.
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
document.addEventListener("htmx:afterSettle", () => {
  if (document.querySelector("[data-tax-saved]") && channel) {
    channel.postMessage("saved");
  }
});

// Save Integration first saves each section that waits for it; it stops at the first that is refused.
const saveSection = (form) => new Promise((resolve) => {
  const section = form.closest("section");
  const done = (event) => {
    if (event.detail.requestConfig.elt === form) {
      document.removeEventListener("htmx:afterRequest", done);
      resolve(event.detail.successful ? "" : section.id);
    }
  };
  document.addEventListener("htmx:afterRequest", done);
  form.requestSubmit(form.querySelector(`#save-${section.dataset.section}`));
});
document.addEventListener("submit", (event) => {
  const form = event.target;
  const waiting = forms().filter((one) => isUnsaved(one) || one.hasAttribute("data-suggested"));
  if (form.id !== "save-integration-form" || waiting.length === 0) {
    return;
  }
  event.preventDefault();
  (async () => {
    for (const one of waiting) {
      const refused = await saveSection(one);
      if (refused) {
        document.getElementById(refused)?.scrollIntoView({block: "start"});
        return;
      }
    }
    leaving = true;
    form.submit();
  })();
});
document.getElementById("save-problems")?.focus();
