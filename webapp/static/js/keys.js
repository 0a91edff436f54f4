// Keys of the whole editor besides those of every page (frame.js), and their help.
"use strict";

const keysDialog = document.getElementById("keys");
const keysButton = document.getElementById("open-keys");
keysButton.addEventListener("click", () => keysDialog.showModal());

window.pageKeys = {
  a: () => document.getElementById("find-text").focus(),
  p: () => window.location.assign(keysButton.dataset.preview),
};
