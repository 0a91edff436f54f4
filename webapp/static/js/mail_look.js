// Shows an email as it would look, a moment after its text was typed.
const PAUSE = 400;

function hidden(name, value) {
  const input = document.createElement("input");
  input.type = "hidden";
  input.name = name;
  input.value = value;
  return input;
}

// A text is too long for an address, so it is sent as a form into the frame.
function show(kind) {
  const form = document.createElement("form");
  form.method = "post";
  form.action = kind.dataset.look;
  form.target = kind.querySelector("iframe").name;
  form.append(hidden("csrf_token", document.querySelector("[name=csrf_token]").value));
  for (const part of ["subject", "text"])
    form.append(hidden(part, kind.querySelector(`[name$="_${part}"]`).value));
  document.body.append(form);
  form.submit();
  form.remove();
}

for (const kind of document.querySelectorAll("[data-look]")) {
  let waiting;
  kind.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(show, PAUSE, kind);
  });
}
