// Looks at one page of `paichart report` as a reader would, and prints what it saw as JSON.
// Usage: node visit.cjs PAGE WORD PDF PLAIN_PDF (WORD is looked for among the machines; PLAIN_PDF is made without scripts)
"use strict";
const fs = require("node:fs");
const { pathToFileURL } = require("node:url");
const { withBrowser } = require("./chromium.cjs");

const [file, word, pdf, plainPdf] = process.argv.slice(2);
const WIDTHS = [320, 768, 1280];
const axe = fs.readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

/** A page that notes every message, dialog and request of its own. */
async function open(context, seen) {
  const page = await context.newPage();
  page.on("console", (message) => seen.messages.push(`${message.type()}: ${message.text()}`));
  page.on("pageerror", (error) => seen.messages.push(`error: ${error}`));
  page.on("dialog", (dialog) => { seen.dialogs.push(dialog.message()); return dialog.dismiss(); });
  page.on("request", (request) => seen.requests.push(request.url()));
  await page.emulateMedia({ colorScheme: "light", reducedMotion: "reduce" });
  await page.setViewportSize({ width: 1280, height: 900 });
  await page.goto(pathToFileURL(file).href);
  return page;
}

/** Things that stick out of the window to the right, but for what scrolls inside. */
const stickingOut = () => {
  const width = document.documentElement.clientWidth;
  const over = document.documentElement.scrollWidth > width;
  return over ? [`the page is ${document.documentElement.scrollWidth} wide`] : [];
};

const unfold = (page) => page.evaluate(() => document.querySelectorAll("details").forEach((details) => { details.open = true; }));

/** What axe-core finds against WCAG 2.2 A and AA, and how many contrasts it measured. */
async function accessibility(page) {
  await page.evaluate(axe);
  const result = await page.evaluate(() => window.axe.run(document, {
    runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"], resultTypes: ["violations", "passes"],
  }));
  const measured = result.passes.find((rule) => rule.id === "color-contrast");
  return {
    violations: result.violations.map((found) => `${found.id}: ${found.nodes[0].target} (${found.nodes.length})`),
    contrasts: measured ? measured.nodes.length : 0,
  };
}

/** A clock of the processor time, in seconds, that the page's main thread has used: others don't slow it. */
async function clock(context, page) {
  const session = await context.newCDPSession(page);
  await session.send("Performance.enable", { timeDomain: "threadTicks" });
  return async () => {
    const { metrics } = await session.send("Performance.getMetrics");
    return metrics.find((metric) => metric.name === "TaskDuration").value;
  };
}

async function filter(page, word) {
  await page.fill("#find", word);
  return page.evaluate(() => ({
    status: document.querySelector("#found").textContent,
    shown: [...document.querySelectorAll(".tiles li")].filter((tile) => tile.offsetParent).map((tile) => tile.textContent.trim()),
    hasNames: [...document.querySelectorAll(".tiles li")].some((tile) => tile.offsetParent && getComputedStyle(tile).fontSize !== "0px"),
  }));
}

const background = (page) => page.evaluate(() => getComputedStyle(document.body).backgroundColor);

async function themes(page) {
  const light = await background(page);
  await page.click("#theme");
  const dark = await background(page);
  const pressed = await page.getAttribute("#theme", "aria-pressed");
  await page.reload();
  const reloaded = await background(page);
  await page.click("#theme");
  return { light, dark, pressed, reloaded, again: await background(page), local: await page.evaluate(() => localStorage.length) };
}

/** Goes through the page with the Tab key; tells each stop, and whether its focus can be seen. */
async function stops(page, most) {
  const found = [];
  for (let i = 0; i < most; i += 1) {
    await page.keyboard.press("Tab");
    const stop = await page.evaluate(() => {
      const element = document.activeElement;
      if (!element || element === document.body) return null;
      const marked = element.matches(".box") ? element.querySelector("rect") : element;
      const style = getComputedStyle(marked);
      const isSeen = element.matches(".box")
        ? parseFloat(style.strokeWidth) >= 3
        : style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
      return { what: element.id || element.dataset.name || element.textContent.trim().slice(0, 40), isSeen };
    });
    if (!stop) break;
    found.push(stop);
  }
  return found;
}

async function graph(page) {
  const lit = () => page.evaluate(() => ({
    boxes: [...document.querySelectorAll(".box.lit")].map((box) => box.dataset.name).sort(),
    told: document.querySelector("#needs").innerText,
  }));
  await page.focus('.box[data-name="rest-server"]');
  const focused = await lit();
  await page.keyboard.press("Escape");
  const left = await lit();
  await page.keyboard.press("Enter");
  const opened = await page
    .waitForFunction(() => document.getElementById("s-rest-server").open, null, { timeout: 10000 })
    .then(() => true, () => false);
  await page.evaluate(() => { document.activeElement.blur(); history.replaceState(null, "", "#"); });
  await page.mouse.move(0, 0);
  await page.hover('.box[data-name="pylon"]');
  const hovered = await lit();
  await page.mouse.move(0, 0);
  await page.evaluate(() => {
    const box = document.querySelector('.box[data-name="webportal"]');
    box.dispatchEvent(new PointerEvent("pointerdown", { pointerType: "touch", bubbles: true }));
    box.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true }));
  });
  const tapped = { ...(await lit()), hash: await page.evaluate(() => location.hash) };
  return { focused, left, opened, hovered, tapped };
}

withBrowser(async (context) => {
  const seen = { messages: [], dialogs: [], requests: [], overflow: {}, accessibility: {}, backgrounds: {} };
  const reader = await open(context, seen);
  for (const isOpen of [false, true]) {
    if (isOpen) await unfold(reader);
    for (const width of WIDTHS) {
      await reader.setViewportSize({ width, height: 900 });
      seen.overflow[width] = [...(seen.overflow[width] || []), ...(await reader.evaluate(stickingOut))];
    }
  }
  for (const scheme of ["light", "dark"]) {
    await reader.emulateMedia({ colorScheme: scheme });
    seen.accessibility[scheme] = await accessibility(reader);
    seen.backgrounds[scheme] = await background(reader);
  }
  await reader.close();
  const page = await open(context, seen);
  const used = await clock(context, page);
  const start = await used();
  await page.reload();
  seen.loading = (await used()) - start;
  seen.title = await page.title();
  seen.filtered = await filter(page, word);
  seen.filtering = (await used()) - start - seen.loading;
  seen.unfiltered = await filter(page, "");
  seen.themes = await themes(page);
  seen.graph = await graph(page);
  await page.evaluate(() => { document.activeElement.blur(); scrollTo(0, 0); });
  await page.reload();
  seen.stops = await stops(page, 60);
  await page.pdf({ path: pdf, preferCSSPageSize: true, printBackground: false });
  seen.sections = await page.evaluate(() => [...document.querySelectorAll("h2")].map((heading) => heading.textContent));
  seen.folded = await page.evaluate(() => [...document.querySelectorAll("details:not([open]) > summary")].map((s) => s.innerText));
  await page.close();
  return seen;
}).then((seen) => withBrowser(async (context) => {
  const page = await open(context, seen);
  seen.plain = {
    extras: await page.locator("#theme, .search, .scripted").filter({ visible: true }).count(),
    cards: await page.locator(".card").filter({ visible: true }).count(),
  };
  await page.pdf({ path: plainPdf, preferCSSPageSize: true, printBackground: false });
  return seen;
}, { javaScriptEnabled: false })).then((seen) => {
  process.stdout.write(JSON.stringify(seen));
}).catch((error) => {
  process.stderr.write(`${error.stack}\n`);
  process.exitCode = 1;
});
