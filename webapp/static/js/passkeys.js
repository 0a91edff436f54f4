// Ask the device for a passkey, and send its answer with the form:
// <form data-passkey="get" or "create" data-question="address of the options" data-answer="field, if not passkey">.
"use strict";

const toBytes = (text) =>
  Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));
const toText = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");

const decoded = (options) => {
  const list = (name) => (options[name] ?? []).map((one) => ({ ...one, id: toBytes(one.id) }));
  const asked = { ...options, challenge: toBytes(options.challenge) };
  if (options.user) {
    asked.user = { ...options.user, id: toBytes(options.user.id) };
    asked.excludeCredentials = list("excludeCredentials");
  } else asked.allowCredentials = list("allowCredentials");
  return asked;
};

const encoded = (credential) => {
  const response = {};
  for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"])
    if (credential.response[name]) response[name] = toText(credential.response[name]);
  return JSON.stringify({
    id: credential.id,
    rawId: toText(credential.rawId),
    type: credential.type,
    response,
  });
};

const WHY = {
  InvalidStateError: "This device already has a passkey for your account.",
  NotAllowedError: "The passkey wasn't used. Try again, or sign in another way.",
  SecurityError: "Passkeys don't work at this address. Open Quotewright at its usual address.",
};

const ask = async (form) => {
  const token = form.querySelector("input[name='csrf_token']").value;
  const answer = await fetch(form.dataset.question, { method: "POST", headers: { "X-CSRFToken": token } });
  if (!answer.ok) return window.location.reload();
  const publicKey = decoded(await answer.json());
  const credential = await navigator.credentials[form.dataset.passkey]({ publicKey });
  form.elements[form.dataset.answer ?? "passkey"].value = encoded(credential);
  form.submit();
};

for (const form of document.querySelectorAll("form[data-passkey]")) {
  // Without the browser's part there is nothing to offer.
  form.hidden = !window.PublicKeyCredential;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const said = form.querySelector("[data-passkey-said]");
    const button = form.querySelector("button");
    button.disabled = true;
    said.hidden = true;
    ask(form).catch((error) => {
      said.textContent = WHY[error.name] ?? "We couldn't reach your passkey. Try again in a moment.";
      said.hidden = false;
      button.disabled = false;
    });
  });
}
