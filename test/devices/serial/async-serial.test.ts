import { readdirSync } from "node:fs";
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import test from "ava";
import { connectAsyncSerial, listenAsyncSerial } from "../../../src/devices/serial/async-serial.ts";
import type { SerialLink, SerialOptions } from "../../../src/devices/serial/serial.ts";
import { DisconnectedError, OpenError, OptionsError } from "../../../src/errors.ts";
import type { AsyncConnect, AsyncListen, AsyncTransport } from "../../../src/modes/async/async-transport.ts";
import { openVirtualLine } from "../../support/virtual-line.ts";
import { Recorder } from "../../support/virtual-line-recorder.ts";

const connect: AsyncConnect<SerialOptions, SerialLink> = connectAsyncSerial;
const listen: AsyncListen<SerialOptions, SerialLink> = listenAsyncSerial;
const never = (): AbortSignal => new AbortController().signal;
const sample = Buffer.from(Uint8Array.from({ length: 10_000 }, (_, index) => (index * 7) & 255));

async function pair(options: Partial<SerialOptions> = {}, onClose: "keep" | "hang-up" = "keep") {
  const line = await openVirtualLine({ onClose });
  const [a, b] = await Promise.all([
    connect({ ...options, path: line.a })(never()),
    connect({ ...options, path: line.b })(never()),
  ]);
  const [atA, atB] = [new Recorder(a), new Recorder(b)];
  const end = async (): Promise<void> => {
    a.destroy();
    b.destroy();
    await Promise.all([atA.closing(), atB.closing()]);
    await line.close();
  };
  return { line, a, b, atA, atB, end };
}

test("carries 10,000 bytes of all values there and back", async (t) => {
  const { a, b, atA, atB, end } = await pair();
  a.write([sample.subarray(0, 3), Buffer.alloc(0), sample.subarray(3)]);
  t.deepEqual(await atB.received(sample.length), sample);
  b.write([...sample].map((byte) => Uint8Array.of(byte)));
  t.deepEqual(await atA.received(sample.length), sample);
  t.deepEqual([a.bytesWritten, a.queuedBytes, b.bytesWritten], [10_000, 0, 10_000]);
  t.true(a.canResynchronise);
  t.is(a.link.path.length > 0, true);
  await end();
});

test("holds data back while paused", async (t) => {
  const { a, b, atB, end } = await pair();
  b.pause();
  a.write([sample]);
  await a.drain();
  t.is(atB.length, 0);
  b.resume();
  t.deepEqual(await atB.received(sample.length), sample);
  await end();
});

test("finish sends everything that is queued, then closes", async (t) => {
  const { line, a, atA, atB, end } = await pair({}, "hang-up");
  a.write([Buffer.alloc(100_000, 1)]);
  a.finish();
  a.write([Buffer.from("too late")]);
  t.is(await atA.closing(), undefined);
  const error = await atB.closing();
  t.true(DisconnectedError.is(error) && error.code === "ERR_PORT_DISCONNECTED");
  t.is(atB.length, 100_000);
  t.deepEqual(atB.told, ["data", "ended", "closed"]);
  t.deepEqual(atA.told.slice(-1), ["closed"]);
  await line.close();
  await end();
});

test("a cable does not tell that the other end closed, and the end can be opened again at once", async (t) => {
  const { line, a, b, atA, atB, end } = await pair();
  for (let round = 0; round < 3; round++) {
    const again = round === 0 ? a : await connect({ path: line.a })(never());
    const atAgain = round === 0 ? atA : new Recorder(again);
    again.write([Buffer.from(`round ${round}`)]);
    await atB.received(7 * (round + 1));
    again.destroy();
    t.is(await atAgain.closing(), undefined);
    await t.throwsAsync(again.drain(), { code: "ERR_CHANNEL_CLOSED" });
    await t.throwsAsync(again.link.get(), { code: "ERR_CHANNEL_CLOSED" });
  }
  t.is(atB.bytes.toString(), "round 0round 1round 2");
  t.deepEqual(atB.told, ["data"]);
  b.destroy();
  b.destroy();
  await end();
});

test("drain resolves when everything queued is written; drained is told after a queue", async (t) => {
  const { line, a, atA, atB, end } = await pair();
  await line.stall();
  a.write([Buffer.alloc(200_000, 2)]);
  t.true(a.queuedBytes > 0);
  t.is(a.queuedBytes + a.bytesWritten, 200_000);
  const drained = Promise.all([a.drain(), atA.next("drained")]);
  await line.resume();
  await drained;
  t.is(a.queuedBytes, 0);
  t.is(a.bytesWritten, 200_000);
  t.is((await atB.received(200_000)).length, 200_000);
  t.deepEqual(atA.told, ["drained"]);
  await end();
});

test("flush drops what was received, and not what is being sent", async (t) => {
  const { line, a, b, atA, atB, end } = await pair();
  b.pause();
  a.write([Buffer.alloc(3000)]);
  b.write([Buffer.from("answer")]);
  await atA.received(6);
  await line.stall();
  await line.resume();
  await b.flush();
  t.is(atB.length, 0);
  a.write([Buffer.from("fresh")]);
  b.resume();
  t.is((await atB.received(5)).toString(), "fresh");
  await end();
});

