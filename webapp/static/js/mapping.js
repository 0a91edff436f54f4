// The two mappings, in place: what a subcategory inherits, and whether Autotask computes the same tax.
"use strict";

const chosenText = (select) => select.options[select.selectedIndex].text;

// A subcategory's empty choice says what it inherits from the category above.
const inherit = (select) => {
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

// The badge beside a tax code compares its rate with that of the chosen category and region.
const compare = (form) => {
  const rates = JSON.parse(form.dataset.rates);
  const common = form.elements.default_region_id.value;
  for (const row of form.querySelectorAll("[data-tax-rate]")) {
    const [category, region] = [...row.querySelectorAll("select")].map((select) => select.value);
    const there = rates[`${region || common} ${category}`];
    const same = (there || "0") === row.dataset.taxRate;
    const badge = row.querySelector("[data-rate-badge]");
    if (!category) {
      badge.textContent = "Not mapped";
    } else if (there === undefined) {
      badge.textContent = "Autotask has no tax for this";
    } else {
      badge.textContent = same ? "Same rate in Autotask" : `Autotask has ${there} %`;
    }
    badge.className = `badge bg-${!category ? "orange" : same ? "green" : "yellow"}-lt`;
  }
};

document.addEventListener("change", (event) => {
  const form = event.target.closest("form[data-rates]");
  if (form) {
    compare(form);
  } else if (event.target.matches("[data-category] select")) {
    inherit(event.target);
  }
});
