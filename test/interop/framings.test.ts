/** Each framing agrees on the wire with an implementation that is not ours, in both directions. */
import { once } from "node:events";
import { createRequire } from "node:module";
import { PassThrough } from "node:stream";
import test, { type ExecutionContext } from "ava";
import fc from "fast-check";
import { Client as Hl7Client, Message as Hl7Message } from "node-hl7-client";
import { Server as Hl7Server } from "node-hl7-server";
import protobuf from "protobufjs";
import { StreamMessageReader, StreamMessageWriter } from "vscode-jsonrpc/node";
import { AsyncSocketClientWithContentLength } from "../../generated/async/async-socket-client-with-content-length.ts";
import { AsyncSocketClientWithLengthField } from "../../generated/async/async-socket-client-with-length-field.ts";
import { AsyncSocketClientWithStartEnd } from "../../generated/async/async-socket-client-with-start-end.ts";
import { AsyncSocketServerWithStartEnd } from "../../generated/async/async-socket-server-with-start-end.ts";
import type { Framing } from "../../src/core/framing.ts";
import { CobsFraming } from "../../src/framings/cobs.ts";
import { ContentLengthFraming } from "../../src/framings/content-length.ts";
import { LinesFraming } from "../../src/framings/lines.ts";
import { NetstringFraming } from "../../src/framings/netstring.ts";
import { SlipFraming } from "../../src/framings/slip.ts";
import { VarintFraming } from "../../src/framings/varint.ts";
import { joined, readPieces } from "../../src/testing/readings.ts";
import { peer } from "../support/peers.ts";
import { rawServer } from "../support/tcp-peers.ts";
import { python } from "./foreign.ts";

const require = createRequire(import.meta.url);
const slip = require("slip") as {
  encode(data: Uint8Array): Uint8Array;
  Decoder: new (options: { bufferSize: number; onMessage(message: Uint8Array): void }) => {
    decode(data: Uint8Array): void;
  };
};
const cobs = require("cobs") as { encode(data: Buffer, zeroFrame: true): Buffer; decode(data: Buffer): Buffer };
const netstring = require("netstring") as {
  nsPayload(data: Buffer): Buffer | number;
  nsWriteLength(length: number): number;
  nsWrite(data: Buffer, start: number, end: number, into: Buffer, at: number): number;
};

/** Someone else's codec: the bytes of a message on the wire, and the messages in such bytes. */
interface Codec {
  encode(payload: Buffer): Buffer;
  decode(stream: Buffer): Buffer[];
}

const codecs: Readonly<
  Record<string, { readonly create: () => Framing; readonly other: Codec; readonly least?: number }>
> = {
  "SLIP, slip": {
    create: () => new SlipFraming({}),
    least: 1,
    other: {
      encode: (payload) => Buffer.from(slip.encode(payload)),
      decode(stream) {
        const messages: Buffer[] = [];
        const onMessage = (message: Uint8Array): void => void messages.push(Buffer.from(message));
        new slip.Decoder({ bufferSize: 65_536, onMessage }).decode(stream);
        return messages;
      },
    },
  },
  "COBS, cobs": {
    create: () => new CobsFraming({}),
    other: {
      // It puts a zero on either side.
      encode: (payload) => cobs.encode(payload, true),
      decode(stream) {
        const messages: Buffer[] = [];
        for (let start = 0; start < stream.length;) {
          const end = stream.indexOf(0, start);
          messages.push(Buffer.from(cobs.decode(stream.subarray(start, end))));
          start = end + 1;
        }
        return messages;
      },
    },
  },
  "netstrings, netstring": {
    create: () => new NetstringFraming({}),
    other: {
      encode(payload) {
        const encoded = Buffer.alloc(netstring.nsWriteLength(payload.length));
        netstring.nsWrite(payload, 0, payload.length, encoded, 0);
        return encoded;
      },
      decode(stream) {
        const messages: Buffer[] = [];
        for (let rest = stream; rest.length > 0;) {
          const payload = netstring.nsPayload(rest) as Buffer;
          messages.push(payload);
          rest = rest.subarray(netstring.nsWriteLength(payload.length));
        }
        return messages;
      },
    },
  },
  "varints, protobufjs": {
    create: () => new VarintFraming({}),
    other: {
      encode: (payload) => Buffer.from(protobuf.Writer.create().bytes(payload).finish()),
      decode(stream) {
        const messages: Buffer[] = [];
        const reader = protobuf.Reader.create(stream);
        while (reader.pos < reader.len) messages.push(Buffer.from(reader.bytes()));
        return messages;
      },
    },
  },
};

