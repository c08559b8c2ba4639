import { inspect } from "node:util";
import test from "ava";
import { ContentLengthFraming, type ContentLengthFramingOptions } from "../../src/framings/content-length.ts";
import { cutDifference, joined, type Reading, readPieces } from "../../src/testing/readings.ts";

/** What comes of this input, after making sure that it does not depend on how it is cut. */
function read(input: string, options: ContentLengthFramingOptions = {}): Reading {
  const bytes = Buffer.from(input);
  const create = (): ContentLengthFraming => new ContentLengthFraming(options);
  const difference = cutDifference(create, bytes);
  if (difference !== undefined) throw new Error(difference);
  return readPieces(create(), [bytes], "utf8");
}

function sent(text: string, options: ContentLengthFramingOptions = {}): string {
  return joined(new ContentLengthFraming(options).encode(Buffer.from(text))).toString();
}

test("on the wire: the header with the length in bytes, an empty line, the payload", (t) => {
  t.is(sent("{}"), "Content-Length: 2\r\n\r\n{}");
  t.is(sent(""), "Content-Length: 0\r\n\r\n");
  t.is(sent("€"), "Content-Length: 3\r\n\r\n€");
});

test("contentType is sent if it is given", (t) => {
  const contentType = "application/vscode-jsonrpc; charset=utf-8";
  t.is(sent("{}", { contentType }), `Content-Length: 2\r\nContent-Type: ${contentType}\r\n\r\n{}`);
  t.deepEqual(read(sent("{}", { contentType }), { contentType }).messages, ["{}"]);
});

test("messages are read; names count in any case, blanks around the value or none, other headers are skipped", (t) => {
  const headers = [
    "Content-Length: 2",
    "content-length:2",
    "CONTENT-LENGTH:  \t 2 \t ",
    "Content-Type: application/json\r\nContent-Length: 2",
    "Content-Length: 2\r\nX-Empty:\r\nX!#$%&'*+-.^_`|~9: any: thing \t\u{1}é",
    "Content-Lengthy: 7\r\nXontent-Length: 8\r\nContent-Length: 2",
  ];
  const { messages, fault } = read(headers.map((header) => `${header}\r\n\r\n{}`).join(""));
  t.deepEqual(
    messages,
    headers.map(() => "{}"),
  );
  t.is(fault, undefined);
});

const bad: Readonly<Record<string, string>> = {
  "no length": "Content-Type: x\r\n\r\n",
  "no header at all": "\r\n",
  "the length twice": "Content-Length: 2\r\nContent-Length: 3\r\n\r\n",
  "the length twice, equal": "Content-Length: 2\r\ncontent-length: 2\r\n\r\n",
  "a bare LF behind the length": "Content-Length: 2\n\n",
  "a bare LF behind another value": "X: y\nContent-Length: 2\r\n\r\n",
  "a bare CR behind the length": "Content-Length: 2\r\rx",
  "a bare CR in a value": "X: y\rz\r\n",
  "a bare CR where the header ends": "Content-Length: 2\r\n\r{}",
  "a bare LF where the header ends": "Content-Length: 2\r\n\n{}",
  "a folded line": "Content-Length: 2\r\n x\r\n\r\n",
  "a folded line with a tab": "X: y\r\n\tz\r\n",
  "a blank before the colon": "Content-Length : 2\r\n\r\n",
  "a blank in front": " Content-Length: 2\r\n\r\n",
  "a name that is no token": "Content(Length): 2\r\n\r\n",
  "a name in other letters": "Čontent-Length: 2\r\n\r\n",
  "an empty name": ": 2\r\n\r\n",
  "a line without a colon": "Listening on port 3000\r\n",
  "a byte order mark": "\u{FEFF}Content-Length: 2\r\n\r\n",
};
for (const [title, header] of Object.entries(bad)) {
  test(`ERR_FRAME_BAD_HEADER: ${title}`, (t) => {
    const { messages, fault } = read(`Content-Length: 2\r\n\r\n{}${header}`);
    t.deepEqual(messages, ["{}"], "what came before is delivered");
    t.is(fault?.code, "ERR_FRAME_BAD_HEADER");
  });
}

