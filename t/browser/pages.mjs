// Test of the pages in a browser: log-in, sign-up, log-out, account.
// usage: node pages.mjs URL PORT [FOLDER for screenshots]; PORT: of a page of another origin.
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { launch } from "./launch.mjs";
import { ok, run } from "./tap.mjs";

const [url, port, folder] = process.argv.slice(2);
const axe = readFileSync(new URL("./node_modules/axe-core/axe.min.js", import.meta.url), "utf8");
const password = "correct horse battery";
const user = `user-${"1".repeat(60)}-${randomUUID()}`; // in which no line breaks by itself

// A browser without cookies; what its pages do wrong gathers in `faults`.
async function visit(browser, options = {}) {
  const faults = [];
  const context = await browser.newContext({ locale: "en-US", viewport: { width: 1100, height: 800 }, ...options });
  context.setDefaultTimeout(60_000);
  await context.addInitScript(() =>
    document.addEventListener("securitypolicyviolation", (e) =>
      console.error(`policy: ${e.violatedDirective} ${e.blockedURI}`),
    ),
  );
  context.on("console", (message) => {
    // the browser's own lines for refused forms, and for what clears its cache
    if (["error", "warning"].includes(message.type()) && !/status of 4\d\d|Clear-Site-Data/.test(message.text()))
      faults.push(`console: ${message.text()}`);
  });
  context.on("weberror", (e) => faults.push(`thrown: ${e.error().message}`));
  return { context, faults, page: await context.newPage() };
}

async function picture(page, name) {
  if (folder) await page.screenshot({ path: `${folder}/${name}.png`, fullPage: true });
}

// What axe-core finds, by the rules of WCAG 2.2 AA. It may not load what it looks at: the page's policy would refuse it.
async function findings(page) {
  await page.evaluate(axe);
  return page.evaluate(async () => {
    const runOnly = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
    const { violations } = await window.axe.run({ runOnly, preload: false });
    return JSON.stringify(violations.map((v) => [v.id, v.nodes.map((n) => n.html)]));
  });
}

async function look(page, name) {
  await picture(page, name.replaceAll(" ", "-"));
  const found = await findings(page);
  ok(found === "[]", `axe-core finds nothing: ${name}`, found);
  const fits = await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth);
  ok(fits, `nothing sticks out sideways: ${name}`);
}

async function logIn(page, next, secret = password) {
  await page.goto(`${url}/login?next=${encodeURIComponent(next)}`);
  await page.fill("#username", user);
  await page.fill("#password", secret);
  await page.press("#password", "Enter");
}

async function testSignUp(browser) {
  const { context, faults, page } = await visit(browser);
  await page.goto(`${url}/signup?next=${encodeURIComponent("/account")}`);
  await look(page, "sign-up");
  await page.fill("#username", user);
  await page.fill("#password", "short");
  await page.evaluate(() => document.querySelector("#password").removeAttribute("minlength"));
  await page.press("#password", "Enter");
  await page.getByRole("alert").waitFor();
  await look(page, "sign-up refused");
  ok((await page.inputValue("#username")) === user, "a refused sign-up leaves the name in the form");
  ok((await page.inputValue("#password")) === "", "a refused sign-up leaves no password in the form");
  await page.fill("#password", password);
  await page.press("#password", "Enter");
  await page.waitForURL(`${url}/account`);
  ok(true, "a sign-up logs in, and leads on");
  await look(page, "account");
  ok(faults.length === 0, "sign-up and account: no error, and nothing that the policy refuses", faults.join("\n"));
  await context.close();
}

