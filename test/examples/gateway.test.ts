import { on, once } from "node:events";
import { connect, type Socket } from "node:net";
import { createInterface, type Interface } from "node:readline";
import type { Duplex } from "node:stream";
import test, { type ExecutionContext } from "ava";
import { ttyStream } from "../../src/devices/serial/async-serial-stream.ts";
import { openVirtualLine } from "../support/virtual-line.ts";
import { Program } from "./program.ts";

/** A socket of Node.js, without the library, and the lines that come in on it. */
async function dial(t: ExecutionContext, port: number): Promise<{ socket: Socket; lines: Interface }> {
  const socket = connect({ port, host: "127.0.0.1" });
  t.teardown(() => socket.destroy());
  await once(socket, "connect");
  return { socket, lines: createInterface({ input: socket }) };
}

/** The terminal at the end of a line, without a channel. */
function terminal(t: ExecutionContext, path: string): { stream: Duplex; lines: Interface } {
  const stream = ttyStream(path);
  t.teardown(() => stream.destroy());
  return { stream, lines: createInterface({ input: stream }) };
}

test("lines go from the serial line to everybody, and from everybody to the serial line", async (t) => {
  const line = await openVirtualLine();
  t.teardown(() => line.close());
  const gateway = new Program(t, "gateway", line.b, "0");
  const port = Number(/\d+$/.exec(await gateway.hears(/ is on TCP port/))?.[0]);
  const device = terminal(t, line.a);
  const first = await dial(t, port);
  const second = await dial(t, port);

  const heard = on(device.lines, "line");
  first.socket.write("status?\r\nvol");
  t.deepEqual((await heard.next()).value, ["status?"]);
  second.socket.write("reset\r\n");
  t.deepEqual((await heard.next()).value, ["reset"]);
  first.socket.write("ume 3\r\n");
  t.deepEqual((await heard.next()).value, ["volume 3"], "what two say at once is not mixed");

  const told = Promise.all([once(first.lines, "line"), once(second.lines, "line")]);
  device.stream.write("ready\r\n");
  t.deepEqual(await told, [["ready"], ["ready"]]);

  const closed = [once(first.socket, "close"), once(second.socket, "close")];
  gateway.kill("SIGINT");
  t.is(await gateway.ends(), 0);
  await Promise.all(closed);
});

test("a gateway ends when its serial line is lost", async (t) => {
  const line = await openVirtualLine();
  t.teardown(() => line.close());
  const gateway = new Program(t, "gateway", line.b, "0");
  await gateway.hears(/ is on TCP port/);
  await line.hangUp();
  t.is(await gateway.ends(), 1);
  t.regex(gateway.said.join("\n"), /the serial line is lost/);
});
