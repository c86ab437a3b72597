// The part of both front ends that does not ask whose session it is: requests, the list, and what went wrong.
export const byId = (id) => document.getElementById(id);

// An answer's body, or an Error with what the service says, and its status.
export async function ask(path, options) {
  const answer = await fetch(path, options);
  const body = await answer.json().catch(() => null);
  if (answer.ok) return body;
  const detail = body?.detail ?? `the service answers ${answer.status}`;
  const error = new Error(Array.isArray(detail) ? detail.map((d) => d.msg).join("; ") : detail);
  throw Object.assign(error, { status: answer.status });
}

export const json = (body) => ({
  method: "POST",
  headers: { "Content-Type": "application/json" },
  body: JSON.stringify(body),
});

export function showForm() {
  byId("todos").replaceChildren();
  byId("account").hidden = false;
  byId("list").hidden = true;
}

// finish(todo) is called for one that is done.
export function showList(me, todos, finish) {
  byId("who").textContent = me.fullname ?? me.username;
  byId("todos").replaceChildren(...todos.map((todo) => row(todo, finish)));
  byId("none").hidden = todos.length > 0;
  byId("account").hidden = true;
  byId("list").hidden = false;
}

function row(todo, finish) {
  const line = document.createElement("li");
  const title = document.createElement("span");
  const done = document.createElement("button");
  title.textContent = todo.title; // as text: a title may look like HTML
  done.textContent = "Done";
  done.className = "quiet";
  done.addEventListener("click", () => finish(todo));
  line.append(title, done);
  return line;
}

export function showProblem(error) {
  byId("problem").textContent = error.message;
  byId("problem").hidden = false;
}

// Does it, and shows what went wrong; refused() is called where nobody is logged in any more.
export async function attempt(work, refused) {
  byId("problem").hidden = true;
  try {
    await work();
  } catch (error) {
    if (error.status === 401) refused();
    showProblem(error);
  }
}

// work(fields, button) is done with a form that is sent, which is empty after that.
export function onSubmit(id, work, refused) {
  byId(id).addEventListener("submit", (event) => {
    event.preventDefault();
    attempt(async () => {
      await work(new FormData(event.target), event.submitter?.name);
      event.target.reset();
    }, refused);
  });
}
