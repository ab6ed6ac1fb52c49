// Keeps a served page open in a headless browser. Prints what it says of the gateway, a line before its gateway ends and one
// after: the badges of what is served, and the notice. A line on stdin says that the gateway is gone.
//
// node follow.mjs MODULES PAGE
//
// MODULES is a folder with playwright-core, and PAGE an address.

import { once } from "node:events";
import { createRequire } from "node:module";

const [modules, address] = process.argv.slice(2);
const { chromium } = createRequire(modules + "/")("playwright-core");
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});
const page = await browser.newPage();
await page.goto(address);
const state = () => page.evaluate(() => {
  const shown = (selector) => [...document.querySelectorAll(selector)].filter((part) => part.offsetParent || part.getClientRects().length);
  const text = (selector) => shown(selector).map((part) => part.textContent).join(" ");
  return `${text(".served")}; ${text("[role=alert]")}`;
});
// It has asked for the state at least once.
await page.waitForTimeout(3000);
console.log(await state());
// The test may have failed meanwhile.
process.stdin.on("end", () => browser.close().then(() => process.exit(1)));
await once(process.stdin, "data");
await page.waitForSelector("[role=alert]", { state: "visible", timeout: 30000 });
console.log(await state());
await browser.close();
process.exit(0);
