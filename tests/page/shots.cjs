// Takes pictures of pages. Usage: node shots.cjs JOBS, a file with a list of
// {page, picture, width, height, scheme, at, focus, find}: at selects a section and focus a thing to focus, find is typed into the search box.
"use strict";
const fs = require("node:fs");
const { pathToFileURL } = require("node:url");
const { withBrowser } = require("./chromium.cjs");

const jobs = JSON.parse(fs.readFileSync(process.argv[2], "utf8"));
withBrowser(async (context) => {
  for (const job of jobs) {
    const page = await context.newPage();
    await page.setViewportSize({ width: job.width, height: job.height });
    await page.emulateMedia({ colorScheme: job.scheme, reducedMotion: "reduce" });
    await page.goto(pathToFileURL(job.page).href);
    if (job.find) await page.fill("#find", job.find);
    if (job.focus) await page.focus(job.focus);
    if (job.at) await page.evaluate((at) => scrollTo(0, document.querySelector(`${at} h2`).offsetTop - 80), job.at);
    await page.screenshot({ path: job.picture });
    await page.close();
  }
}).catch((error) => {
  process.stderr.write(`${error.stack}\n`);
  process.exitCode = 1;
});