test("it is raised at once, and shows the bytes, none of them raw", (t) => {
  t.is(
    read("Listening on 3000").fault?.text,
    'the header of a message has a line that is not a name, a colon and a value: "Listening "',
  );
  t.regex(read("X: y\nz").fault?.text ?? "", /has an LF without a CR: "X: y\\n"$/);
  t.regex(read("\u{1B}[2J").fault?.text ?? "", /"\\u001b"$/);
  t.regex(read("é").fault?.text ?? "", /"\\u00c3"$/);
});

for (const length of ["-1", "-0", "007", "1e9", "NaN", "0x10", "5_0", "5,5", "+5", "", "  ", "\0", "٣", "3 1", "2;"]) {
  test(`a length that is no plain decimal number is ERR_FRAME_BAD_LENGTH: ${JSON.stringify(length)}`, (t) => {
    t.is(read(`Content-Length: ${length}\r\n\r\n{}`).fault?.code, "ERR_FRAME_BAD_LENGTH");
  });
}

test("a length above the limit is ERR_FRAME_TOO_LARGE as soon as the digits say so", (t) => {
  t.is(read("Content-Length: 8388609").fault?.code, "ERR_FRAME_TOO_LARGE");
  t.is(read("Content-Length: 8388608\r\n\r\n").fault?.code, "ERR_FRAME_TRUNCATED", "the default limit is 8 MiB");
  t.is(read(`Content-Length: 1${"0".repeat(20)}`).fault?.code, "ERR_FRAME_TOO_LARGE");
  t.is(read("Content-Length: 11", { maxMessageSize: 10 }).fault?.code, "ERR_FRAME_TOO_LARGE");
});

test("a header of maxHeaderBytes is taken, one byte more is ERR_FRAME_BAD_HEADER", (t) => {
  const header = (size: number): string => {
    const rest = "Content-Length: 1\r\nX: \r\n\r\n".length;
    return `Content-Length: 1\r\nX: ${"y".repeat(size - rest)}\r\n\r\na`;
  };
  t.deepEqual(readPieces(new ContentLengthFraming({}), [Buffer.from(header(8192))], "utf8").messages, ["a"]);
  t.is(readPieces(new ContentLengthFraming({}), [Buffer.from(header(8193))]).fault?.code, "ERR_FRAME_BAD_HEADER");
  t.deepEqual(read(header(60), { maxHeaderBytes: 60 }).messages, ["a"]);
  t.is(read(header(61), { maxHeaderBytes: 60 }).fault?.code, "ERR_FRAME_BAD_HEADER");
  t.is(read("x".repeat(61), { maxHeaderBytes: 60 }).fault?.code, "ERR_FRAME_BAD_HEADER", "without an end in sight");
});

test("an end in mid-message reports what was received and what was due, header not counted", (t) => {
  t.like(read("Content-Length: 5\r\n\r\nhel").fault, { code: "ERR_FRAME_TRUNCATED", received: 3, expected: 5 });
  t.like(read("Content-").fault, { code: "ERR_FRAME_TRUNCATED", received: 8 });
});

const wrong: Readonly<Record<string, readonly unknown[]>> = {
  contentType: ["a\r\nX: y", "a\n", "\r", 5, null],
  maxHeaderBytes: [0, -1, 1.5, "64", null],
};
for (const [name, values] of Object.entries(wrong)) {
  for (const value of values) {
    test(`${name} ${inspect(value)} is refused`, (t) => {
      t.throws(() => new ContentLengthFraming({ [name]: value }), {
        code: "ERR_OPTIONS",
        message: new RegExp(`^option "${name}" is `),
      });
    });
  }
}
