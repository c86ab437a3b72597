// Test of /docs and /redoc of a running service in a browser, used as a developer would.
// usage: node docs.mjs URL [FOLDER for screenshots]
import { randomUUID } from "node:crypto";
import { launch } from "./launch.mjs";
import { ok, run } from "./tap.mjs";

const [url, folder] = process.argv.slice(2);
const origin = new URL(url).origin;
const wide = { width: 1280, height: 900 };
const narrow = { width: 390, height: 844 };
const user = {
  username: `docs-${randomUUID()}`,
  password: randomUUID(),
  fullname: "Reader of the Docs",
};

async function signUp() {
  const answer = await fetch(`${origin}/users/add_user/`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(user),
  });
  if (answer.status !== 200)
    throw new Error(`sign-up: ${answer.status} ${await answer.text()}`);
}

// A page of its own, with no cookies and an empty cache. What it does wrong
// gathers in `faults`, of windows that it opens too, and what it fetches in
// `asked`.
async function visit(browser, path, viewport, faults, asked = [], script = () => {}) {
  const context = await browser.newContext({ viewport });
  await context.addInitScript(script);
  context.setDefaultTimeout(60_000);
  await context.addInitScript(() =>
    document.addEventListener("securitypolicyviolation", (e) =>
      console.error(`policy: ${e.violatedDirective} ${e.blockedURI}`),
    ),
  );
  context.on("console", (message) => {
    if (["error", "warning"].includes(message.type()))
      faults.push(`console: ${message.text()}`);
  });
  context.on("weberror", (e) => faults.push(`thrown: ${e.error().message}`));
  context.on("request", (request) => {
    const target = new URL(request.url());
    asked.push(target.origin + target.pathname);
    if (!["data:", "blob:"].includes(target.protocol) && target.origin !== origin)
      faults.push(`another host: ${target}`);
  });
  context.on("response", (response) => {
    if (response.status() >= 400)
      faults.push(`${response.status()}: ${response.url()}`);
  });
  const page = await context.newPage();
  await page.goto(origin + path);
  return page;
}

async function fits(page) {
  return page.evaluate(
    () => document.documentElement.scrollWidth <= window.innerWidth,
  );
}

async function picture(page, name) {
  if (folder) await page.screenshot({ path: `${folder}/${name}.png` });
}

// Goes on by Tab until this element has the focus.
async function tabTo(page, element) {
  for (let i = 0; i < 300; i++) {
    if (await element.evaluate((e) => e === document.activeElement)) return;
    await page.keyboard.press("Tab");
  }
  throw new Error(`Tab does not lead to ${element}`);
}

// The two ways to use a page.
const byKeyboard = {
  press: async (page, element) => {
    await element.waitFor();
    await tabTo(page, element);
    await page.keyboard.press("Enter");
  },
  fill: async (page, element, text) => {
    await element.waitFor();
    await tabTo(page, element);
    await page.keyboard.type(text);
  },
};
const byPointer = {
  press: (page, element) => element.click(),
  fill: (page, element, text) => element.fill(text),
};

async function authorize(page, way) {
  const dialog = page.locator(".modal-ux");
  const form = dialog.locator(".auth-container", { hasText: "OAuth2PasswordBearer" });
  await way.press(page, page.locator(".auth-wrapper .authorize"));
  await way.fill(page, form.getByLabel("username:"), user.username);
  await way.fill(page, form.getByLabel("password:", { exact: true }), user.password);
  await picture(page, `authorize-${page.viewportSize().width}`);
  await way.press(page, dialog.getByLabel("Apply given OAuth2 credentials"));
  await dialog.getByText("Authorized").waitFor();
  await way.press(page, dialog.getByRole("button", { name: "Close" }).last());
  await dialog.waitFor({ state: "detached" });
}

// The status and the body that Swagger UI shows.
async function tryWhoAmI(page, way) {
  const block = page.locator("#operations-default-read_users_me_users_me_get");
  const answer = block.locator(".live-responses-table .response");
  await way.press(page, block.locator(".opblock-summary-control"));
  await way.press(page, block.getByRole("button", { name: "Try it out" }));
  await way.press(page, block.getByRole("button", { name: "Execute" }));
  await answer.waitFor();
  await answer.scrollIntoViewIfNeeded();
  return {
    status: await answer.locator(".response-col_status").innerText(),
    body: await answer.locator(".highlight-code pre").first().innerText(),
  };
}

async function testSwagger(browser, name, viewport, way) {
  const faults = [];
  const page = await visit(browser, "/docs", viewport, faults);
  await page.locator(".opblock").first().waitFor();
  ok((await page.title()) === "Latchkey - Swagger UI", `/docs, ${name}, has its title`);
  await picture(page, `docs-${viewport.width}`);
  await authorize(page, way);
  ok(true, `/docs, ${name}: Authorize takes a name and a password`);
  const { status, body } = await tryWhoAmI(page, way);
  await picture(page, `me-${viewport.width}`);
  ok(status.trim().startsWith("200"), `/docs, ${name}: /users/me answers 200`, status);
  ok(
    JSON.parse(body).username === user.username,
    `/docs, ${name}: and shows who logged in`,
    body,
  );
  ok(await fits(page), `/docs, ${name}: nothing sticks out sideways`);
  ok(faults.length === 0, `/docs, ${name}: no error, no other host`, faults.join("\n"));
  await page.context().close();
}

