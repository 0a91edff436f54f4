// The two mappings: the keys of an open category, and whether Autotask computes the same tax.
"use strict";

// The badge beside a tax code compares its rate with Autotask's rate for the chosen category and region.
const compareRates = (form) => {
  const rates = JSON.parse(form.dataset.rates);
  const defaultRegion = form.elements.default_region_id.value;
  for (const row of form.querySelectorAll("[data-tax-rate]")) {
    const [category, region] = [...row.querySelectorAll("select")].map((select) => select.value);
    const remoteRate = rates[`${region || defaultRegion} ${category}`];
    const same = (remoteRate || "0") === row.dataset.taxRate;
    const badge = row.querySelector("[data-rate-badge]");
    if (!category) {
      badge.textContent = "Not mapped";
    } else if (remoteRate === undefined) {
      badge.textContent = "Autotask has no tax for this";
    } else {
      badge.textContent = same ? "Same rate in Autotask" : `Autotask has ${remoteRate}%`;
    }
    badge.className = `badge bg-${!category ? "orange" : same ? "green" : "yellow"}-lt`;
  }
};

document.addEventListener("change", (event) => {
  const form = event.target.closest("form[data-rates]");
  if (form) compareRates(form);
});

// While the categories are searched, nothing is typed into rows that are about to be replaced. They are sent all the same,
// as what is disabled isn't.
for (const [event, isSearched] of [
  ["htmx:beforeSend", true],
  ["htmx:afterRequest", false],
])
  document.addEventListener(event, ({ detail }) => {
    const list = detail.elt.id === "item_category-q" && document.querySelector(".category-list");
    if (list) list.inert = isSearched;
  });

// In the open row of a category, Enter is Done and Esc is Cancel.
document.addEventListener("keydown", (event) => {
  const row = event.target.closest?.(".category-open");
  const does = { Enter: "done-", Escape: "cancel-" }[event.key];
  if (!row || !does || !event.target.matches("select") || event.defaultPrevented) return;
  event.preventDefault();
  row.querySelector(`[value^="${does}"]`).click();
});

// What was chosen before this script arrived, and what the browser puts back when someone returns, is shown as well.
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-rates]")) {
    compareRates(form);
  }
});
