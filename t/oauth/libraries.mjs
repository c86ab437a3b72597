// OAuth libraries for Node.js against a running service, each used as its own documentation shows.
// usage: node libraries.mjs URL USERNAME PASSWORD LIFETIME_S
import { webcrypto } from "node:crypto";
import { ok, run } from "../browser/tap.mjs";

globalThis.crypto ??= webcrypto; // Node 18 has it, but not there
const oauth = await import("oauth4webapi");
const openid = await import("openid-client");
const { ResourceOwnerPassword } = (await import("simple-oauth2")).default;
const { OAuth2Client } = await import("@badgateway/oauth2-client");

const [url, username, password, life] = process.argv.slice(2);
const right = { username, password };
const wrong = { username, password: "wrong" };
const said = "Incorrect username or password";

function is(got, wanted, title) {
  const texts = [got, wanted].map((x) => JSON.stringify(x));
  ok(texts[0] === texts[1], title, `got:    ${texts[0]}\nwanted: ${texts[1]}`);
}

// What it throws.
async function error(f) {
  try {
    await f();
  } catch (e) {
    return e;
  }
  throw new Error("it does not fail");
}

// f with a clock that is some seconds ahead.
function later(s, f) {
  const now = Date.now;
  Date.now = () => now() + s * 1000;
  try {
    return f();
  } finally {
    Date.now = now;
  }
}

async function oauth4webapi() {
  const server = { issuer: url, token_endpoint: `${url}/token` };
  const client = { client_id: "web" };
  const options = { [oauth.allowInsecureRequests]: true };
  async function grant(type, parameters) {
    const response = await oauth.genericTokenEndpointRequest(
      server, client, oauth.None(), type, parameters, options,
    );
    return oauth.processGenericTokenEndpointResponse(server, client, response);
  }
  const token = await grant("password", right);
  is([token.token_type, token.expires_in], ["bearer", Number(life)],
    "oauth4webapi reads a token and its lifetime");
  let e = await error(() => grant("password", wrong));
  ok(e instanceof oauth.WWWAuthenticateChallengeError, "oauth4webapi: a wrong password is the challenge of a 401", e);
  const body = await e.response.json();
  is([e.status, body.error, body.error_description], [401, "invalid_grant", said],
    "oauth4webapi: and its answer has OAuth's error");
  e = await error(() => grant("client_credentials", {}));
  ok(e instanceof oauth.ResponseBodyError, "oauth4webapi: another grant is an error of OAuth", e);
  is([e.status, e.error, e.error_description], [422, "unsupported_grant_type",
    "grant_type: String should match pattern '^password$'"], "oauth4webapi: of its own code");
}

async function openidClient() {
  const config = new openid.Configuration(
    { issuer: url, token_endpoint: `${url}/token` }, "web", undefined, openid.None(),
  );
  openid.allowInsecureRequests(config);
  const token = await openid.genericGrantRequest(config, "password", right);
  const left = token.expiresIn(); // by the clock, which goes on
  ok(left <= Number(life) && left > Number(life) - 60, "openid-client knows how long a token lasts", left);
  is(later(Number(life) + 1, () => token.expiresIn()), 0, "openid-client knows when it has expired");
  let e = await error(() => openid.genericGrantRequest(config, "password", wrong));
  is([e.constructor.name, e.status], ["WWWAuthenticateChallengeError", 401],
    "openid-client: a wrong password is the challenge of a 401");
  e = await error(() => openid.refreshTokenGrant(config, "x"));
  is([e.constructor.name, e.error], ["ResponseBodyError", "unsupported_grant_type"],
    "openid-client: a refresh is an error of OAuth");
}

async function simpleOauth2() {
  const client = new ResourceOwnerPassword({
    client: { id: "web", secret: "" },
    auth: { tokenHost: url, tokenPath: "/token" },
    options: { authorizationMethod: "body" },
  });
  const token = await client.getToken(right);
  ok(!token.expired(), "simple-oauth2: a new token has not expired");
  ok(!token.expired(Number(life) - 10), "simple-oauth2: nor shortly before its end");
  ok(token.expired(Number(life) + 1), "simple-oauth2: it has after it");
  let e = await error(() => client.getToken(wrong));
  is([e.output.statusCode, e.data.payload],
    [401, { detail: said, error: "invalid_grant", error_description: said }],
    "simple-oauth2: a wrong password is an error with OAuth's members");
  e = await error(() => client.createToken({ refresh_token: "x" }).refresh());
  is(e.data.payload.error, "unsupported_grant_type", "simple-oauth2: so is a refresh");
}

async function badgateway() {
  const client = new OAuth2Client({
    clientId: "web",
    tokenEndpoint: `${url}/token`,
  });
  const start = Date.now();
  const token = await client.password(right);
  const s = (token.expiresAt - start) / 1000;
  ok(s >= Number(life) - 1 && s < Number(life) + 30, "@badgateway/oauth2-client knows when a token expires", s);
  let e = await error(() => client.password(wrong));
  is([e.constructor.name, e.oauth2Code, e.httpCode], ["OAuth2HttpError", "invalid_grant", 401],
    "@badgateway/oauth2-client: a wrong password is an error of OAuth");
  is(e.message.includes(said), true, "@badgateway/oauth2-client: and says so");
  e = await error(() => client.refreshToken({ refreshToken: "x" }));
  is(e.oauth2Code, "unsupported_grant_type", "@badgateway/oauth2-client: so is a refresh");
}

run(async () => {
  await oauth4webapi();
  await openidClient();
  await simpleOauth2();
  await badgateway();
});
