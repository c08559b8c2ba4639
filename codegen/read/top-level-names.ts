import { Node, type SourceFile } from "ts-morph";

/** A name that a file declares outside of all blocks. */
export interface TopLevelName {
  readonly name: string;
  /** Whether its declaration says `export`, and not `export default`. */
  readonly isExported: boolean;
}

/** The names that a file declares: variables, functions, classes, interfaces, types and enums. */
export function topLevelNames(file: SourceFile): TopLevelName[] {
  return file.getStatements().flatMap((statement) => {
    if (Node.isVariableStatement(statement)) {
      const isExported = statement.hasExportKeyword();
      return statement.getDeclarations().map((declaration) => ({ name: declaration.getName(), isExported }));
    }
    const isNamed =
      Node.isInterfaceDeclaration(statement) ||
      Node.isTypeAliasDeclaration(statement) ||
      Node.isClassDeclaration(statement) ||
      Node.isFunctionDeclaration(statement) ||
      Node.isEnumDeclaration(statement);
    const name = isNamed ? statement.getName() : undefined;
    if (!isNamed || name === undefined) return [];
    return [{ name, isExported: statement.hasExportKeyword() && !statement.hasDefaultKeyword() }];
  });
}
