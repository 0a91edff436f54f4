// Settings > Brand: the picker of colors, beside the field that is sent, and whether the PDF can be shown in the page.
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
  document.body.classList.toggle("shows-no-pdf", navigator.pdfViewerEnabled === false);
})();
