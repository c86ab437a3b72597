// A front end for Latchkey and an application of one host: accounts are Latchkey's
// (/users/add_user/, /token), the list is the application's (/todos/).
import { ask, attempt, byId, json, onSubmit, showForm, showList } from "./page.js";

// For this tab, until it is closed: other sites cannot read it, scripts of this one can.
let token = sessionStorage.getItem("token");

function askAs(path, options = {}) {
  return ask(path, { ...options, headers: { ...options.headers, Authorization: `Bearer ${token}` } });
}

async function logIn(form) {
  const answer = await ask("/token", { method: "POST", body: new URLSearchParams(form) });
  token = answer.access_token;
  sessionStorage.setItem("token", token);
}

function leave() {
  token = null;
  sessionStorage.removeItem("token");
  showForm();
}

async function show() {
  showList(await askAs("/users/me"), await askAs("/todos/"), (todo) =>
    attempt(async () => {
      await askAs(`/todos/${todo.id}`, { method: "DELETE" });
      await show();
    }, leave),
  );
}

onSubmit(
  "account",
  async (form, button) => {
    if (button === "sign-up") await ask("/users/add_user/", json(Object.fromEntries(form)));
    await logIn(form);
    await show();
  },
  leave,
);

onSubmit(
  "add",
  async (form) => {
    await askAs("/todos/", json({ title: form.get("title") }));
    await show();
  },
  leave,
);

byId("log-out").addEventListener("click", leave);
if (token) attempt(show, leave);
