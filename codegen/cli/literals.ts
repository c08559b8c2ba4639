import { ts } from "ts-morph";
import type { Position } from "../read/model.ts";
import { Problems } from "../read/problems.ts";

/** A value that was read, with the places that it was read from. */
export interface Located {
  readonly value: unknown;
  /** Where the value at `path` (names and indexes, from the outside in) stands; the nearest known place around it. */
  positionOf(path: readonly (string | number)[]): Position;
}

/** Reads values that are written out in source code. Nothing is run. */
export class LiteralReader {
  readonly #source: ts.SourceFile;
  readonly #problems = new Problems();
  readonly #places = new Map<string, Position>();
  /** The expressions whose values are being read, from the outside in. */
  readonly #entered = new Set<ts.Expression>();

  /** @param source the file, with parents set. */
  constructor(source: ts.SourceFile) {
    this.#source = source;
  }

  /**
   * The value of an expression.
   *
   * @throws PartsError for every part of it that is not written out.
   */
  read(expression: ts.Expression): Located {
    const value = this.#value(expression, []);
    this.#problems.throwIfAny();
    return {
      value,
      positionOf: (path) => {
        for (let length = path.length; length >= 0; length--) {
          const place = this.#places.get(JSON.stringify(path.slice(0, length)));
          if (place !== undefined) return place;
        }
        return this.#position(expression);
      },
    };
  }

  #value(node: ts.Expression, path: readonly (string | number)[]): unknown {
    this.#places.set(JSON.stringify(path), this.#position(node));
    if (ts.isObjectLiteralExpression(node)) return this.#object(node, path);
    if (ts.isArrayLiteralExpression(node)) return node.elements.map((each, at) => this.#value(each, [...path, at]));
    if (ts.isStringLiteralLike(node)) return node.text;
    if (ts.isNumericLiteral(node)) return Number(node.text);
    if (node.kind === ts.SyntaxKind.TrueKeyword) return true;
    if (node.kind === ts.SyntaxKind.FalseKeyword) return false;
    if (node.kind === ts.SyntaxKind.NullKeyword) return null;
    const inner = this.#inside(node);
    // A constant may lead back to itself.
    if (inner !== undefined && !this.#entered.has(inner)) {
      this.#entered.add(inner);
      const value = this.#value(inner, path);
      this.#entered.delete(inner);
      return value;
    }
    const text = "this is read without being run: write it out as a string, a list or an object";
    this.#problems.add(this.#position(node), text);
    return undefined;
  }

  #object(node: ts.ObjectLiteralExpression, path: readonly (string | number)[]): unknown {
    const entries = node.properties.flatMap((property): [string, unknown][] => {
      const isPlain = ts.isPropertyAssignment(property) && !ts.isComputedPropertyName(property.name);
      if (isPlain && !ts.isPrivateIdentifier(property.name) && !ts.isBigIntLiteral(property.name)) {
        const name = property.name.text;
        return [[name, this.#value(property.initializer, [...path, name])]];
      }
      if (ts.isShorthandPropertyAssignment(property)) {
        return [[property.name.text, this.#value(property.name, [...path, property.name.text])]];
      }
      this.#problems.add(this.#position(property), "this is read without being run: write out the property");
      return [];
    });
    // A property called `__proto__` is a property like any other here.
    return Object.fromEntries(entries);
  }

  /** What stands in brackets, under a type, in a call of `defineConfig`, or behind the name of a constant. */
  #inside(node: ts.Expression): ts.Expression | undefined {
    const isWrapper = ts.isParenthesizedExpression(node) || ts.isAsExpression(node) || ts.isSatisfiesExpression(node);
    if (isWrapper) return node.expression;
    if (ts.isIdentifier(node)) return constantNamed(this.#source, node.text);
    const isCall = ts.isCallExpression(node) && ts.isIdentifier(node.expression) && node.arguments.length === 1;
    return isCall && node.expression.getText() === "defineConfig" ? node.arguments[0] : undefined;
  }

  #position(node: ts.Node): Position {
    const { line, character } = this.#source.getLineAndCharacterOfPosition(node.getStart(this.#source));
    return { file: this.#source.fileName, line: line + 1, column: character + 1 };
  }
}

/** What `const name` at the top level is set to. */
function constantNamed(source: ts.SourceFile, name: string): ts.Expression | undefined {
  for (const statement of source.statements) {
    if (!ts.isVariableStatement(statement) || !(statement.declarationList.flags & ts.NodeFlags.Const)) continue;
    for (const declaration of statement.declarationList.declarations) {
      if (ts.isIdentifier(declaration.name) && declaration.name.text === name) return declaration.initializer;
    }
  }
  return undefined;
}
