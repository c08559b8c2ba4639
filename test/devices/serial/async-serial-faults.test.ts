import { once } from "node:events";
import { Duplex } from "node:stream";
import { isMainThread } from "node:worker_threads";
import test from "ava";
import { connectAsyncSerial } from "../../../src/devices/serial/async-serial.ts";
import { bindingStream, ttyStream } from "../../../src/devices/serial/async-serial-stream.ts";
import { AsyncSerialTransport } from "../../../src/devices/serial/async-serial-transport.ts";
import { BindingPort, type BindingPortObject, openBindingPort } from "../../../src/devices/serial/binding-port.ts";
import { serialSettings } from "../../../src/devices/serial/serial-settings.ts";
import { DisconnectedError, TimeoutError } from "../../../src/errors.ts";
import { openVirtualLine } from "../../support/virtual-line.ts";
import { Recorder } from "../../support/virtual-line-recorder.ts";

const never = (): AbortSignal => new AbortController().signal;

test("a hang-up is told after the data, as end and as loss, and closing returns", async (t) => {
  const line = await openVirtualLine();
  const transport = await connectAsyncSerial({ path: line.a })(never());
  const other = await connectAsyncSerial({ path: line.b })(never());
  const [recorder, atOther] = [new Recorder(transport), new Recorder(other)];
  other.write([Buffer.from("last words")]);
  await recorder.received(10);
  await line.hangUp("a");
  const error = await recorder.closing();
  t.true(DisconnectedError.is(error));
  t.is(error?.code, "ERR_PORT_DISCONNECTED");
  t.is(error?.bytesWritten, 0);
  t.regex(error?.message ?? "", new RegExp(`${line.a}.*0 bytes`));
  t.deepEqual(recorder.told, ["data", "ended", "closed"]);
  t.deepEqual(atOther.told, []);
  transport.destroy();
  other.destroy();
  await atOther.closing();
  await line.close();
});

test("a hang-up in mid-write tells how much was written", async (t) => {
  const line = await openVirtualLine();
  const transport = await connectAsyncSerial({ path: line.a })(never());
  const recorder = new Recorder(transport);
  await line.stall();
  transport.write([Buffer.alloc(1_000_000)]);
  t.true(transport.queuedBytes > 0);
  const drained = t.throwsAsync(transport.drain(), { instanceOf: DisconnectedError });
  await line.hangUp("a");
  const error = await recorder.closing();
  await drained;
  t.is(error?.code, "ERR_PORT_DISCONNECTED");
  t.is(error?.bytesWritten, transport.bytesWritten);
  t.true(transport.bytesWritten > 4096 && transport.bytesWritten < 1_000_000, `${transport.bytesWritten}`);
  t.is(transport.bytesWritten + transport.queuedBytes, 1_000_000);
  await line.close();
});

test("a stalled line can be destroyed, with the given error, and opened again at once", async (t) => {
  const line = await openVirtualLine();
  const transport = await connectAsyncSerial({ path: line.a })(never());
  const recorder = new Recorder(transport);
  await line.stall();
  transport.write([Buffer.alloc(1_000_000)]);
  transport.finish();
  const error = new TimeoutError("ERR_WRITE_TIMEOUT", "stalled");
  transport.destroy(error);
  transport.destroy();
  t.is(await recorder.closing(), error);
  t.deepEqual(recorder.told, ["closed"]);
  const again = await connectAsyncSerial({ path: line.a })(never());
  again.destroy();
  await new Recorder(again).closing();
  await line.close();
});

/** A port whose driver never gets rid of its output until that is dropped, as `tcdrain` and `tcflush` have it. */
class StalledPort implements BindingPortObject {
  isOpen = true;
  readonly calls: string[] = [];
  #waiting: (() => void)[] = [];

