// Test of a logo of one's own in a browser.
// usage: node logo.mjs URL WIDTH [FOLDER for screenshots]; WIDTH: of the logo, which is 40 pixels high
import { launch } from "./launch.mjs";
import { ok, run } from "./tap.mjs";

const [url, width, folder] = process.argv.slice(2);

await run(async () => {
  const browser = await launch();
  try {
    for (const viewport of [{ width: 1100, height: 800 }, { width: 320, height: 640 }]) {
      const context = await browser.newContext({ viewport, locale: "en-US" });
      const page = await context.newPage();
      await page.goto(`${url}/login`);
      const logo = page.locator(".brand img");
      await logo.evaluate((e) => e.decode());
      const box = await logo.boundingBox();
      const fits = await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth);
      ok(box.height === 32, `an own logo is 32 pixels high, on a page of ${viewport.width}`, box.height);
      ok(Math.abs(box.width - (width * 32) / 40) <= 1, `it is as wide as it is made, on a page of ${viewport.width}`, box.width);
      ok(fits, `nothing sticks out beside it, on a page of ${viewport.width}`);
      if (folder) await page.screenshot({ path: `${folder}/own-logo-${viewport.width}.png`, fullPage: true });
      await page.goto(`${url}/login/logo`);
      const title = await page.evaluate(() => document.title || document.documentElement.getAttribute("class") || "");
      ok(!title.includes("run"), `a script in it does not run, on a page of ${viewport.width}`, title);
      await context.close();
    }
  } finally {
    await browser.close();
  }
});
