// A button that shows the password, and the part of a page that somebody was going to.
// Without this script the pages work as they are.
"use strict";

function addButton(field) {
  const input = field.querySelector("input");
  const button = document.createElement("button");
  const status = document.createElement("span");
  const label = document.querySelector(`label[for="${input.id}"]`).textContent;
  const { show, hide, shown, hidden } = field.dataset;

  button.type = "button";
  button.className = "show";
  button.setAttribute("aria-controls", input.id);
  status.className = "away";
  status.setAttribute("role", "status");

  function set(visible) {
    input.type = visible ? "text" : "password";
    button.textContent = visible ? hide : show;
    button.setAttribute("aria-label", `${button.textContent}: ${label}`);
  }
  set(false);
  button.addEventListener("click", () => {
    set(input.type === "password");
    status.textContent = input.type === "text" ? shown : hidden;
  });
  // nothing may keep it as the value of an ordinary field
  input.form.addEventListener("submit", () => {
    input.type = "password";
  });
  field.append(button, status);
}

document.querySelectorAll(".secret").forEach(addButton);

// Browsers keep what is behind the # to themselves; \ is not one of the characters that may follow.
const part = location.hash.replaceAll("\\", "%5C");

if (part.length > 1) {
  for (const input of document.querySelectorAll("input[name=next]"))
    if (!input.value.includes("#")) input.value += part;
  for (const link of document.querySelectorAll("a[href*='next='], main a.button")) link.hash = part;
}
