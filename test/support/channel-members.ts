/** Subclasses as a user may write them: with members of any name that is not published. */
import { EventEmitter } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import * as internals from "../../src/core/internals.ts";
import { cells } from "./channel-cells.ts";

const dist = new URL("../../", import.meta.url);

/** The files of modes and roles that end so. */
function textsOf(ending: string): string[] {
  return ["src/modes/", "src/roles/"].flatMap((folder) =>
    readdirSync(new URL(folder, dist), { encoding: "utf8", recursive: true })
      .filter((file) => file.endsWith(ending))
      .map((file) => readFileSync(new URL(folder + file, dist), "utf8")),
  );
}

function namesIn(ending: string, pattern: RegExp): string[] {
  return textsOf(ending).flatMap((text) => [...text.matchAll(pattern)].map(({ groups }) => groups?.["name"] as string));
}

const declared = textsOf(".d.ts").join("\n");

/** The names of the members that a class publishes itself, as its declaration has them. */
function declaredNames(className: string): string[] {
  const [, block = ""] =
    new RegExp(`^export declare (?:abstract )?class ${className}<([^]*?)^}`, "m").exec(declared) ?? [];
  const member = /^ {4}(?:(?:static|protected|abstract|readonly|get|declare|override) )*(?<name>[A-Za-z]\w*)\??[(<:]/gm;
  return [...block.matchAll(member)].map(({ groups }) => groups?.["name"] as string);
}

/** The prototypes of a class; those of Node.js aside. */
export function prototypesOf(Class: { readonly prototype: object }): object[] {
  const chain: object[] = [];
  for (let at = Class.prototype; at !== Object.prototype && at !== EventEmitter.prototype;) {
    chain.push(at);
    at = Object.getPrototypeOf(at) as object;
  }
  return chain;
}

/** The names of all members that a class publishes, inherited ones too. */
export function publishedNames(Class: { readonly prototype: object }): Set<string> {
  return new Set(prototypesOf(Class).flatMap((at) => declaredNames(at.constructor.name)));
}

const published = new Set<string>();
for (const cell of cells) for (const name of publishedNames((await cell.load()) as typeof Object)) published.add(name);

/** What the library calls its internals: private members, symbols, and names that were plain once. */
export const internalNames: readonly string[] = [
  ...new Set([
    ...namesIn(".js", /#(?<name>[A-Za-z]\w*)/g),
    ...Object.values(internals).map((symbol) => symbol.description as string),
    ..."settings unhandled adopt released tellClosed tellDrained inbox opener limits attach serve".split(" "),
  ]),
].filter((name) => !published.has(name) && !(name in EventEmitter.prototype));

/** What kind of members a subclass has. */
export type MemberKind = "fields" | "methods";

/** A subclass with a method of each internal name, or with a field. */
export function withMembers<Class>(Base: Class, kind: MemberKind): Class {
  const fail = (): never => {
    throw new Error("a member of the user was called");
  };
  const Members = class extends (Base as new (...args: unknown[]) => object) {
    constructor(...args: unknown[]) {
      super(...args);
      if (kind === "methods") return;
      for (const name of internalNames) Object.defineProperty(this, name, { value: "mine", writable: true });
    }
  };
  if (kind === "methods") {
    for (const name of internalNames) Object.defineProperty(Members.prototype, name, { value: fail });
  }
  return Members as unknown as Class;
}
