// OAuth libraries for Node.js that find the endpoints by the server's metadata (RFC 8414).
// usage: node metadata.mjs ISSUER CLIENT_ID REFRESH_TOKEN...: one for each library
import { webcrypto } from "node:crypto";
import { ok, run } from "../browser/tap.mjs";

globalThis.crypto ??= webcrypto; // Node 18 has it, but not there
const oauth = await import("oauth4webapi");
const openid = await import("openid-client");
const { OAuth2Client } = await import("@badgateway/oauth2-client");

const [issuer, client_id, ...tokens] = process.argv.slice(2);

async function oauth4webapi() {
  const options = { algorithm: "oauth2", [oauth.allowInsecureRequests]: true };
  const url = new URL(issuer);
  const server = await oauth.processDiscoveryResponse(url, await oauth.discoveryRequest(url, options));
  ok(server.token_endpoint === `${issuer}/oauth2/token`, "oauth4webapi finds the token endpoint", server);
  const client = { client_id };
  const response = await oauth.refreshTokenGrantRequest(server, client, oauth.None(), tokens[0], options);
  const result = await oauth.processRefreshTokenResponse(server, client, response);
  ok(result.refresh_token !== tokens[0], "oauth4webapi renews a session there", result);
  const gone = await oauth.revocationRequest(server, client, oauth.None(), result.refresh_token, options);
  await oauth.processRevocationResponse(gone);
  ok(gone.status === 200, "oauth4webapi ends it at the revocation endpoint", gone.status);
}

async function openidClient() {
  const config = await openid.discovery(new URL(issuer), client_id, undefined, openid.None(), {
    algorithm: "oauth2",
    execute: [openid.allowInsecureRequests],
  });
  ok(config.serverMetadata().issuer === issuer, "openid-client reads the metadata", config.serverMetadata());
  const result = await openid.refreshTokenGrant(config, tokens[1]);
  ok(result.refresh_token !== tokens[1], "openid-client renews a session by it", result);
  await openid.tokenRevocation(config, result.refresh_token);
  let e;
  await openid.refreshTokenGrant(config, result.refresh_token).catch((x) => (e = x));
  ok(e?.error === "invalid_grant", "openid-client: a session that was ended by it is not renewed", e);
}

async function badgateway() {
  const client = new OAuth2Client({ server: `${issuer}/`, clientId: client_id });
  const result = await client.refreshToken({ refreshToken: tokens[2], accessToken: "x", expiresAt: null });
  ok(result.refreshToken !== tokens[2], "@badgateway/oauth2-client finds the endpoint and renews a session", result);
}

await run(async () => {
  await oauth4webapi();
  await openidClient();
  await badgateway();
});
