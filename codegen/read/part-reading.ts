import type { ClassDeclaration, FunctionDeclaration } from "ts-morph";
import type { Part } from "./model.ts";
import { identifierFault } from "./names.ts";
import { Problems } from "./problems.ts";
import { readDoc } from "./read-docs.ts";
import { OptionsReader } from "./read-options.ts";
import { TypeReader } from "./read-types.ts";
import { StaticReader } from "./read-values.ts";
import { fileTarget, type KnownPackage, positionOf, SourceTree } from "./source-tree.ts";

/** What the readers of all kinds of parts work with. */
export class PartReading {
  readonly problems: Problems = new Problems();
  readonly tree: SourceTree;
  readonly statics: StaticReader;
  readonly options: OptionsReader;

  /** @param known the package that parts may take types from by its name. */
  constructor(known?: KnownPackage) {
    this.tree = new SourceTree(known);
    this.statics = new StaticReader(this.problems);
    this.options = new OptionsReader(this.tree, new TypeReader(this.tree, this.problems), this.problems);
  }

  /** What every part has; a name that cannot be used is noted. */
  part(declaration: ClassDeclaration | FunctionDeclaration): Part {
    const name = declaration.getName() ?? "";
    const position = positionOf(declaration.getNameNode() ?? declaration);
    const fault = identifierFault(name);
    if (fault !== undefined) this.problems.add(position, `the name ${JSON.stringify(name)} ${fault}`);
    if (declaration.isDefaultExport()) this.problems.add(position, `${name} must be exported by name, not as default`);
    return { name, target: fileTarget(declaration.getSourceFile()), doc: readDoc(declaration), position };
  }
}
