// Debian's Chromium without a window, for the scripts beside this one.
"use strict";
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");
const { chromium } = require("playwright-core");

const FLAGS = [
  "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync", "--hide-scrollbars", "--force-color-profile=srgb",
];

/** Start Chromium with an empty profile, give it to work, and end it and its profile whatever happens. */
exports.withBrowser = async (work, options = {}) => {
  const profile = fs.mkdtempSync(path.join(os.tmpdir(), "paichart-chromium-"));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: process.env.CHROMIUM, headless: true, args: FLAGS, chromiumSandbox: false, ...options,
  });
  try {
    return await work(context);
  } finally {
    await context.close();
    fs.rmSync(profile, { recursive: true, force: true });
  }
};