test("bytes that came while the program was busy are no silence", async (t) => {
  const { a, b, atB, end } = await pair({ interByteTimeoutMs: 20 });
  a.write([Buffer.from("1")]);
  await atB.received(1);
  a.write([Buffer.from("2")]);
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 60);
  await atB.received(2);
  t.deepEqual(atB.told, ["data"]);
  b.pause();
  b.resume();
  await end();
});

test("a pseudo-terminal has no control lines, which set and get say; the speed can be changed", async (t) => {
  const { a, atB, end } = await pair();
  for (const refused of [a.link.set({ dtr: false }), a.link.get()]) {
    const error = await t.throwsAsync(refused, { instanceOf: DisconnectedError, code: "ERR_PORT_DISCONNECTED" });
    t.true(error?.cause instanceof Error);
  }
  a.write([sample]);
  // A pseudo-terminal does not wait for its output to be read before it drops it.
  await atB.received(sample.length);
  await a.link.update({ baudRate: 115_200 });
  await t.throwsAsync(a.link.update({ baudRate: 0 }), { instanceOf: OptionsError, message: /baudRate.*0/ });
  await t.throwsAsync(a.link.update({} as never), { instanceOf: OptionsError });
  await t.throwsAsync(a.link.set({ dtr: 1 as never }), { instanceOf: OptionsError, message: /dtr/ });
  await end();
});

test.serial("opening and closing 200 times leaves no descriptor", async (t) => {
  const line = await openVirtualLine();
  const openAndClose = async (): Promise<void> => {
    const transport = await connect({ path: line.a })(never());
    const recorder = new Recorder(transport);
    transport.destroy();
    t.is(await recorder.closing(), undefined);
  };
  await openAndClose();
  const count = (): number => (process.platform === "linux" ? readdirSync("/proc/self/fd").length : 0);
  const before = count();
  for (let i = 0; i < 200; i++) await openAndClose();
  t.is(count(), before);
  await line.close();
});

test("a listener hands over its one transport after it was given itself", async (t) => {
  const line = await openVirtualLine();
  const order: string[] = [];
  let accept: (transport: AsyncTransport<SerialLink>) => void;
  const accepted = new Promise<AsyncTransport<SerialLink>>((resolve) => {
    accept = (transport) => {
      order.push("accepted");
      resolve(transport);
    };
  });
  const fail = (): void => void t.fail();
  const listener = await listen({ path: line.a })({ accepted: (it) => accept(it), dropped: fail, failed: fail });
  order.push("listening");
  t.false(listener.acceptsMany);
  t.is(listener.address.path, line.a);
  const transport = await accepted;
  t.deepEqual(order, ["listening", "accepted"]);
  await listener.close();
  const recorder = new Recorder(transport);
  const client = await connect({ path: line.b })(never());
  client.write([Buffer.from("still open")]);
  await recorder.received(10);
  client.destroy();
  transport.destroy();
  await recorder.closing();
  await line.close();
});

test("a listener that is closed at once gives the port back and accepts nothing", async (t) => {
  const line = await openVirtualLine();
  const fail = (): void => void t.fail();
  const listener = await listen({ path: line.a })({ accepted: fail, dropped: fail, failed: fail });
  await listener.close();
  const transport = await connect({ path: line.a })(never());
  await t.throwsAsync(connect({ path: line.a })(never()), { instanceOf: OpenError, code: "ERR_PORT_IN_USE" });
  transport.destroy();
  const recorder = new Recorder(transport);
  await recorder.closing();
  t.deepEqual(recorder.told, ["closed"]);
  await line.close();
});

const inWorker = `
const { parentPort, workerData } = require("node:worker_threads");
import(workerData.module).then(async ({ connectAsyncSerial }) => {
  const transport = await connectAsyncSerial({ path: workerData.path })(new AbortController().signal);
  transport.attach({
    data: (bytes) => (bytes.includes("!") ? transport.finish() : transport.write([bytes])),
    ended() {}, drained() {},
    closed: (error) => parentPort.postMessage(error?.code ?? "closed"),
  });
  parentPort.postMessage("open");
});`;

test("works in a worker thread", async (t) => {
  const line = await openVirtualLine();
  const module = new URL("../../../src/devices/serial/async-serial.js", import.meta.url).href;
  const worker = new Worker(inWorker, { eval: true, workerData: { module, path: line.b } });
  t.deepEqual(await once(worker, "message"), ["open"]);
  const transport = await connect({ path: line.a })(never());
  const recorder = new Recorder(transport);
  transport.write([sample.filter((byte) => byte !== 0x21)]);
  const expected = Buffer.from(sample.filter((byte) => byte !== 0x21));
  t.deepEqual(await recorder.received(expected.length), expected);
  const exit = once(worker, "exit");
  transport.write([Buffer.from("!")]);
  t.deepEqual(await once(worker, "message"), ["closed"]);
  t.deepEqual(await exit, [0]);
  transport.destroy();
  await recorder.closing();
  await line.close();
});
