// Test in a browser of a page of another origin that signs in, reads and changes (CORS).
// usage: node cors.mjs URL PORT PORT: of the service, of a page that cors_origins lists as
// http://localhost:PORT, and of one that it does not; /app/ of the service is guarded.
import { createServer } from "node:http";
import { launch } from "./launch.mjs";
import { ok, run } from "./tap.mjs";

const [url, listed, other] = process.argv.slice(2);

function serve(port) {
  return new Promise((resolve) => {
    const server = createServer((request, response) => {
      response.setHeader("Content-Type", "text/html");
      response.end("<!doctype html><title>Page</title><p>A page of another origin.");
    });
    server.listen(Number(port), "localhost", () => resolve(server));
  });
}

// A request by the page's script: what the script gets to see of the answer.
async function ask(page, path, options = {}) {
  return page.evaluate(
    async ([to, init]) => {
      try {
        const answer = await fetch(to, init);
        const text = await answer.text();
        return {
          status: answer.status,
          body: text.startsWith("{") ? JSON.parse(text) : text,
          challenge: answer.headers.get("WWW-Authenticate"),
          retry: answer.headers.get("Retry-After"),
        };
      } catch (error) {
        return { status: error.name };
      }
    },
    [url + path, options],
  );
}

const json = (method, body, token) => ({
  method,
  headers: { "Content-Type": "application/json", ...(token && { Authorization: `Bearer ${token}` }) },
  body: JSON.stringify(body),
});
const form = (fields) => ({
  method: "POST",
  headers: { "Content-Type": "application/x-www-form-urlencoded" },
  body: new URLSearchParams(fields).toString(),
});
const bearer = (token) => ({ headers: { Authorization: `Bearer ${token}` } });

function is(got, wanted, title) {
  const texts = [got, wanted].map((x) => JSON.stringify(x));
  ok(texts[0] === texts[1], title, `got:    ${texts[0]}\nwanted: ${texts[1]}`);
}

const bea = { username: "bea", password: "correct horse" };

async function testListed(page) {
  let answer = await ask(page, "/users/add_user/", json("POST", bea));
  is([answer.status, answer.body.username], [200, "bea"], "a page of a listed origin signs somebody up, as JSON");
  answer = await ask(page, "/users/add_user", json("POST", bea));
  is([answer.status, answer.body.detail], [400, "User already registered"],
    "a page of a listed origin follows the redirect of a slash");
  answer = await ask(page, "/token", form({ ...bea, password: "wrong" }));
  is([answer.status, answer.body.error, answer.challenge], [401, "invalid_grant", "Bearer"],
    "a page of a listed origin reads why a login failed");
  answer = await ask(page, "/token", form({ username: "bea" }));
  is([answer.status, answer.body.error], [422, "invalid_request"], "a page of a listed origin reads what is wrong with a form");
  answer = await ask(page, "/token", form(bea));
  is(answer.status, 200, "a page of a listed origin logs in");
  const token = answer.body.access_token;
  answer = await ask(page, "/users/me", bearer(token));
  is([answer.status, answer.body.username], [200, "bea"], "a page of a listed origin asks with the token");
  answer = await ask(page, "/users/me", bearer("wrong"));
  is([answer.status, answer.challenge], [401, "Bearer"], "a page of a listed origin reads that a token is wrong");
  answer = await ask(page, "/users/me", json("PATCH", { fullname: "Bea" }, token));
  is([answer.status, answer.body.fullname], [200, "Bea"], "a page of a listed origin changes the full name");
  answer = await ask(page, "/token", form({ ...bea, scope: "x".repeat(70_000) }));
  is([answer.status, answer.body.error], [413, "invalid_request"], "a page of a listed origin reads an error of nginx's own");
  answer = await ask(page, "/app/x", json("PUT", {}, token));
  is([answer.status, answer.body], [200, "PUT bea"], "a page of a listed origin reaches the guarded application");
  answer = await ask(page, "/app/x", json("PUT", {}, "wrong"));
  is([answer.status, answer.challenge], [401, 'Bearer error="invalid_token"'],
    "a page of a listed origin reads that the guard refused a token");
  answer = await ask(page, "/users/me", { ...bearer(token), credentials: "include" });
  is(answer.status, "TypeError", "a page of a listed origin reads no answer to a request with cookies");
  let limited;
  for (let i = 0; i < 60 && limited?.status !== 429; i++)
    limited = await ask(page, "/token", form({ username: "bea" }));
  is([limited.status, limited.retry], [429, "1"], "a page of a listed origin reads when to try again");
  return token;
}

async function testOther(page, token) {
  for (const [title, path, options] of [
    ["signs nobody up", "/users/add_user/", json("POST", { username: "eve", password: "correct horse" })],
    ["reads no answer to a login", "/token", form(bea)],
    ["reads no account", "/users/me", bearer(token)],
    ["reads no greeting", "/", {}],
    ["does not reach the guarded application", "/app/x", json("PUT", {}, token)],
  ]) {
    const answer = await ask(page, path, options);
    is(answer.status, "TypeError", `a page of another origin ${title}`);
  }
}

await run(async () => {
  const servers = [await serve(listed), await serve(other)];
  const browser = await launch();
  try {
    const page = await browser.newPage();
    await page.goto(`http://localhost:${listed}/`);
    const token = await testListed(page);
    await page.goto(`http://localhost:${other}/`);
    await testOther(page, token);
  } finally {
    await browser.close();
    servers.forEach((server) => server.close());
  }
});
