import { inspect } from "node:util";
import test from "ava";
import fc from "fast-check";
import { StartEndFraming, type StartEndFramingOptions } from "../../src/framings/start-end.ts";
import { cutDifference, joined, type Reading, readPieces } from "../../src/testing/readings.ts";

function create(options: StartEndFramingOptions = {}): StartEndFraming {
  return new StartEndFraming(options);
}

/** What comes of this input, after making sure that it does not depend on how it is cut. */
function read(input: string | Buffer, options: StartEndFramingOptions = {}): Reading {
  const bytes = typeof input === "string" ? Buffer.from(input, "latin1") : input;
  const difference = cutDifference(() => create(options), bytes);
  if (difference !== undefined) throw new Error(difference);
  return readPieces(create(options), [bytes], "latin1");
}

function sent(text: string, options: StartEndFramingOptions = {}): string {
  return joined(create(options).encode(Buffer.from(text, "latin1"))).toString("latin1");
}

/** The codes of the errors that were recovered from, each with how many messages came before. */
function recovered(reading: Reading): [string, number][] {
  return (reading.recovered ?? []).map(({ code, after }) => [code, after]);
}

test("on the wire: STX, the bytes, ETX", (t) => {
  t.is(sent("hello"), "\u{2}hello\u{3}");
  t.is(sent(""), "\u{2}\u{3}");
  t.deepEqual(read("\u{2}hello\u{3}\u{2}\u{3}").messages, ["hello", ""]);
});

test("markers are a byte as a number, or any bytes", (t) => {
  for (const [startMarker, endMarker] of [
    [0x0b, "\u{1C}\r"],
    ["\u{B}", Buffer.from("\u{1C}\r")],
  ]) {
    const options = { startMarker, endMarker } as StartEndFramingOptions;
    t.is(sent("MSH|^~\\&\r", options), "\u{B}MSH|^~\\&\r\u{1C}\r");
    t.deepEqual(read("\u{B}a\r\u{1C}b\u{1C}\r\u{B}c\u{1C}\r", options).messages, ["a\r\u{1C}b", "c"]);
  }
  const bytes = Buffer.from("<<");
  const framing = create({ startMarker: bytes, endMarker: ">>" });
  bytes.fill(0);
  t.is(joined(framing.encode(Buffer.from("a"))).toString(), "<<a>>", "bytes are copied");
});

test("what comes outside of messages is dropped, and counted when the next message starts", (t) => {
  const reading = read("noise\u{3}\u{2}a\u{3}\u{2}b\u{3}..\u{2}c\u{3}more");
  t.like(reading, { messages: ["a", "b", "c"], fault: undefined, recovered: undefined });
  t.deepEqual(reading.dropped, [
    { count: 6, after: 0 },
    { count: 2, after: 2 },
  ]);
  t.like(read("only noise\u{3}"), { messages: [], fault: undefined, dropped: undefined });
});

test("a start inside a message is a recoverable ERR_FRAME_INVALID; reading resumes at that start", (t) => {
  const reading = read("\u{2}abc\u{2}d\u{3}\u{2}\u{2}e\u{3}");
  t.deepEqual(reading.messages, ["d", "e"]);
  t.deepEqual(recovered(reading), [
    ["ERR_FRAME_INVALID", 0],
    ["ERR_FRAME_INVALID", 1],
  ]);
  t.is(reading.dropped, undefined);
});

test("a message above the limit is reported once and skipped, to its end or to the next start", (t) => {
  const options = { maxMessageSize: 4 };
  t.deepEqual(read("\u{2}1234\u{3}", options).messages, ["1234"]);
  for (const bad of ["\u{2}12345\u{3}", "\u{2}123456789\u{3}", "\u{2}12345", "\u{2}123456789"]) {
    const reading = read(`\u{2}a\u{3}${bad}\u{2}b\u{3}`, options);
    t.deepEqual(reading.messages, ["a", "b"], bad);
    t.deepEqual(recovered(reading), [["ERR_FRAME_TOO_LARGE", 1]], bad);
    t.is(reading.dropped, undefined, "what was reported is not counted as dropped");
  }
  t.deepEqual(recovered(read("\u{2}12345", options)), [["ERR_FRAME_TOO_LARGE", 0]], "without an end in sight");
  t.is(read("\u{2}1234\u{3}..\u{2}", options).dropped?.[0]?.count, 2);
});

