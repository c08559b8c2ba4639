import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import test from "ava";
import { AsyncPersistentSocketWithTerminator, AsyncSocketServerWithTerminator } from "../../generated/index.ts";
import type { StateMessage } from "../../src/core/diagnostics.ts";

test("channels and servers publish the states that they enter", async (t) => {
  const messages: StateMessage[] = [];
  const note = (message: unknown): void => void messages.push(message as StateMessage);
  subscribe("plib-io:state", note);
  const server = new AsyncSocketServerWithTerminator({ host: "127.0.0.1", port: 0 });
  await server.listen();
  const channel = new AsyncPersistentSocketWithTerminator({ port: server.address().port as number, host: "127.0.0.1" });
  await channel.connect();
  await channel.close();
  await server.close();
  unsubscribe("plib-io:state", note);
  const of = (subject: object): string[] =>
    messages.filter((message) => message.subject === subject).map(({ from, to }) => `${from} -> ${to}`);
  t.deepEqual(of(channel), ["closed -> opening", "opening -> open", "open -> closing", "closing -> closed"]);
  t.deepEqual(of(server), [
    "closed -> opening",
    "opening -> listening",
    "listening -> finishing",
    "finishing -> closed",
  ]);
});

test("NODE_DEBUG=plib-io writes the same to the standard error output", async (t) => {
  const url = new URL("../../generated/index.js", import.meta.url).href;
  const script = `
    const { AsyncSocketServerWithTerminator } = await import(${JSON.stringify(url)});
    const server = new AsyncSocketServerWithTerminator({ host: "127.0.0.1", port: 0 });
    await server.listen();
    await server.close();`;
  const env = { ...process.env, NODE_DEBUG: "plib-io" };
  const args = ["--input-type=module", "--eval", script];
  const { stderr } = await promisify(execFile)(process.execPath, args, { env });
  t.regex(stderr, /PLIB-IO \d+: AsyncSocketServerWithTerminator: closed -> opening/);
  t.regex(stderr, /finishing -> closed/);
});
