import { inspect } from "node:util";
import test from "ava";
import fc from "fast-check";
import type { Data } from "../../src/core/data.ts";
import { TerminatorFraming, type TerminatorFramingOptions } from "../../src/framings/terminator.ts";
import { cutAt, cutDifference, joined, readerOf, readPieces } from "../../src/testing/readings.ts";

function create(options: TerminatorFramingOptions = {}): () => TerminatorFraming {
  return () => new TerminatorFraming(options);
}

/** What stands between the terminators, found in the plainest way; the last item is what follows the last of them. */
function split(input: Buffer, terminator: Buffer): Buffer[] {
  const parts: Buffer[] = [];
  let start = 0;
  for (let at = 0; at + terminator.length <= input.length; at++) {
    if (!input.subarray(at, at + terminator.length).equals(terminator)) continue;
    parts.push(input.subarray(start, at));
    start = at + terminator.length;
    at = start - 1;
  }
  return [...parts, input.subarray(start)];
}

test("on the wire: the bytes, then the terminator, CR LF by default", (t) => {
  t.is(joined(create()().encode(Buffer.from("hello"))).toString(), "hello\r\n");
  t.is(joined(create({ terminator: "\0" })().encode(Buffer.from("hello"))).toString(), "hello\0");
  t.is(joined(create({ terminator: "konec€" })().encode(Buffer.from(""))).toString(), "konec€");
});

test("the default terminator is CR LF: LF alone and CR alone belong to the message", (t) => {
  const input = Buffer.from("a\nb\rc\r\n\r\r\n\n\r\n\r\n");
  t.deepEqual(readPieces(create()(), [input], "latin1").messages, ["a\nb\rc", "\r", "\n", ""]);
  t.is(cutDifference(create(), input), undefined);
});

const overlapping: Readonly<Record<string, [input: string, messages: readonly string[]]>> = {
  aab: ["aaab" + "xaabaaaab" + "aab", ["a", "x", "aa", ""]],
  aa: ["xaaaayaa", ["x", "", "y"]],
  abab: ["ababababxabababab", ["", "", "x", ""]],
  "\r\n\r\n": ["a\r\n\r\r\n\r\n\r\n\r\n", ["a\r\n\r", ""]],
  aabaaab: ["aabaabaaabxaabaaab", ["aab", "x"]],
  ababac: ["abababacababac", ["ab", ""]],
};
for (const [terminator, [text, messages]] of Object.entries(overlapping)) {
  test(`a terminator that overlaps itself is found wherever it is cut: ${JSON.stringify(terminator)}`, (t) => {
    const make = create({ terminator });
    t.deepEqual(readPieces(make(), [Buffer.from(text)], "latin1").messages, messages);
    t.is(cutDifference(make, Buffer.from(text)), undefined);
  });
}

test("any terminator splits any input as the plainest search does, however it is cut", (t) => {
  const letters = fc.constantFrom("a", "b", "a", "c");
  const terminators = fc.string({ unit: letters, minLength: 1, maxLength: 7 });
  const inputs = fc.array(fc.oneof(fc.string({ unit: letters, maxLength: 9 }), fc.constant("#")), { maxLength: 12 });
  fc.assert(
    fc.property(terminators, inputs, fc.array(fc.nat(120), { maxLength: 6 }), (terminator, parts, places) => {
      const input = Buffer.from(parts.join("").replaceAll("#", terminator));
      const due = split(input, Buffer.from(terminator));
      const left = due.pop() as Buffer;
      const cuts = places.filter((place) => place < input.length);
      const { messages, fault } = readPieces(create({ terminator })(), cutAt(input, cuts));
      t.deepEqual(messages, due);
      t.is(fault?.received, left.length === 0 ? undefined : left.length);
    }),
    { numRuns: 500 },
  );
});

test("what can be sent comes back as it was, and nothing else can be sent", (t) => {
  const letters = fc.constantFrom("a", "b");
  const texts = fc.string({ unit: letters, maxLength: 8 });
  fc.assert(
    fc.property(fc.string({ unit: letters, minLength: 1, maxLength: 5 }), texts, (terminator, text) => {
      const framing = create({ terminator })();
      const stream = Buffer.from(text + terminator);
      const [first] = split(stream, Buffer.from(terminator)) as [Buffer];
      if (first.toString() === text) t.deepEqual(joined(framing.encode(Buffer.from(text))), stream);
      else t.throws(() => framing.encode(Buffer.from(text)), { code: "ERR_TERMINATOR_IN_PAYLOAD" });
    }),
    { numRuns: 500 },
  );
});

