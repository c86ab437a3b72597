// Test in a browser of an application behind the gate: the way back, requests, uploads, websockets and streams
// across the end of a proof, tabs, log-outs elsewhere, planted cookies, blocked ones, and those that are kept.
// usage: node gate.mjs URL PORT KEY ROOT; PORT: of the application, behind /app/, and behind /admin/ for ROOT, who
// has signed up; KEY: the file with the key.
import { createHash, createHmac, randomBytes, randomUUID } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { launch, launchBlocking, launchKept } from "./launch.mjs";
import { ok, run } from "./tap.mjs";

const [url, port, keyFile, root] = process.argv.slice(2);
const cookieName = "__Host-latchkey";
const password = "correct horse battery";
const ada = `ada-${randomUUID()}`;
const eve = `eve-${randomUUID()}`;

// --- the application ---

const seen = []; // of each request: method, path, user, length and digest of the body
const sockets = new Set();

function frame(text) {
  const bytes = Buffer.from(text);
  return Buffer.concat([Buffer.from([0x81, bytes.length]), bytes]);
}

// Short masked text frames, as browsers send them.
function unframe(bytes) {
  const n = bytes[1] & 0x7f;
  const mask = bytes.subarray(2, 6);
  return bytes.subarray(6, 6 + n).map((b, i) => b ^ mask[i % 4]).toString();
}

// With ?late=MS it begins to read so much later.
function answer(request, response) {
  const user = request.headers["x-auth-user"];
  const { pathname, searchParams } = new URL(request.url, url);
  const digest = createHash("sha256");
  let length = 0;
  const read = () => request.on("data", (part) => {
    digest.update(part);
    length += part.length;
  });
  if (searchParams.has("late")) setTimeout(read, Number(searchParams.get("late")));
  else read();
  request.on("end", () => {
    seen.push({ method: request.method, path: request.url, user, length, digest: digest.digest("hex") });
    if (pathname === "/app/events") {
      response.setHeader("Content-Type", "text/event-stream");
      response.write(`data: ${user}\n\n`);
      sockets.add(response);
      return;
    }
    if (pathname === "/plant")
      response.setHeader("Set-Cookie", `${cookieName}=${searchParams.get("value")}; Path=/; Secure; HttpOnly; SameSite=Lax`);
    const isData = pathname === "/app/data";
    response.setHeader("Content-Type", isData ? "application/json" : "text/html; charset=utf-8");
    response.end(isData ? JSON.stringify({ user, length }) : `<!doctype html><title>App</title><h1>Hello ${user}</h1>`);
  });
}

function upgrade(request, socket) {
  const accept = createHash("sha1").update(`${request.headers["sec-websocket-key"]}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
  socket.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`);
  socket.on("data", (bytes) => {
    if ((bytes[0] & 15) === 1) socket.write(frame(`${request.headers["x-auth-user"]}: ${unframe(bytes)}`));
    else socket.end();
  });
  socket.on("error", () => {});
  sockets.add(socket);
}

// --- browsers ---

async function visit(browser) {
  const context = await browser.newContext({ locale: "en-US" });
  context.setDefaultTimeout(60_000);
  return { context, page: await context.newPage() };
}

async function fillIn(page, user, { keep = false } = {}) {
  await page.fill("#username", user);
  await page.fill("#password", password);
  if (keep) await page.check("#keep");
  await page.press("#password", "Enter");
}

// Past the form, at the application.
async function enter(page, user, options) {
  await page.goto(`${url}/app/`);
  await fillIn(page, user, options);
  await page.getByText(`Hello ${user}`).waitFor();
}

async function cookieOf(context) {
  return (await context.cookies()).find((c) => c.name === cookieName)?.value;
}

// By the application's own port, past the gate: cookies do not tell ports apart.
async function setCookie(context, value) {
  const page = await context.newPage();
  await page.goto(`http://localhost:${port}/plant?value=${value}`);
  await page.close();
}

function sessionOf(cookie) {
  return Buffer.from(cookie, "base64url").subarray(1, 17).toString("hex");
}

// The same proof with an end so many seconds from now.
function ending(cookie, seconds) {
  const secret = readFileSync(keyFile, "latin1").replace(/\n+$/, "");
  const key = createHmac("sha256", Buffer.from(secret, "latin1")).update("latchkey\0proof\0").digest();
  const said = Buffer.from(cookie, "base64url").subarray(0, -16);
  said.writeUInt32BE(Math.floor(Date.now() / 1000) + seconds, 29);
  return Buffer.concat([said, createHmac("sha256", key).update(said).digest().subarray(0, 16)]).toString("base64url");
}

