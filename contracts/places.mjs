// Which line and function of Solidity each instruction comes from.
//
// The compiler's source map is of little use for optimised code: it gives two thirds of it, and nearly all access to
// storage, to the whole contract, for that is where its helpers are said to stand, and a constant to the place that
// used it first. The optimised Yul has more: each node stands in a statement, and the statement among others. So each
// node gets a place here, the Yul is compiled once more with the places in place of the compiler's locations, and the
// source map of that names them. The caller compares the bytecode, which must be the same.

import { parse, print, visit } from "./yul.mjs";

/** Code that no line stands for: reading calldata, choosing the function, returning results. */
const ABI = { path: "", name: "(ABI and dispatch)", line: 0 };

/** Helpers that are functions in the bytecode too: they belong to the line that calls them, whichever it is. */
const HELPERS = { path: "", name: "(compiler helpers)", line: 0 };

const STORAGE_OPCODES = ["sload", "sstore"];

/** The opcodes that are followed by data, from 1 to 32 bytes. */
const PUSH1 = 0x60;
const PUSH32 = 0x7f;

/** In which direction from a place another one is, where they are not the same. */
const BEFORE = "before";
const AFTER = "after";

/** Yul with numbers for locations, and the place that each number means. */
export function numberPlaces(yul, sources) {
  const tree = parse(yul);
  new Resolver(sources).object(tree.root);
  const places = [];
  const numbers = new Map();
  const numbered = print(tree, ({ place }) => {
    const key = `${place.path}:${place.line}:${place.name}`;
    if (!numbers.has(key)) numbers.set(key, places.push(place) - 1);
    return numbers.get(key);
  });
  return { numbered, places };
}

/**
 * The instructions of each place: path -> function -> line -> "start+length ...", in bytes of the code. Bytes that
 * are no instructions, such as the code that a constructor returns, are in none.
 */
export function tabulate(code, sourceMap, places) {
  const table = {};
  let at = 0;
  let number = 0;
  let run = null;
  for (const entry of sourceMap.split(";")) {
    // What the optimiser of the bytecode has put in is of no node; it goes with what is before it.
    const start = Number(entry.split(":")[0] || number);
    if (start >= 0) number = start;
    const opcode = code[at];
    const length = opcode >= PUSH1 && opcode <= PUSH32 ? opcode - PUSH1 + 2 : 1;
    if (run?.number === number) {
      run.length += length;
    } else {
      if (run) note(table, run, places);
      run = { number, start: at, length };
    }
    at += length;
  }
  note(table, run, places);
  return table;
}

function note(table, { number, start, length }, places) {
  const { path, name, line } = places[number];
  const lines = ((table[path] ??= {})[name] ??= {});
  lines[line] = `${lines[line] ? `${lines[line]} ` : ""}${start}+${length}`;
}

/**
 * Gives each node of a Yul tree its place.
 *
 * - What the compiler locates in a function is there, except for a literal: equal ones are shared between places.
 * - What it does not locate is where its statement is; a statement, where the one before it is, or else its block.
 * - `sload` and `sstore` are on a line that accesses storage, in the nearest function that has one: their helpers have
 *   no place, and once inlined they stand among code of other functions.
 */
class Resolver {
  constructor(sources) {
    this.sources = sources;
  }

  object(object) {
    object.place = ABI;
    for (const child of object.children) {
      if (child.kind === "object") this.object(child);
      else this.block(child, ABI);
    }
  }

  block(block, around) {
    block.place = around;
    // Outside of functions, what comes after the last line of Solidity returns the results.
    const end =
      around === ABI ? block.children.findLastIndex((child) => this.hasPlace(child)) : Infinity;
    let place = around;
    block.children.forEach((child, i) => {
      place = this.statement(child, i <= end ? place : around);
    });
  }

  /** Gives a statement and what is in it their places, and returns the place of the next one without its own. */
  statement(node, around) {
    if (node.kind === "block") {
      this.block(node, around);
    } else if (node.kind === "function") {
      node.place = this.located(node) ?? (node.name.startsWith("abi_") ? ABI : HELPERS);
      if (node.place === HELPERS) fill(node, HELPERS);
      else this.block(node.children[0], node.place);
      return around;
    } else {
      const access = STORAGE_OPCODES.includes(node.name) ? node : accessIn(node);
      node.place = this.located(node) ?? (access && this.placeOfAccess(access)) ?? around;
      this.parts(node);
    }
    return node.place;
  }

