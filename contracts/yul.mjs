// Yul as the compiler prints it: parsed to a tree whose nodes know the Solidity they come from, and printed again with
// other locations.
//
// The compiler says where a node comes from in a comment before it, `@src file:start:end`, which holds until the next.

const TOKEN =
  /\/\/\/ @use-src[^\n]*|\/\/[^\n]*|\/\*[^]*?\*\/|(?:hex)?"(?:[^"\\]|\\.)*"|[\w$.]+|:=|->|[{}(),]/g;

const LOCATION = /@src (-?\d+):(-?\d+):(-?\d+)/;

/**
 * A statement or an expression.
 *
 * @typedef {object} Node
 * @property {string} kind "object", "function", "block", "if", "switch", "case", "for", "let", "assign", "leave",
 *   "call", "name" or "literal"
 * @property {string} name of a function, object, call or name; the text of a literal
 * @property {number} token the index of its first token
 * @property {{file: number, start: number} | null} source where it comes from, as the compiler says
 * @property {Node | null} parent
 * @property {Node[]} children in the order of the text; the arguments of a call
 */

/** The tree of a Yul object and the tokens that it stands on. */
export function parse(text) {
  const tokens = [];
  const sources = [];
  let source = null;
  for (const [token] of text.matchAll(TOKEN)) {
    if (token.startsWith("/// @use-src") || !/^\/[/*]/.test(token)) {
      tokens.push(token);
      sources.push(source);
    } else {
      const location = LOCATION.exec(token);
      if (location) source = { file: Number(location[1]), start: Number(location[2]) };
    }
  }
  return { tokens, root: new Parser(tokens, sources).object() };
}

/** The text again, with `@src 0:n:n+1` before each node, n being the number that `numberOf` gives it. */
export function print({ tokens, root }, numberOf) {
  const locations = new Map();
  visit(root, (node) => {
    // An object has no code of its own, and the comment before it must be its list of sources.
    if (node.kind !== "object") locations.set(node.token, numberOf(node));
  });
  return tokens
    .map((token, i) => {
      // All locations are in one file; the compiler's list lacks those files of which no code is used.
      if (token.startsWith("///")) return '/// @use-src 0:"places"\n';
      const number = locations.get(i);
      return number === undefined ? token : `/** @src 0:${number}:${number + 1} */ ${token}`;
    })
    .join(" ");
}

/** Calls `action` with each node, parents first, so that of two on the same token the inner one comes last. */
export function visit(node, action) {
  action(node);
  for (const child of node.children) visit(child, action);
}

class Parser {
  constructor(tokens, sources) {
    this.tokens = tokens;
    this.sources = sources;
    this.at = 0;
    this.parent = null;
  }

  next() {
    return this.tokens[this.at++];
  }

  is(token) {
    return this.tokens[this.at] === token;
  }

  expect(token) {
    const found = this.next();
    if (found !== token) throw new Error(`Yul: ${found} at token ${this.at - 1}, not ${token}`);
  }

  /** Makes a node that begins here, and lets `fill` read what it is made of. */
  node(kind, fill) {
    const { at: token, parent } = this;
    const node = { kind, name: "", token, source: this.sources[token], parent, children: [] };
    if (parent) parent.children.push(node);
    this.parent = node;
    fill(node);
    this.parent = parent;
    return node;
  }

  object() {
    while (this.tokens[this.at].startsWith("///")) this.next();
    return this.node("object", (node) => {
      this.expect("object");
      node.name = this.next();
      this.expect("{");
      while (!this.is("}")) {
        if (this.is("object") || this.tokens[this.at].startsWith("///")) this.object();
        else if (this.next() === "code") this.block();
        else this.at += 2; // `data`, its name and its bytes
      }
      this.next();
    });
  }

  block() {
    this.node("block", () => {
      this.expect("{");
      while (!this.is("}")) this.statement();
      this.next();
    });
  }

  statement() {
    switch (this.tokens[this.at]) {
      case "{":
        return this.block();
      case "function":
        return this.node("function", (node) => {
          this.next();
          node.name = this.next();
          while (!this.is("{")) this.next();
          this.block();
        });
      case "let":
        return this.node("let", () => {
          this.next();
          this.names();
          if (this.is(":=")) this.value();
        });
      case "if":
        return this.node("if", () => {
          this.next();
          this.expression();
          this.block();
        });
      case "switch":
        return this.node("switch", () => {
          this.next();
          this.expression();
          while (this.is("case") || this.is("default")) this.case();
        });
      case "for":
        return this.node("for", () => {
          this.next();
          this.block();
          this.expression();
          this.block();
          this.block();
        });
      case "leave":
      case "break":
      case "continue":
        return this.node("leave", () => this.next());
      default:
        if (this.tokens[this.at + 1] === "(") return this.expression();
        return this.node("assign", () => {
          this.names();
          this.value();
        });
    }
  }

  case() {
    this.node("case", (node) => {
      if (this.next() === "case") {
        node.name = this.tokens[this.at];
        this.expression();
      }
      this.block();
    });
  }

  names() {
    this.next();
    while (this.is(",")) this.at += 2;
  }

  value() {
    this.expect(":=");
    this.expression();
  }

  expression() {
    const isCall = this.tokens[this.at + 1] === "(";
    const isName =
      /^[a-z_$]/i.test(this.tokens[this.at]) && !/^(true|false|hex")/.test(this.tokens[this.at]);
    this.node(isCall ? "call" : isName ? "name" : "literal", (node) => {
      node.name = this.next();
      if (!isCall) return;
      this.expect("(");
      while (!this.is(")")) {
        this.expression();
        if (this.is(",")) this.next();
      }
      this.next();
    });
  }
}