  async close(): Promise<void> {
    this.isOpen = false;
    this.calls.push("close");
  }
  async flush(): Promise<void> {
    this.calls.push("flush");
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
  async drain(): Promise<void> {
    this.calls.push("drain");
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }
  async set(): Promise<void> {}
  async update(): Promise<void> {}
  async get(): Promise<{ cts: boolean; dsr: boolean; dcd: boolean }> {
    return { cts: true, dsr: false, dcd: false };
  }
}

function stalledTransport(): { transport: AsyncSerialTransport; port: StalledPort; recorder: Recorder } {
  const port = new StalledPort();
  const sink = new Duplex({ read: () => undefined, write: (_bytes, _encoding, done) => done() });
  const transport = new AsyncSerialTransport({ path: "/dev/fake" }, sink, new BindingPort("/dev/fake", port));
  return { transport, port, recorder: new Recorder(transport) };
}

test.serial("drivers that wait for ever are freed on closing, however many there are", async (t) => {
  const stalled = Array.from({ length: 6 }, stalledTransport);
  for (const { transport } of stalled) {
    transport.write([Buffer.from("x")]);
    transport.finish();
  }
  await Promise.resolve();
  t.true(stalled.filter(({ port }) => port.calls.includes("drain")).length <= 2);
  for (const { transport } of stalled) transport.destroy();
  for (const { port, recorder } of stalled) {
    t.is(await recorder.closing(), undefined);
    t.deepEqual(port.calls.slice(-2), ["flush", "close"]);
  }
});

test.serial("drain rejects when the port is closed meanwhile", async (t) => {
  const { transport, recorder } = stalledTransport();
  transport.write([Buffer.from("x")]);
  const drained = t.throwsAsync(transport.drain(), { code: "ERR_CHANNEL_CLOSED" });
  transport.destroy();
  await drained;
  await recorder.closing();
});

test("control lines keep what is not given", async (t) => {
  const port = new StalledPort();
  const set: unknown[] = [];
  port.set = async (...lines: unknown[]) => void set.push(...lines);
  port.drain = async () => undefined;
  const stream = new Duplex({ read: () => undefined, write: (_bytes, _encoding, done) => done() });
  const transport = new AsyncSerialTransport({ path: "/dev/fake" }, stream, new BindingPort("/dev/fake", port));
  await transport.link.set({ dtr: false });
  await transport.link.set({ rts: false, brk: true });
  await transport.link.set({});
  t.deepEqual(set, [
    { dtr: false, rts: true, brk: false },
    { dtr: false, rts: false, brk: true },
    { dtr: false, rts: false, brk: true },
  ]);
  t.deepEqual(await transport.link.get(), { cts: true, dsr: false, dcd: false });
  transport.destroy();
  await new Recorder(transport).closing();
});

test("a read error hands over what was received before, even while paused", async (t) => {
  const port = new StalledPort();
  port.drain = async () => undefined;
  const stream = new Duplex({ read: () => undefined, write: (_bytes, _encoding, done) => done() });
  const transport = new AsyncSerialTransport({ path: "/dev/fake" }, stream, new BindingPort("/dev/fake", port));
  const recorder = new Recorder(transport);
  transport.pause();
  stream.push(Buffer.from("complete"));
  const cause = new Error("EIO");
  stream.destroy(cause);
  const error = await recorder.closing();
  t.is(error?.cause, cause);
  t.is(recorder.bytes.toString(), "complete");
  t.deepEqual(recorder.told, ["data", "ended", "closed"]);
});

// In a worker thread, which this stream is not made for, it would end the process.
const testOnMainThread = isMainThread ? test : test.skip;
testOnMainThread("serialport's own stream carries the same transport, as on Windows", async (t) => {
  const line = await openVirtualLine();
  const settings = serialSettings({ path: line.a });
  const port = await openBindingPort(settings, never());
  const transport = new AsyncSerialTransport(settings, await bindingStream(settings, port.object), port);
  const recorder = new Recorder(transport);
  const other = await connectAsyncSerial({ path: line.b })(never());
  const atOther = new Recorder(other);
  transport.write([Buffer.alloc(5000, 1)]);
  await atOther.received(5000);
  other.write([Buffer.alloc(5000, 2)]);
  t.deepEqual(await recorder.received(5000), Buffer.alloc(5000, 2));
  transport.finish();
  t.is(await recorder.closing(), undefined);
  t.false(port.isOpen);
  other.destroy();
  await atOther.closing();
  await line.close();
});

test("a stream that closes by itself, as serialport's does when its device is lost, is a loss", async (t) => {
  const port = new StalledPort();
  const stream = new Duplex({ read: () => undefined, write: (_bytes, _encoding, done) => done() });
  const transport = new AsyncSerialTransport({ path: "/dev/fake" }, stream, new BindingPort("/dev/fake", port));
  const recorder = new Recorder(transport);
  await port.close();
  stream.emit("close", new Error("disconnected"));
  const error = await recorder.closing();
  t.true(DisconnectedError.is(error));
  t.deepEqual(recorder.told, ["ended", "closed"]);
  t.true(stream.destroyed);
  t.deepEqual(port.calls, ["close"]);
});

test("what a line carried before a hang-up by the other end arrives, also with a slow reader", async (t) => {
  for (let round = 0; round < 10; round++) {
    const line = await openVirtualLine({ onClose: "hang-up" });
    const writer = await connectAsyncSerial({ path: line.a })(never());
    const reader = await connectAsyncSerial({ path: line.b })(never());
    const [atWriter, atReader] = [new Recorder(writer), new Recorder(reader)];
    reader.pause();
    writer.write([Buffer.alloc(150_000)]);
    writer.finish();
    reader.resume();
    await atWriter.closing();
    await atReader.closing();
    t.is(atReader.length, 150_000);
    await line.close();
  }
});

test("bytes that were sent before the other end was open wait in the line", async (t) => {
  const line = await openVirtualLine();
  const writer = await connectAsyncSerial({ path: line.a })(never());
  writer.write([Buffer.from("early")]);
  await writer.drain();
  const stream = ttyStream(line.b);
  const [bytes] = (await once(stream, "data")) as [Buffer];
  t.is(bytes.toString(), "early");
  stream.destroy();
  await once(stream, "close");
  writer.destroy();
  await new Recorder(writer).closing();
  await line.close();
});
