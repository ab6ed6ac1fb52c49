// Opens pages in a headless browser and prints what is wrong with them, a line each; prints "checked N pages" at the end.
//
// node browser.mjs MODULES SHOTS PAGE...
//
// MODULES is a folder with playwright-core and axe-core, SHOTS a folder for screenshots ("-" for none), and a PAGE the address of
// one: file:///… or http://…. A page in whose address `?try` stands is one from which a request is sent.

import { createRequire } from "node:module";

const [modules, shots, ...pages] = process.argv.slice(2);
const require = createRequire(modules + "/");
const { chromium } = require("playwright-core");
const axe = require("axe-core").source;

const faults = [];
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});

const check = async (address, width, colorScheme) => {
  const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme });
  const page = await context.newPage();
  const fault = (text) => faults.push(`${address} at ${width} ${colorScheme}: ${text}`);
  const base = address.split("?")[0];
  page.on("request", (request) => {
    const url = request.url();
    const isOwn = url.split(/[?#]/)[0] === base || (base.startsWith("http") && url.startsWith(new URL(base).origin));
    if (!isOwn && !url.startsWith("data:") && !url.startsWith("blob:")) fault(`a request leaves the page: ${url}`);
  });
  page.on("pageerror", (error) => fault(`error in the script: ${error.message}`));
  page.on("console", (message) => { if (message.type() === "error" && !/net::|status of/.test(message.text())) fault(message.text()); });
  page.on("dialog", (dialog) => { fault("a dialog opened"); dialog.dismiss(); });
  await page.goto(base);

  // Nothing scrolls sideways but code and tables.
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  if (wide > 1) fault(`the page is ${wide} pixels too wide`);

  // The page as a reader who unfolds everything sees it.
  await page.evaluate(() => document.querySelectorAll("details").forEach((part) => { part.open = true; }));
  await page.addStyleTag({ content: "" }).catch(() => {});
  const session = await context.newCDPSession(page);
  await session.send("Page.setBypassCSP", { enabled: true });
  await page.evaluate(axe);
  const results = await page.evaluate(() => axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"], resultTypes: ["violations"] }));
  for (const { id, nodes } of results.violations) fault(`axe: ${id}: ${nodes.length}, like ${nodes[0].html.slice(0, 160)}`);

  // Every part that a link names is there.
  const missing = await page.evaluate(() => [...document.querySelectorAll('a[href^="#"]')]
    .map((link) => link.getAttribute("href").slice(1)).filter((name) => name && !document.getElementById(name)));
  if (missing.length) fault(`no part for ${missing.slice(0, 3)}`);

  // A link leads to its part, which then stands below the bar: parts that nobody has seen have an estimated height.
  await page.reload();
  const names = await page.evaluate(() => [...document.querySelectorAll(".nav li > a")].map((link) => link.getAttribute("href")));
  for (const at of [...new Set([names.length - 1, names.length >> 1, 1])].filter((at) => names[at])) {
    await page.evaluate((name) => document.querySelector(`.nav li > a[href="${CSS.escape(name)}"]`).click(), names[at]);
    await page.waitForTimeout(1000);
    const top = await page.evaluate((name) => document.getElementById(decodeURIComponent(name.slice(1))).getBoundingClientRect().top, names[at]);
    const isLast = await page.evaluate(() => innerHeight + scrollY >= document.documentElement.scrollHeight - 2);
    if (top < 0 || (top > 200 && !isLast)) fault(`${names[at]} lands at ${Math.round(top)}`);
  }

  // A search leaves what has its words.
  const first = await page.evaluate(() => document.querySelector(".nav li > a[data-find]")?.textContent);
  if (first && await page.isVisible("#find")) {
    await page.keyboard.press("/");
    await page.keyboard.type(first.replace(/^[A-Z]+/, "").trim().slice(0, 20));
    const shown = await page.evaluate(() => document.querySelectorAll(".nav li:not([hidden]) > a").length);
    if (shown === 0) fault("a search finds nothing");
    await page.fill("#find", "zqxjkv");
    const none = await page.evaluate(() => document.querySelectorAll(".nav li:not([hidden]) > a").length);
    if (none !== 0) fault("a search finds what is not there");
    if (!await page.isVisible("#found")) fault("a search that finds nothing says so to nobody");
    // An operation id is found as a client in Python writes it.
    const id = await page.evaluate(() => document.querySelector(".op .marks code")?.textContent);
    if (id) {
      await page.fill("#find", id.replaceAll(/([a-z])([A-Z])/g, "$1_$2"));
      const named = await page.evaluate(() => document.querySelectorAll(".nav li:not([hidden]) > a").length);
      if (named === 0) fault(`a search does not find ${id}`);
    }
    await page.fill("#find", "");
  }
  if (address.includes("?try")) {
    await page.evaluate(() => document.querySelector("[data-try]").scrollIntoView());
    await page.click("[data-try]");
    await page.click("form.try .act");
    await page.waitForSelector("form.try output strong", { timeout: 10000 });
    const status = await page.textContent("form.try output strong");
    if (!/^2\d\d/.test(status)) fault(`"try it" got ${await page.textContent("form.try output")}`);
  }
  if (shots !== "-") {
    await page.evaluate(() => { location.hash = ""; scrollTo(0, 0); });
    await page.reload();
    const name = base.replace(/^[a-z]+:\/\//, "").replace(/[^A-Za-z0-9.]+/g, "_");
    await page.screenshot({ path: `${shots}/${name}-${width}-${colorScheme}.png` });
  }
  await context.close();
};

for (const address of pages) {
  await check(address, 1600, "light");
  await check(address, 1024, "dark");
  await check(address, 360, "light");
}
await browser.close();
for (const fault of faults) console.log(fault);
console.log(`checked ${pages.length} pages`);
process.exit(faults.length ? 1 : 0);
