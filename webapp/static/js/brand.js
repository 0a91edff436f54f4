// Settings > Brand: the picker of colors, whether the PDF can be shown in the page, and the look with a new logo.
"use strict";

(() => {
  const typed = document.querySelector("#brand-form [name=color]");
  const picker = document.getElementById("pick-color");
  picker.hidden = false;
  picker.addEventListener("input", (event) => {
    event.stopPropagation();
    typed.value = picker.value.toUpperCase();
    typed.dispatchEvent(new Event("input", { bubbles: true }));
  });
  typed.addEventListener("input", () => {
    if (/^#[0-9a-f]{6}$/i.test(typed.value.trim())) picker.value = typed.value.trim();
  });
  // Where it can't, as on most phones, the link above it is enough.
  const showsPdf = navigator.pdfViewerEnabled !== false;
  document.body.classList.toggle("shows-no-pdf", !showsPdf);

  // A file fits into no address, so the form itself is sent into each frame, one after the other.
  const form = document.getElementById("brand-form");
  const file = form.querySelector("[type=file]");
  const tries = document.getElementById("brand-try");
  tries.hidden = true;
  const show = ([button, ...others]) => {
    const frame = button && document.querySelector(`iframe[name="${button.dataset.frame}"]`);
    if (!frame) return;
    frame.addEventListener("load", () => show(others), { once: true });
    button.formTarget = frame.name;
    form.requestSubmit(button);
  };
  document.addEventListener("htmx:configRequest", (event) => {
    if (event.target === form && file.files.length) event.detail.parameters.new_logo = "1";
  });
  document.addEventListener("htmx:afterSettle", () => {
    const buttons = [...tries.querySelectorAll("[data-frame]")];
    if (file.files.length) show(showsPdf ? buttons : buttons.slice(0, -1));
  });
})();
