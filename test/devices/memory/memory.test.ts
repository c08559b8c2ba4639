import test from "ava";
import { MemoryLine } from "../../../src/devices/memory/memory-line.ts";
import {
  AsyncMemoryClientWithTerminator,
  AsyncMemoryServerWithTerminator,
  AsyncPersistentMemoryWithTerminator,
  BlockingMemoryClientWithShutdown,
  BlockingMemoryClientWithTerminator,
  BlockingMemoryServerWithTerminator,
} from "../../generated/index.ts";

/** Answers every line with the same line. */
async function echoOn(line: MemoryLine): Promise<AsyncMemoryServerWithTerminator> {
  const server = new AsyncMemoryServerWithTerminator({ line, processData: (data, channel) => channel.start(data) });
  await server.listen();
  return server;
}

test("a client and a server talk over a line, which is empty afterwards", async (t) => {
  const line = new MemoryLine();
  await using server = await echoOn(line);
  await using client = new AsyncMemoryClientWithTerminator({ line, keepAlive: true });
  t.is(String(await client.clientCommunicate("hello")), "hello");
  t.is(client.link?.line, line);
  t.is(line.openConnections, 1);
  await client.close();
  await server.close();
  t.is(line.openConnections, 0);
});

test("delayMs: a round trip takes twice that long", async (t) => {
  const line = new MemoryLine({ delayMs: 30 });
  await using server = await echoOn(line);
  await using client = new AsyncMemoryClientWithTerminator({ line, keepAlive: true });
  t.false(server.closed);
  await client.connect();
  const started = performance.now();
  await client.clientCommunicate("hello");
  t.true(performance.now() - started >= 60);
});

test("pieceBytes: bytes arrive in pieces, and messages are whole", async (t) => {
  const line = new MemoryLine({ pieceBytes: 1 });
  await using server = await echoOn(line);
  await using client = new AsyncMemoryClientWithTerminator({ line });
  t.false(server.closed);
  t.is(String(await client.clientCommunicate("one byte at a time")), "one byte at a time");
  t.throws(() => new MemoryLine({ pieceBytes: 0 }), { code: "ERR_OPTIONS" });
});

test("isSilent: what is sent is lost, until it is no longer", async (t) => {
  const line = new MemoryLine({ isSilent: true });
  await using server = await echoOn(line);
  await using client = new AsyncMemoryClientWithTerminator({ line, keepAlive: true, timeoutMs: 50 });
  t.false(server.closed);
  await t.throwsAsync(client.clientCommunicate("lost"), { code: "ERR_REPLY_TIMEOUT" });
  line.isSilent = false;
  t.is(String(await client.clientCommunicate("heard")), "heard");
});

test("reset() breaks a connection, hangUp() ends it in order", async (t) => {
  const line = new MemoryLine();
  await using server = await echoOn(line);
  // What the server hears of the connection that breaks is not what this test is about.
  server.on("error", () => undefined);
  const errors: unknown[] = [];
  const onError = (error: { code: string }): unknown => errors.push(error.code);
  for (const order of ["reset", "hangUp"] as const) {
    const channel = new AsyncPersistentMemoryWithTerminator({ line, onError: (error) => void onError(error) });
    await channel.connect();
    const closed = new Promise<void>((resolve) => channel.once("close", () => resolve()));
    line[order]();
    await closed;
  }
  t.deepEqual(errors, ["ERR_CONNECTION_RESET"]);
});

test("nobody is on the line: connecting is refused; two servers: the second is", async (t) => {
  const line = new MemoryLine();
  const client = new AsyncMemoryClientWithTerminator({ line });
  await t.throwsAsync(client.clientCommunicate("x"), { code: "ERR_CONNECT_REFUSED" });
  t.throws(() => new BlockingMemoryClientWithTerminator({ line }).clientCommunicate("x"), {
    code: "ERR_CONNECT_REFUSED",
  });
  await using server = await echoOn(line);
  t.false(server.closed);
  await t.throwsAsync(echoOn(line), { code: "ERR_ADDRESS_IN_USE" });
  t.throws(() => new AsyncMemoryClientWithTerminator({ line: "line" as never }), { code: "ERR_OPTIONS" });
});

test("a script answers clients of both modes alike", async (t) => {
  const line = new MemoryLine({ pieceBytes: 2 }, { received: (bytes, end) => end.send(bytes, 10) });
  const blocking = new BlockingMemoryClientWithTerminator({ line });
  t.is(String(blocking.clientCommunicate("hello")), "hello");
  t.is(String(blocking.clientCommunicate("again")), "again");
  await using client = new AsyncMemoryClientWithTerminator({ line });
  t.is(String(await client.clientCommunicate("hello")), "hello");
});

test("a script sees the end of what it was sent", (t) => {
  const sent: Buffer[] = [];
  const line = new MemoryLine(
    {},
    {
      received: (bytes) => void sent.push(bytes),
      ended(end) {
        end.send(Buffer.concat(sent.splice(0)).toString().toUpperCase());
        end.finish();
      },
    },
  );
  t.is(String(new BlockingMemoryClientWithShutdown({ line }).clientCommunicate("shout")), "SHOUT");
});

test("a script that says nothing: a blocking call ends at its deadline", (t) => {
  const line = new MemoryLine({}, {});
  const client = new BlockingMemoryClientWithTerminator({ line, timeoutMs: 30 });
  t.throws(() => client.clientCommunicate("hello"), { code: "ERR_REPLY_TIMEOUT" });
});

test("a script that breaks the connection: both modes report it alike", async (t) => {
  const line = new MemoryLine({}, { received: (_, end) => end.reset() });
  t.throws(() => new BlockingMemoryClientWithTerminator({ line }).clientCommunicate("x"), {
    code: "ERR_CONNECTION_RESET",
  });
  await t.throwsAsync(new AsyncMemoryClientWithTerminator({ line }).clientCommunicate("x"), {
    code: "ERR_CONNECTION_RESET",
  });
});

test("a script plays the client of a blocking server, and of an asynchronous one", async (t) => {
  const received: string[] = [];
  const client = {
    opened(end: { send(data: string): void }) {
      end.send("hello\r\n");
    },
    received(bytes: Buffer, end: { finish(): void }) {
      received.push(bytes.toString());
      end.finish();
    },
  };
  const line = new MemoryLine({}, client);
  new BlockingMemoryServerWithTerminator({
    line,
    processData: (data, channel) => channel.start(data),
  }).serveForever();
  t.deepEqual(received, ["hello\r\n"]);

  await using server = await echoOn(line);
  const served = new Promise<void>((resolve) =>
    server.once("accept", (channel) => channel.once("close", () => resolve())),
  );
  line.dial(client);
  await served;
  t.deepEqual(received, ["hello\r\n", "hello\r\n"]);
});