test("the default limit is 1 MiB", (t) => {
  const mib = 1024 * 1024;
  t.is(readPieces(create(), [Buffer.from(sent("x".repeat(mib)))]).messages.length, 1);
  t.deepEqual(recovered(readPieces(create(), [Buffer.from(sent("x".repeat(mib + 1)))])), [["ERR_FRAME_TOO_LARGE", 0]]);
});

test("an end inside a message is ERR_FRAME_TRUNCATED", (t) => {
  t.like(read("..\u{2}ab").fault, { code: "ERR_FRAME_TRUNCATED", received: 3 });
  t.like(read("<", { startMarker: "<<" }).fault, { code: "ERR_FRAME_TRUNCATED", received: 1 });
  t.is(read("..<", { startMarker: "<<" }).fault, undefined, "behind noise it is noise");
});

test("without an escape, a payload with a marker in it, also across its last bytes, is refused and nothing is sent", (t) => {
  for (const payload of ["\u{2}", "\u{3}", "a\u{3}b"]) {
    const error = t.throws(() => sent(payload), { code: "ERR_TERMINATOR_IN_PAYLOAD" });
    t.is((error as unknown as { outcome: string }).outcome, "not-sent");
  }
  const options = { startMarker: "ab", endMarker: "bb" };
  for (const payload of ["ab", "xab", "bb", "b", "xb", "a", "xa"]) {
    t.throws(() => sent(payload, options), { code: "ERR_TERMINATOR_IN_PAYLOAD" }, payload);
  }
  t.notThrows(() => sent("ba", { startMarker: "ab", endMarker: "xx" }));
});

test("an escape makes the byte behind it plain", (t) => {
  const options = { escape: 0x10 };
  t.is(sent("a\u{2}b\u{3}c\u{10}", options), "\u{2}a\u{10}\u{2}b\u{10}\u{3}c\u{10}\u{10}\u{3}");
  t.deepEqual(read("\u{2}a\u{10}\u{2}b\u{10}\u{3}c\u{10}\u{10}\u{3}\u{2}\u{10}x\u{3}", options).messages, [
    "a\u{2}b\u{3}c\u{10}",
    "x",
  ]);
  t.is(sent("\u{2}", { escape: "\u{10}" }), "\u{2}\u{10}\u{2}\u{3}", "as text");
});

test("escapeXor changes it, as in HDLC, PPP and XBee", (t) => {
  const options = { startMarker: 0x7e, endMarker: 0x7f, escape: 0x7d, escapeXor: 0x20 };
  t.is(Buffer.from(sent("\u{7E}\u{7D}\u{7F}a", options), "latin1").toString("hex"), "7e7d5e7d5d7d5f617f");
  t.deepEqual(read(Buffer.from("7e7d5e7d5d7d5f617f", "hex"), options).messages, ["\u{7E}\u{7D}\u{7F}a"]);
});

test("the escape may be what the markers begin with: DLE STX and DLE ETX", (t) => {
  const options = { startMarker: "\u{10}\u{2}", endMarker: "\u{10}\u{3}", escape: 0x10 };
  t.is(sent("a\u{10}\u{3}", options), "\u{10}\u{2}a\u{10}\u{10}\u{3}\u{10}\u{3}");
  t.deepEqual(read("\u{10}\u{2}a\u{10}\u{10}\u{3}\u{10}\u{3}", options).messages, ["a\u{10}\u{3}"]);
});

test("the limit does not count escapes", (t) => {
  const options = { escape: 0x10, maxMessageSize: 3 };
  t.deepEqual(read(sent("\u{2}\u{3}\u{10}", options), options).messages, ["\u{2}\u{3}\u{10}"]);
  t.deepEqual(recovered(read(`${sent("\u{2}\u{3}\u{10}a", options)}\u{2}b\u{3}`, options)), [
    ["ERR_FRAME_TOO_LARGE", 0],
  ]);
});

