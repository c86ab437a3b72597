// The system's Chromium.
import { chromium } from "playwright-core";

const options = {
  executablePath: "/usr/bin/chromium",
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

// Each start makes and removes a profile of its own.
export function launch() {
  return chromium.launch(options);
}

// With the profile in this folder, as it was left.
export function launchKept(folder) {
  return chromium.launchPersistentContext(folder, options);
}
