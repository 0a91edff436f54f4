// Comments on the customer's page. Without this script each is sent as a page.
"use strict";

const threadOf = (form) =>
  form?.id?.startsWith("comment-") && document.querySelector(form.getAttribute("hx-target"));
const sendButton = (form) => document.querySelector(`button[form="${form.id}"]`);
const sending = (form, isOn) => {
  const button = sendButton(form);
  if (!button) return;
  button.textContent = isOn ? "Sending…" : "Send";
  button.toggleAttribute("aria-disabled", isOn);
};

document.addEventListener("htmx:beforeRequest", (event) => {
  if (threadOf(event.target)) sending(event.target, true);
});

// What was typed stays until the server has it; else the thread says why.
const NOT_SENT = "Your comment wasn't sent. It's still here. Try again in a moment.";
const notSent = (form, sentence) => {
  const thread = threadOf(form);
  if (!thread) return;
  sending(form, false);
  let problem = thread.querySelector("p.talk-problem");
  if (!problem) {
    problem = document.createElement("p");
    problem.className = "talk-problem";
    problem.setAttribute("role", "alert");
    thread.querySelector(".talk-body").append(problem);
  }
  problem.textContent = sentence;
};
document.addEventListener("htmx:responseError", (event) => {
  const answer = new DOMParser().parseFromString(event.detail.xhr.responseText, "text/html");
  const said = answer.querySelector(".alert")?.textContent.trim();
  const form = event.detail.requestConfig.elt;
  if (threadOf(form)) notSent(form, said ? `Your comment wasn't sent. ${said}` : NOT_SENT);
});
for (const failure of ["htmx:sendError", "htmx:timeout"])
  document.addEventListener(failure, (event) => notSent(event.detail.requestConfig?.elt, NOT_SENT));

// The focus goes to the new comment, or to what is wrong.
document.addEventListener("htmx:afterSettle", (event) => {
  const thread = event.detail.elt;
  if (!thread?.classList?.contains("talk")) return;
  (thread.querySelector("[data-sent]") ?? thread.querySelector("[aria-invalid]"))?.focus();
});

// A form that is opened is meant to be written in.
document.addEventListener("click", (event) => {
  const thread = event.target.closest(".talk > summary")?.parentElement;
  if (thread && !thread.open) setTimeout(() => thread.querySelector("textarea")?.focus());
});
