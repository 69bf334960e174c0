// Compiles a Solidity file beside this one with the pinned compiler of ../../../../contracts and prints the artifacts as JSON.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(new URL("../../../../contracts/package.json", import.meta.url));
const solc = require("solc");

const content = readFileSync(new URL(process.argv[2], import.meta.url), "utf8");
const outputSelection = { "*": { "*": ["abi", "evm.bytecode.object"] } };
const input = { language: "Solidity", sources: { original: { content } }, settings: { outputSelection } };
const { contracts, errors } = JSON.parse(solc.compile(JSON.stringify(input)));
if (errors) throw new Error(errors.map((error) => error.formattedMessage).join("\n"));
process.stdout.write(
  JSON.stringify(
    Object.entries(contracts.original)
      .filter(([, { evm }]) => evm.bytecode.object)
      .map(([name, { abi, evm }]) => ({ name, abi, bytecode: evm.bytecode.object })),
  ),
);
