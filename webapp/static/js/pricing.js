// The price of a line that is opened has a form of its own. An edit in the line's row changes what it says, so the row
// asks for it, too.
"use strict";

const priceForm = (uid) => document.getElementById(`price-${uid}`);

document.addEventListener("htmx:configRequest", (event) => {
  const form = event.detail.elt;
  if (form.matches?.(".row-form") && priceForm(window.sheet.uidOf(form)))
    event.detail.parameters.with_price = "1";
});

// Undo and a change of several lines can change what an opened line says.
for (const kind of ["lines-changed", "line-placed"])
  document.addEventListener(kind, () => {
    for (const box of document.querySelectorAll("#lines .line-opened > [role=gridcell]")) {
      const address = document.getElementById("line-menu").dataset.details + window.sheet.uidOf(box);
      window.htmx.ajax("GET", address, { target: box, swap: "morph:innerHTML settle:0ms" }).catch(() => {});
    }
  });
