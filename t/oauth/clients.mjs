// OAuth libraries for Node.js as confidential clients, each used as its own documentation shows.
// usage: node clients.mjs URL CLIENT_ID CLIENT_SECRET USERNAME PASSWORD
import { webcrypto } from "node:crypto";
import { ok, run } from "../browser/tap.mjs";

globalThis.crypto ??= webcrypto; // Node 18 has it, but not there
const oauth = await import("oauth4webapi");
const openid = await import("openid-client");
const jose = await import("jose");
const simple = (await import("simple-oauth2")).default;
const { OAuth2Client } = await import("@badgateway/oauth2-client");

const [url, id, secret, username, password] = process.argv.slice(2);
const issuer = "https://auth.example";
const endpoint = (name) => `${url}/oauth2/${name}`;
const server = {
  issuer,
  token_endpoint: endpoint("token"),
  introspection_endpoint: endpoint("introspect"),
  revocation_endpoint: endpoint("revoke"),
  jwks_uri: `${url}/.well-known/jwks.json`,
};
const options = { [oauth.allowInsecureRequests]: true };

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

async function oauth4webapi() {
  const client = { client_id: id };
  for (const [name, auth] of [["basic", oauth.ClientSecretBasic(secret)], ["post", oauth.ClientSecretPost(secret)]]) {
    const title = (what) => `oauth4webapi, client_secret_${name}: ${what}`;
    const response = await oauth.clientCredentialsGrantRequest(server, client, auth, { scope: "read" }, options);
    const token = await oauth.processClientCredentialsResponse(server, client, response);
    is([token.token_type, token.scope], ["bearer", "read"], title("a token of the client"));
    const introspect = async (text) => oauth.processIntrospectionResponse(
      server, client, await oauth.introspectionRequest(server, client, auth, text, options),
    );
    const found = await introspect(token.access_token);
    is([found.active, found.client_id, found.scope], [true, id, "read"], title("introspection"));
    const request = new Request("https://api.example/", { headers: { authorization: `Bearer ${token.access_token}` } });
    const claims = await oauth.validateJwtAccessToken(server, request, "web", options);
    is([claims.client_id, claims.sub, claims.scope], [id, id, "read"], title("the token is one of RFC 9068, by the published keys"));
    const revoked = await oauth.processRevocationResponse(
      await oauth.revocationRequest(server, client, auth, token.access_token, options),
    );
    is(revoked, undefined, title("revocation"));
    const end = Date.now() + 10000;
    let last;
    do last = (await introspect(token.access_token)).active; while (last && Date.now() < end);
    is(last, false, title("what was revoked is inactive"));
  }
  const bad = oauth.ClientSecretBasic("wrong");
  const e = await error(async () => oauth.processClientCredentialsResponse(
    server, client, await oauth.clientCredentialsGrantRequest(server, client, bad, {}, options),
  ));
  ok(e instanceof oauth.WWWAuthenticateChallengeError && e.status === 401, "oauth4webapi: a wrong secret is the challenge of a 401", e);
}

async function openidClient() {
  const config = new openid.Configuration(server, id, secret);
  openid.allowInsecureRequests(config);
  const token = await openid.clientCredentialsGrant(config, { scope: "read write" });
  is(token.scope, "read write", "openid-client: a token of the client");
  const user = await openid.genericGrantRequest(config, "password", { username, password, scope: "offline_access" });
  const next = await openid.refreshTokenGrant(config, user.refresh_token);
  ok(next.refresh_token !== user.refresh_token, "openid-client: a user's token, and its renewal");
  is((await openid.tokenIntrospection(config, next.refresh_token)).username, username, "openid-client: introspection of a refresh token");
  await openid.tokenRevocation(config, next.refresh_token);
  const e = await error(() => openid.refreshTokenGrant(config, next.refresh_token));
  is([e.constructor.name, e.error], ["ResponseBodyError", "invalid_grant"], "openid-client: a revoked session is not renewed");
  const scope = await error(() => openid.clientCredentialsGrant(config, { scope: "admin" }));
  is(scope.error, "invalid_scope", "openid-client: a scope of others is an error of OAuth");
}

async function simpleOauth2() {
  for (const authorizationMethod of ["header", "body"]) {
    const settings = {
      client: { id, secret },
      auth: { tokenHost: url, tokenPath: "/oauth2/token", revokePath: "/oauth2/revoke" },
      options: { authorizationMethod },
    };
    const own = await new simple.ClientCredentials(settings).getToken({ scope: "read" });
    is(own.token.scope, "read", `simple-oauth2, ${authorizationMethod}: a token of the client`);
    const user = await new simple.ResourceOwnerPassword(settings).getToken({ username, password, scope: "offline_access" });
    const next = await user.refresh();
    ok(next.token.refresh_token !== user.token.refresh_token, `simple-oauth2, ${authorizationMethod}: a user's token, and its renewal`);
    await next.revokeAll();
    const e = await error(() => next.refresh());
    is(e.data.payload.error, "invalid_grant", `simple-oauth2, ${authorizationMethod}: a revoked session is not renewed`);
  }
}

async function badgateway() {
  for (const authenticationMethod of ["client_secret_basic", "client_secret_post"]) {
    const client = new OAuth2Client({
      server: url,
      clientId: id,
      clientSecret: secret,
      tokenEndpoint: "/oauth2/token",
      introspectionEndpoint: "/oauth2/introspect",
      revocationEndpoint: "/oauth2/revoke",
      authenticationMethod,
    });
    const own = await client.clientCredentials({ scope: ["read"] });
    is((await client.introspect(own)).active, true, `@badgateway/oauth2-client, ${authenticationMethod}: a token of the client, and introspection`);
    const user = await client.password({ username, password, scope: ["offline_access"] });
    const all = await Promise.all([1, 2, 3, 4].map(() => client.refreshToken(user)));
    is(new Set(all.map((t) => t.refreshToken)).size, 1, `@badgateway/oauth2-client, ${authenticationMethod}: parallel renewals`);
    await client.revoke(all[0], "refresh_token");
    const e = await error(() => client.refreshToken(all[0]));
    is(e.oauth2Code, "invalid_grant", `@badgateway/oauth2-client, ${authenticationMethod}: a revoked session is not renewed`);
  }
}

async function joseLibrary() {
  const client = new OAuth2Client({ server: url, clientId: id, clientSecret: secret, tokenEndpoint: "/oauth2/token" });
  const { accessToken } = await client.clientCredentials();
  const keys = jose.createRemoteJWKSet(new URL(server.jwks_uri));
  const { payload } = await jose.jwtVerify(accessToken, keys, {
    algorithms: ["ES256"], issuer, audience: "web", typ: "at+jwt", requiredClaims: ["client_id", "jti"],
  });
  is([payload.client_id, payload.uid], [id, undefined], "jose: a token of the client, of type at+jwt");
  const e = await error(() => jose.jwtVerify(accessToken, keys, { issuer, audience: "web", requiredClaims: ["uid"] }));
  is(e.code, "ERR_JWT_CLAIM_VALIDATION_FAILED", "jose: an application that demands uid refuses it");
}

run(async () => {
  await oauth4webapi();
  await openidClient();
  await simpleOauth2();
  await badgateway();
  await joseLibrary();
});
