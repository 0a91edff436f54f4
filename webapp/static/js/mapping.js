// The two mappings: show what a subcategory inherits, and whether Autotask computes the same tax.
"use strict";

const chosenText = (select) => select.options[select.selectedIndex].text;

// A subcategory's empty choice shows what it inherits from its parent category.
const showInherited = (select) => {
  const row = select.closest("[data-category]");
  const part = select.name.split("-")[2];
  for (const sub of document.querySelectorAll(`[data-below="${row.dataset.category}"]`)) {
    const empty = sub.querySelector(`[name$="-${part}"] option[value=""]`);
    empty.text = select.value ? `Inherited: ${chosenText(select)}` : empty.parentElement.dataset.unset;
    if (part === "is_labor") {
      sub.classList.toggle("labor-above", select.value === "yes");
    }
  }
};

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
  if (form) {
    compareRates(form);
  } else if (event.target.matches("[data-category] select")) {
    showInherited(event.target);
  }
});

// What was chosen before this script arrived, and what the browser puts back when someone returns, is shown as well.
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-rates]")) {
    compareRates(form);
  }
  for (const select of document.querySelectorAll("[data-category] select")) {
    const served = [...select.options].find((option) => option.defaultSelected) ?? select.options[0];
    if (select.selectedOptions[0] !== served) {
      showInherited(select);
    }
  }
});
