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

// What was typed and not saved is marked, in the section and in the list of sections.
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
    words.textContent = `${count} ${count === 1 ? "section has" : "sections have"} unsaved changes, which Save `
      + "Integration saves first.";
    document.querySelector(".saved-words").hidden = count > 0;
  }
};
document.addEventListener("input", (event) => {
  const form = event.target.closest("form[data-settings-form]");
  if (form && !event.target.matches("[name='q'], [name='unmapped_only']")) {
    form.setAttribute("data-unsaved", "");
    noteMeanwhile(form, event.target);
    markContents();
  }
});

// What is typed while a section is on its way to the server is put into the section that comes back.
const meanwhile = new Map();
const placeOf = (form) => form.closest("section")?.id ?? form.id;
const noteMeanwhile = (form, control) => {
  if (form.closest(".htmx-request")) {
    const typed = meanwhile.get(placeOf(form)) ?? new Map();
    typed.set(control.name, control.type === "checkbox" ? control.checked : control.value);
    meanwhile.set(placeOf(form), typed);
  }
};
const putBack = () => {
  for (const form of forms()) {
    const typed = meanwhile.get(placeOf(form));
    if (!typed || form.closest(".htmx-request")) {
      continue;
    }
    meanwhile.delete(placeOf(form));
    for (const [name, value] of typed) {
      let control = form.elements[name];
      if (!control) {
        // Its row is on another page of the table by now.
        control = document.createElement("input");
        control.type = "hidden";
        control.name = name;
        form.append(control);
      }
      control[typeof value === "boolean" ? "checked" : "value"] = value;
      control.dispatchEvent(new Event("change", {bubbles: true}));
    }
    form.setAttribute("data-unsaved", "");
  }
};

// What was typed before this script was there, or what the browser put back after “Back” or a reload, is unsaved too.
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
  showWhatMatters();
  markContents();
});

// Leaving with it asks first.
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

// Controls that mean something only with a certain value of another one.
const showWhatMatters = () => {
  for (const part of document.querySelectorAll("[data-shown-when]")) {
    const [name, ...values] = part.dataset.shownWhen.split(" ");
    const other = part.closest("form").elements[name];
    part.hidden = !values.includes(other.value) && !part.querySelector("[aria-invalid]");
  }
};
document.addEventListener("change", showWhatMatters);

// The list of sections says which of them is being looked at.
const inView = new Set();
const markPlace = () => {
  for (const link of document.querySelectorAll("[data-spy]")) {
    link.removeAttribute("aria-current");
  }
  const first = [...document.querySelectorAll("section[id^='section-']")].find((part) => inView.has(part.id));
  document.querySelector(`[data-spy="${first?.id}"]`)?.setAttribute("aria-current", "true");
};
const watcher = new IntersectionObserver((entries) => {
  for (const entry of entries) {
    inView[entry.isIntersecting ? "add" : "delete"](entry.target.id);
  }
  markPlace();
}, {rootMargin: "-15% 0px -60% 0px"});
const watchSections = () => {
  watcher.disconnect();
  for (const part of document.querySelectorAll("section[id^='section-']")) {
    watcher.observe(part);
  }
};

// An error takes the focus, so that keyboard and screen reader arrive at it; so does the section's first button when the
// one that was pressed is gone.
document.addEventListener("htmx:afterSettle", (event) => {
  const part = event.target.isConnected ? event.target : document;
  part.querySelector("[aria-invalid='true']")?.focus();
  const {elt, triggeringEvent} = event.detail.requestConfig ?? {};
  const drawn = ["submit", "click"].includes(triggeringEvent?.type) && elt.closest("[data-section]");
  if (drawn && document.activeElement === document.body) {
    document.getElementById(`save-${drawn.dataset.section}`)?.focus({preventScroll: true});
  }
  watchSections();
  putBack();
  showWhatMatters();
  markContents();
});

// What went wrong with a section is said in the section, where the eyes are.
const say = (form, sentence) => {
  const alert = document.createElement("div");
  alert.className = "alert alert-danger";
  alert.setAttribute("role", "alert");
  alert.textContent = sentence;
  form.querySelector("[data-messages]").replaceChildren(alert);
  form.setAttribute("data-unsaved", "");
  form.closest("section")?.scrollIntoView({block: "start"});
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
for (const [name, what] of [["htmx:sendError", "could not be reached"], ["htmx:timeout", "took too long to answer"]]) {
  document.addEventListener(name, (event) => {
    const form = event.detail.elt.closest?.("form[data-settings-form]");
    if (form && event.detail.elt === form) {
      say(form, `The server ${what}, so it is not known whether this section was saved. What you entered is still here: `
        + "save it again, which does no harm if it was.");
    }
  });
}

// The lists of Autotask were read anew: each section is drawn with them, around what was typed in it.
document.addEventListener("lists-renewed", () => {
  for (const form of forms()) {
    const section = form.closest("section");
    const where = {target: `#${section.id}`, swap: "outerHTML"};
    const drawn = isUnsaved(form)
      ? htmx.ajax("POST", form.getAttribute("hx-post"), {...where, source: form, values: {do: "redraw"}})
      : htmx.ajax("GET", form.getAttribute("hx-post"), {...where, source: section});
    drawn.catch(() => {});  // a connection that breaks is told of by htmx:sendError
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
const tellTaxesSaved = () => {
  if (document.querySelector("[data-tax-saved]") && channel) {
    channel.postMessage("saved");
  }
};
document.addEventListener("htmx:afterSwap", tellTaxesSaved);

// Save Integration first saves each section that waits for it; it stops at the first that is refused.
const saveSection = (form) => new Promise((resolve) => {
  const section = form.closest("section");
  const done = (event) => {
    if (event.detail.requestConfig.elt === form) {
      document.removeEventListener("htmx:afterRequest", done);
      // htmx calls a refusal that it shows a success.
      const {status} = event.detail.xhr;
      resolve(status >= 200 && status < 300 ? "" : section.id);
    }
  };
  document.addEventListener("htmx:afterRequest", done);
  // A section that has just come back is htmx's own only a moment later.
  htmx.process(form);
  form.requestSubmit(form.querySelector(`#save-${section.dataset.section}`));
});
document.addEventListener("submit", (event) => {
  const form = event.target;
  const next = () => {
    putBack();
    return forms().find((one) => isUnsaved(one) || one.hasAttribute("data-suggested"));
  };
  if (form.id !== "save-integration-form" || !next()) {
    return;
  }
  event.preventDefault();
  const button = form.querySelector("button");
  (async () => {
    button.disabled = true;
    // One after the other, and again what was typed in one while it was saved.
    for (let one = next(); one; one = next()) {
      const refused = await saveSection(one);
      if (refused) {
        button.disabled = false;
        document.getElementById(refused)?.scrollIntoView({block: "start"});
        return;
      }
    }
    leaving = true;
    form.submit();
  })();
});
showWhatMatters();
markContents();
watchSections();
tellTaxesSaved();
document.getElementById("save-problems")?.focus();
