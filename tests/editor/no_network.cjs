// Loaded before a program of Node.js: writes every attempt to reach a network to the file of ATTEMPTS, and stops it.
const { appendFileSync } = require("node:fs");
const { Socket } = require("node:net");
const dns = require("node:dns");

const refuse = (what) => {
  appendFileSync(process.env.ATTEMPTS, `${what}\n`);
  throw new Error(`no network here: ${what}`);
};
Socket.prototype.connect = (...target) => refuse(`connect ${JSON.stringify(target[0])}`);
dns.lookup = (name) => refuse(`lookup ${name}`);
globalThis.fetch = (address) => refuse(`fetch ${address}`);
