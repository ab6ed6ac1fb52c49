// Times how long pages take until they are shown and until they have loaded, and counts the nodes that axe finds fault with; prints
// a line a page.
//
// node viewers.mjs MODULES NAME ADDRESS SELECTOR …
//
// MODULES is a folder with playwright-core and axe-core. A page is shown when the largest text of its first screen is painted
// (Largest Contentful Paint, W3C), and no sooner than an element of SELECTOR is there; it has loaded two frames after its load
// event and after that element. Other viewers are pages of one's own that load them from a folder with their packages, and a
// definition from a script.

import { createRequire } from "node:module";

const [modules, ...list] = process.argv.slice(2);
const require = createRequire(modules + "/");
const { chromium } = require("playwright-core");
const axe = require("axe-core").source;
const ROUNDS = 3;

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox"] });
for (let at = 0; at + 2 < list.length; at += 3) {
  const [name, address, selector] = list.slice(at);
  const shown = [];
  const loaded = [];
  let faults = 0;
  for (let round = 1; round <= ROUNDS; round += 1) {
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
    // The page itself notes when the element came: a question from outside waits until its parser has a pause.
    await page.addInitScript((selector) => {
      new MutationObserver((_, observer) => {
        if (!document.querySelector(selector)) return;
        observer.disconnect();
        globalThis.contentCame = performance.now();
      }).observe(document, { childList: true, subtree: true });
    }, selector);
    await page.goto(address, { waitUntil: "load" });
    await page.waitForSelector(selector, { state: "attached" });
    await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))));
    loaded.push(await page.evaluate(() => Math.round(performance.now())));
    const painted = await page.evaluate(() => new Promise((last) => {
      new PerformanceObserver((list) => last(list.getEntries().at(-1).startTime)).observe({ type: "largest-contentful-paint", buffered: true });
    }));
    shown.push(Math.round(Math.max(painted, await page.evaluate(() => globalThis.contentCame))));
    if (round === ROUNDS) {
      await page.evaluate(axe);
      const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"];
      faults = await page.evaluate(async (tags) => {
        const found = await globalThis.axe.run(document, { runOnly: tags, resultTypes: ["violations"] });
        return found.violations.reduce((sum, rule) => sum + rule.nodes.length, 0);
      }, tags);
    }
    await page.close();
  }
  console.log(`${name}: shown after ${shown.join(", ")} ms, loaded after ${loaded.join(", ")} ms, ${faults} nodes with faults`);
}
await browser.close();
