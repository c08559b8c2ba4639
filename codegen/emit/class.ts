import { type Cell, importsOf } from "../schema/cell.ts";
import { docComment, docLines, wrapped } from "./comments.ts";
import { codeHeader } from "./header.ts";
import { importsFrom } from "./import-targets.ts";
import { assigned, bracketed, classHead, interfaceParameters, memberDeclaration } from "./layout.ts";
import type { OptionMember } from "../read/model.ts";
import { capitalised } from "../read/names.ts";
import { framingTitle, kebabCase } from "../schema/class-names.ts";
import { phraseOf } from "../schema/schema.ts";
import { typeSource } from "../read/type-text.ts";
import { type Emission, originOf, sourceName } from "./emission.ts";
import { exampleLines, sampleOptions } from "./example.ts";

const ENCODING = "Encoding extends BufferEncoding | undefined = undefined";

/** One file for each class: the class, a declaration with no logic in it, and its options. */
export function emitClasses(emission: Emission): Map<string, string> {
  return new Map(emission.schema.cells.map((cell) => [cell.file, emitClass(emission, cell)]));
}

function emitClass(emission: Emission, cell: Cell): string {
  const { className, optionsName, framing, opener } = cell;
  const parameters = typeParameters(cell);
  const baseArguments = cell.baseArguments.map((argument) => typeSource(argument));
  const head = classHead(className, parameters, cell.base.localName, baseArguments);
  return emission.render("class.hbs", {
    header: codeHeader(originOf(emission, "class", sourcesOf(emission, cell))),
    imports: importsFrom(emission, cell.file, importsOf(cell)),
    doc: docComment(classDoc(emission, cell)),
    className,
    typeParameters: head.parameters,
    base: head.base,
    framing: staticPart("framing", framing.name, framingText(cell)),
    opener: opener && staticPart("open", opener.name, openerText(cell)),
    constructorDoc: inner(docComment(constructorDoc(cell), "  ")),
    constructorParameters: constructorParameters(cell),
    optionsDoc: docComment(wrapped(`The options of \`${className}\`.`)),
    optionsName,
    optionsTypeParameters: interfaceParameters(optionsName, parameters),
    options: cell.members.map((member) => optionPart(member)),
  });
}

function sourcesOf(emission: Emission, { role, device, framing, opener }: Cell): string[] {
  const parts = [role, device, framing, opener].filter((part) => part !== undefined);
  return [...new Set(parts.map((part) => sourceName(emission, part.target)))];
}

function typeParameters({ isEncodable, defaultLink }: Cell): string[] {
  const link = defaultLink === undefined ? [] : [`Link = ${typeSource(defaultLink)}`];
  return [...(isEncodable ? [ENCODING] : []), ...link];
}

function constructorParameters({ isEncodable, defaultLink, optionsName, isOptionsOptional }: Cell): string {
  const own = [...(isEncodable ? ["Encoding"] : []), ...(defaultLink === undefined ? [] : ["Link"])];
  const type = own.length === 0 ? optionsName : `${optionsName}<${own.join(", ")}>`;
  return bracketed("constructor", [`options: ${type}${isOptionsOptional ? " = {}" : ""}`], " {", "  ");
}

/** A static member that names a part. */
function staticPart(member: string, name: string, text: string): object {
  const value = assigned(`static override readonly ${member}: typeof ${name}`, name, "  ");
  return { name, value, doc: inner(docComment(wrapped(text, 2), "  ")) };
}

function optionPart(member: OptionMember): object {
  const lines = docLines(member.doc);
  return {
    doc: lines.length === 0 ? "" : inner(docComment(lines, "  ")),
    declaration: memberDeclaration(member, "  "),
  };
}

/** Text whose first line the template indents. */
function inner(text: string): string {
  return text.trimStart();
}

/** Says each thing once: what the class is, what it does, which methods it has, what is on the wire, an example. */
function classDoc(emission: Emission, cell: Cell): string[] {
  const { role, framing } = cell;
  const paragraphs = [
    wrapped(summaryOf(cell)),
    role.doc.description,
    ...methodLines(cell).map((line) => wrapped(line)),
    framing.doc.description.length > 0 ? framing.doc.description : wrapped(`${capitalised(phraseOf(framing))}.`),
  ];
  const lines = paragraphs.flatMap((each) => (each.length === 0 ? [] : ["", ...each]));
  const example = exampleLines(emission, cell);
  const begin = example.findIndex((line) => line !== "");
  return [...lines.slice(1), ...(begin < 0 ? [] : ["", "@example", ...example.slice(begin)])];
}

function summaryOf({ mode, role, device, framing }: Cell): string {
  const noun = kebabCase(role.className.replace(/\*$/, "Channel").replace("*", "")).replace(/-/g, " ");
  const where = device === undefined ? "for any device" : `over ${phraseOf(device)}`;
  const title = kebabCase(framingTitle(framing.suffix).replace(/^With/, ""));
  return `${capitalised(phraseOf(mode))} ${noun} ${where}, with ${title} framing.`;
}

/** What users call, and what is called back. */
function methodLines({ role, members }: Cell): string[] {
  const hooks = new Set(members.filter(({ shape }) => shape.kind !== "property").map(({ name }) => name));
  const list = (names: readonly string[]): string => names.map((name) => `\`${name}()\``).join(", ");
  const [called, hooked] = [false, true].map((isHook) => role.methods.filter((name) => hooks.has(name) === isHook));
  return [
    ...(called?.length ? [`Methods: ${list(called)}.`] : []),
    ...(hooked?.length ? [`Hooks, to override or to give as options: ${list(hooked)}.`] : []),
  ];
}

function framingText({ framing, role }: Cell): string {
  const same = role.opens === "connect" ? "" : " A server and its handler class have the same.";
  return `The framing: ${phraseOf(framing)}.${same}`;
}

function openerText({ device, role }: Cell): string {
  if (device === undefined) return "";
  const verb = role.opens === "listen" ? "Listens on" : "Opens";
  return `${verb} ${phraseOf(device)}. The class itself calls it.`;
}

function constructorDoc(cell: Cell): string[] {
  const address = cell.device && sampleOptions(cell, cell.device);
  const which = cell.opener === undefined || address === undefined ? "" : `, \`{ ${address} }\` for instance`;
  const may = cell.isOptionsOptional ? "; all of them may be left out" : "";
  return [
    ...wrapped(`@param options see \`${cell.optionsName}\`${which}${may}.`, 2),
    "@throws OptionsError `ERR_OPTIONS`, naming the option and its value.",
  ];
}
