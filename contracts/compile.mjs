// Compiles src/ with solc-js and writes one artifact for each contract that is deployed into ../dcai/artifacts.
//
//   node compile.mjs           writes the artifacts that differ
//   node compile.mjs --check   writes nothing; exits 1 and names each artifact that differs
//
// The same sources and the same pinned packages give the same bytes on any machine.

import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import solc from "solc";
import { numberPlaces, tabulate } from "./places.mjs";
import { Sources } from "./sources.mjs";

const HERE = dirname(fileURLToPath(import.meta.url));
const ARTIFACTS = join(HERE, "..", "dcai", "artifacts");

/** The contracts that are deployed, by path: all that are neither abstract nor part of a library or an interface. */
function findContracts() {
  return readdirSync(join(HERE, "src"), { recursive: true })
    .filter((path) => path.endsWith(".sol"))
    .map((path) => ({ source: `src/${path}`, name: basename(path, ".sol") }))
    .filter(({ source, name }) => new RegExp(`^contract ${name}\\b`, "m").test(readSource(source)))
    .sort((a, b) => (a.source < b.source ? -1 : 1));
}

/**
 * The one place for the compiler's settings.
 *
 * - viaIR: the loops of the dense models keep more values than the legacy generator's stack can reach.
 * - runs: measured. 1,000 costs an update about 20 gas more than 10,000 or 1,000,000 and saves 50,000 or more
 *   at deployment; at 500 and below a mistaken update of 400 dense features costs 3,600 gas more.
 * - metadata: neither a hash nor a version at the end of the bytecode. A comment then changes no byte of it, and
 *   deploying is cheaper; the artifact names the compiler and hashes the sources instead.
 */
const SETTINGS = {
  evmVersion: "prague",
  viaIR: true,
  optimizer: { enabled: true, runs: 1_000 },
  metadata: { bytecodeHash: "none", appendCBOR: false },
};

const OUTPUTS = [
  "abi",
  "evm.bytecode.object",
  "evm.deployedBytecode.object",
  "evm.methodIdentifiers",
  "irOptimized",
  "storageLayout",
];

/** What the compiler had to say. */
class CompilerError extends Error {}

const { resolve } = createRequire(import.meta.url);

/** The text of a source by its import path: `src/...`, or a file of an npm package. */
function readSource(path) {
  const file = path.startsWith("src/") ? join(HERE, path) : resolve(path);
  return readFileSync(file, "utf8").replaceAll("\r\n", "\n");
}

/**
 * Compiles one contract and what it imports, so that its bytecode depends on nothing else. Any message of the
 * compiler, a warning too, is an error.
 */
function compile(source, name) {
  const texts = new Map([[source, readSource(source)]]);
  const input = {
    language: "Solidity",
    sources: { [source]: { content: texts.get(source) } },
    settings: {
      ...SETTINGS,
      debug: { debugInfo: ["location"] }, // in the Yul; the bytecode is the same
      outputSelection: { [source]: { [name]: OUTPUTS }, "*": { "": ["ast"] } },
    },
  };
  const findImport = (path) => {
    try {
      texts.set(path, readSource(path));
      return { contents: texts.get(path) };
    } catch (error) {
      return { error: error.message };
    }
  };
  const output = run(input, findImport);
  const contract = output.contracts[source][name];
  return { contract, texts, places: mapPlaces(contract, new Sources(output.sources, texts)) };
}

function run(input, findImport) {
  const output = JSON.parse(solc.compile(JSON.stringify(input), { import: findImport }));
  const messages = (output.errors ?? []).map((error) => error.formattedMessage);
  if (messages.length > 0) throw new CompilerError(messages.join("\n"));
  return output;
}

