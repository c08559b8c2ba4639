import test from "ava";
import { typeErrorsOf } from "./workspace.ts";

/** Type-checks a program in which each line that must not compile stands below a `@ts-expect-error`. */
const program = (body: string): string => `
import * as io from "plib-io";
import * as short from "plib-io/async";
import * as data from "plib-io/data";
type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
declare function is<Fact extends true>(...fact: Fact[]): void;
const address = { host: "127.0.0.1", port: 1 };
${body}
export { io, short, data, is, address };
export type { Equal };
`;

test("messages are Buffers, or strings with an encoding", (t) => {
  const errors = typeErrorsOf(t, {
    "encoding.ts": program(`
const bytes = new io.AsyncSocketClientWithTerminator(address);
is<Equal<Awaited<ReturnType<typeof bytes.clientCommunicate>>, Buffer>>();
const text = new io.AsyncSocketClientWithTerminator({ ...address, encoding: "utf8" });
is<Equal<Awaited<ReturnType<typeof text.clientCommunicate>>, string>>();
text.on("message", (message) => is<Equal<typeof message, string>>());
new io.AsyncSocketClientWithTerminator({ ...address, encoding: "latin1", processData: (message) => is<Equal<typeof message, string>>() });
new io.AsyncSocketClientWithTerminator({ ...address, processData: (message) => is<Equal<typeof message, Buffer>>() });
// @ts-expect-error not an encoding
new io.AsyncSocketClientWithTerminator({ ...address, encoding: "utf9" });
async function iterate(): Promise<void> {
  for await (const message of new io.AsyncPersistentSocket({ ...address, encoding: "hex" })) is<Equal<typeof message, string>>();
  for await (const message of new io.AsyncPersistentSerial({ path: "/dev/x" })) is<Equal<typeof message, Buffer>>();
}
export { iterate };
`),
  });
  t.deepEqual(errors, []);
});

test("a server takes handlers of its own mode and framing only", (t) => {
  const errors = typeErrorsOf(t, {
    "handlers.ts": program(`
class Lines extends io.AsyncBaseRequestHandlerWithTerminator {}
class Duplex extends io.AsyncPersistentRequestHandlerWithTerminator {}
class Lengths extends io.AsyncBaseRequestHandlerWithReadWrite {}
class Plain extends io.AsyncBaseRequestHandler {}
new io.AsyncSocketServerWithTerminator({ ...address, handler: Lines });
new io.AsyncSocketServerWithTerminator({ ...address, handler: Duplex });
new io.AsyncSocketServerWithReadWrite({ ...address, handler: Lengths });
// @ts-expect-error other framing
new io.AsyncSocketServerWithTerminator({ ...address, handler: Lengths });
// @ts-expect-error other framing
new io.AsyncSocketServerWithReadWrite({ ...address, handler: Duplex });
// @ts-expect-error other framing
new io.AsyncSocketServerWithShutdown({ ...address, handler: Plain });
// @ts-expect-error not a handler at all
new io.AsyncSocketServerWithTerminator({ ...address, handler: io.AsyncSocketClientWithTerminator });
`),
  });
  t.deepEqual(errors, []);
});

test("options are those of the cell, and no others", (t) => {
  const errors = typeErrorsOf(t, {
    "options.ts": program(`
new io.AsyncSocketClientWithTerminator({ ...address, terminator: "\\n", noDelay: false });
new io.AsyncSerialClientWithTerminator({ path: "/dev/x", baudRate: 115200, terminator: Buffer.from([0]) });
// @ts-expect-error a serial line has a path
new io.AsyncSerialClientWithTerminator({ baudRate: 9600 });
// @ts-expect-error a socket has no baud rate
new io.AsyncSocketClientWithTerminator({ ...address, baudRate: 9600 });
// @ts-expect-error terminators are for terminator framing
new io.AsyncSocketClientWithReadWrite({ ...address, terminator: "x" });
// @ts-expect-error a client does not listen
new io.AsyncSocketClient({ ...address, backlog: 1 });
// @ts-expect-error options are needed
new io.AsyncSocketClient();
new io.AsyncBaseRequestHandler();
const options: io.AsyncSocketClientWithTerminatorOptions = { port: 1, onConnect: (channel) => channel.start("x") };
const same: short.SocketClientWithTerminatorOptions = options;
is<Equal<typeof short.SocketClientWithTerminator, typeof io.AsyncSocketClientWithTerminator>>();
export { same };
`),
  });
  t.deepEqual(errors, []);
});

test("hooks get the channel as the class that they were given to; links are those of the device", (t) => {
  const errors = typeErrorsOf(t, {
    "hooks.ts": program(`
new io.AsyncSocketClientWithTerminator({ ...address, onConnect: (channel) => is<Equal<typeof channel, io.AsyncSocketClientWithTerminator>>() });
new io.AsyncSocketServer({ ...address, serverStart: (server) => is<Equal<typeof server, io.AsyncSocketServer>>() });
const socket = new io.AsyncPersistentSocket(address);
is<Equal<typeof socket.link.remotePort, number | undefined>>();
const serial = new io.AsyncPersistentSerial({ path: "/dev/x" });
is<Equal<typeof serial.link.path, string>>();
class Own extends io.AsyncSocketClientWithTerminator<"utf8"> {
  override processData(text: string): void {
    text.toUpperCase();
  }
}
new Own({ ...address, encoding: "utf8" });
is<Equal<typeof io.AsyncSocketClientWithTerminator.framing, typeof data.TerminatorFraming>>();
`),
  });
  t.deepEqual(errors, []);
});

test("a program with a mistake does not pass", (t) => {
  const errors = typeErrorsOf(t, { "wrong.ts": program('new io.AsyncSocketClient("no options");') });
  t.is(errors.length, 1);
  t.regex(errors[0] ?? "", /wrong\.ts\(\d+,\d+\): error TS/);
});