async function expire(context) {
  await setCookie(context, ending(await cookieOf(context), -1));
}

function ask(page, path, options = {}) {
  return page.evaluate(
    async ([path, options]) => {
      const response = await fetch(path, options);
      return { status: response.status, user: response.ok ? (await response.json()).user : null };
    },
    [path, options],
  );
}

// Until it holds: what has ended elsewhere is known within a second.
async function holds(condition, seconds = 20) {
  const until = Date.now() + seconds * 1000;
  while (Date.now() < until) {
    if (await condition()) return true;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return false;
}

// --- tests ---

async function testWay(browser) {
  const { context, page } = await visit(browser);
  await page.goto(`${url}/app/a%20page?x=1&y=%2F#part`);
  await page.locator("#username").waitFor();
  ok(new URL(page.url()).pathname === "/login", "without a session a page of the application leads to the log-in page", page.url());
  await fillIn(page, ada);
  await page.getByText(`Hello ${ada}`).waitFor();
  ok(page.url() === `${url}/app/a%20page?x=1&y=%2F#part`, "a log-in leads back, with query and fragment", page.url());
  await context.close();
}

// Each field of each form, by what password managers go by.
async function testFields(browser) {
  const { context, page } = await visit(browser);
  const wanted = { "/login": "username current-password", "/signup": "username name new-password" };
  for (const [path, tokens] of Object.entries(wanted)) {
    await page.goto(`${url}${path}`);
    const found = await page.$$eval("input:not([type=hidden]):not([type=checkbox])", (all) => all.map((e) => e.autocomplete));
    ok(found.join(" ") === tokens, `${path} tells password managers what its fields are`, found.join(" "));
  }
  await enter(page, ada);
  await page.goto(`${url}/account`);
  const found = await page.$$eval("input[type=password]", (all) => all.map((e) => `${e.form.action.split("/").pop()} ${e.autocomplete}`));
  ok(found.join() === "password current-password,password new-password,delete current-password", "the account tells them which password is which", found.join());
  const names = await page.$$eval("form", (all) => all.filter((f) => f.querySelector("[type=password]") && !f.querySelector("[autocomplete=username]")).length);
  ok(names === 0, "beside each password of the account is the name that it belongs to", names);
  const outside = await page.$$eval("form", (all) => all.filter((f) => new URL(f.action).origin !== location.origin || (f.method !== "post")).length);
  ok(outside === 0, "every form of the account is posted to this host");
  await page.fill("#current", "");
  await page.locator("#current").focus();
  await page.evaluate(() => navigator.clipboard?.writeText).catch(() => {});
  await page.evaluate(() => {
    const data = new DataTransfer();
    data.setData("text/plain", "pasted");
    const event = new ClipboardEvent("paste", { clipboardData: data, cancelable: true, bubbles: true });
    window.refused = !document.querySelector("#current").dispatchEvent(event);
  });
  ok((await page.evaluate(() => window.refused)) === false, "no page keeps a password from being pasted");
  await context.close();
}

async function testMany(browser) {
  const { context, page } = await visit(browser);
  await enter(page, ada);
  const session = sessionOf(await cookieOf(context));
  await expire(context);
  const answers = await page.evaluate(() =>
    Promise.all(Array.from({ length: 20 }, async (_, i) => {
      const response = await fetch(`/app/data?${i}`, i % 2 ? { method: "POST", body: "x".repeat(i) } : {});
      return response.ok ? (await response.json()).user : response.status;
    })),
  );
  ok(answers.every((a) => a === ada), "20 fetches at once after the end of a proof are all answered", answers.join());
  const cookie = await cookieOf(context);
  ok(sessionOf(cookie) === session, "20 fetches at once leave one cookie, of the same session");
  ok((await ask(page, "/app/data")).user === ada, "the cookie that 20 fetches at once leave is good");
  await context.close();
}

async function testUpload(browser) {
  const { context, page } = await visit(browser);
  await enter(page, ada);
  for (const [title, seconds] of [["begun with an old proof", -1], ["during which the proof ends", 2]]) {
    const [size, late] = seconds > 0 ? [9_000_000, (seconds + 1) * 1000] : [900_000, 0];
    const path = `/app/data?upload=${seconds}&late=${late}`;
    await setCookie(context, ending(await cookieOf(context), seconds));
    // Firefox cannot be slowed down: of its upload nginx has the whole body, and the application is late.
    if (seconds > 0 && browser.browserType().name() === "chromium") {
      const cdp = await context.newCDPSession(page);
      await cdp.send("Network.emulateNetworkConditions", { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: 3_000_000 });
    }
    const sent = await page.evaluate(
      async ([path, size]) => {
        const bytes = new Uint8Array(size);
        for (let i = 0; i < size; i++) bytes[i] = (i * 31) ^ (i >> 8);
        const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
        const began = performance.now();
        let took = 0; // until the browser says that it has been sent
        return new Promise((resolve) => {
          const request = new XMLHttpRequest();
          request.open("PUT", path);
          request.upload.onload = () => (took = performance.now() - began);
          request.onloadend = () => resolve({ status: request.status, took, digest: [...digest].map((b) => b.toString(16).padStart(2, "0")).join("") });
          request.send(bytes);
        });
      },
      [path, size],
    );
    const arrived = seen.filter((r) => r.path === path);
    ok(sent.status === 200 && arrived.length === 1 && arrived[0].digest === sent.digest && arrived[0].user === ada,
      `an upload ${title} arrives once, and whole`, JSON.stringify([sent, arrived]));
    if (seconds > 0) ok(sent.took > seconds * 1000, "an upload outlasts its proof", sent.took);
    ok((await ask(page, "/app/data")).user === ada, `after an upload ${title} the session goes on`);
  }
  await context.close();
}

async function testSockets(browser) {
  const { context, page } = await visit(browser);
  await enter(page, ada);
  await page.evaluate(() => {
    window.open2 = (name) =>
      new Promise((resolve) => {
        const socket = new WebSocket(`${location.origin.replace("http", "ws")}/app/socket`);
        window[name] = socket;
        socket.onopen = () => resolve("open");
        socket.onclose = () => resolve("closed");
      });
    window.say = (name, text) =>
      new Promise((resolve) => {
        window[name].onmessage = (e) => resolve(e.data);
        window[name].send(text);
      });
  });
  const opened = (name) => page.evaluate((n) => window.open2(n), name);
  const said = (name, text) => page.evaluate(([n, t]) => window.say(n, t), [name, text]);
  ok((await opened("first")) === "open", "a websocket of the application's page opens");
  ok((await said("first", "one")) === `${ada}: one`, "the application knows whose websocket it is");
  await expire(context);
  const old = await cookieOf(context);
  ok((await said("first", "two")) === `${ada}: two`, "an open websocket goes on after the end of the proof");
  ok((await opened("second")) === "open" && (await said("second", "three")) === `${ada}: three`, "a websocket opens with an old proof");
  ok((await cookieOf(context)) !== old, "the answer that opens a websocket renews the cookie");
  await expire(context);
  const events = await page.evaluate(() => new Promise((resolve) => {
    const source = new EventSource("/app/events");
    source.onmessage = (e) => { source.close(); resolve(e.data); };
    source.onerror = () => resolve("error");
  }));
  ok(events === ada, "a stream of events begins with an old proof", events);
  ok((await ask(page, "/session", { method: "DELETE" }).catch(() => ({ status: 204 }))).status === 204, "a page logs out");
  ok(await holds(async () => (await ask(page, "/app/data")).status === 401), "after a log-out a script of the page gets 401");
  ok((await opened("third")) === "closed", "after a log-out no websocket opens");
  await context.close();
}

async function testTabs(browser) {
  const { context, page } = await visit(browser);
  const other = await context.newPage();
  await enter(page, ada);
  await other.goto(`${url}/app/other`);
  ok(await other.getByText(`Hello ${ada}`).isVisible(), "another tab has the same session");
  await page.goto(`${url}/logout`);
  await page.getByRole("button").first().click();
  await page.waitForURL("**/login?out=1**");
  await page.waitForLoadState("networkidle"); // what clears the cache breaks off what is on its way
  ok((await ask(other, "/app/data")).status === 401, "a log-out in one tab ends the other");
  await other.reload();
  ok(new URL(other.url()).pathname === "/login", "a reload of the other tab leads to the log-in page", other.url());
  await fillIn(other, eve);
  await other.getByText(`Hello ${eve}`).waitFor();
  ok(other.url() === `${url}/app/other`, "a log-in there leads back to where that tab was", other.url());
  await page.goto(`${url}/app/`);
  ok(await page.getByText(`Hello ${eve}`).isVisible(), "after a log-in in one tab both are the second user's");
  await page.goBack();
  ok(!(await page.content()).includes(ada), "no tab shows the first user any more");
  // by a form that was open before somebody else logged in; the log-in page itself may not fetch
  const first = sessionOf(await cookieOf(context));
  await page.goto(`${url}/app/`);
  const response = await page.evaluate(async ([username, password]) => {
    const answer = await fetch("/session", { method: "POST", body: new URLSearchParams({ username, password }) });
    return answer.status;
  }, [ada, password]);
  ok(response === 204 && sessionOf(await cookieOf(context)) !== first, "a log-in in a browser that is logged in begins another session");
  await page.goto(`${url}/app/`);
  ok(await page.getByText(`Hello ${ada}`).isVisible(), "a log-in in a browser that is logged in is of the user that it names");
  await context.close();
}

async function testElsewhere(browser) {
  const here = await visit(browser);
  const there = await visit(browser);
  await enter(here.page, eve);
  await enter(there.page, eve);
  await there.page.goto(`${url}/account`);
  await there.page.getByRole("button", { name: /others/i }).click();
  await there.page.waitForURL("**/account?did=others");
  ok(await holds(async () => (await ask(here.page, "/app/data")).status === 401), "a session that was ended from elsewhere is over for a script");
  await here.page.reload();
  ok(new URL(here.page.url()).pathname === "/login", "the next page of a session that was ended from elsewhere is the log-in page", here.page.url());
  await fillIn(here.page, eve);
  await here.page.getByText(`Hello ${eve}`).waitFor();
  await there.page.goto(`${url}/account`);
  await there.page.fill("#current", password);
  await there.page.fill("#new", `${password} 2`);
  await there.page.press("#new", "Enter");
  await there.page.waitForURL("**/account?did=saved");
  await there.page.goto(`${url}/app/`);
  ok((await ask(there.page, "/app/data")).user === eve, "the browser that changes the password stays logged in");
  ok(await holds(async () => (await ask(here.page, "/app/data")).status === 401), "a change of the password logs out every other browser");
  await there.page.goto(`${url}/account`);
  await there.page.fill("#current", `${password} 2`);
  await there.page.fill("#new", password);
  await there.page.press("#new", "Enter");
  await there.page.waitForURL("**/account?did=saved");
  await here.context.close();
  await there.context.close();
}

// Somebody plants a session of their own, and waits for the victim to log in to it.
async function testFixation(browser) {
  const attacker = await visit(browser);
  await enter(attacker.page, eve);
  const planted = await cookieOf(attacker.context);
  const { context, page } = await visit(browser);
  await setCookie(context, planted);
  await page.goto(`${url}/app/`);
  await page.evaluate(async ([username, password]) => {
    await fetch("/session", { method: "POST", body: new URLSearchParams({ username, password }) });
  }, [ada, password]);
  const now = await cookieOf(context);
  ok(sessionOf(now) !== sessionOf(planted), "a log-in never goes on with a session that was planted");
  await page.goto(`${url}/app/`);
  ok(await page.getByText(`Hello ${ada}`).isVisible(), "a log-in where a session was planted is the victim's own");
  ok(await holds(async () => (await ask(attacker.page, "/app/data")).status === 401), "the session that was planted has ended, for whoever planted it");
  // from another host of the same site: the prefix of the name keeps it out
  const sibling = url.replace("//localhost", "//sub.localhost");
  await page.route(`${sibling}/**`, (route) => route.fulfill({ contentType: "text/html", body: "<!doctype html><title>Sibling</title>" }));
  await page.goto(`${sibling}/`);
  await page.evaluate(([name, value]) => {
    for (const more of ["", "; Domain=localhost", "; Domain=localhost; Secure", "; Secure; Path=/; Domain=localhost"])
      document.cookie = `${name}=${value}${more}`;
  }, [cookieName, planted]);
  await page.goto(`${url}/app/`);
  ok(await page.getByText(`Hello ${ada}`).isVisible(), "a page of another host of this site replaces no session");
  ok(sessionOf(await cookieOf(context)) === sessionOf(now), "a page of another host of this site replaces no cookie of a session");
  const before = seen.length;
  await page.goto(`${sibling}/`);
  await page.evaluate((to) => {
    document.body.innerHTML = `<form method="post" action="${to}/app/data"><button>Go</button></form>`;
    document.querySelector("button").click();
  }, url);
  await page.waitForURL((to) => to.origin === url);
  ok(seen.length === before, "forms of another host of this site do not reach the application");
  await attacker.context.close();
  await context.close();
}

// Back after a log-out, from a page of the application itself, which says nothing about caches.
async function testBack(browser) {
  const { context, page } = await visit(browser);
  await enter(page, ada);
  await page.goto(`${url}/app/secret`);
  await page.goto(`${url}/logout`);
  await page.getByRole("button").first().click();
  await page.waitForURL("**/login?out=1**");
  await page.waitForLoadState("networkidle");
  for (let i = 0; i < 3; i++) {
    await page.goBack();
    ok(!(await page.content()).includes(`Hello ${ada}`), `Back shows no page of the application after a log-out (${i + 1} times)`, page.url());
  }
  await context.close();
}

// A page for others, which the account may not see: over to one that may, and back to it.
async function testDenied(browser) {
  const { context, page } = await visit(browser);
  await page.setViewportSize({ width: 320, height: 640 });
  await enter(page, ada);
  ok((await ask(page, "/admin/data")).status === 403, "a script asks for what the account may not see, and gets 403");
  const answer = await page.goto(`${url}/admin/a%20page?x=1&y=%2F`);
  ok(answer.status() === 403 && (await page.getByRole("heading", { name: "This account may not see this page" }).isVisible()),
    "a page that the account may not see is a page that says so", await page.content());
  ok(page.url() === `${url}/admin/a%20page?x=1&y=%2F`, "the refusal of a page stands at the address of the page", page.url());
  ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= 320, "the refusal of a page fits into 320 pixels");
  const styled = await page.locator("a.button").evaluate((e) => getComputedStyle(e).display);
  ok(styled === "block", "the refusal of a page has the style of the log-in page", styled);
  await page.getByRole("link", { name: "Log in as somebody else" }).click();
  await page.getByText(`as ${ada}`).waitFor();
  await page.getByRole("button", { name: "Log in as somebody else" }).click();
  await page.getByRole("link", { name: "Log in again" }).click();
  await fillIn(page, root);
  await page.getByText(`Hello ${root}`).waitFor();
  ok(page.url() === `${url}/admin/a%20page?x=1&y=%2F`, "a log-in as somebody who may leads back to the page", page.url());
  await page.goBack();
  ok(!(await page.content()).includes("may not see"), "Back does not show the refusal again", page.url());
  await context.close();
  const korean = await browser.newContext({ locale: "ko-KR", colorScheme: "dark" });
  const other = await korean.newPage();
  await enter(other, ada);
  await other.goto(`${url}/admin/`);
  ok((await other.locator("h1").innerText()) === "이 계정으로는 볼 수 없는 페이지입니다", "the refusal of a page is Korean in a Korean browser");
  await korean.close();
}

