/** The examples that speak whole protocols: their bytes, and what damaged ones get. */
import { once } from "node:events";
import { createRequire } from "node:module";
import test from "ava";
import { ModbusAsciiFraming } from "../../examples/framings/modbus-ascii.ts";
import { ModbusRtuFraming } from "../../examples/framings/modbus-rtu.ts";
import { ModbusTcpFraming, readHoldingRegisters, registersOf } from "../../examples/framings/modbus-tcp.ts";
import { MllpFraming } from "../../examples/framings/mllp.ts";
import { OctetCountingFraming } from "../../examples/framings/octet-counting.ts";
import { AsyncSocketClientWithLengthField } from "../../generated/async/async-socket-client-with-length-field.ts";
import { AsyncSocketServerWithLengthField } from "../../generated/async/async-socket-server-with-length-field.ts";
import { MessageReader } from "../../src/core/messages/message-reader.ts";
import { checkFraming } from "../../src/testing/check-framing.ts";
import { joined, readPieces } from "../../src/testing/readings.ts";
import { rawServer } from "../support/tcp-peers.ts";

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(" ", ""), "hex");
const require = createRequire(import.meta.url);
/** The client of that package. */
const ModbusClient = require("modbus-serial") as new () => {
  connectTCP(host: string, options: { port: number }): Promise<void>;
  setID(id: number): void;
  readHoldingRegisters(first: number, count: number): Promise<{ data: number[] }>;
  close(closed: () => void): void;
};
/** The checksum of a package that is not ours. */
const crcOf = require("modbus-serial/utils/crc16") as (bytes: Buffer) => number;

test("Modbus RTU: conforms; the checksum is that of others' implementations", (t) => {
  const samples = [hex("0103 0000 000a"), hex("1183 02"), hex("0110 0001 0002"), Buffer.alloc(254, 0xc0)];
  t.notThrows(() => checkFraming(ModbusRtuFraming, samples));
  t.is(joined(new ModbusRtuFraming({}).encode(samples[0] as Buffer)).toString("hex"), "01030000000ac5cd");
  for (const sample of samples) {
    const frame = joined(new ModbusRtuFraming({}).encode(sample));
    t.is(frame.readUInt16LE(frame.length - 2), crcOf(sample));
  }
  for (const size of [0, 1, 255]) {
    t.throws(() => new ModbusRtuFraming({}).encode(Buffer.alloc(size)), { code: "ERR_FRAME_INVALID" });
  }
});

test("Modbus RTU: silence completes a frame; a damaged one is reported, and the next one is read", (t) => {
  const survived: string[] = [];
  const settings = { makeFraming: () => new ModbusRtuFraming({}), encoding: undefined, interByteTimeoutMs: 30 };
  const reader = new MessageReader<Buffer>(settings, true, ({ message }) => survived.push(message));
  const messages: (string | undefined)[] = [];
  for (const frame of ["01030000000ac5cd", "01030000000bc5cd", "ff", "01030000000ac5cd"]) {
    for (const byte of hex(frame)) {
      reader.push(Buffer.of(byte));
      t.is(reader.next(), undefined, "no byte completes a frame");
    }
    reader.silent();
    messages.push(reader.next()?.toString("hex"));
  }
  t.deepEqual(messages, ["01030000000a", undefined, undefined, "01030000000a"]);
  t.deepEqual(survived, [
    "not a Modbus RTU frame, or a damaged one: 01030000000bc5cd",
    "not a Modbus RTU frame, or a damaged one: ff",
  ]);
});

test("Modbus ASCII: conforms, also with noise and damaged frames", (t) => {
  const samples = [hex("0103 0000 000a"), hex("00"), Buffer.alloc(254, 0xff)];
  const inputs = [
    "noise:01030000000AF2\r\n:0103\r\n::00\r\n:zz\r\n",
    "x".repeat(600),
    `:${"0".repeat(600)}\r\n:0000\r\n`,
  ];
  t.notThrows(() => checkFraming(ModbusAsciiFraming, samples, { inputs, mayCopy: true }));
  t.is(joined(new ModbusAsciiFraming().encode(samples[0] as Buffer)).toString(), ":01030000000AF2\r\n");
  const { messages, recovered, fault } = readPieces(new ModbusAsciiFraming(), [
    Buffer.from("?:01030000000AF2\r\n:01030000000AF3\r\n:0103:01030000000af2\r\n"),
  ]);
  t.deepEqual(
    messages.map((message) => (message as Buffer).toString("hex")),
    ["01030000000a", "01030000000a"],
  );
  t.is(fault, undefined);
  t.deepEqual(
    recovered?.map(({ text }) => text),
    ["the LRC of a frame is 243 instead of 242"],
  );
});

