// A list of things to do for each account: Express beside Latchkey.
//
//   LATCHKEY_KEY=/etc/todos/key PORT=9001 node todos.js    checks tokens by itself
//   BEHIND_NGINX=1 PORT=9001 node todos.js                 nginx checks them (latchkey-gate.conf)
const { createHmac, timingSafeEqual } = require("crypto");
const { readFileSync } = require("fs");
const express = require("express");

// The file's text is the key, not what it is in hexadecimal.
const key = process.env.BEHIND_NGINX ? null : readFileSync(process.env.LATCHKEY_KEY, "utf8").trimEnd();

const json = (part) => JSON.parse(Buffer.from(part, "base64url"));

// The account of a token, or null. The package jsonwebtoken does the same by
// jwt.verify(token, key, { algorithms: ["HS256"] }).
function userOfToken(header = "") {
  const [, head, body, signature] = /^Bearer ([\w-]+)\.([\w-]+)\.([\w-]+)$/i.exec(header) ?? [];
  if (!signature) return null;
  const right = createHmac("sha256", key).update(`${head}.${body}`).digest();
  const given = Buffer.from(signature, "base64url");
  if (given.length !== right.length || !timingSafeEqual(given, right)) return null;
  if (json(head).alg !== "HS256") return null;
  const claims = json(body);
  if (!(claims.exp > Date.now() / 1000) || !claims.uid) return null; // no uid: signed for something else
  return { id: claims.uid, name: claims.sub };
}

// nginx has checked the token, and sets these headers itself: so nobody but nginx may reach this port.
const userOfHeaders = (headers) => ({
  id: Number(headers["x-auth-user-id"]),
  name: decodeURIComponent(headers["x-auth-user"]),
});

function signedIn(request, response, next) {
  request.user = key === null ? userOfHeaders(request.headers) : userOfToken(request.headers.authorization);
  if (request.user) return next();
  response.set("WWW-Authenticate", "Bearer").status(401).json({ detail: "Could not validate credentials" });
}

const todos = new Map(); // in the place of a table with a column for the account's number
const listOf = (user) => todos.get(user.id) ?? todos.set(user.id, new Map()).get(user.id);

const app = express();
app.disable("x-powered-by");
app.use("/todos", signedIn, express.json());

app.get("/todos/", (request, response) => {
  response.json([...listOf(request.user)].map(([id, title]) => ({ id, title })));
});

app.post("/todos/", (request, response) => {
  const title = request.body?.title;
  if (typeof title !== "string" || title === "" || title.length > 200)
    return response.status(422).json({ detail: "title: a text of 1 to 200 characters" });
  const list = listOf(request.user);
  const id = Math.max(0, ...list.keys()) + 1;
  list.set(id, title);
  response.status(201).json({ id, title });
});

app.delete("/todos/:id", (request, response) => {
  if (!listOf(request.user).delete(Number(request.params.id)))
    return response.status(404).json({ detail: "Not Found" });
  response.status(204).end();
});

app.listen(Number(process.env.PORT ?? 9001), "127.0.0.1");
