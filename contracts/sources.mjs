// The functions of Solidity sources, from the compiler's AST: where each one is, and its lines that access storage.

/**
 * Code with a name: a function, a modifier, or a variable of a contract, which may have a getter.
 *
 * @typedef {object} Definition
 * @property {string} path of its source
 * @property {string} name `Contract.function`, or `function` where it is free
 * @property {number} start offset in bytes of UTF-8, as all offsets of the compiler
 * @property {number} end the same, exclusive
 * @property {boolean} isVariable
 * @property {number[]} sload the lines that may read storage, ascending
 * @property {number[]} sstore the lines that write it, ascending
 * @property {string | undefined} selector of a public one, without 0x
 */

export class Sources {
  /**
   * @param {Object<string, {id: number, ast: object}>} outputs of the compiler, by path
   * @param {Map<string, string>} texts of the sources, by path
   */
  constructor(outputs, texts) {
    const variables = new Set();
    walk(
      Object.values(outputs).map(({ ast }) => ast),
      (node) => {
        if (node.stateVariable && node.mutability === "mutable") variables.add(node.id);
      },
    );
    this.files = new Map();
    for (const [path, { id, ast }] of Object.entries(outputs)) {
      const lines = lineStarts(texts.get(path));
      this.files.set(id, { lines, definitions: [...definitions(path, ast, lines, variables)] });
    }
  }

  /** The place of a location, or null where it is in no definition but in a whole contract or a constant. */
  find(location) {
    const { file, start } = location ?? {};
    const { lines, definitions } = this.files.get(file) ?? { definitions: [] };
    const definition = definitions.find((d) => d.start <= start && start < d.end);
    return definition ? placeIn(definition, lineOf(lines, start)) : null;
  }

  /** The places of what a selector calls: several where one function overrides another. */
  called(selector) {
    return [...this.files.values()].flatMap(({ lines, definitions }) =>
      definitions
        .filter((definition) => definition.selector === selector)
        .map((definition) => placeIn(definition, lineOf(lines, definition.start))),
    );
  }
}

function placeIn(definition, line) {
  const { path, name } = definition;
  return { path, name, line, definition };
}

function lineStarts(text) {
  const bytes = Buffer.from(text);
  const starts = [0];
  for (let at = bytes.indexOf("\n"); at >= 0; at = bytes.indexOf("\n", at + 1)) starts.push(at + 1);
  return starts;
}

function lineOf(starts, offset) {
  return starts.findLastIndex((start) => start <= offset) + 1;
}

function range(node) {
  const [start, length] = node.src.split(":").map(Number);
  return { start, end: start + length };
}

/** Calls `action` with each node of an AST, parents first. */
function walk(node, action) {
  if (node === null || typeof node !== "object") return;
  if (node.src) action(node);
  for (const child of Object.values(node)) walk(child, action);
}

function* definitions(path, ast, lines, variables) {
  for (const node of ast.nodes) {
    if (node.nodeType === "ContractDefinition") {
      for (const part of node.nodes) {
        if (isCode(part)) yield define(path, `${node.name}.`, part, lines, variables);
      }
    } else if (isCode(node)) {
      yield define(path, "", node, lines, variables);
    }
  }
}

/** A constant has no code: the compiler puts its value wherever it is used. */
function isCode({ nodeType, mutability }) {
  return (
    nodeType === "FunctionDefinition" ||
    nodeType === "ModifierDefinition" ||
    (nodeType === "VariableDeclaration" && mutability !== "constant")
  );
}

/** @returns {Definition} */
function define(path, prefix, node, lines, variables) {
  const accesses = { sload: new Set(), sstore: new Set() };
  const note = (kind, part) => accesses[kind].add(lineOf(lines, range(part).start));
  if (node.stateVariable) note("sload", node);
  walk(node, (part) => {
    const writes = writesStorage(part, variables);
    if (writes) note("sstore", part);
    // A write may read as well: the rest of its slot, the length of an array.
    if (writes || isStored(part, variables)) note("sload", part);
  });
  const ascending = (set) => [...set].sort((a, b) => a - b);
  return {
    path,
    name: `${prefix}${node.name || node.kind}`,
    ...range(node),
    isVariable: node.nodeType === "VariableDeclaration",
    selector: node.functionSelector,
    sload: ascending(accesses.sload),
    sstore: ascending(accesses.sstore),
  };
}

/** Whether an expression is a value in storage, be it read or written. */
function isStored(node, variables) {
  switch (node.nodeType) {
    case "Identifier":
      return variables.has(node.referencedDeclaration) && !refersToStorage(node);
    case "MemberAccess": // of an array `length`, but not `push`, nor a function of a library
      return refersToStorage(node.expression) && !isFunction(node);
    case "IndexAccess":
      return refersToStorage(node.baseExpression);
    case "YulFunctionCall":
      return node.functionName.name === "sload";
    default:
      return false;
  }
}

function writesStorage(node, variables) {
  switch (node.nodeType) {
    case "Assignment":
      return isStored(node.leftHandSide, variables);
    case "UnaryOperation":
      return (
        ["++", "--", "delete"].includes(node.operator) && isStored(node.subExpression, variables)
      );
    case "FunctionCall":
      return (
        ["push", "pop"].includes(node.expression.memberName) &&
        refersToStorage(node.expression.expression)
      );
    case "YulFunctionCall":
      return node.functionName.name === "sstore";
    default:
      return false;
  }
}

function isFunction(node) {
  return node.typeDescriptions.typeString.startsWith("function ");
}

/** Whether an expression is a reference to storage: an array, a mapping, a struct, a string. */
function refersToStorage(node) {
  return /\bstorage\b|^mapping\(/.test(node?.typeDescriptions?.typeString ?? "");
}