// A profile on the disk, which a browser is closed and started with again.
async function testKept() {
  for (const keep of [true, false]) {
    const profile = mkdtempSync(`${tmpdir()}/latchkey-browser-`);
    try {
      let context = await launchKept(profile);
      let page = await context.newPage();
      await enter(page, ada, { keep });
      await page.waitForTimeout(100);
      await context.close();
      context = await launchKept(profile);
      page = await context.newPage();
      await page.goto(`${url}/app/`);
      const within = await page.getByText(`Hello ${ada}`).isVisible();
      ok(within === keep, keep ? "a session that is kept signed in goes on when the browser is started again" : "a session that is not kept ends with the browser", page.url());
      await context.close();
    } finally {
      rmSync(profile, { recursive: true, force: true });
    }
  }
}

async function testBlocked() {
  const profile = mkdtempSync(`${tmpdir()}/latchkey-browser-`);
  try {
    const context = await launchBlocking(profile);
    const page = await context.newPage();
    const requests = [];
    page.on("request", (r) => r.isNavigationRequest() && requests.push(`${r.method()} ${r.url()}`));
    await page.goto(`${url}/app/`);
    await fillIn(page, ada);
    await page.getByRole("heading", { name: "did not keep the cookie" }).waitFor();
    ok((await context.cookies()).length === 0, "a browser that blocks cookies keeps none");
    ok(requests.length === 4, "a browser that blocks cookies is told so, and not sent in circles", requests.join("\n"));
    await context.close();
  } finally {
    rmSync(profile, { recursive: true, force: true });
  }
}

await run(async () => {
  const server = createServer(answer);
  server.on("upgrade", upgrade);
  await new Promise((resolve) => server.listen(Number(port), "127.0.0.1", resolve));
  for (const username of [ada, eve])
    await fetch(`${url}/users/add_user/`, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ username, password }) });
  const browser = await launch();
  try {
    await testWay(browser);
    await testFields(browser);
    await testMany(browser);
    await testUpload(browser);
    await testSockets(browser);
    await testTabs(browser);
    await testElsewhere(browser);
    await testFixation(browser);
    await testBack(browser);
    await testDenied(browser);
    await testKept();
    await testBlocked();
  } finally {
    await browser.close();
    for (const socket of sockets) socket.destroy();
    server.closeAllConnections();
    server.close();
  }
});
