import {
  type ExpressionWithTypeArguments,
  type InterfaceDeclaration,
  type MethodSignature,
  Node,
  type ParameterDeclaration,
  type PropertySignature,
} from "ts-morph";
import { tagText } from "./doc-text.ts";
import {
  type MemberShape,
  OPTION_GROUPS,
  type OptionGroup,
  type OptionMember,
  type OptionsPart,
  type Parameter,
  type Position,
  type TypeText,
} from "./model.ts";
import { optionNameFault } from "./names.ts";
import type { Problems } from "./problems.ts";
import { readDoc } from "./read-docs.ts";
import type { TypeReader } from "./read-types.ts";
import { positionOf, type SourceTree } from "./source-tree.ts";
import { fillMember } from "./type-text.ts";

/** The parts without options have these. */
const NO_OPTIONS: OptionsPart = { type: undefined, members: [] };

/** Reads options interfaces, with everything that they extend, into one flat list. */
export class OptionsReader {
  readonly #tree: SourceTree;
  readonly #types: TypeReader;
  readonly #problems: Problems;

  /**
   * @param tree finds the interfaces.
   * @param types reads the types of their members.
   * @param problems takes what is wrong with them.
   */
  constructor(tree: SourceTree, types: TypeReader, problems: Problems) {
    this.#tree = tree;
    this.#types = types;
    this.#problems = problems;
  }

  /** The options that a function or constructor takes: the interface that its first parameter has as its type. */
  ofParameter(parameter: ParameterDeclaration | undefined): OptionsPart {
    if (parameter === undefined) return NO_OPTIONS;
    const type = parameter.getTypeNode();
    if (!Node.isTypeReference(type)) {
      this.#problems.add(
        positionOf(type ?? parameter),
        "the first parameter must have an exported interface as its type",
      );
      return NO_OPTIONS;
    }
    const name = type.getTypeName().getText();
    const file = parameter.getSourceFile();
    const found = this.#tree.findInterface(file, name);
    const meaning = this.#tree.meaning(file, name);
    if (found === undefined || meaning.kind !== "importable") {
      this.#problems.add(
        positionOf(type),
        `${name} must be an exported interface, imported by a relative path or declared here`,
      );
      return NO_OPTIONS;
    }
    return { type: meaning.name, members: this.#members(found, []) };
  }

  #members(declaration: InterfaceDeclaration, below: readonly InterfaceDeclaration[]): OptionMember[] {
    if (below.includes(declaration)) {
      this.#problems.add(positionOf(declaration), `${declaration.getName()} extends itself`);
      return [];
    }
    const parameters = new Set(declaration.getTypeParameters().map((parameter) => parameter.getName()));
    const members = new Map<string, OptionMember>();
    for (const base of declaration.getExtends()) {
      for (const member of this.#inherited(base, parameters, [...below, declaration])) members.set(member.name, member);
    }
    const own = new Set<string>();
    for (const node of declaration.getMembers()) {
      const member = this.#member(node, parameters, declaration);
      if (member === undefined) continue;
      if (own.has(member.name)) this.#problems.add(member.position, `option "${member.name}" is declared twice`);
      own.add(member.name);
      members.set(member.name, member);
    }
    return [...members.values()];
  }

  /** The members of a base interface, its type parameters filled in with the arguments given here, or their defaults. */
  #inherited(
    base: ExpressionWithTypeArguments,
    parameters: ReadonlySet<string>,
    below: readonly InterfaceDeclaration[],
  ): OptionMember[] {
    const name = base.getExpression().getText();
    const found = this.#tree.findInterface(base.getSourceFile(), name);
    if (found === undefined) {
      this.#problems.add(
        positionOf(base),
        `${name} must be an interface, imported by a relative path or declared here`,
      );
      return [];
    }
    const given = base.getTypeArguments();
    const filling = new Map<string, TypeText>();
    const known = new Set(found.getTypeParameters().map((parameter) => parameter.getName()));
    for (const [index, parameter] of found.getTypeParameters().entries()) {
      const argument = given[index];
      const fallback = parameter.getDefault();
      if (argument !== undefined) filling.set(parameter.getName(), this.#types.read(argument, parameters));
      else if (fallback !== undefined) filling.set(parameter.getName(), this.#types.read(fallback, known));
    }
    return this.#members(found, below).map((member) => fillMember(member, filling));
  }

  #member(node: Node, parameters: ReadonlySet<string>, home: InterfaceDeclaration): OptionMember | undefined {
    if (!Node.isPropertySignature(node) && !Node.isMethodSignature(node)) {
      this.#problems.add(positionOf(node), "an options interface has properties and methods only");
      return undefined;
    }
    const nameNode = node.getNameNode();
    const name = Node.isStringLiteral(nameNode) ? nameNode.getLiteralText() : nameNode.getText();
    const fault = optionNameFault(name);
    if (fault !== undefined) this.#problems.add(positionOf(nameNode), `option ${JSON.stringify(name)} ${fault}`);
    const shape = Node.isMethodSignature(node) ? this.#method(node, parameters) : this.#property(node, parameters);
    if (fault !== undefined || shape === undefined) return undefined;
    const isReadonly = Node.isPropertySignature(node) && node.isReadonly();
    const isOptional = node.hasQuestionToken();
    const doc = readDoc(node);
    const position = positionOf(node);
    const group = this.#group(tagText(doc, "group") ?? tagText(readDoc(home), "group"), position);
    const roles = tagText(doc, "roles")?.split(/\s+/);
    return { name, isOptional, isReadonly, shape, doc, group, roles, owner: home.getName(), position };
  }

  #group(name: string | undefined, position: Position): OptionGroup | undefined {
    const group = OPTION_GROUPS.find((each) => each === name);
    if (name !== undefined && group === undefined)
      this.#problems.add(position, `@group is ${JSON.stringify(name)}, but must be one of ${OPTION_GROUPS.join(", ")}`);
    return group;
  }

  #property(node: PropertySignature, parameters: ReadonlySet<string>): MemberShape | undefined {
    const type = node.getTypeNode();
    if (type === undefined) {
      this.#problems.add(positionOf(node), `option "${node.getName()}" needs a type`);
      return undefined;
    }
    if (!Node.isFunctionTypeNode(type) || type.getTypeParameters().length > 0) {
      return { kind: "property", type: this.#types.read(type, parameters) };
    }
    const returns = this.#types.read(type.getReturnTypeNodeOrThrow(), parameters);
    return { kind: "function", parameters: this.#parameters(type.getParameters(), parameters), returns };
  }

  #method(node: MethodSignature, parameters: ReadonlySet<string>): MemberShape | undefined {
    const returns = node.getReturnTypeNode();
    if (returns === undefined || node.getTypeParameters().length > 0) {
      this.#problems.add(positionOf(node), `option "${node.getName()}" needs a return type, and no type parameters`);
      return undefined;
    }
    const read = this.#parameters(node.getParameters(), parameters);
    return { kind: "method", parameters: read, returns: this.#types.read(returns, parameters) };
  }

  #parameters(nodes: readonly ParameterDeclaration[], parameters: ReadonlySet<string>): Parameter[] {
    return nodes.map((node) => {
      const type = node.getTypeNode();
      if (type === undefined) this.#problems.add(positionOf(node), `parameter "${node.getName()}" needs a type`);
      const name = `${node.isRestParameter() ? "..." : ""}${node.getName()}${node.hasQuestionToken() ? "?" : ""}`;
      return { name, type: type === undefined ? ["unknown"] : this.#types.read(type, parameters) };
    });
  }
}
