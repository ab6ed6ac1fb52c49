// Times how long pages take until they are shown, and counts the nodes that axe finds fault with; prints a line a page.
//
// node viewers.mjs MODULES NAME ADDRESS SELECTOR …
//
// MODULES is a folder with playwright-core and axe-core; a page is shown two frames after an element of SELECTOR is there. Other
// viewers are pages of one's own that load them from a folder with their packages, and a definition from a script.

import { createRequire } from "node:module";

const [modules, ...list] = process.argv.slice(2);
const require = createRequire(modules + "/");
const { chromium } = require("playwright-core");
const axe = require("axe-core").source;
const ROUNDS = 3;

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox"] });
for (let at = 0; at + 2 < list.length; at += 3) {
  const [name, address, selector] = list.slice(at);
  const times = [];
  let faults = 0;
  for (let round = 1; round <= ROUNDS; round += 1) {
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
    const start = performance.now();
    await page.goto(address, { waitUntil: "commit" });
    await page.waitForSelector(selector, { state: "attached" });
    await page.evaluate(() => new Promise((shown) => requestAnimationFrame(() => requestAnimationFrame(shown))));
    times.push(Math.round(performance.now() - start));
    if (round === ROUNDS) {
      await page.waitForLoadState();
      await page.evaluate(axe);
      const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"];
      faults = await page.evaluate(async (tags) => {
        const found = await globalThis.axe.run(document, { runOnly: tags, resultTypes: ["violations"] });
        return found.violations.reduce((sum, rule) => sum + rule.nodes.length, 0);
      }, tags);
    }
    await page.close();
  }
  console.log(`${name}: shown after ${times.join(", ")} ms, ${faults} nodes with faults`);
}
await browser.close();
