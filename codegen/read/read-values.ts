import { type ClassDeclaration, Node, type PropertyDeclaration } from "ts-morph";
import type { Problems } from "./problems.ts";
import { positionOf } from "./source-tree.ts";

/** Reads the static members through which parts declare themselves. Only literals are understood: nothing is executed. */
export class StaticReader {
  readonly #problems: Problems;

  /** @param problems takes what is missing or no literal. */
  constructor(problems: Problems) {
    this.#problems = problems;
  }

  /** The string that `static readonly <name>` is set to; `undefined`, with a problem noted, if there is none. */
  string(declaration: ClassDeclaration, name: string): string | undefined {
    const value = literalOf(declaration, name);
    if (Node.isStringLiteral(value) || Node.isNoSubstitutionTemplateLiteral(value)) return value.getLiteralText();
    const what = `${declaration.getName() ?? "the class"} needs \`static readonly ${name} = "…"\`, a plain string`;
    this.#problems.add(positionOf(value ?? declaration), what);
    return undefined;
  }

  /** One of `choices`, as {@link string}. */
  choice<Choice extends string>(
    declaration: ClassDeclaration,
    name: string,
    choices: readonly Choice[],
  ): Choice | undefined {
    const value = this.string(declaration, name);
    if (value === undefined) return undefined;
    const found = choices.find((choice) => choice === value);
    if (found === undefined) {
      const expected = choices.map((choice) => JSON.stringify(choice)).join(", ");
      const node = literalOf(declaration, name) ?? declaration;
      this.#problems.add(positionOf(node), `${name} is ${JSON.stringify(value)}, but must be one of ${expected}`);
    }
    return found;
  }

  /** The strings that `static readonly <name>` lists; none if it is not there. */
  strings(declaration: ClassDeclaration, name: string): string[] {
    const value = literalOf(declaration, name);
    if (value === undefined) return [];
    const elements = Node.isArrayLiteralExpression(value) ? value.getElements() : undefined;
    const strings = elements?.flatMap((element) => (Node.isStringLiteral(element) ? [element.getLiteralText()] : []));
    if (strings !== undefined && strings.length === elements?.length) return strings;
    this.#problems.add(positionOf(value), `${name} must be a list of plain strings`);
    return [];
  }
}

/** Whether the class has `static <name>`. */
export function hasStatic(declaration: ClassDeclaration, name: string): boolean {
  return staticProperty(declaration, name) !== undefined;
}

function literalOf(declaration: ClassDeclaration, name: string): Node | undefined {
  const value = staticProperty(declaration, name)?.getInitializer();
  const isWrapped = Node.isAsExpression(value) || Node.isSatisfiesExpression(value);
  return isWrapped ? value.getExpression() : value;
}

function staticProperty(declaration: ClassDeclaration, name: string): PropertyDeclaration | undefined {
  return declaration.getProperties().find((property) => property.isStatic() && property.getName() === name);
}
