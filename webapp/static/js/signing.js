// Draw the signature instead of typing it. Without this script it is typed.
"use strict";

(() => {
  const form = document.querySelector("#answer");
  const how = form?.querySelector(".sign-how");
  const canvas = form?.querySelector(".sign-canvas");
  if (!canvas || !window.SignaturePad) return;
  const sent = form.elements.drawing;
  const typed = form.querySelector(".sign-typed");
  const drawn = form.querySelector(".sign-drawn");
  const pad = new window.SignaturePad(canvas, { minWidth: 0.8, maxWidth: 2.4, penColor: "#16191d" });
  let ratio = 0;

  // As many pixels as the screen has; the strokes stay when the phone is turned.
  const fit = () => {
    const wanted = Math.max(window.devicePixelRatio || 1, 1);
    const width = Math.round(canvas.offsetWidth * wanted);
    if (!canvas.offsetWidth || (canvas.width === width && ratio === wanted)) return;
    ratio = wanted;
    canvas.width = width;
    canvas.height = Math.round(canvas.offsetHeight * wanted);
    canvas.getContext("2d").scale(wanted, wanted);
    // What was drawn before the answer was refused is a picture; strokes may stand over it since.
    if (pad.toData().length || !sent.value) pad.redraw();
    else pad.fromDataURL(sent.value, { ratio: 1, width: canvas.offsetWidth, height: canvas.offsetHeight });
  };

  // A picture as the server reads it: not larger than it has to be.
  const picture = () => {
    const most = 900;
    if (canvas.width <= most) return canvas.toDataURL("image/png");
    const smaller = document.createElement("canvas");
    smaller.width = most;
    smaller.height = Math.round((canvas.height * most) / canvas.width);
    smaller.getContext("2d").drawImage(canvas, 0, 0, smaller.width, smaller.height);
    return smaller.toDataURL("image/png");
  };
  const keep = () => {
    sent.value = pad.isEmpty() ? "" : picture();
  };

  const show = () => {
    const isDrawn = form.elements.how.value === "drawn";
    typed.hidden = isDrawn;
    drawn.hidden = !isDrawn;
    if (isDrawn) fit();
  };

  how.hidden = false;
  for (const way of form.elements.how) way.addEventListener("change", show);
  show();
  pad.addEventListener("endStroke", keep);
  window.addEventListener("resize", () => form.elements.how.value === "drawn" && fit());
  form.querySelector("[data-clear-drawing]").addEventListener("click", () => {
    pad.clear();
    sent.value = "";
  });
  form.elements.time_zone.value = Intl.DateTimeFormat().resolvedOptions().timeZone ?? "";
})();