/** Compiles the optimised Yul of a contract once more, to learn which place each instruction comes from. */
function mapPlaces({ irOptimized, evm }, sources) {
  const { numbered, places } = numberPlaces(irOptimized, sources);
  const output = run({
    language: "Yul",
    sources: { yul: { content: numbered } },
    settings: {
      evmVersion: SETTINGS.evmVersion,
      // It is optimised already: an empty sequence of steps.
      optimizer: {
        ...SETTINGS.optimizer,
        details: { yul: true, yulDetails: { optimizerSteps: ":" } },
      },
      outputSelection: { "*": { "*": ["evm.bytecode", "evm.deployedBytecode"] } },
    },
  });
  const [again] = Object.values(output.contracts.yul);
  const map = (kind) => {
    const { object, sourceMap } = again.evm[kind];
    if (object !== evm[kind].object) {
      throw new CompilerError(`the optimised Yul gives another ${kind} than the sources`);
    }
    return tabulate(Buffer.from(object, "hex"), sourceMap, places);
  };
  return { creation: map("bytecode"), deployed: map("deployedBytecode") };
}

/** SHA-256 over the sources, OpenZeppelin's too, in order of their paths: path, NUL, text, NUL. */
function hashSources(texts) {
  const hash = createHash("sha256");
  for (const path of [...texts.keys()].sort()) {
    hash.update(`${path}\0${texts.get(path)}\0`);
  }
  return hash.digest("hex");
}

/** Numbers in the names of types are AST ids, which any edit of any source changes: without them. */
function withoutIds(text) {
  return text.replaceAll(/\)\d+_/g, ")_");
}

/** The storage layout without AST ids. */
function layout({ storage, types }) {
  const variable = ({ label, offset, slot, type }) => ({
    label,
    offset,
    slot,
    type: withoutIds(type),
  });
  const cleaned = Object.entries(types ?? {}).map(([name, type]) => {
    const entry = Object.fromEntries(
      Object.entries(type).map(([key, value]) => [
        key,
        typeof value === "string" ? withoutIds(value) : value,
      ]),
    );
    if (type.members) entry.members = type.members.map(variable);
    return [withoutIds(name), entry];
  });
  return { storage: storage.map(variable), types: Object.fromEntries(cleaned) };
}

/** JSON with sorted keys and a newline at the end. */
function toText(value) {
  const sorted = (_, item) =>
    item !== null && typeof item === "object" && !Array.isArray(item)
      ? Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1)))
      : item;
  return `${JSON.stringify(value, sorted, 2)}\n`;
}

/** The text of the artifact of a contract. */
function buildArtifact({ source, name }) {
  const { contract, texts, places } = compile(source, name);
  return toText({
    abi: contract.abi,
    bytecode: `0x${contract.evm.bytecode.object}`,
    compiler: { settings: SETTINGS, version: solc.version() },
    contractName: name,
    deployedBytecode: `0x${contract.evm.deployedBytecode.object}`,
    generated: "by contracts/compile.mjs; do not edit",
    methodIdentifiers: contract.evm.methodIdentifiers,
    places,
    source,
    sourceHash: `sha256:${hashSources(texts)}`,
    storageLayout: layout(contract.storageLayout),
  });
}

/** Writes a file whole: a reader sees the old text or the new one. */
function writeWhole(file, text) {
  const temporary = `${file}.${process.pid}.tmp`;
  writeFileSync(temporary, text);
  renameSync(temporary, file);
}

function main(args) {
  if (args.length > 1 || (args.length === 1 && args[0] !== "--check")) {
    console.error("usage: node compile.mjs [--check]");
    return 2;
  }
  const check = args[0] === "--check";
  const built = findContracts().map((contract) => [
    `${contract.name}.json`,
    buildArtifact(contract),
  ]);
  const different = built.filter(([file, text]) => {
    const path = join(ARTIFACTS, file);
    return !existsSync(path) || readFileSync(path, "utf8") !== text;
  });
  if (check) {
    for (const [file] of different) {
      console.error(`dcai/artifacts/${file} differs from its sources; run: npm run build`);
    }
    return different.length === 0 ? 0 : 1;
  }
  mkdirSync(ARTIFACTS, { recursive: true });
  for (const [file, text] of different) {
    writeWhole(join(ARTIFACTS, file), text);
    console.log(`wrote dcai/artifacts/${file}`);
  }
  return 0;
}

try {
  process.exitCode = main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof CompilerError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
