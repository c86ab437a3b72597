// Test of Chromium's own password manager: it fills the log-in page, and no page of a host beside it.
// usage: node autofill.mjs URL
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { launchKept } from "./launch.mjs";
import { ok, run } from "./tap.mjs";

const [url] = process.argv.slice(2);
const { port } = new URL(url);
const origin = `http://localhost:${port}`;
const name = "ada";
const password = "correct horse battery";
const alike = `<!doctype html><title>Sign in</title><form method="post" action="/login">
  <input id="username" name="username" autocomplete="username">
  <input id="password" name="password" type="password" autocomplete="current-password"><button>Sign in</button></form>`;
const folder = mkdtempSync(`${tmpdir()}/latchkey-profile-`);

// What stands in the fields of a page a while after it was there, and somebody has clicked on it.
async function filled(context, address, seconds) {
  const page = await context.newPage();
  await page.goto(address);
  await page.mouse.click(2, 2);
  const both = () => page.$$eval("#username, #password", (all) => all.map((e) => e.value).join(" "));
  for (let i = 0; i < seconds * 10 && (await both()).trim() === ""; i++) await page.waitForTimeout(100);
  const found = await both();
  await page.close();
  return found;
}

await run(async () => {
  await (await launchKept(folder)).close();
  execFileSync("python3", ["-B", "t/tool/login_data.py", folder, origin, name], { input: password });
  const context = await launchKept(folder);
  try {
    await context.route(/\/alike$/, (route) => route.fulfill({ contentType: "text/html", body: alike }));
    const kept = `${name} ${password}`;
    const own = await filled(context, `${origin}/login`, 30);
    ok(own === kept, "the browser's password manager fills the log-in page", own);
    const same = await filled(context, `${origin}/alike`, 30);
    ok(same === kept, "it would fill another page of this host: so what follows could be seen", same);
    for (const host of ["evil.localhost", "login.localhost", "127.0.0.1"]) {
      const other = await filled(context, `http://${host}:${port}/alike`, 3);
      ok(other.trim() === "", `a page of ${host} that looks the same gets nothing`, other);
    }
    const fresh = await filled(context, `${origin}/signup`, 3);
    ok(!fresh.includes(password), "the kept password is not put into the form of a new account", fresh);
  } finally {
    await context.close();
    rmSync(folder, { recursive: true, force: true });
  }
});
