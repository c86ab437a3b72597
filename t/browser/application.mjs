// Test in Chromium of an application of Debian's behind the gate: the way in by the log-in page, the user's name on its
// pages, the way of somebody else, and a log-out.
// usage: node application.mjs URL TITLE USER OTHER PASSWORD; URL: of a page of it that shows the user's name; TITLE: of the tests.
import { launch } from "./launch.mjs";
import { ok, run } from "./tap.mjs";

const [url, title, user, other, password] = process.argv.slice(2);
const { origin, pathname } = new URL(url);

async function logIn(page, name) {
  await page.locator("#username").waitFor();
  await page.fill("#username", name);
  await page.fill("#password", password);
  await page.press("#password", "Enter");
  await page.waitForURL((to) => to.pathname === pathname);
}

function shows(page, name) {
  return page.getByText(name, { exact: true }).first().waitFor({ state: "attached" }).then(() => true, () => false);
}

await run(async () => {
  const browser = await launch();
  try {
    const context = await browser.newContext({ locale: "en-US", viewport: { width: 1280, height: 800 } });
    context.setDefaultTimeout(60_000);
    const page = await context.newPage();
    await page.goto(url);
    ok(new URL(page.url()).pathname === "/login", `${title}: a browser is sent to the log-in page`, page.url());
    await logIn(page, user);
    ok(page.url() === url, `${title}: after the log-in it is where it was going`, page.url());
    ok(await shows(page, user), `${title}: its page shows the name of the user`, await page.content());
    if (process.env.LK_PICTURE) await page.screenshot({ path: process.env.LK_PICTURE });
    await page.goto(`${origin}/logout`);
    await page.getByRole("button").first().click();
    await page.waitForURL("**/login?out=1**");
    await page.waitForLoadState("networkidle");
    await page.goto(url);
    ok(new URL(page.url()).pathname === "/login", `${title}: after a log-out its page is closed, whatever its own session`, page.url());
    await logIn(page, other);
    ok((await shows(page, other)) && !(await page.content()).includes(`>${user}<`), `${title}: somebody else is not taken for the user of before`, await page.content());
    await context.close();
  } finally {
    await browser.close();
  }
});
