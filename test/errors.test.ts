import { readFile } from "node:fs/promises";
import { inspect } from "node:util";
import test from "ava";
import * as errors from "../src/errors.ts";
import {
  ChannelError,
  DisconnectedError,
  FramingError,
  HookError,
  OpenError,
  OptionsError,
  TimeoutError,
} from "../src/errors.ts";

/** Any of the classes, made to take any code. */
type AnyErrorClass = typeof ChannelError;

const classes = Object.entries(errors).filter(([name]) => name.endsWith("Error")) as unknown as [
  string,
  AnyErrorClass,
][];

/** A second copy of the package in the same process. */
const copyUrl = new URL("../src/errors.js?copy", import.meta.url).href;
const copy = (await import(copyUrl)) as typeof errors;

/** A file of the project, seen from the compiled tests. */
async function projectFile(path: string): Promise<string> {
  return await readFile(new URL(`../../${path}`, import.meta.url), "utf8");
}

/** The codes of each class, as the types say. */
async function codesByClass(): Promise<Record<string, string[]>> {
  const source = await projectFile("src/errors.ts");
  const unions = [...source.matchAll(/^export type (\w+Code) =([^;]+);/gmu)];
  const codes = new Map(unions.map(([, name = "", union = ""]) => [name, union.match(/ERR_[A-Z_]+/gu) ?? []]));
  const found = [...source.matchAll(/^export class (\w+) extends ChannelError<(\w+)>/gmu)];
  return Object.fromEntries(found.map(([, name = "", union = ""]) => [name, codes.get(union) ?? []]));
}

/** The codes of each class, as the document says. */
async function documentedCodes(): Promise<Record<string, string[]>> {
  const sections = (await projectFile("docs/errors.md")).split(/^## (?=\w+Error$)/mu).slice(1);
  const rowsOf = (section: string): string[] =>
    [...section.matchAll(/^\| `(ERR_[A-Z_]+)` \|/gmu)].map(([, code = ""]) => code);
  return Object.fromEntries(sections.map((section) => [section.split("\n", 1)[0] ?? "", rowsOf(section)]));
}

test("every class and every code is documented, and nothing else", async (t) => {
  const expected = await codesByClass();
  t.deepEqual(
    Object.keys(expected).toSorted(),
    classes
      .map(([name]) => name)
      .filter((name) => name !== "ChannelError")
      .toSorted(),
  );
  t.true(Object.values(expected).flat().length >= 30);
  t.deepEqual(await documentedCodes(), expected);
});

test("every row of the document says when and what to do", async (t) => {
  const rows = (await projectFile("docs/errors.md")).split("\n").filter((line) => line.startsWith("| `ERR_"));
  for (const row of rows) {
    const cells = row.split("|").map((cell) => cell.trim());
    t.is(cells.length, 5, row);
    t.true(
      cells.slice(1, 4).every((cell) => cell.length > 0),
      row,
    );
  }
});

test("every property that the document explains is there, and every property is explained", async (t) => {
  const [, section = ""] = (await projectFile("docs/errors.md")).split("## What an error holds");
  const explained = [...(section.split("\n## ")[0] ?? "").matchAll(/^\| (.*?) \|/gmu)].flatMap(
    ([, cell = ""]) => cell.match(/(?<=`)\w+(?=`)/gu) ?? [],
  );
  const details = { outcome: "unknown", bytesWritten: 1, received: 1, expected: 2, isRecoverable: true } as const;
  const error = new ChannelError("ERR_OPTIONS", "", { ...details, errors: [new Error("one")] });
  t.deepEqual(explained.toSorted(), Object.keys(error).toSorted());
});

for (const [name, Class] of classes) {
  test(`${name}: name, code, message and lineage`, (t) => {
    const error = new Class("ERR_OPTIONS", "the message");
    t.true(error instanceof Error && error instanceof ChannelError && error instanceof Class);
    t.is(error.name, name);
    t.is(error.code, "ERR_OPTIONS");
    t.is(error.message, "the message");
    t.is(String(error), `${name}: the message`);
    t.regex(error.stack ?? "", /errors\.test/);
    t.false(Object.keys(error).includes("name"), "the name does not clutter what is shown of an error");
    t.true(Class.is(error));
    t.true(ChannelError.is(error));
    for (const [, other] of classes) t.is(other.is(error), other === Class || other === ChannelError);
  });

  test(`${name}: is() recognises errors of another copy of the package`, (t) => {
    const Other = copy[name as keyof typeof errors] as unknown as AnyErrorClass;
    const foreign = new Other("ERR_OPTIONS", "the message");
    t.not(Other, Class, "it is another copy");
    t.false(foreign instanceof Class);
    t.true(Class.is(foreign));
    t.true(ChannelError.is(foreign));
    t.is(HookError.is(foreign), name === "HookError");
  });
}

test("is() recognises nothing else", (t) => {
  const likeOne = Object.assign(new Error("no"), { code: "ERR_OPTIONS", name: "OptionsError" });
  for (const value of [undefined, null, 0, "ERR_OPTIONS", {}, [], new Error("no"), likeOne, OptionsError]) {
    t.false(ChannelError.is(value), inspect(value));
    t.false(OptionsError.is(value), inspect(value));
  }
});

test("an error class of a user's own keeps its place in the family", (t) => {
  class ChecksumError extends FramingError {
    static override readonly errorName: string = "ChecksumError";
  }
  const error = new ChecksumError("ERR_FRAME_INVALID", "bad checksum", { isRecoverable: true });
  t.is(error.name, "ChecksumError");
  t.true(ChecksumError.is(error) && FramingError.is(error) && copy.FramingError.is(error));
  t.false(ChecksumError.is(new FramingError("ERR_FRAME_INVALID", "")), "a parent is not one of its children");
  t.true(error.isRecoverable);
});

test("what is not said of an error is undefined, empty or false, and has no cause", (t) => {
  const error = new OpenError("ERR_DNS", "no such host");
  t.like(error, { outcome: undefined, bytesWritten: undefined, received: undefined, expected: undefined });
  t.deepEqual(error.errors, []);
  t.false(error.isRecoverable);
  t.false("cause" in error);
});

test("the details are told", (t) => {
  const cause = new Error("lower");
  const timeout = new TimeoutError("ERR_WRITE_TIMEOUT", "stalled", { cause, outcome: "unknown", bytesWritten: 7 });
  t.is(timeout.cause, cause);
  t.like(timeout, { outcome: "unknown", bytesWritten: 7 });
  t.like(new FramingError("ERR_FRAME_TRUNCATED", "cut", { received: 1, expected: 2 }), { received: 1, expected: 2 });
  const several = new OpenError("ERR_CONNECT_REFUSED", "both", { errors: [cause, cause] });
  t.is(several.errors.length, 2);
  const thrown = new HookError("ERR_HOOK_FAILED", "a hook threw nothing", { cause: undefined });
  t.true("cause" in thrown, "a hook may throw undefined");
});

test("the outcome can be told later, by the one who knows the request", (t) => {
  const error = new DisconnectedError("ERR_CONNECTION_RESET", "reset");
  error.outcome = "unknown";
  t.is(error.outcome, "unknown");
});

test("the class of an error narrows its code", (t) => {
  const error: unknown = new DisconnectedError("ERR_CONNECTION_RESET", "reset");
  const code: errors.DisconnectedErrorCode | undefined = DisconnectedError.is(error) ? error.code : undefined;
  t.is(code, "ERR_CONNECTION_RESET");
});