// Everything by keyboard, and back with query and fragment.
async function testKeyboard(browser) {
  const { context, faults, page } = await visit(browser);
  await page.goto(`${url}/login?next=${encodeURIComponent("/a/page?x=1&y=%20#part")}`);
  const focus = () => page.evaluate(() => document.activeElement.id || document.activeElement.textContent.trim());
  ok((await focus()) === "username", "the log-in page begins in its first field", await focus());
  await look(page, "log-in");
  await page.keyboard.type(user);
  await page.keyboard.press("Tab");
  ok((await focus()) === "password", "Tab leads from the name to the password", await focus());
  await page.keyboard.type("wrong horse battery");
  await page.keyboard.press("Tab");
  ok((await focus()) === "Show", "Tab leads to the button that shows the password", await focus());
  await page.keyboard.press("Enter");
  ok((await page.getAttribute("#password", "type")) === "text", "the button shows the password");
  await page.keyboard.press("Space");
  ok((await page.getAttribute("#password", "type")) === "password", "the button hides the password again");
  await page.keyboard.press("Tab");
  ok((await focus()) === "keep", "Tab leads to keep me signed in", await focus());
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await page.getByRole("alert").waitFor();
  ok((await focus()) === "problem", "after a wrong password the problem has the focus", await focus());
  ok((await page.title()).startsWith("Error: "), "after a wrong password the title says so", await page.title());
  await look(page, "log-in refused");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Tab");
  await page.keyboard.type(password);
  await page.keyboard.press("Enter");
  await page.getByText("The application").waitFor();
  ok(page.url() === `${url}/a/page?x=1&y=%20#part`, "a log-in leads back, with query and fragment", page.url());
  const [cookie] = (await context.cookies()).filter((c) => c.name === "__Host-latchkey");
  ok(cookie?.httpOnly && cookie.secure && cookie.sameSite === "Lax" && cookie.path === "/" && cookie.expires === -1,
    "the session cookie is hidden from scripts, and goes with the browser", JSON.stringify(cookie));
  ok(faults.length === 0, "log-in by keyboard: no error, and nothing that the policy refuses", faults.join("\n"));
  await context.close();
}

async function testLogOut(browser) {
  const { context, faults, page } = await visit(browser);
  await logIn(page, "/account");
  await page.waitForURL(`${url}/account`);
  await page.getByRole("button", { name: "Log out" }).click();
  await page.waitForURL("**/login?out=1**");
  await page.getByRole("heading", { name: "You are logged out" }).waitFor();
  await look(page, "logged out");
  const left = (await context.cookies()).filter((c) => c.name === "__Host-latchkey");
  ok(left.length === 0, "a log-out removes the cookie", JSON.stringify(left));
  await page.waitForLoadState("networkidle");
  await page.goBack();
  await page.locator("#password").waitFor();
  ok(!(await page.content()).includes(user), "Back does not show the account after a log-out");
  ok(faults.length === 0, "log-out: no error, and nothing that the policy refuses", faults.join("\n"));
  await context.close();
}

async function testLooks(browser) {
  const looks = {
    "dark": { colorScheme: "dark" },
    "narrow dark Korean": { viewport: { width: 320, height: 640 }, colorScheme: "dark", locale: "ko-KR" },
  };
  for (const [name, options] of Object.entries(looks)) {
    const { context, faults, page } = await visit(browser, options);
    await page.goto(`${url}/login`);
    await page.locator(".show").waitFor();
    await look(page, `log-in ${name}`);
    if (options.locale) ok((await page.textContent("h1")) === "로그인", `a Korean browser reads Korean: ${name}`);
    if (options.colorScheme) {
      const colour = await page.evaluate(() => getComputedStyle(document.body).color);
      ok(colour === "rgb(236, 238, 245)", `a dark browser reads light letters: ${name}`, colour);
    }
    await logIn(page, "/account", "wrong horse battery");
    await page.getByRole("alert").waitFor();
    await look(page, `log-in refused ${name}`);
    await page.fill("#password", password);
    await page.press("#password", "Enter");
    await page.waitForURL(`${url}/account`);
    await look(page, `account ${name}`);
    // each with the date, the time and UTC
    const broken = await page.$$eval(".sessions .whole", (all) => all.filter((e) => /UTC/.test(e.textContent) && e.getBoundingClientRect().height > 1.9 * parseFloat(getComputedStyle(e).fontSize)).length);
    const times = await page.locator(".sessions .whole", { hasText: "UTC" }).count();
    ok(times >= 2 && broken === 0, `no time of a session is broken into two lines: ${name}`, `${broken} of ${times}`);
    ok(faults.length === 0, `${name}: no error, and nothing that the policy refuses`, faults.join("\n"));
    await context.close();
  }
}

