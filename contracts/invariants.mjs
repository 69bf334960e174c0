// Runs the invariant tests of test/ with forge, and requires each campaign to have tried everything.
//
//   node invariants.mjs          1,000 runs of 100 calls for each campaign
//   node invariants.mjs --deep   many more
//
// Quiet where all is well: a line for each campaign. Exits 1 where an invariant is broken, or where a kind of call that
// a handler expects never happened, so that the campaign proves nothing about it.

import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const HERE = dirname(fileURLToPath(import.meta.url));
const FORGE = join(HERE, "node_modules", ".bin", "forge");

/** Where the handlers write how often what happened, a line for each run and kind: see test/support/Campaign.sol. */
const TALLIES = join(HERE, "..", "target", "forge", "tally");

/** How often each kind of call happened in all runs of a campaign. */
function sumTally(text) {
  const counts = new Map();
  for (const line of text.trimEnd().split("\n")) {
    const [, count, kind] = /^(\d+) (.*)$/.exec(line);
    counts.set(kind, (counts.get(kind) ?? 0) + Number(count));
  }
  return counts;
}

/** Runs forge; its text, which is printed where it failed. */
function runForge(profile) {
  const env = { ...process.env, FOUNDRY_PROFILE: profile };
  const options = { cwd: HERE, env, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] };
  const { status, stdout, error } = spawnSync(FORGE, ["test", "--offline"], options);
  if (error) {
    console.error(`forge does not run: ${error.message}; to install it: npm ci`);
    return { status: 3 };
  }
  if (status !== 0) process.stdout.write(stdout);
  return { status, campaigns: stdout.match(/\(runs: \d+, calls: \d+/g) ?? [] };
}

/** Says what a campaign has tried, and whether that was everything. */
function report(name, campaign, counts) {
  const [rarest, count] = [...counts].reduce((a, b) => (b[1] < a[1] ? b : a));
  console.log(
    `${name} ${campaign}): ${counts.size} kinds of events, the rarest "${rarest}": ${count}`,
  );
  for (const [kind, times] of counts) {
    if (times === 0) console.error(`${name}: never happened: ${kind}`);
  }
  return count > 0;
}

function main(args) {
  if (args.length > 1 || (args.length === 1 && args[0] !== "--deep")) {
    console.error("usage: node invariants.mjs [--deep]");
    return 2;
  }
  rmSync(TALLIES, { recursive: true, force: true });
  mkdirSync(TALLIES, { recursive: true });
  const { status, campaigns } = runForge(args.length === 0 ? "ci" : "deep");
  if (status !== 0) return status;

  const files = readdirSync(TALLIES).sort();
  if (files.length === 0 || files.length !== campaigns.length) {
    console.error(`${campaigns.length} campaigns, but ${files.length} counts of what they did`);
    return 1;
  }
  // All have the same number of runs, in one profile.
  const complete = files.map((file) => {
    const counts = sumTally(readFileSync(join(TALLIES, file), "utf8"));
    return report(file.replace(".txt", ""), campaigns[0], counts);
  });
  return complete.every(Boolean) ? 0 : 1;
}

process.exitCode = main(process.argv.slice(2));