test("whatever the markers, what can be sent comes back as it was, behind noise and in any cut", (t) => {
  const letters = fc.constantFrom("a", "b", "c");
  const marker = fc.string({ unit: letters, minLength: 1, maxLength: 3 });
  const options = fc.record({
    startMarker: marker,
    endMarker: marker,
    escape: fc.option(fc.constantFrom("a", "d"), { nil: undefined }),
    xor: fc.constantFrom(0, 1, 32),
  });
  const texts = fc.array(fc.string({ unit: fc.constantFrom("a", "b", "c", "d"), maxLength: 6 }), { maxLength: 5 });
  let tried = 0;
  fc.assert(
    fc.property(options, texts, ({ xor, escape, ...markers }, payloads) => {
      const given = escape === undefined ? markers : { ...markers, escape, escapeXor: xor };
      try {
        create(given);
      } catch (error) {
        t.is((error as { code: string }).code, "ERR_OPTIONS");
        return;
      }
      tried++;
      const carried: string[] = [];
      let stream = "";
      for (const payload of payloads) {
        try {
          stream += sent(payload, given);
          carried.push(payload);
        } catch (error) {
          t.is((error as { code: string }).code, "ERR_TERMINATOR_IN_PAYLOAD");
          t.is(escape, undefined, "an escape carries everything");
        }
      }
      t.like(read(stream, given), { messages: carried, fault: undefined, recovered: undefined, dropped: undefined });
      const noisy = read(`zz${stream}`, given);
      t.deepEqual(noisy.messages, carried);
      t.deepEqual(noisy.dropped, carried.length > 0 ? [{ count: 2, after: 0 }] : undefined);
    }),
    { numRuns: 800 },
  );
  t.true(tried > 100);
});

test("any input, right or wrong, is read the same however it is cut", (t) => {
  const text = fc.string({ unit: fc.constantFrom("a", "b", "c", "d", "<", ">"), maxLength: 40 });
  const kinds: StartEndFramingOptions[] = [
    { startMarker: "<", endMarker: ">" },
    { startMarker: "<<", endMarker: ">>" },
    { startMarker: "<<", endMarker: "<>" },
    { startMarker: "<", endMarker: ">", escape: "a" },
    { startMarker: "a<", endMarker: "a>", escape: "a" },
    { startMarker: "<a<", endMarker: "<a>", escape: "b", escapeXor: 3 },
  ];
  fc.assert(
    fc.property(text, fc.constantFrom(...kinds), fc.integer({ min: 1, max: 9 }), (input, kind, maxMessageSize) => {
      t.notThrows(() => read(input, { ...kind, maxMessageSize }));
    }),
    { numRuns: 500 },
  );
});

const wrong: Readonly<Record<string, readonly StartEndFramingOptions[]>> = {
  startMarker: [
    { startMarker: "" },
    { startMarker: -1 },
    { startMarker: 256 },
    { startMarker: 1.5 },
    { startMarker: Number.NaN },
    { startMarker: [2] as never },
    { startMarker: 3 },
    { startMarker: "<", endMarker: "<" },
    { startMarker: 0x3c, endMarker: Buffer.from("<") },
    { startMarker: "<", endMarker: "<>" },
    { startMarker: "<", endMarker: "></" },
  ],
  endMarker: [{ endMarker: "" }, { endMarker: 2.5 }, { endMarker: null as never }],
  escape: [
    { escape: "" },
    { escape: "ab" },
    { escape: 256 },
    { escape: 2 },
    { escape: 3 },
    { startMarker: "\u{10}\u{10}", endMarker: "x", escape: 0x10 },
  ],
  escapeXor: [{ escapeXor: 0x20 }, { escape: 0x7d, escapeXor: 256 }, { escape: 0x7d, escapeXor: -1 }],
  onDropped: [{ onDropped: 1 as never }],
};
for (const [name, all] of Object.entries(wrong)) {
  for (const options of all) {
    test(`${name} is refused in ${inspect(options)}`, (t) => {
      t.throws(() => create(options), { code: "ERR_OPTIONS", message: new RegExp(`^option "${name}" is `) });
    });
  }
}