test("a payload with the terminator inside is ERR_TERMINATOR_IN_PAYLOAD, which tells where", (t) => {
  t.throws(() => create()().encode(Buffer.from("one\r\ntwo")), {
    code: "ERR_TERMINATOR_IN_PAYLOAD",
    message: String.raw`the payload contains the terminator "\r\n" at byte 3; escape it, or choose another terminator`,
  });
  t.throws(() => create({ terminator: ";" })().encode(Buffer.from(";")), { code: "ERR_TERMINATOR_IN_PAYLOAD" });
  t.throws(() => create({ terminator: "longer" })().encode(Buffer.from("no longer")), { message: /at byte 3;/ });
});

test("so is one whose last bytes make a terminator with the first bytes of the one that follows", (t) => {
  const error = t.throws(() => create({ terminator: "aa" })().encode(Buffer.from("xxa")), {
    code: "ERR_TERMINATOR_IN_PAYLOAD",
    message: /at byte 2;/,
  });
  t.is((error as unknown as { outcome: string }).outcome, "not-sent");
  t.throws(() => create({ terminator: "abab" })().encode(Buffer.from("xab")), { message: /at byte 1;/ });
  t.notThrows(() => create({ terminator: "aab" })().encode(Buffer.from("xaa")), "found at its end, not before");
  t.notThrows(() => create()().encode(Buffer.from("x\r")));
});

test("a terminator may be bytes, which are copied", (t) => {
  const terminator = Uint8Array.of(0, 255);
  const framing = create({ terminator })();
  terminator.fill(1);
  t.deepEqual(joined(framing.encode(Buffer.from("a"))), Buffer.from([97, 0, 255]));
});

for (const terminator of ["", new Uint8Array(0), null, 10, /\n/u]) {
  test(`a terminator that is not some bytes is ERR_OPTIONS: ${inspect(terminator)}`, (t) => {
    t.throws(() => create({ terminator: terminator as Data })(), {
      code: "ERR_OPTIONS",
      message: /^option "terminator" is .*: give a string or bytes that are not empty$/,
    });
  });
}

for (const terminator of [[13, 10], [], ["\n", ""], ["\n", 10], [["\n"]]]) {
  test(`a list of anything else than bytes is ERR_OPTIONS: ${inspect(terminator)}`, (t) => {
    t.throws(() => create({ terminator: terminator as unknown as Data })(), {
      code: "ERR_OPTIONS",
      message: /^option "terminator" is .*: give a string or bytes that are not empty/,
    });
  });
}

for (const terminator of [
  ["a", "ab"],
  ["ab", "a"],
  ["\n", "\n"],
  ["x", Buffer.from("xy")],
]) {
  test(`a terminator that begins another is ERR_OPTIONS: ${inspect(terminator)}`, (t) => {
    t.throws(() => create({ terminator })(), {
      code: "ERR_OPTIONS",
      message: /^option "terminator" is .*begin another/,
    });
  });
}

test("of several terminators, the one that is complete first ends the message; at the same byte, the longest", (t) => {
  const cases: [terminators: string[], input: string, messages: string[]][] = [
    [["\n", "\r\n"], "a\nb\r\nc\r\r\n", ["a", "b", "c\r"]],
    [["\r\n", "\n"], "a\nb\r\n", ["a", "b"]],
    [["> ", "\r\n"], "ok\r\n> > x> ", ["ok", "", "", "x"]],
    [["xyz", "y"], "axyzb", ["ax"]],
    [["bc", "abcd"], "xabcd", ["xa"]],
    [["bc", "abc"], "xabcbc", ["x", ""]],
    [["\0"], "a\0", ["a"]],
  ];
  for (const [terminator, input, messages] of cases) {
    t.deepEqual(readPieces(create({ terminator })(), [Buffer.from(input)], "latin1").messages, messages, input);
    t.is(cutDifference(create({ terminator }), Buffer.from(input)), undefined);
  }
});

/** The length of the longest of the terminators that a text ends with; 0 if it ends with none. */
function longestEnd(text: string, terminators: readonly string[]): number {
  return Math.max(0, ...terminators.filter((each) => text.endsWith(each)).map(({ length }) => length));
}

/** What stands between terminators, found by looking for the end of one at each byte in turn. */
function splitAtAny(input: string, terminators: readonly string[]): string[] {
  const parts: string[] = [];
  let part = "";
  for (const letter of input) {
    part += letter;
    const length = longestEnd(part, terminators);
    if (length === 0) continue;
    parts.push(part.slice(0, -length));
    part = "";
  }
  return [...parts, part];
}

