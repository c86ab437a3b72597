// The browser of the tests: the system's Chromium, or the one that LK_BROWSER names, firefox-esr say. Firefox is
// Debian's own, unchanged, spoken to by WebDriver BiDi.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { chromium, firefox } from "playwright-core";

const name = process.env.LK_BROWSER ?? "chromium";
const isFirefox = name.startsWith("firefox");

// Where browsers leave what no profile holds: caches, settings of crash reports.
const home = mkdtempSync(`${tmpdir()}/latchkey-home-`);
process.on("exit", () => rmSync(home, { recursive: true, force: true }));

const common = { executablePath: `/usr/bin/${name}`, env: { ...process.env, HOME: home, XDG_CONFIG_HOME: home } };

const chromiumOptions = {
  ...common,
  chromiumSandbox: process.getuid() !== 0, // as root it would refuse to start
  ignoreDefaultArgs: ["--disable-back-forward-cache"], // which people have
  args: [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
  ],
};

const firefoxOptions = (preferences) => ({
  ...common,
  channel: "moz-firefox",
  firefoxUserPrefs: {
    // the cookies of other sites apart, as people have it, which playwright turns off
    "browser.contentblocking.features.standard": "cookieBehavior5",
    "network.cookie.cookieBehavior": 5,
    "services.settings.server": "data:,", // Mozilla's own, which it asks at its start
    ...preferences,
  },
});

// Firefox has one colour scheme for all its pages, so the dark ones have a Firefox of their own; and of the pages'
// scripts, which it cannot turn off for one context, it loads none instead.
async function launchFirefox() {
  const browser = await firefox.launch(firefoxOptions({}));
  const newContext = browser.newContext.bind(browser);
  const close = browser.close.bind(browser);
  let dark;
  browser.newContext = async (options = {}) => {
    if (options.colorScheme === "dark")
      dark ??= await firefox.launch(firefoxOptions({ "layout.css.prefers-color-scheme.content-override": 0 }));
    const context = await (options.colorScheme === "dark" ? dark.newContext(options) : newContext(options));
    if (options.javaScriptEnabled === false) await context.route(/\.js$/, (route) => route.abort());
    return context;
  };
  browser.close = async () => {
    await dark?.close();
    await close();
  };
  return browser;
}

// Each start makes and removes a profile of its own.
export function launch() {
  return isFirefox ? launchFirefox() : chromium.launch(chromiumOptions);
}

// With the profile in this folder, as it was left.
export function launchKept(folder) {
  return isFirefox
    ? firefox.launchPersistentContext(folder, firefoxOptions({}))
    : chromium.launchPersistentContext(folder, chromiumOptions);
}

// As people have it who block all cookies; with a profile in this folder.
export function launchBlocking(folder) {
  if (isFirefox) return firefox.launchPersistentContext(folder, firefoxOptions({ "network.cookie.cookieBehavior": 2 }));
  mkdirSync(`${folder}/Default`);
  writeFileSync(`${folder}/Default/Preferences`, JSON.stringify({ profile: { default_content_setting_values: { cookies: 2 } } }));
  return chromium.launchPersistentContext(folder, chromiumOptions);
}
