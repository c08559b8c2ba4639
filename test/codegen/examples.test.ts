import test from "ava";
import { tagBlock } from "../../codegen/read/doc-text.ts";
import { parseDoc } from "../../codegen/read/read-docs.ts";
import { generateProject } from "../../codegen/cli/package-project.ts";
import { root, typeErrorsOf } from "./workspace.ts";

const { schema, files } = generateProject(root);

/** The example in the doc of the class in a generated file. */
function exampleIn(text: string): readonly string[] {
  const comments = text.match(/\/\*\*[^]*?\*\//g) ?? [];
  const lines = comments.map((comment) => tagBlock(parseDoc(comment), "example")).find((block) => block.length > 0);
  return lines?.filter((line) => !line.startsWith("```")) ?? [];
}

test("every class has an example, and every example compiles", (t) => {
  const programs: Record<string, string> = {};
  for (const cell of schema.cells) {
    const example = exampleIn(files.get(cell.file) ?? "");
    t.true(
      example.some((line) => line.includes(cell.className)),
      cell.className,
    );
    t.false(example.join("\n").includes("{{"), cell.className);
    programs[`${cell.className}.ts`] = `${example.join("\n")}\nexport {};\n`;
  }
  t.deepEqual(typeErrorsOf(t, programs), []);
});
