// Test of /openapi.json of a running service: valid, and true of it.
// usage: node openapi.mjs URL [URL of health and figures]
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { Validator } from "@seriousme/openapi-schema-validator";
import Ajv from "ajv/dist/2020.js";
import { ok, run } from "./tap.mjs";

const origin = new URL(process.argv[2]).origin;
const operator = new URL(process.argv[3] ?? origin).origin;
const original = JSON.parse(
  readFileSync(new URL("../contract/openapi.json", import.meta.url)),
);

// Everything there is, depth first, as [path, value].
function* walk(value, path = "") {
  yield [path, value];
  if (typeof value === "object" && value !== null)
    for (const [key, inner] of Object.entries(value))
      yield* walk(inner, `${path}/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`);
}

function operations(api) {
  return Object.entries(api.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );
}

// What of `wanted` is not in `got`. A list has the same entries, in the same
// order: one more "required" field would refuse what the original takes.
function missing(wanted, got, path = "") {
  if (typeof wanted !== "object" || wanted === null)
    return wanted === got ? [] : [`${path}: ${JSON.stringify(got)}`];
  if (typeof got !== "object" || got === null || Array.isArray(wanted) !== Array.isArray(got))
    return [`${path}: ${JSON.stringify(got)}`];
  if (Array.isArray(wanted) && wanted.length !== got.length)
    return [`${path}: ${got.length} entries`];
  return Object.keys(wanted).flatMap((key) =>
    missing(wanted[key], got[key], `${path}/${key}`),
  );
}

async function testValid(api) {
  const result = await new Validator().validate(structuredClone(api));
  ok(result.valid, "/openapi.json is valid OpenAPI", JSON.stringify(result.errors, null, 2));
  ok(api.openapi === "3.1.0", "/openapi.json is OpenAPI 3.1.0", api.openapi);
  const ids = operations(api).map(({ operation }) => operation.operationId);
  ok(
    ids.every(Boolean) && new Set(ids).size === ids.length,
    "each operation of /openapi.json has an id of its own",
    ids.join("\n"),
  );
}

function testOriginal(api) {
  for (const { path, method, operation } of operations(original)) {
    const gaps = missing(operation, api.paths[path]?.[method]);
    ok(gaps.length === 0, `${method} ${path} is as the original has it`, gaps.join("\n"));
  }
  for (const [name, schema] of Object.entries(original.components.schemas)) {
    const gaps = missing(schema, api.components.schemas[name]);
    ok(gaps.length === 0, `the schema ${name} is as the original has it`, gaps.join("\n"));
  }
}

// All schemas of the document, to be named as it names them: "api#/…".
function readSchemas(api) {
  // "examples", "format" and OpenAPI's own words are not ajv's to judge
  const ajv = new Ajv({ strict: false, validateFormats: false, allErrors: true });
  ajv.addSchema({ $id: "api", ...api });
  return ajv;
}

function testExamples(api, ajv) {
  const wrong = [];
  let count = 0;
  for (const [path, value] of walk(api)) {
    if (typeof value !== "object" || value === null) continue;
    const isMedia = "schema" in value;
    const schema = isMedia ? `${path}/schema` : path;
    const examples = isMedia
      ? [value.example, ...Object.values(value.examples ?? {}).map((e) => e.value)]
      : Array.isArray(value.examples) ? value.examples : [];
    for (const example of examples.filter((e) => e !== undefined)) {
      count += 1;
      if (!ajv.validate({ $ref: `api#${encodeURI(schema)}` }, example))
        wrong.push(`${path}: ${ajv.errorsText()}`);
    }
  }
  ok(count > 0 && wrong.length === 0, "each example of /openapi.json fits its schema", wrong.join("\n"));
}

// The service's own answers: is the status foretold, with this body?
async function testAnswers(api, ajv) {
  const user = { username: `api-${randomUUID()}`, fullname: null, password: randomUUID() };
  const json = (body) => ({
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  const form = (body) => ({ method: "POST", body: new URLSearchParams(body) });
  const bearer = (token) => ({ headers: { Authorization: `Bearer ${token}` } });
  const resolve = (part) =>
    part?.$ref
      ? part.$ref.slice(2).split("/").reduce((at, key) => at[key], api)
      : part;

  async function ask(path, request, status, server = origin) {
    const answer = await fetch(server + path, request);
    const body = await answer.json();
    const method = (request.method ?? "GET").toLowerCase();
    const foretold = resolve(api.paths[path][method].responses[answer.status]);
    const schema = foretold?.content["application/json"].schema ?? false;
    const headers = Object.keys(foretold?.headers ?? {});
    const fits =
      answer.status === status &&
      ajv.validate(
        typeof schema === "object" && schema.$ref ? { $ref: `api${schema.$ref}` } : schema,
        body,
      ) &&
      headers.every((name) => answer.headers.has(name));
    ok(
      fits,
      `${method} ${path} answers ${status} as described`,
      [answer.status, JSON.stringify(body).slice(0, 300), ajv.errorsText(), headers].join("\n"),
    );
    return body;
  }

  await ask("/", {}, 200);
  await ask("/healthz", {}, 200, operator);
  await ask("/readyz", {}, 200, operator);
  await ask("/users/add_user/", json(user), 200);
  await ask("/users/add_user/", json(user), 400);
  await ask("/users/add_user/", json({ ...user, username: 1 }), 422);
  await ask("/users/add_user/", json({ ...user, fullname: "x".repeat(70_000) }), 413);
  await ask("/token", form({ username: user.username, password: "wrong" }), 401);
  await ask("/token", form({ username: user.username }), 422);
  const multipart = new FormData();
  multipart.set("username", user.username);
  multipart.set("password", user.password);
  await ask("/token", { method: "POST", body: multipart }, 200);
  const token = await ask("/token", form(user), 200);
  await ask("/users/me", bearer(token.access_token), 200);
  await ask("/users/me", bearer("wrong"), 401);
}

await run(async () => {
  const answer = await fetch(`${origin}/openapi.json`);
  ok(answer.status === 200, "/openapi.json is served", answer.status);
  const type = answer.headers.get("content-type");
  ok(type === "application/json", "/openapi.json is served as application/json", type);
  const api = await answer.json();
  await testValid(api);
  testOriginal(api);
  const ajv = readSchemas(api);
  testExamples(api, ajv);
  await testAnswers(api, ajv);
});