async function testSwitch(browser) {
  const { context, page } = await visit(browser);
  await page.goto(`${url}/login?next=%2Fx`);
  await page.getByRole("link", { name: "한국어" }).click();
  await page.getByRole("heading", { name: "로그인" }).waitFor();
  ok((await page.inputValue("input[name=next]")) === "/x", "the switch of the language keeps where one was going");
  await page.goto(`${url}/signup`);
  ok((await page.getAttribute("html", "lang")) === "ko", "the language that was chosen stays");
  await context.close();
}

async function testNoScript(browser) {
  const { context, page } = await visit(browser, { javaScriptEnabled: false });
  await logIn(page, "/account");
  await page.waitForURL(`${url}/account`);
  await page.fill("#fullname", "Ada <b>");
  await page.getByRole("button", { name: "Save name" }).click();
  await page.waitForURL("**/account?did=saved");
  ok((await page.inputValue("#fullname")) === "Ada <b>", "without a script the account is changed, and shows what was typed");
  await context.close();
}

// As a browser that blocks cookies: what an answer set is gone before the next request.
async function testNoCookies(browser) {
  const { context, page } = await visit(browser);
  await context.route("**/login*", async (route) => {
    await context.clearCookies();
    await route.continue({ headers: { ...route.request().headers(), cookie: "x=1" } });
  });
  await page.goto(`${url}/login`);
  // as the answer of the form leads on: from a page of ours
  await page.evaluate(() => location.assign("/login?arrived=1&next=%2F"));
  await page.getByRole("heading", { name: "did not keep the cookie" }).waitFor();
  await look(page, "no cookie");
  await page.getByRole("link", { name: "Try again" }).click();
  await page.locator("#password").waitFor();
  ok(true, "a browser without cookies is told so, and may try again");
  await context.close();
}

// A page of another origin: its forms, its frames.
async function testOther(browser) {
  const server = createServer((request, response) => {
    response.setHeader("Content-Type", "text/html");
    response.end(`<!doctype html><title>Other</title>
      <form method="post" action="${url}/login"><input name="username" value="${user}"><input name="password" value="${password}">
      <button>Go</button></form><iframe src="${url}/login"></iframe>`);
  });
  await new Promise((resolve) => server.listen(Number(port), "localhost", resolve));
  const { context, page } = await visit(browser);
  await page.goto(`http://localhost:${port}/`);
  await page.waitForLoadState("networkidle");
  const frame = page.frames()[1];
  ok((await frame.locator("#password").count()) === 0, "another site's page does not frame the log-in page");
  await page.getByRole("button").click();
  await page.getByRole("heading", { name: "This came from another site" }).waitFor();
  const set = (await context.cookies()).filter((c) => c.name === "__Host-latchkey");
  ok(set.length === 0, "another site's form logs nobody in", JSON.stringify(set));
  await context.close();
  server.close();
}

async function testLimit(browser) {
  const { context, page } = await visit(browser);
  for (let i = 0; i < 18; i++) {
    await page.goto(`${url}/login`);
    await page.fill("#username", "limited");
    await page.fill("#password", "wrong horse battery");
    await page.press("#password", "Enter");
    await page.waitForLoadState();
  }
  await page.getByRole("heading", { name: "Too many attempts" }).waitFor();
  await look(page, "limit");
  ok(/Try again in \d+ (minutes|seconds)/.test(await page.textContent("main")), "a limit says when to try again");
  await context.close();
}

await run(async () => {
  const browser = await launch();
  try {
    await testSignUp(browser);
    await testKeyboard(browser);
    await testLogOut(browser);
    await testLooks(browser);
    await testSwitch(browser);
    await testNoScript(browser);
    await testNoCookies(browser);
    await testOther(browser);
    await testLimit(browser);
  } finally {
    await browser.close();
  }
});
