import test from "ava";
import fc from "fast-check";
import { commentText } from "../../../codegen/read/doc-text.ts";
import { docComment, docLines, LINE_WIDTH, wrapped } from "../../../codegen/emit/comments.ts";
import { parseDoc } from "../../../codegen/read/read-docs.ts";

test("nothing in a comment ends it or breaks its line", (t) => {
  for (const evil of [
    "*/ process.exit()",
    "**/",
    "*\u2028/",
    "*\u0000/",
    "a\u2028b\u2029c",
    "/* nested */",
    "***///",
  ]) {
    const comment = docComment([evil]);
    t.is(comment.indexOf("*/"), comment.length - 2, JSON.stringify(comment));
    t.notRegex(comment, /[\u2028\u2029]/);
  }
});

test("whatever the text, a comment has one end", (t) => {
  const pieces = fc.constantFrom("*", "/", "\u2028", "\u0000", "a", "{@link */}", "@x", " ");
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 12 }), (text) => {
      const comment = docComment([text.join("")]);
      return comment.indexOf("*/") === comment.length - 2;
    }),
  );
  t.pass();
});

test("links become code, or their label", (t) => {
  t.is(
    commentText("see {@link ChannelError}, {@link Foo.bar | bar} and {@linkcode X}"),
    "see `ChannelError`, bar and `X`",
  );
});

test("a comment is on one line where it fits", (t) => {
  t.is(docComment(["Short."], "  "), "  /** Short. */");
  t.is(docComment(["@param a b"]), "/**\n * @param a b\n */");
  t.is(docComment(["One.", "", "Two."]), "/**\n * One.\n *\n * Two.\n */");
  t.true(docComment(["x".repeat(LINE_WIDTH)]).startsWith("/**\n"));
});

test("long text is wrapped at spaces", (t) => {
  const text = "word ".repeat(100).trim();
  const lines = wrapped(text, 2);
  t.true(lines.length > 1);
  t.true(lines.every((line) => line.length + "   * ".length <= LINE_WIDTH));
  t.is(lines.join(" "), text);
  t.deepEqual(wrapped(""), []);
});

test("a doc comment is taken apart", (t) => {
  const doc = parseDoc(`/**
   * First.
   *
   * Second.
   *
   * @phrase few words
   * @example
   * \`\`\`ts
   * @decorated()
   * class A {}
   * \`\`\`
   * @throws Error if not
   *   so.
   */`);
  t.deepEqual(doc.description, ["First.", "", "Second."]);
  t.deepEqual(doc.tags, [
    { name: "phrase", lines: ["few words"] },
    { name: "example", lines: ["", "```ts", "@decorated()", "class A {}", "```"] },
    { name: "throws", lines: ["Error if not", "  so."] },
  ]);
  t.deepEqual(docLines(doc), ["First.", "", "Second.", "", "@throws Error if not", "  so."]);
});

test("one-line and empty doc comments", (t) => {
  t.deepEqual(parseDoc("/** One. */"), { description: ["One."], tags: [] });
  t.deepEqual(parseDoc("/** @phrase x */"), { description: [], tags: [{ name: "phrase", lines: ["x"] }] });
  t.deepEqual(parseDoc("/** */"), { description: [], tags: [] });
});