  parts(node) {
    if (STORAGE_OPCODES.includes(node.name)) node.place = this.placeOfAccess(node) ?? node.place;
    for (const child of node.children) {
      if (child.kind === "block") {
        this.block(child, node.place);
      } else {
        child.place = (child.kind !== "literal" && this.located(child)) || node.place;
        this.parts(child);
      }
    }
    // The compiler puts what follows a case, the test for the next one, where the case ends.
    const last = node.kind === "case" && node.children.at(-1).children.at(-1);
    if (last && ["return", "revert"].includes(last.name)) fill(last, node.place);
  }

  /** Where the compiler says that a node is, where that is in a function. Of blocks and cases it does not say. */
  located(node) {
    if (node.located === undefined) {
      const says = node.kind !== "block" && node.kind !== "case";
      node.located = says ? this.sources.find(node.source) : null;
    }
    return node.located;
  }

  hasPlace(statement) {
    let found = false;
    visit(statement, (node) => {
      found ||= node.kind !== "literal" && this.located(node) !== null;
    });
    return found;
  }

  /** The line of an access to storage, or null where none is near. */
  placeOfAccess(call) {
    for (const [place, direction] of this.placesNear(call)) {
      const lines = place?.definition?.[call.name] ?? [];
      if (lines.length > 0) {
        const after = lines.find((line) => line >= place.line);
        const before = lines.findLast((line) => line <= place.line);
        const line = direction === AFTER ? (after ?? before) : (before ?? after);
        return { ...place, line };
      }
    }
    return null;
  }

  /** The places around a call, the nearest first, and in which direction from each the call is. */
  *placesNear(call) {
    const entry = entryOf(call);
    const called = (entry ? this.sources.called(entry.name.slice("0x".length)) : []).map(
      (place) => [place, AFTER],
    );
    // A getter, or a function so short that the compiler locates nothing of it.
    if (entry && !this.hasPlace(entry)) yield* called;
    yield* called.filter(([{ definition }]) => definition.isVariable);
    // What is read is used afterwards; what is written has been computed before.
    const use = call.name === "sload" ? BEFORE : AFTER;
    yield [this.located(call), use];
    const [slot] = call.children;
    if (slot.kind === "literal") {
      // Where a variable is named that is there, although equal numbers are shared between places.
      const place = this.located(slot);
      if (place?.definition[call.name].includes(place.line)) yield [place, AFTER];
    } else {
      const parts = [];
      visit(slot, (part) => parts.push(part));
      for (const part of parts) if (part.kind !== "literal") yield [this.located(part), AFTER];
    }
    for (let node = call; node.kind !== "function" && node.parent; node = node.parent) {
      yield [this.located(node), isControl(node) ? AFTER : use];
      if (node.parent.kind !== "block") continue;
      const siblings = node.parent.children;
      const at = siblings.indexOf(node);
      for (const sibling of siblings.slice(0, at).reverse()) yield [sibling.place, AFTER];
      yield [this.located(node.parent.parent), AFTER];
      for (const sibling of siblings.slice(at + 1)) yield [this.located(sibling), BEFORE];
    }
    yield* called;
  }
}

function fill(node, place) {
  visit(node, (part) => {
    part.place = place;
  });
}

function isControl({ kind }) {
  return kind === "if" || kind === "for" || kind === "switch" || kind === "case";
}

/** The case of the dispatch that a node is in: its name is the selector of a function. */
function entryOf(node) {
  for (let at = node; at; at = at.parent) {
    if (at.kind === "case" && /^0x[0-9a-f]{8}$/.test(at.name)) return at;
  }
  return null;
}

/** The first access to storage in the expressions of a statement. */
function accessIn(statement) {
  for (const child of statement.children) {
    if (child.kind === "block") continue;
    const found = STORAGE_OPCODES.includes(child.name) ? child : accessIn(child);
    if (found) return found;
  }
  return null;
}