test("Modbus TCP: conforms, and other lengths than those of a frame are refused", (t) => {
  const samples = [hex("0001 0000 01 03 0000 000a"), hex("0002 0000 01 83 02"), Buffer.alloc(258)];
  t.notThrows(() =>
    checkFraming(ModbusTcpFraming, samples, { inputs: [hex("0001 0000 ffff"), hex("0001 0000 0006 01")] }),
  );
  t.is(joined(new ModbusTcpFraming().encode(samples[0] as Buffer)).toString("hex"), "00010000000601030000000a");
  for (const size of [0, 5, 259]) {
    t.throws(() => new ModbusTcpFraming().encode(Buffer.alloc(size)), { code: "ERR_FRAME_INVALID" });
  }
});

/** As the example has them, as options of a class of the package. */
const modbusTcp = { lengthBytes: 2, lengthOffset: 4, maxMessageSize: 258 } as const;

test("Modbus TCP: a client here reads the registers of modbus-serial's server", async (t) => {
  const { ServerTCP } = await import("modbus-serial");
  const port = await freePort();
  const server = new ServerTCP(
    { getHoldingRegister: (address: number) => address * 3 },
    { host: "127.0.0.1", port, unitID: 1 },
  );
  await once(server, "initialized");
  await using client = new AsyncSocketClientWithLengthField({ host: "127.0.0.1", port, keepAlive: true, ...modbusTcp });
  for (const [transaction, first] of [
    [1, 0],
    [2, 100],
  ] as const) {
    const response = await client.clientCommunicate(readHoldingRegisters(transaction, 1, first, 4));
    t.is(response.readUInt16BE(0), transaction);
    t.deepEqual(
      registersOf(response),
      [0, 1, 2, 3].map((offset) => (first + offset) * 3),
    );
  }
  await client.close();
  await new Promise<void>((resolve) => server.close(() => resolve()));
});

test("Modbus TCP: modbus-serial's client reads the registers of a server here", async (t) => {
  const server = new AsyncSocketServerWithLengthField({
    host: "127.0.0.1",
    port: 0,
    ...modbusTcp,
    processData(request, channel) {
      const [first, count] = [request.readUInt16BE(6), request.readUInt16BE(8)];
      const registers = Buffer.alloc(count * 2);
      for (let index = 0; index < count; index++) registers.writeUInt16BE(first + index, index * 2);
      channel.start(Buffer.concat([request.subarray(0, 6), Buffer.of(registers.length), registers]));
    },
  });
  await server.listen();
  const client = new ModbusClient();
  await client.connectTCP("127.0.0.1", { port: server.address().port as number });
  client.setID(1);
  t.deepEqual((await client.readHoldingRegisters(40, 3)).data, [40, 41, 42]);
  await new Promise<void>((resolve) => client.close(() => resolve()));
  await server.close();
});

test("MLLP: conforms, also with bytes between blocks; a block that carries the end marker cannot be sent", (t) => {
  const samples = ["", "MSH|^~\\&|A\rPID|||1\r", "\u{1C}", "\r"];
  const inputs = ["\u{B}a\u{1C}\r\r\n\u{B}b\u{1C}\r", "\u{B}a\u{B}b\u{1C}\r", "a\u{1C}\r"];
  t.notThrows(() => checkFraming(MllpFraming, samples, { options: {}, inputs }));
  t.is(joined(new MllpFraming({}).encode(Buffer.from("MSH"))).toString("hex"), "0b4d53481c0d");
  t.throws(() => new MllpFraming({}).encode(Buffer.from("\u{1C}\r")), { code: "ERR_TERMINATOR_IN_PAYLOAD" });
});

test("octet counting: conforms; the examples of RFC 6587 and RFC 5425 are read", (t) => {
  const inputs = ["5 hello0 ", "05 hello", " 5 hello", "99999 x", "5\thello", "5 hello3 ab"];
  t.notThrows(() => checkFraming(OctetCountingFraming, ["a", "two\nlines", "x".repeat(3000)], { options: {}, inputs }));
  const message =
    "<34>1 2003-10-11T22:14:15.003Z mymachine.example.com su - ID47 - 'su root' failed for lonvick on /dev/pts/8";
  const { messages } = readPieces(
    new OctetCountingFraming({}),
    [Buffer.from(`${message.length} ${message}5 hello`)],
    "utf8",
  );
  t.deepEqual(messages, [message, "hello"]);
  t.throws(() => new OctetCountingFraming({}).encode(Buffer.alloc(0)), { code: "ERR_FRAME_INVALID" });
  t.is(
    readPieces(new OctetCountingFraming({ maxMessageSize: 10 }), [Buffer.from("11")]).fault?.code,
    "ERR_FRAME_TOO_LARGE",
  );
});

/** A port that nobody listens on. */
async function freePort(): Promise<number> {
  const server = await rawServer();
  const { port } = server.address;
  await server[Symbol.asyncDispose]();
  return port;
}
