/** What an error says of the other end and of the caller, and how it is shown. */
import { execFileSync } from "node:child_process";
import { inspect } from "node:util";
import test from "ava";
import { addressName, namePeer, peerName, withCaller } from "../../src/core/error-context.ts";
import { ChannelError, DisconnectedError, FramingError, HookError, TimeoutError } from "../../src/errors.ts";

const raw = /[\p{Cc}\p{Zl}\p{Zp}]/u;

test("console.log shows what is known of an error, and no member that is not", (t) => {
  const cause = new Error("read ECONNRESET");
  const shown = inspect(new DisconnectedError("ERR_CONNECTION_RESET", "reset", { cause, outcome: "unknown" }));
  t.regex(shown, /^DisconnectedError: reset/);
  t.regex(shown, /code: 'ERR_CONNECTION_RESET'/);
  t.regex(shown, /outcome: 'unknown'/);
  t.regex(shown, /\[cause\]: Error: read ECONNRESET/);
  t.notRegex(shown, /undefined|errors|isRecoverable|bytesWritten|received|expected/);
  const several = inspect(new DisconnectedError("ERR_CONNECTION_RESET", "reset", { errors: [cause] }));
  t.regex(several, /errors: \[\s*Error: read ECONNRESET/);
});

test("an error that is thrown and not caught shows no undefined members either", (t) => {
  const url = new URL("../../src/errors.js", import.meta.url).href;
  const program = `import { FramingError } from ${JSON.stringify(url)}; throw new FramingError("ERR_FRAME_INVALID", "bad");`;
  const { stderr } = t.throws(() =>
    execFileSync(process.execPath, ["--input-type=module", "-e", program], { stdio: "pipe" }),
  ) as unknown as { stderr: Buffer };
  t.regex(String(stderr), /code: 'ERR_FRAME_INVALID'/);
  t.notRegex(String(stderr), /undefined/);
});

test("control characters in a message, and in what is shown of its causes, are escaped", (t) => {
  const all = Array.from({ length: 256 }, (_, byte) => String.fromCodePoint(byte)).join("") + "\u2028\u2029\u202E";
  const error = new FramingError("ERR_FRAME_INVALID", all, { cause: new SyntaxError(`unexpected ${all}`) });
  t.notRegex(error.message, raw);
  t.notRegex(error.stack?.replaceAll("\n", "") ?? "", raw);
  t.notRegex(inspect(error).replaceAll("\n", ""), raw);
  t.notRegex(inspect({ error }, { colors: false }).replaceAll("\n", ""), raw);
  t.true(error.message.includes("\\x1b") && error.message.includes("\\x9b") && error.message.includes("\\x7f"));
  t.true(error.message.includes("\\u202e"));
  t.true(error.message.includes("ä"), "printable characters stay");
});

test("the other end is named once, in the message and in the stack", (t) => {
  const error = new TimeoutError("ERR_REPLY_TIMEOUT", "waited 5 ms for the reply");
  t.is(namePeer(error, "10.0.0.1:4001"), error);
  namePeer(error, "elsewhere");
  t.is(error.message, "waited 5 ms for the reply (peer 10.0.0.1:4001)");
  t.true(error.stack?.startsWith(`TimeoutError: ${error.message}\n`));
  t.false(Object.keys(error).includes("message"));
  const named = namePeer(new TimeoutError("ERR_REPLY_TIMEOUT", "no reply of h:1"), "h:1");
  t.is(named.message, "no reply of h:1", "it was named already");
  t.notRegex(namePeer(new TimeoutError("ERR_REPLY_TIMEOUT", "late"), "/tmp/\u001B[31m").message, raw);
  const foreign = new Error("mine");
  t.is(namePeer(foreign, "h:1").message, "mine");
  const hook = new HookError("ERR_HOOK_FAILED", "a hook failed: mine");
  t.is(namePeer(hook, "h:1").message, "a hook failed: mine", "its text is the user's");
});

test("the name of the other end is its address where that is known, else that of the options", (t) => {
  t.is(addressName({ host: "h", port: 1 }), "h:1");
  t.is(addressName({ port: 1 }), "localhost:1");
  t.is(addressName({ host: "::1", port: 1 }), "[::1]:1");
  t.is(addressName({ path: "/tmp/s" }), "/tmp/s");
  t.is(addressName({}), undefined);
  t.is(addressName({ port: 0 }), undefined, "any port");
  t.is(peerName({ remoteAddress: "127.0.0.1", remotePort: 7 }, "h:1"), "127.0.0.1:7");
  t.is(peerName({ remoteAddress: undefined, remotePort: undefined }, "/tmp/s"), "/tmp/s");
  t.is(peerName(undefined, undefined), undefined);
});

/** Rejects from a timer, as a call of a channel does. */
function later(error: unknown): Promise<never> {
  return withCaller(new Promise((_, reject) => setImmediate(() => reject(error))));
}

async function theCaller(error: unknown): Promise<void> {
  await later(error);
}

test("a rejection has the frames of those who await it, once", async (t) => {
  const error = new TimeoutError("ERR_REPLY_TIMEOUT", "late");
  await t.throwsAsync(theCaller(error));
  t.regex(error.stack ?? "", /^TimeoutError: late\n[^]*at async theCaller/);
  const { stack } = error;
  await t.throwsAsync(theCaller(error));
  t.is(error.stack, stack);
  const all = new TimeoutError("ERR_REPLY_TIMEOUT", "late");
  await t.throwsAsync(Promise.all([Promise.resolve(), theCaller(all)]));
  t.regex(all.stack ?? "", /at async theCaller/);
});

test("errors that are not of this package are passed on as they are", async (t) => {
  const reason = new Error("mine");
  const { stack } = reason;
  await t.throwsAsync(theCaller(reason), { is: reason });
  t.is(reason.stack, stack);
  await t.throwsAsync(theCaller("no error at all"), { any: true, is: "no error at all" } as never);
});

test("errors can be made, named and traced where the intrinsics are frozen", (t) => {
  const url = (path: string): string => JSON.stringify(new URL(`../../src/${path}`, import.meta.url).href);
  const program = `
    Object.freeze(Error); Object.freeze(Error.prototype);
    const { TimeoutError } = await import(${url("errors.js")});
    const { namePeer, withCaller } = await import(${url("core/error-context.js")});
    const error = namePeer(new TimeoutError("ERR_IDLE_TIMEOUT", "late", { outcome: "unknown" }), "h:1");
    async function caller() { await withCaller(new Promise((_, reject) => setImmediate(() => reject(error)))); }
    await caller().catch(() => undefined);
    console.log(error.name, error.code, error.message, error.stack.includes("caller"));`;
  for (const flags of [[], ["--frozen-intrinsics"]]) {
    const args = [...flags, "--input-type=module", "-e", program];
    const out = String(execFileSync(process.execPath, args, { stdio: ["ignore", "pipe", "ignore"] }));
    t.is(out, "TimeoutError ERR_IDLE_TIMEOUT late (peer h:1) true\n");
  }
});

test("what is not an error of this package is never renamed by its class", (t) => {
  t.false(ChannelError.is(namePeer(new Error("x"), "h:1")));
  t.is(new HookError("ERR_HOOK_FAILED", "a hook failed: two\nlines").message, "a hook failed: two\\nlines");
});
