// Test in a browser of the front end that has a session and no token (examples/front-end/session.html), with its
// application behind the gate.
// usage: node session.mjs URL [FOLDER for screenshots]
import { randomUUID } from "node:crypto";
import { launch } from "./launch.mjs";
import { ok, run } from "./tap.mjs";

const [url, folder] = process.argv.slice(2);
const password = "correct horse battery";

async function visit(browser, options = {}) {
  const faults = [];
  const context = await browser.newContext({ viewport: { width: 1000, height: 800 }, ...options });
  context.setDefaultTimeout(60_000);
  await context.addInitScript(() =>
    document.addEventListener("securitypolicyviolation", (e) => console.error(`policy: ${e.violatedDirective} ${e.blockedURI}`)),
  );
  context.on("console", (message) => {
    // the browser's own lines for what is refused on purpose
    if (["error", "warning"].includes(message.type()) && !message.text().includes("401")) faults.push(`console: ${message.text()}`);
  });
  context.on("weberror", (e) => faults.push(`thrown: ${e.error().message}`));
  const page = await context.newPage();
  await page.goto(`${url}/session.html`);
  return { context, faults, page };
}

async function picture(page, name) {
  if (folder) await page.screenshot({ path: `${folder}/${name}.png` });
}

async function fillIn(page, user, secret, button) {
  await page.getByLabel("Name").fill(user);
  await page.getByLabel("Password").fill(secret);
  await page.getByRole("button", { name: button }).click();
}

await run(async () => {
  const browser = await launch();
  try {
    const user = `user-${randomUUID()}`;
    const { context, faults, page } = await visit(browser);
    const button = (text) => page.getByRole("button", { name: text });
    await button("Sign up").waitFor();
    ok(!(await page.getByRole("alert").isVisible()), "without a session the front end shows its form, and no error");
    await picture(page, "session-log-in");
    await fillIn(page, user, "wrong horse battery", "Log in");
    await page.getByRole("alert").waitFor();
    ok((await page.getByRole("alert").innerText()) === "Incorrect username or password", "a refused log-in is shown");
    await fillIn(page, user, password, "Sign up");
    await page.getByText("Nothing to do.").waitFor();
    ok(await page.getByText(user).isVisible(), "somebody signs up and is logged in by a cookie");
    for (const title of ["Water the plants", "<b>no HTML</b>"]) {
      await page.getByLabel("New").fill(title);
      await button("Add").click();
      await page.locator("li", { hasText: title }).waitFor();
    }
    await page.reload();
    await page.locator("li").first().waitFor();
    ok((await page.locator("li").count()) === 2, "a reload finds the session and the list again");
    await picture(page, "session-list");
    const kept = await page.evaluate(async () => [
      localStorage.length, sessionStorage.length, document.cookie, (await indexedDB.databases()).length, (await caches.keys()).length]);
    ok(JSON.stringify(kept) === '[0,0,"",0,0]', "no script can read anything of the session", JSON.stringify(kept));
    const tab = await context.newPage();
    await tab.goto(`${url}/session.html`);
    await tab.locator("li").first().waitFor();
    ok(await tab.getByText(user).isVisible(), "another tab has the session");
    await tab.getByRole("button", { name: "Log out" }).click();
    await tab.getByLabel("Password").waitFor();
    ok((await context.cookies()).every((c) => c.name !== "__Host-latchkey"), "a log-out removes the cookie");
    await page.getByLabel("New").fill("Too late");
    await button("Add").click();
    await page.getByLabel("Password").waitFor();
    ok((await page.locator("li").count()) === 0, "a tab whose session has ended shows the form, and nothing of the list");
    await page.getByLabel("Keep me").check();
    await fillIn(page, user, password, "Log in");
    await page.locator("li").first().waitFor();
    const cookie = (await context.cookies()).find((c) => c.name === "__Host-latchkey");
    ok(cookie.expires > Date.now() / 1000 + 86400 && cookie.httpOnly, "a session that is kept has a cookie with an end");
    const fits = await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth);
    ok(fits, "nothing of the front end sticks out sideways");
    ok(faults.length === 0, "no error, and nothing that a policy refuses", faults.join("\n"));
    await context.close();
  } finally {
    await browser.close();
  }
});