for (const [title, { create, other, least = 0 }] of Object.entries(codecs)) {
  test(`${title}: what it sends is read here, and what is sent here is read there`, (t) => {
    const payload = fc.uint8Array({ minLength: least, maxLength: 600 }).map((bytes) => Buffer.from(bytes));
    fc.assert(
      fc.property(fc.array(payload, { maxLength: 5 }), (payloads) => {
        const theirs = Buffer.concat(payloads.map((each) => other.encode(each)));
        t.deepEqual(readPieces(create(), [theirs]).messages, payloads);
        const ours = Buffer.concat(payloads.map((each) => joined(create().encode(each))));
        t.deepEqual(other.decode(ours), payloads);
      }),
      { numRuns: 200 },
    );
  });
}

test("varints: delimited messages of protocol buffers", (t) => {
  const point = new protobuf.Type("Point")
    .add(new protobuf.Field("x", 1, "int32"))
    .add(new protobuf.Field("name", 2, "string"));
  new protobuf.Root().add(point);
  const values = [{ x: 1, name: "a" }, { x: -5, name: "x".repeat(300) }, {}];
  const stream = Buffer.concat(values.map((value) => Buffer.from(point.encodeDelimited(value).finish())));
  const { messages } = readPieces(new VarintFraming({}), [stream]);
  t.deepEqual(
    messages.map((message) => point.toObject(point.decode(message as Buffer))),
    values,
  );
  const [sent] = messages.map((message) => joined(new VarintFraming({}).encode(message as Buffer)));
  t.deepEqual(point.toObject(point.decodeDelimited(sent as Buffer)), values[0]);
});

test("Content-Length: vscode-jsonrpc writes what is read here, and reads what is sent here", async (t) => {
  const values = [
    { jsonrpc: "2.0", method: "a", params: { text: "žluť €" } },
    { jsonrpc: "2.0", id: 1, result: [1, 2] },
  ];
  const out = new PassThrough();
  const writer = new StreamMessageWriter(out);
  for (const value of values) await writer.write(value);
  const { messages, fault } = readPieces(new ContentLengthFraming({}), [out.read() as Buffer], "utf8");
  t.deepEqual(
    messages.map((message) => JSON.parse(message as string) as unknown),
    values,
  );
  t.is(fault, undefined);

  for (const contentType of [undefined, "application/vscode-jsonrpc; charset=utf-8"]) {
    const framing = new ContentLengthFraming(contentType === undefined ? {} : { contentType });
    const input = new PassThrough();
    const seen: unknown[] = [];
    const all = new Promise<void>((resolve) => {
      new StreamMessageReader(input).listen((message) => {
        if (seen.push(message) === values.length) resolve();
      });
    });
    for (const value of values) input.write(joined(framing.encode(Buffer.from(JSON.stringify(value)))));
    await all;
    t.deepEqual(seen, values);
  }
});

test("Content-Length: a client asks a server that speaks by vscode-jsonrpc", async (t) => {
  await using server = await rawServer((socket) => {
    const writer = new StreamMessageWriter(socket);
    new StreamMessageReader(socket).listen((message) => {
      void writer.write({ jsonrpc: "2.0", id: (message as { id?: number }).id, result: "pong" } as never);
    });
  });
  await using client = new AsyncSocketClientWithContentLength({ ...server.address, encoding: "utf8" });
  const reply = await client.clientCommunicate(JSON.stringify({ jsonrpc: "2.0", id: 7, method: "ping" }));
  t.deepEqual(JSON.parse(reply), { jsonrpc: "2.0", id: 7, result: "pong" });
});

