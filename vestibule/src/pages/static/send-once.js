// Sends a form once: a second press of its button does nothing while the answer is on its way, so
// that a double click changes nothing twice. The server copes with it without script too.
const buttonsOf = (form) => form.querySelectorAll("button");
const makeReady = (form) => {
  delete form.dataset.sent;
  for (const button of buttonsOf(form)) button.removeAttribute("aria-disabled");
};
for (const form of document.querySelectorAll('form[method="post"]')) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "true";
    // Not `disabled`, which takes the focus away.
    for (const button of buttonsOf(form)) button.setAttribute("aria-disabled", "true");
    // For a visitor who stopped the page.
    setTimeout(() => makeReady(form), 10_000);
  });
  // A browser that goes back may show the page as it was left.
  addEventListener("pageshow", () => makeReady(form));
}
