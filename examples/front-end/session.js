// The same front end without a token. Its session is a cookie that no script can read: POST /session begins it,
// GET /session says whose it is, DELETE /session ends it, and nginx guards the list (latchkey-gate.conf). The
// browser sends it to this host by itself, so nothing is kept here.
const byId = (id) => document.getElementById(id);

// An answer's body, or an Error with what the service says.
async function ask(path, options) {
  const answer = await fetch(path, options);
  const body = await answer.json().catch(() => null);
  if (answer.ok) return body;
  const detail = body?.detail ?? `the service answers ${answer.status}`;
  const error = new Error(Array.isArray(detail) ? detail.map((d) => d.msg).join("; ") : detail);
  throw Object.assign(error, { status: answer.status });
}

const json = (body) => ({
  method: "POST",
  headers: { "Content-Type": "application/json" },
  body: JSON.stringify(body),
});

function showForm() {
  byId("todos").replaceChildren();
  byId("account").hidden = false;
  byId("list").hidden = true;
}

async function showList() {
  const me = await ask("/session");
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
      await showList();
    }),
  );
  line.append(title, done);
  return line;
}

// Does it, and shows what went wrong. Without a session there is the form: it has ended, here or elsewhere.
async function attempt(work) {
  byId("problem").hidden = true;
  try {
    await work();
  } catch (error) {
    if (error.status === 401) showForm();
    byId("problem").textContent = error.message;
    byId("problem").hidden = false;
  }
}

byId("account").addEventListener("submit", (event) => {
  event.preventDefault();
  const form = new FormData(event.target);
  const isNew = event.submitter?.name === "sign-up";
  attempt(async () => {
    const { username, password } = Object.fromEntries(form);
    if (isNew) await ask("/users/add_user/", json({ username, password }));
    await ask("/session", { method: "POST", body: new URLSearchParams(form) });
    event.target.reset();
    await showList();
  });
});

byId("add").addEventListener("submit", (event) => {
  event.preventDefault();
  attempt(async () => {
    await ask("/todos/", json({ title: new FormData(event.target).get("title") }));
    event.target.reset();
    await showList();
  });
});

byId("log-out").addEventListener("click", () =>
  attempt(async () => {
    await ask("/session", { method: "DELETE" });
    showForm();
  }),
);

// A page that comes back by the Back button may show what another session saw.
window.addEventListener("pageshow", (event) => event.persisted && location.reload());

try {
  await showList();
} catch (error) {
  showForm();
  if (error.status !== 401) {
    byId("problem").textContent = error.message;
    byId("problem").hidden = false;
  }
}
