import { type Cell, importsOf } from "../schema/cell.ts";
import { docComment, docLines, wrapped } from "./comments.ts";
import { tagText } from "../read/doc-text.ts";
import { codeHeader } from "./header.ts";
import { importLines } from "./import-targets.ts";
import { assignment, bracketed, classHead, interfaceHead, memberDeclaration } from "./layout.ts";
import type { OptionMember } from "../read/model.ts";
import { capitalised } from "../read/names.ts";
import { kebabCase } from "../schema/class-names.ts";
import { phraseOf } from "../schema/schema.ts";
import { typeSource } from "../read/type-text.ts";
import { type Emission, originOf, sourceName } from "./emission.ts";
import { exampleLines } from "./example.ts";

const ENCODING = "Encoding extends BufferEncoding | undefined = undefined";

/** One file for each class: the class, a declaration with no logic in it, and its options. */
export function emitClasses(emission: Emission): Map<string, string> {
  return new Map(emission.schema.cells.map((cell) => [cell.file, emitClass(emission, cell)]));
}

function emitClass(emission: Emission, cell: Cell): string {
  const { role, framing, opener, device } = cell;
  const parts = [role, device, framing, ...(opener === undefined ? [] : [opener])];
  const sources = [...new Set(parts.map((part) => sourceName(emission, part.target)))];
  const parameters = cell.isEncodable ? [ENCODING] : [];
  const optionsType = cell.isEncodable ? `${cell.optionsName}<Encoding>` : cell.optionsName;
  const parameter = `options: ${optionsType}${cell.isOptionsOptional ? " = {}" : ""}`;
  return emission.render("class.hbs", {
    header: codeHeader(originOf(emission, "class", sources)),
    imports: importLines(emission, cell.file, importsOf(cell)),
    doc: docComment(classDoc(emission, cell)),
    head: classHead(
      cell.className,
      parameters,
      cell.base.localName,
      cell.baseArguments.map((argument) => typeSource(argument)),
    ),
    framingDoc: docComment(wrapped(`How messages are told apart: ${phraseOf(framing)}.`, 2), "  "),
    framing: staticPart("framing", framing.name),
    opener:
      opener === undefined
        ? []
        : [
            {
              doc: docComment(wrapped(`What opens ${phraseOf(device)}, on this end.`, 2), "  "),
              line: staticPart("open", opener.name),
            },
          ],
    constructorDoc: docComment(constructorDoc(cell), "  "),
    constructorHead: bracketed("constructor", [parameter], " {", "  "),
    optionsDoc: docComment(wrapped(`The options of {@link ${cell.className}}.`)),
    optionsHead: interfaceHead(cell.optionsName, parameters),
    members: cell.members.map((member) => memberText(member)),
  });
}

function staticPart(name: string, part: string): string {
  return assignment(`static override readonly ${name}: typeof ${part}`, part, "  ");
}

function memberText(member: OptionMember): string {
  const lines = docLines(member.doc);
  const declaration = memberDeclaration(member, "  ");
  return lines.length === 0 ? declaration : `${docComment(lines, "  ")}\n${declaration}`;
}

function classDoc(emission: Emission, cell: Cell): string[] {
  const { mode, role, device, framing } = cell;
  const what = `${capitalised(phraseOf(mode))} ${kebabCase(cell.familyName).replace(/-/g, " ")}`;
  const lines = wrapped(`${what} over ${phraseOf(device)}: ${phraseOf(role)}; ${phraseOf(framing)}.`);
  for (const part of [role, framing]) {
    if (part.doc.description.length > 0) lines.push("", ...part.doc.description);
  }
  const example = exampleLines(emission, cell);
  return example.length === 0
    ? lines
    : [...lines, "", "@example", ...example.filter((line, at) => at > 0 || line !== "")];
}

function constructorDoc(cell: Cell): string[] {
  const address = tagText(cell.device.doc, "address");
  const which = cell.opener === undefined || address === undefined ? "" : `, \`{ ${address} }\` for instance`;
  const may = cell.isOptionsOptional ? "; all of them may be left out" : "";
  return [
    ...wrapped(`@param options see {@link ${cell.optionsName}}${which}${may}.`, 2),
    "@throws OptionsError `ERR_OPTIONS`, naming the option and its value.",
  ];
}
