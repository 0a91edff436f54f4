// What the fields of a form hold, and what the server has of it.
"use strict";

window.formFields = (() => {
  // What the server has, by field; for other fields it is what the page came with.
  const savedValues = new WeakMap();

  const fieldsOf = (form) =>
    [...form.elements].filter((field) => field.name && !["hidden", "submit"].includes(field.type));
  const entered = (field) => (field.type === "checkbox" ? field.checked : field.value);
  const savedValueOf = (field) => {
    if (savedValues.has(field)) return savedValues.get(field);
    if (field.type === "checkbox") return field.defaultChecked;
    if (field.type !== "select-one") return field.defaultValue;
    return ([...field.options].find((option) => option.defaultSelected) ?? field.options[0])?.value;
  };
  const changedIn = (form) =>
    Object.fromEntries(
      fieldsOf(form)
        .filter((field) => entered(field) !== savedValueOf(field))
        .map((field) => [field.name, entered(field)]),
    );

  return { fieldsOf, entered, savedValues, savedValueOf, changedIn };
})();
