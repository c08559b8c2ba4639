import { type Identifier, Node, type SourceFile, type TypeNode, type TypeParameterDeclaration } from "ts-morph";
import type { TypeText } from "./model.ts";
import type { Problems } from "./problems.ts";
import { positionOf, type SourceTree } from "./source-tree.ts";

/** Reads types as text with holes, tracing every name in them. */
export class TypeReader {
  readonly #tree: SourceTree;
  readonly #problems: Problems;

  /**
   * @param tree traces names.
   * @param problems takes what cannot be emitted elsewhere.
   */
  constructor(tree: SourceTree, problems: Problems) {
    this.#tree = tree;
    this.#problems = problems;
  }

  /** The text of `node`, in which each of `parameters` becomes a hole. */
  read(node: TypeNode, parameters: ReadonlySet<string>): TypeText {
    const file = node.getSourceFile();
    const start = node.getStart();
    const source = node.getText();
    this.#rejectOddities(node, source);
    const pieces: TypeText[number][] = [];
    let at = 0;
    for (const identifier of referencesIn(node)) {
      const piece = this.#piece(file, identifier, parameters);
      if (piece === undefined) continue;
      pieces.push(source.slice(at, identifier.getStart() - start), piece);
      at = identifier.getEnd() - start;
    }
    pieces.push(source.slice(at));
    return pieces.filter((piece) => piece !== "");
  }

  #piece(file: SourceFile, identifier: Identifier, parameters: ReadonlySet<string>): TypeText[number] | undefined {
    const name = identifier.getText();
    if (parameters.has(name)) return { parameter: name };
    const meaning = this.#tree.meaning(file, name);
    if (meaning.kind === "importable") return meaning.name;
    if (meaning.kind === "private") {
      this.#problems.add(positionOf(identifier), `${name} must be exported: the generated options mention it`);
    }
    return undefined;
  }

  #rejectOddities(node: TypeNode, source: string): void {
    if (/[\u2028\u2029]/.test(source)) {
      this.#problems.add(positionOf(node), "a type must not contain the characters U+2028 or U+2029");
    }
    for (const each of [node, ...node.getDescendants()]) {
      if (!Node.isImportTypeNode(each)) continue;
      this.#problems.add(positionOf(each), "write this inline import as an import declaration");
    }
  }
}

/** The identifiers in `node` that name a type or a value from outside of it, in order. */
function referencesIn(node: TypeNode): Identifier[] {
  const all: Node[] = [node, ...node.getDescendants()];
  const bound = new Set(all.filter((each) => isTypeParameter(each)).map((each) => each.getName()));
  return all.filter((each): each is Identifier => isReference(each) && !bound.has(each.getText()));
}

function isTypeParameter(node: Node): node is TypeParameterDeclaration {
  return Node.isTypeParameterDeclaration(node);
}

function isReference(node: Node): node is Identifier {
  if (!Node.isIdentifier(node)) return false;
  const parent = node.getParent();
  return (
    (Node.isTypeReference(parent) && parent.getTypeName() === node) ||
    (Node.isQualifiedName(parent) && parent.getLeft() === node) ||
    (Node.isTypeQuery(parent) && parent.getExprName() === node) ||
    Node.isExpressionWithTypeArguments(parent)
  );
}
