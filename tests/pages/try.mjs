// Sends a request from pages by the form of their first operation, in a headless browser. Prints a list of the address of each
// request, the text of its response, and what the page stored.
//
// node try.mjs MODULES PAGES
//
// MODULES is a folder with playwright-core, and PAGES a list in JSON: `{page, keys}`, an address with the keys to type by name.

import { createRequire } from "node:module";

const [modules, pages] = process.argv.slice(2);
const { chromium } = createRequire(modules + "/")("playwright-core");
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});
const results = [];
for (const { page: address, keys } of JSON.parse(pages)) {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(address);
  await page.click("[data-try]");
  for (const [name, value] of Object.entries(keys)) await page.fill(`form.try [data-key="${name}"]`, value);
  const sent = page.waitForRequest((request) => request.url().includes("/-/try/"), { timeout: 20000 });
  await page.click("form.try .act");
  const url = (await sent).url();
  await page.waitForSelector("form.try output strong", { timeout: 20000 });
  const shown = await page.textContent("form.try output");
  results.push([url, shown, JSON.stringify([await page.evaluate(() => [{ ...localStorage }, { ...sessionStorage }]), await context.cookies()])]);
  await context.close();
}
await browser.close();
console.log(JSON.stringify(results));
