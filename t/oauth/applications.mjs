// Modules that applications have in place of an OAuth library, each used as its own documentation shows: a client that
// renews its token by itself, and three that verify tokens by the published keys, before and after these change.
// usage: node applications.mjs URL CLIENT_ID CLIENT_SECRET USERNAME PASSWORD ROTATE
// ROTATE is a command: when it ends, another key signs.
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { webcrypto } from "node:crypto";
import axios from "axios";
import { createAuthRefresh } from "axios-auth-refresh";
import express from "express";
import { expressjwt } from "express-jwt";
import jsonwebtoken from "jsonwebtoken";
import jwksRsa from "jwks-rsa";
import { ok, run } from "../browser/tap.mjs";

globalThis.crypto ??= webcrypto; // Node 18 has it, but not there
const jose = await import("jose");
const [url, id, secret, username, password, rotate] = process.argv.slice(2);
const issuer = "https://auth.example";
const audience = "web";
const jwksUri = `${url}/.well-known/jwks.json`;
const algorithms = ["ES256"];

function is(got, wanted, title) {
  const texts = [got, wanted].map((x) => JSON.stringify(x));
  ok(texts[0] === texts[1], title, `got:    ${texts[0]}\nwanted: ${texts[1]}`);
}

const post = (path, fields, options) => axios.post(url + path, new URLSearchParams(fields), options);

async function tokenOfClient() {
  const { data } = await post("/oauth2/token", { grant_type: "client_credentials" }, { auth: { username: id, password: secret } });
  return data.access_token;
}

// Each request that is refused asks for a renewal, as its documentation has it for requests at once. The interceptor
// adds the token that has ended to that, too.
async function axiosAuthRefresh() {
  const { data: first } = await post("/token", { username, password, scope: "offline_access" });
  const api = axios.create({ baseURL: url });
  let tokens = { ...first, access_token: `${first.access_token}x` };
  const renewed = [];
  api.interceptors.request.use((request) => {
    request.headers.Authorization = `Bearer ${tokens.access_token}`;
    return request;
  });
  createAuthRefresh(api, async (failed) => {
    const fields = { grant_type: "refresh_token", refresh_token: first.refresh_token };
    ({ data: tokens } = await api.post("/oauth2/token", new URLSearchParams(fields), { skipAuthRefresh: true }));
    renewed.push(tokens.refresh_token);
    failed.response.config.headers.Authorization = `Bearer ${tokens.access_token}`;
  }, { deduplicateRefresh: false });
  const answers = await Promise.all([1, 2, 3, 4, 5].map(() => api.get("/users/me")));
  is(answers.map((a) => a.data.username), Array(5).fill(username), "axios-auth-refresh: requests at once are sent again with a new token");
  is([new Set(renewed).size, renewed[0] !== first.refresh_token], [1, true], "axios-auth-refresh: their renewals get one new refresh token");
}

// An application by express-jwt, and status and body of its answer to a token.
async function serve() {
  const app = express();
  app.use(expressjwt({
    secret: jwksRsa.expressJwtSecret({ jwksUri, cache: true, rateLimit: true, jwksRequestsPerMinute: 60 }),
    audience, issuer, algorithms,
  }));
  app.get("/", (request, response) => { response.json(request.auth.sub); });
  // its fourth parameter makes it a handler of errors
  app.use((e, request, response, next) => { response.status(e.status ?? 500).json(e.code); }); // eslint-disable-line no-unused-vars
  const server = app.listen(0, "127.0.0.1");
  await once(server, "listening");
  return async (token) => {
    const answer = await axios.get(`http://127.0.0.1:${server.address().port}/`,
      { headers: { Authorization: `Bearer ${token}` }, validateStatus: () => true });
    return [answer.status, answer.data];
  };
}

async function keysThatChange() {
  const ask = await serve();
  const published = jwksRsa({ jwksUri });
  const secretOf = (header, done) => published.getSigningKey(header.kid, (e, key) => done(e, key?.getPublicKey()));
  const byJsonwebtoken = (token) => new Promise((done) => {
    jsonwebtoken.verify(token, secretOf, { audience, issuer, algorithms }, (e, claims) => done(e?.message ?? claims.sub));
  });
  const keys = jose.createRemoteJWKSet(new URL(jwksUri), { cooldownDuration: 0 }); // which is 30 s, and keys change here at once
  const byJose = async (token) => (await jose.jwtVerify(token, keys, { audience, issuer, algorithms, typ: "at+jwt" })).payload.sub;

  const before = await tokenOfClient();
  const check = async (token, when) => {
    is(await ask(token), [200, id], `express-jwt with jwks-rsa: a token ${when}`);
    is(await byJsonwebtoken(token), id, `jsonwebtoken with jwks-rsa: a token ${when}`);
    is(await byJose(token), id, `jose: a token ${when}`);
  };
  await check(before, "by the first key");
  execFileSync(rotate, { stdio: "inherit" });
  const after = await tokenOfClient();
  ok(jose.decodeProtectedHeader(before).kid !== jose.decodeProtectedHeader(after).kid, "another key signs");
  await check(after, "by the key after it");
  await check(before, "by the first key, after the change");
  const forged = jsonwebtoken.sign({ sub: id }, "secret", { algorithm: "HS256", audience, issuer, keyid: jose.decodeProtectedHeader(after).kid });
  is(await ask(forged), [401, "invalid_token"], "express-jwt with jwks-rsa refuses another algorithm");
}

run(async () => {
  await axiosAuthRefresh();
  await keysThatChange();
});