test("any terminators split any input as the plainest search does, and carry only what comes back as it was", (t) => {
  const unit = fc.constantFrom("a", "b", "c");
  const terminators = fc.array(fc.string({ unit, minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 3 });
  const isLegal = (all: string[]): boolean =>
    all.every((each, index) => all.every((other, place) => index === place || !other.startsWith(each)));
  fc.assert(
    fc.property(terminators.filter(isLegal), fc.string({ unit, maxLength: 30 }), (terminator, text) => {
      const due = splitAtAny(text, terminator);
      const left = due.pop() as string;
      const { messages, fault } = readPieces(create({ terminator })(), [Buffer.from(text)], "latin1");
      t.deepEqual(messages, due);
      t.is(fault?.received, left === "" ? undefined : left.length);
      t.is(cutDifference(create({ terminator }), Buffer.from(text)), undefined);
      const [sent = ""] = terminator;
      const whole = splitAtAny(text + sent, terminator);
      if (whole[0] === text && whole.length === 2 && whole[1] === "") {
        t.is(joined(create({ terminator })().encode(Buffer.from(text))).toString(), text + sent);
      } else {
        t.throws(() => create({ terminator })().encode(Buffer.from(text)), { code: "ERR_TERMINATOR_IN_PAYLOAD" });
      }
    }),
    { numRuns: 600 },
  );
});

test("sendTerminator is what is sent, and it alone is refused in a payload; the default is the first terminator", (t) => {
  const prompt = create({ terminator: "> ", sendTerminator: "\r\n" });
  t.is(joined(prompt().encode(Buffer.from("show > all"))).toString(), "show > all\r\n");
  t.throws(() => prompt().encode(Buffer.from("a\r\nb")), {
    code: "ERR_TERMINATOR_IN_PAYLOAD",
    message: /"\\r\\n" at byte 1/,
  });
  t.deepEqual(readPieces(prompt(), [Buffer.from("ok\r\n> ")], "latin1").messages, ["ok\r\n"]);
  const several = create({ terminator: ["\n", ";"] });
  t.is(joined(several().encode(Buffer.from("a"))).toString(), "a\n");
  for (const payload of ["a\nb", "a;b"]) {
    t.throws(() => several().encode(Buffer.from(payload)), { code: "ERR_TERMINATOR_IN_PAYLOAD" });
  }
  t.throws(() => create({ sendTerminator: "aa" })().encode(Buffer.from("xa")), { code: "ERR_TERMINATOR_IN_PAYLOAD" });
  for (const sendTerminator of ["", null, 10, ["\n"]]) {
    t.throws(() => create({ sendTerminator: sendTerminator as Data })(), { message: /^option "sendTerminator" is / });
  }
});

test("keepTerminator leaves the terminator on the message, where it counts for the limit", (t) => {
  const make = create({ terminator: ["\n", "\r\n"], keepTerminator: true, maxMessageSize: 5 });
  t.deepEqual(readPieces(make(), [Buffer.from("a\nb\r\n\n1234\n")], "latin1").messages, [
    "a\n",
    "b\r\n",
    "\n",
    "1234\n",
  ]);
  for (const text of ["12345\n", "1234\r\n", "12345"]) {
    t.is(readPieces(make(), [Buffer.from(text)]).fault?.code, "ERR_FRAME_TOO_LARGE", text);
    t.is(cutDifference(make, Buffer.from(text)), undefined);
  }
  t.throws(() => create({ keepTerminator: 1 as never })(), { code: "ERR_OPTIONS", message: /"keepTerminator" is 1/ });
});

test("the limit does not count the terminator, which may still be to come", (t) => {
  const make = create({ maxMessageSize: 5, terminator: "<end>" });
  t.deepEqual(readPieces(make(), [Buffer.from("12345<end>")], "latin1").messages, ["12345"]);
  t.is(readPieces(make(), [Buffer.from("12345<en")]).fault?.code, "ERR_FRAME_TRUNCATED");
  t.is(readPieces(make(), [Buffer.from("123456<end>")]).fault?.code, "ERR_FRAME_TOO_LARGE");
  t.is(readPieces(make(), [Buffer.from("1234567890")]).fault?.code, "ERR_FRAME_TOO_LARGE");
  for (const text of ["12345<end>", "12345<en", "123456<end>", "1234567890", "12345<end"]) {
    t.is(cutDifference(make, Buffer.from(text)), undefined);
  }
});

test("a terminator that never comes costs no more memory than the limit and one read", (t) => {
  const maxMessageSize = 1024 * 1024;
  for (const size of [64 * 1024, 1021]) {
    const reader = readerOf<Buffer>(create({ maxMessageSize })());
    const piece = Buffer.alloc(size, "x");
    const before = process.memoryUsage().arrayBuffers;
    let most = 0;
    t.throws(
      () => {
        for (let sent = 0; sent < 4 * maxMessageSize; sent += size) {
          reader.push(Buffer.from(piece));
          most = Math.max(most, reader.length);
          reader.next();
        }
      },
      { code: "ERR_FRAME_TOO_LARGE" },
    );
    t.true(most <= maxMessageSize + size + 2, `${most} bytes were held`);
    // The pieces that were pushed by the test itself, and not kept, may not have been collected yet.
    t.true(process.memoryUsage().arrayBuffers - before < 4 * maxMessageSize);
    reader.restart();
    t.is(reader.length, 0);
  }
});
