// Adds a button to each password field that shows what was typed. Without script there is none.
for (const field of document.querySelectorAll('input[type="password"]')) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "show";
  button.setAttribute("aria-controls", field.id);
  const show = (visible) => {
    field.type = visible ? "text" : "password";
    button.textContent = visible ? field.dataset.hide : field.dataset.show;
    // Which field it is for, for screen readers.
    button.setAttribute("aria-label", `${button.textContent}: ${field.labels[0].textContent}`);
  };
  show(false);
  button.addEventListener("click", () => show(field.type === "password"));
  // Sent as a password field, so that no browser remembers it among ordinary texts.
  field.form.addEventListener("submit", () => show(false));
  field.after(button);
}
