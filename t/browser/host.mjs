// Test in a browser of a host with a front end (examples/front-end), an application and Latchkey.
// usage: node host.mjs URL [FOLDER for screenshots]
import { randomUUID } from "node:crypto";
import { launch } from "./launch.mjs";
import { ok, run } from "./tap.mjs";

const [url, folder] = process.argv.slice(2);
const sizes = { wide: { width: 1280, height: 800 }, narrow: { width: 390, height: 844 } };

// A page with an empty store; what it does wrong gathers in `faults`.
async function visit(browser, viewport, faults) {
  const context = await browser.newContext({ viewport });
  context.setDefaultTimeout(60_000);
  await context.addInitScript(() =>
    document.addEventListener("securitypolicyviolation", (e) =>
      console.error(`policy: ${e.violatedDirective} ${e.blockedURI}`),
    ),
  );
  context.on("console", (message) => {
    // the browser's own line for the refused login below
    if (["error", "warning"].includes(message.type()) && !message.text().includes("401"))
      faults.push(`console: ${message.text()}`);
  });
  context.on("weberror", (e) => faults.push(`thrown: ${e.error().message}`));
  const page = await context.newPage();
  await page.goto(`${url}/`);
  return page;
}

async function picture(page, name) {
  if (folder) await page.screenshot({ path: `${folder}/${name}.png` });
}

async function use(browser, name) {
  const faults = [];
  const page = await visit(browser, sizes[name], faults);
  const titled = (title) => `a page of the host, ${name}: ${title}`;
  const user = `user-${"1".repeat(60)}-${randomUUID()}`; // in which no line breaks by itself
  const button = (text) => page.getByRole("button", { name: text });

  const colour = await button("Log in").evaluate((e) => getComputedStyle(e).backgroundColor);
  ok(colour === "rgb(37, 99, 168)", titled("its style and script are loaded"), colour);
  await picture(page, `host-log-in-${name}`);
  await page.getByLabel("Name").fill(user);
  await page.getByLabel("Password").fill("wrong horse battery");
  await button("Log in").click();
  const problem = page.getByRole("alert");
  await problem.waitFor();
  ok((await problem.innerText()) !== "", titled("a refused login is shown"), await problem.innerText());
  await page.getByLabel("Password").fill("correct horse battery");
  await button("Sign up").click();
  await page.getByText("Nothing to do.").waitFor();
  ok(await page.getByText(user).isVisible(), titled("somebody signs up and is logged in"));
  for (const title of ["Water the plants", "<b>no HTML</b>", "w".repeat(200)]) {
    await page.getByLabel("New").fill(title);
    await button("Add").click();
    await page.locator("li", { hasText: title }).waitFor();
  }
  ok((await page.locator("li").count()) === 3, titled("the application keeps what is to do"));
  await page.reload();
  await page.locator("li").first().waitFor();
  ok((await page.locator("li").count()) === 3, titled("a reload finds the list again"));
  await picture(page, `host-list-${name}`);
  const fits = await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth);
  ok(fits, titled("nothing sticks out sideways"));
  await page.locator("li").first().getByRole("button").click();
  await page.locator("li", { hasText: "Water" }).waitFor({ state: "detached" });
  ok((await page.locator("li").count()) === 2, titled("what is done is gone"));
  await button("Log out").click();
  ok(await page.getByLabel("Password").isVisible(), titled("logged out, the form is back"));
  ok(faults.length === 0, titled("no error, and nothing that a policy refuses"), faults.join("\n"));
  await page.context().close();
}

await run(async () => {
  const browser = await launch();
  try {
    for (const name of Object.keys(sizes)) await use(browser, name);
  } finally {
    await browser.close();
  }
});