const fields = [
  { format: ">I", options: {} },
  { format: "<I", options: { byteOrder: "little" } },
  { format: ">H", options: { lengthBytes: 2 } },
  { format: "<H", options: { lengthBytes: 2, byteOrder: "little", lengthAdjustment: -2 } },
  { format: "B", options: { lengthBytes: 1 } },
  { format: ">Q", options: { lengthBytes: 8, lengthOffset: 3 } },
  { format: "<Q", options: { lengthBytes: 8, byteOrder: "little", lengthAdjustment: 1 } },
] as const;
for (const { format, options } of fields) {
  peer("python3")(`length fields, Python's struct: ${format} ${JSON.stringify(options)}`, async (t) => {
    const { lengthAdjustment = 0, lengthOffset = 0 } = options as { lengthAdjustment?: number; lengthOffset?: number };
    await using server = python("length-field-echo.py", format, `${lengthAdjustment}`, `${lengthOffset}`);
    const [port] = await server.line(/^\d+$/);
    await using client = new AsyncSocketClientWithLengthField({ port: Number(port), keepAlive: true, ...options });
    for (const text of ["1234", "1234hello", `1234${"x".repeat(200)}`]) {
      const reply = await client.clientCommunicate(text);
      t.is(reply.toString(), text.slice(0, lengthOffset) + text.slice(lengthOffset).toUpperCase());
    }
  });
}

test("lines: Python's and Node.js's readers of lines see the same, with either line end", async (t) => {
  const { createInterface } = await import("node:readline");
  for (const newline of ["\n", "\r\n"] as const) {
    const lines = ["one", "", "two words", "žluť"];
    const stream = joined(lines.flatMap((line) => new LinesFraming({ newline }).encode(Buffer.from(line))));
    const input = new PassThrough();
    input.end(stream);
    const seen: string[] = [];
    for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) seen.push(line);
    t.deepEqual(seen, lines);
    t.deepEqual(readPieces(new LinesFraming({}), [stream], "utf8").messages, lines);
  }
});

const mllp = { startMarker: 0x0b, endMarker: Uint8Array.of(0x1c, 0x0d) };

/** An HL7 message that an interface of a hospital could send. */
const admission = [
  "MSH|^~\\&|LAB|HOSPITAL|EHR|HOSPITAL|20260101120000||ADT^A01^ADT_A01|42|P|2.7",
  "EVN||20260101120000",
  "PID|||12345||Novák^Žofie",
].join("\r");

test("MLLP: node-hl7-client sends to a server here, and gets its acknowledgement", async (t) => {
  const seen: string[] = [];
  await using server = new AsyncSocketServerWithStartEnd({
    port: 0,
    host: "127.0.0.1",
    ...mllp,
    encoding: "utf8",
    processData(message, channel) {
      seen.push(message);
      channel.start("MSH|^~\\&|EHR|HOSPITAL|LAB|HOSPITAL|20260101120001||ACK^A01|43|P|2.7\rMSA|AA|42");
    },
  });
  await server.listen();
  const client = new Hl7Client({ host: "127.0.0.1" });
  const answer = withResolvers<string>();
  const outbound = client.createConnection({ port: server.address().port as number }, (response) => {
    answer.resolve(response.getMessage().get("MSA.1").toString());
  });
  await outbound.sendMessage(new Hl7Message({ text: admission }));
  t.is(await answer.promise, "AA");
  t.is(seen.length, 1);
  t.regex(seen[0] ?? "", /Novák\^Žofie/);
  await outbound.close();
});

function withResolvers<Value>(): { promise: Promise<Value>; resolve(value: Value): void } {
  let resolve: (value: Value) => void = () => undefined;
  const promise = new Promise<Value>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

test("MLLP: a client here sends to node-hl7-server, and gets its acknowledgement", async (t: ExecutionContext) => {
  const received = withResolvers<string>();
  const inbound = new Hl7Server({ bindAddress: "127.0.0.1" }).createInbound(
    { port: await freePort() },
    (request, response) => {
      received.resolve(request.getMessage().get("PID.5").toString());
      void response.sendResponse("AA");
    },
  );
  await once(inbound, "listen");
  const port = (inbound as unknown as { _opt: { port: number } })._opt.port;
  await using client = new AsyncSocketClientWithStartEnd({ host: "127.0.0.1", port, ...mllp, encoding: "utf8" });
  const reply = await client.clientCommunicate(admission);
  t.regex(reply, /^MSH.*\rMSA\|AA\|42/s);
  t.regex(await received.promise, /Nov/);
  await client.close();
  await inbound.close();
});

/** A port that nobody listens on. */
async function freePort(): Promise<number> {
  const server = await rawServer();
  const { port } = server.address;
  await server[Symbol.asyncDispose]();
  return port;
}
