#!/usr/bin/env node
// The pinned solc-js behind the command line of solc, for forge: `--version`, and `--standard-json` from stdin to stdout.
//
// Code is generated for the tests alone: what they deploy are the artifacts, to the byte.

import { readFileSync } from "node:fs";
import solc from "solc";

/** Asks for nothing of what is outside of test/. */
function withoutCode(input) {
  const { outputSelection } = input.settings;
  for (const source of Object.keys(outputSelection)) {
    if (!source.startsWith("test/")) delete outputSelection[source];
  }
  return input;
}

const [option] = process.argv.slice(2);
if (option === "--version") {
  console.log(`solc, the solidity compiler commandline interface\nVersion: ${solc.version()}`);
} else if (process.argv.includes("--standard-json")) {
  const input = withoutCode(JSON.parse(readFileSync(0, "utf8")));
  process.stdout.write(solc.compile(JSON.stringify(input)));
} else {
  console.error("usage: solc.mjs --version | --standard-json");
  process.exitCode = 2;
}