// A token that ends is renewed by the refresh token: Swagger UI itself does not.
async function testRenewal(browser) {
  const faults = [];
  const asked = [];
  // half an hour passes in a quarter of a second
  const page = await visit(browser, "/docs", wide, faults, asked, () => {
    const wait = window.setTimeout;
    window.setTimeout = (f, ms, ...rest) => wait(f, ms > 600_000 ? 250 : ms, ...rest);
  });
  const renewals = () => asked.filter((url) => url === `${origin}/oauth2/token`).length;
  const until = async (wanted) => {
    for (let i = 0; i < 100 && renewals() < wanted; i++) await page.waitForTimeout(100);
    return renewals() >= wanted;
  };
  const dialog = page.locator(".modal-ux");
  const form = dialog.locator(".auth-container", { hasText: "OAuth2PasswordBearer" });
  const log_in = page.locator(".auth-wrapper .authorize");
  await log_in.click();
  await form.getByLabel("username:").fill(user.username);
  await form.getByLabel("password:", { exact: true }).fill(user.password);
  await form.locator("label[for^='offline_access']").first().click();
  const login = page.waitForResponse(`${origin}/token`);
  await dialog.getByLabel("Apply given OAuth2 credentials").click();
  const first = await (await login).json();
  ok(first.refresh_token !== undefined, "/docs: the scope offline_access gives a refresh token");
  ok(await until(2), "/docs: before its end a token is renewed, again and again", asked.join("\n"));
  await dialog.getByRole("button", { name: "Close" }).last().click();
  const sent = page.waitForRequest(`${origin}/users/me`);
  const { status } = await tryWhoAmI(page, byPointer);
  const used = (await (await sent).allHeaders()).authorization;
  ok(status.trim().startsWith("200"), "/docs: a renewed token counts", status);
  ok(used !== `Bearer ${first.access_token}`, "/docs: the renewed token is the one that is sent", used);
  await log_in.click();
  await form.getByText("Logout").click();
  // one may be under way
  let before = -1;
  for (let i = 0; i < 20 && renewals() !== before; i++) {
    before = renewals();
    await page.waitForTimeout(1000);
  }
  ok(renewals() === before, "/docs: after a log-out nothing is renewed");
  ok(faults.length === 0, "/docs: a renewal is no error", faults.join("\n"));
  await page.context().close();
}

async function testRedoc(browser, name, viewport) {
  const faults = [];
  const page = await visit(browser, "/redoc", viewport, faults);
  const heading = (text) => page.locator("h2", { hasText: text });
  await heading("Who Am I").waitFor();
  ok((await page.title()) === "Latchkey - ReDoc", `/redoc, ${name}, has its title`);
  for (const summary of ["Add User", "Login", "Who Am I", "Read Root"])
    ok(await heading(summary).isVisible(), `/redoc, ${name}, shows "${summary}"`);
  await picture(page, `redoc-${viewport.width}`);
  ok(await fits(page), `/redoc, ${name}: nothing sticks out sideways`);
  ok(faults.length === 0, `/redoc, ${name}: no error, no other host`, faults.join("\n"));
  await page.context().close();
}

// What the page shows and fetches, with this query.
async function shown(browser, path, query, drawn) {
  const faults = [];
  const asked = [];
  const page = await visit(browser, path + query, wide, faults, asked);
  await page.locator(drawn).first().waitFor();
  await page.waitForLoadState("networkidle");
  const text = await page.locator("body").innerText();
  await page.context().close();
  return { text, asked: asked.sort().join("\n"), faults: faults.join("\n") };
}

// Swagger UI has let an address say which document, or which settings, it
// shows: of another host, which the policy would refuse, or of this one.
async function testQuery(browser, path, drawn) {
  const names = ["url", "configUrl", "urls.primaryName", "spec-url", "validatorUrl"];
  const plain = await shown(browser, path, "", drawn);
  for (const at of [`${origin}/docs/assets/docs.js`, "https://127.0.0.1:1/x.json"]) {
    const query = names.map((name) => `${name}=${encodeURIComponent(at)}`).join("&");
    const other = await shown(browser, path, `?${query}`, drawn);
    const title = `with url=${new URL(at).pathname} and configUrl`;
    ok(other.text === plain.text, `${path} shows its own document ${title}`, other.text);
    ok(other.asked === plain.asked, `${path} fetches its own document ${title}`, other.asked);
    ok(other.faults === "", `${path} finds no fault ${title}`, other.faults);
  }
}

async function testRedirect(browser) {
  const faults = [];
  const path = "/docs/oauth2-redirect";
  const page = await visit(browser, path, wide, faults);
  ok(await page.getByText("sign-in").isVisible(), `${path} opens by hand`);
  // Swagger UI's side of a flow with a redirect, as far as its script asks
  const code = await page.evaluate(
    (target) =>
      new Promise((resolve) => {
        window.swaggerUIRedirectOauth2 = {
          state: "s",
          auth: { schema: new Map([["flow", "authorizationCode"]]) },
          callback: ({ auth }) => resolve(auth.code),
          errCb: resolve,
        };
        window.open(`${target}?code=c&state=s`);
      }),
    path,
  );
  ok(code === "c", `${path} hands the code to the window that asked`, code);
  ok(faults.length === 0, `${path}: no error, no other host`, faults.join("\n"));
  await page.context().close();
}

await run(async () => {
  const browser = await launch();
  try {
    await signUp();
    await testSwagger(browser, "wide, by keyboard", wide, byKeyboard);
    await testSwagger(browser, "narrow", narrow, byPointer);
    await testRenewal(browser);
    await testRedoc(browser, "wide", wide);
    await testRedoc(browser, "narrow", narrow);
    await testQuery(browser, "/docs", ".opblock");
    await testQuery(browser, "/redoc", "h2");
    await testRedirect(browser);
  } finally {
    await browser.close();
  }
});
