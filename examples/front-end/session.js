// The same front end without a token. Its session is a cookie that no script can read: POST /session begins it,
// GET /session says whose it is, DELETE /session ends it, and nginx guards the list (latchkey-gate.conf). The
// browser sends it to this host by itself, so nothing is kept here.
import { ask, attempt, byId, json, onSubmit, showForm, showList, showProblem } from "./page.js";

async function show() {
  showList(await ask("/session"), await ask("/todos/"), (todo) =>
    attempt(async () => {
      await ask(`/todos/${todo.id}`, { method: "DELETE" });
      await show();
    }, showForm),
  );
}

onSubmit(
  "account",
  async (form, button) => {
    const { username, password } = Object.fromEntries(form);
    if (button === "sign-up") await ask("/users/add_user/", json({ username, password }));
    await ask("/session", { method: "POST", body: new URLSearchParams(form) });
    await show();
  },
  showForm,
);

onSubmit(
  "add",
  async (form) => {
    await ask("/todos/", json({ title: form.get("title") }));
    await show();
  },
  showForm,
);

byId("log-out").addEventListener("click", () =>
  attempt(async () => {
    await ask("/session", { method: "DELETE" });
    showForm();
  }, showForm),
);

// A page that comes back by the Back button may show what another session saw.
window.addEventListener("pageshow", (event) => event.persisted && location.reload());

try {
  await show();
} catch (error) {
  showForm();
  if (error.status !== 401) showProblem(error);
}
