import { type ClassDeclaration, type ClassMemberTypes, Node, Scope } from "ts-morph";
import { compareText } from "./problems.ts";
import type { SourceTree } from "./source-tree.ts";
import { oneLine } from "./type-text.ts";

/** The statics through which a role declares itself to the generator. */
const DECLARATIONS: ReadonlySet<string> = new Set(["mode", "className", "opens", "requires", "excludes"]);

/** The public members of a class and of the base classes whose source is at hand, one line each, sorted. */
export function readSignatures(tree: SourceTree, declaration: ClassDeclaration): string[] {
  const signatures = new Map<string, string>();
  for (const each of lineage(tree, declaration)) {
    for (const member of each.getMembers()) {
      const signature = isPublic(member) ? signatureOf(member) : undefined;
      // The most derived declaration comes first, and stands.
      if (signature !== undefined && !signatures.has(signature.key)) signatures.set(signature.key, signature.text);
    }
  }
  return [...signatures].toSorted(([a], [b]) => compareText(a, b)).map(([, text]) => text);
}

/** The names of the public methods of a class and of its base classes: its own first, in the order of the source. */
export function readMethods(tree: SourceTree, declaration: ClassDeclaration): string[] {
  const methods = lineage(tree, declaration).flatMap((each) => each.getInstanceMethods());
  const names = methods.filter((method) => isPublic(method)).map((method) => method.getName());
  return [...new Set(names.filter((name) => /^[a-z]/i.test(name)))];
}

/** The class and its base classes, as far as their source is at hand. */
export function lineage(tree: SourceTree, declaration: ClassDeclaration): ClassDeclaration[] {
  const found: ClassDeclaration[] = [];
  let next: ClassDeclaration | undefined = declaration;
  while (next !== undefined && !found.includes(next)) {
    found.push(next);
    const base: string | undefined = next.getExtends()?.getExpression().getText();
    next = base === undefined ? undefined : tree.findClass(next.getSourceFile(), base);
  }
  return found;
}

function isPublic(member: ClassMemberTypes): boolean {
  if (Node.isClassStaticBlockDeclaration(member) || Node.isConstructorDeclaration(member)) return false;
  if (member.getName().startsWith("#") || member.getScope() !== Scope.Public) return false;
  if (member.isStatic() && DECLARATIONS.has(member.getName())) return false;
  return !member.getJsDocs().some((doc) => doc.getText().includes("@internal"));
}

function signatureOf(member: ClassMemberTypes): { key: string; text: string } | undefined {
  if (Node.isMethodDeclaration(member)) {
    const parameters = member.getParameters().map((parameter) => oneLine(parameter.getText()));
    const generics = member.getTypeParameters().map((parameter) => parameter.getText());
    const head = `${modifiers(member.isStatic())}${member.isGenerator() ? "*" : ""}${member.getName()}`;
    const types = generics.length === 0 ? "" : `<${generics.join(", ")}>`;
    const returns = oneLine(member.getReturnTypeNode()?.getText() ?? "void");
    return { key: member.getName(), text: `${head}${types}(${parameters.join(", ")}): ${returns}` };
  }
  if (Node.isGetAccessorDeclaration(member)) {
    const type = oneLine(member.getReturnTypeNode()?.getText() ?? "unknown");
    return { key: member.getName(), text: `${modifiers(member.isStatic())}get ${member.getName()}(): ${type}` };
  }
  if (!Node.isPropertyDeclaration(member)) return undefined;
  const readonly = member.isReadonly() ? "readonly " : "";
  const type = oneLine(member.getTypeNode()?.getText() ?? member.getInitializer()?.getText() ?? "unknown");
  return { key: member.getName(), text: `${modifiers(member.isStatic())}${readonly}${member.getName()}: ${type}` };
}

function modifiers(isStatic: boolean): string {
  return isStatic ? "static " : "";
}
