// Script of /docs. A separate file, since the page may run no inline script.

// A token that came with a refresh token (scope offline_access) is renewed a minute
// before it ends, as long as the page is open and nobody logs out: Swagger UI knows
// refreshUrl, and does not use it.
const RETRY_MS = 5_000;

// Where the document says; the scheme that Swagger UI keeps has no refreshUrl.
function refreshUrl(system, auth) {
  const path = ["components", "securitySchemes", auth.name, "flows", "password", "refreshUrl"];
  const url = system.specSelectors.specJson().getIn(path);
  return url && new URL(url, new URL(system.specSelectors.url(), location));
}

function isCurrent(system, { auth, token }) {
  const path = [auth.name, "token", "refresh_token"];
  return system.authSelectors.authorized()?.getIn(path) === token.refresh_token;
}

async function renew(system, payload) {
  const { auth, token } = payload;
  if (!isCurrent(system, payload)) return;
  const url = refreshUrl(system, auth);
  const form = { grant_type: "refresh_token", refresh_token: token.refresh_token };
  const answer = await fetch(url, { method: "POST", body: new URLSearchParams(form) }).catch(() => null);
  if (!isCurrent(system, payload)) return;
  if (answer?.ok) system.authActions.authorizeOauth2({ auth, token: await answer.json() });
  else if (!answer || answer.status === 429 || answer.status >= 500)
    setTimeout(renew, RETRY_MS, system, payload);
  else system.authActions.logout([auth.name]); // the session has ended
}

function watch(system, payload) {
  const { auth, token } = payload;
  if (!token?.refresh_token || !refreshUrl(system, auth)) return;
  const life = token.expires_in;
  const wait = Math.max(life - 60, life / 2) * 1000;
  setTimeout(renew, Math.min(wait, 2 ** 31 - 1), system, payload);
}

const renewal = () => ({
  statePlugins: {
    auth: {
      wrapActions: {
        authorizeOauth2: (original, system) => (payload) => {
          watch(system, payload);
          return original(payload);
        },
      },
    },
  },
});

SwaggerUIBundle({
  url: "openapi.json",
  dom_id: "#docs",
  deepLinking: true,
  oauth2RedirectUrl: new URL("docs/oauth2-redirect", location).href,
  // The document goes to nobody else, and a token ends with the page.
  validatorUrl: null,
  persistAuthorization: false,
  plugins: [renewal],
});
