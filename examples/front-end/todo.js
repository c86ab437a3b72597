// A front end for Latchkey and an application of one host: accounts are Latchkey's
// (/users/add_user/, /token), the list is the application's (/todos/).
const byId = (id) => document.getElementById(id);

// For this tab, until it is closed: other sites cannot read it, scripts of this one can.
let token = sessionStorage.getItem("token");

// An answer's body, or an Error with what the service says.
async function ask(path, options = {}) {
  const headers = { ...options.headers };
  if (token) headers.Authorization = `Bearer ${token}`;
  const answer = await fetch(path, { ...options, headers });
  const body = await answer.json().catch(() => null);
  if (answer.ok) return body;
  if (answer.status === 401 && token) leave();
  const detail = body?.detail ?? `the service answers ${answer.status}`;
  throw new Error(Array.isArray(detail) ? detail.map((d) => d.msg).join("; ") : detail);
}

const json = (body) => ({
  method: "POST",
  headers: { "Content-Type": "application/json" },
  body: JSON.stringify(body),
});

async function logIn(form) {
  const answer = await ask("/token", { method: "POST", body: new URLSearchParams(form) });
  token = answer.access_token;
  sessionStorage.setItem("token", token);
}

function leave() {
  token = null;
  sessionStorage.removeItem("token");
  byId("account").hidden = false;
  byId("list").hidden = true;
}

async function show() {
  const me = await ask("/users/me");
  const todos = await ask("/todos/");
  byId("who").textContent = me.fullname ?? me.username;
  byId("todos").replaceChildren(...todos.map(row));
  byId("none").hidden = todos.length > 0;
  byId("account").hidden = true;
  byId("list").hidden = false;
}

function row(todo) {
  const line = document.createElement("li");
  const title = document.createElement("span");
  const done = document.createElement("button");
  title.textContent = todo.title; // as text: a title may look like HTML
  done.textContent = "Done";
  done.className = "quiet";
  done.addEventListener("click", () =>
    attempt(async () => {
      await ask(`/todos/${todo.id}`, { method: "DELETE" });
      await show();
    }),
  );
  line.append(title, done);
  return line;
}

// Does it, and shows what went wrong.
async function attempt(work) {
  byId("problem").hidden = true;
  try {
    await work();
  } catch (error) {
    byId("problem").textContent = error.message;
    byId("problem").hidden = false;
  }
}

byId("account").addEventListener("submit", (event) => {
  event.preventDefault();
  const form = new FormData(event.target);
  const isNew = event.submitter?.name === "sign-up";
  attempt(async () => {
    if (isNew) await ask("/users/add_user/", json(Object.fromEntries(form)));
    await logIn(form);
    event.target.reset();
    await show();
  });
});

byId("add").addEventListener("submit", (event) => {
  event.preventDefault();
  attempt(async () => {
    await ask("/todos/", json({ title: new FormData(event.target).get("title") }));
    event.target.reset();
    await show();
  });
});

byId("log-out").addEventListener("click", leave);
if (token) attempt(show);
