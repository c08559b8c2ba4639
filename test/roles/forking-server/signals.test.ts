/** Signals to a program that serves, and what is left when it ends. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { AsyncSocketClientWithTerminator } from "../../../generated/index.ts";
import { rawConnect } from "../../support/tcp-peers.ts";
import { type Ending, type ProgramOptions, ServingProgram, until } from "./program.ts";
import { anyAlive, BROKEN, childrenOf } from "./stage.ts";

function fifo(t: ExecutionContext): string {
  const folder = mkdtempSync(join(tmpdir(), "plib-io-"));
  t.teardown(() => rmSync(folder, { recursive: true }));
  execFileSync("mkfifo", [join(folder, "fifo")]);
  return join(folder, "fifo");
}

function codeOf(error: unknown): string {
  return (error as { code: string }).code;
}

/** Makes a request whose failure is of no interest; resolves when its child has begun. */
async function engage(program: ServingProgram, request: string): Promise<AsyncSocketClientWithTerminator> {
  const client = new AsyncSocketClientWithTerminator({ ...(await program.address()), keepAlive: true });
  await client.clientCommunicate("hello");
  client.clientCommunicate(request).catch(() => undefined);
  return client;
}

/** Kills the program and waits for its children, which must go by themselves. */
async function orphans(t: ExecutionContext, program: ServingProgram): Promise<void> {
  program.kill("SIGKILL");
  t.deepEqual(await program.ended, [null, "SIGKILL"]);
  t.log(`the children were gone ${(await program.childrenGone()).toFixed(0)} ms after the server`);
}

for (const how of ["serveForever", "listen"] as const) {
  test.serial(`no child outlives a server that is killed, whatever the child does (${how})`, async (t) => {
    const program = new ServingProgram(t, { how });
    const acts = ["spin", `fifo ${fifo(t)}`, "sleep 600000"];
    const clients = await Promise.all(acts.map((act) => engage(program, act)));
    await until(() => program.children.length > acts.length, "a spare child");
    await orphans(t, program);
    for (const client of clients) await client.close();
  });
}

test.serial("a child that is still loading does not outlive a server that is killed", async (t) => {
  const program = new ServingProgram(t, { handler: "waits" });
  await until(() => childrenOf(program.pid).length > 0, "a child");
  const pids = childrenOf(program.pid);
  program.kill("SIGKILL");
  await program.ended;
  await until(() => !anyAlive(pids), "no child");
  t.pass();
});

/** A program that is asked to end while a request is under way. */
async function endsInRequest(
  t: ExecutionContext,
  signal: (program: ServingProgram) => void,
  request: string,
  options: ProgramOptions = {},
): Promise<{ answer: string; ending: Ending; program: ServingProgram }> {
  const program = new ServingProgram(t, options);
  const client = new AsyncSocketClientWithTerminator({ ...(await program.address()), keepAlive: true });
  await client.clientCommunicate("hello");
  const answer = client.clientCommunicate(request).then(String, codeOf);
  const address = await program.address();
  signal(program);
  // Nobody else is served from now on.
  const isRefused = async (): Promise<boolean> => {
    const probe = new AsyncSocketClientWithTerminator(address);
    const outcome = await probe.clientCommunicate("late").then(String, codeOf);
    return outcome === "ERR_CONNECT_REFUSED";
  };
  while (!(await isRefused()));
  const result = { answer: await answer, ending: await program.ended, program };
  await client.close();
  await program.childrenGone();
  return result;
}

for (const signal of ["SIGTERM", "SIGINT"] as const) {
  test.serial(`${signal}: what is under way is finished, then serveForever() returns`, async (t) => {
    const { answer, ending, program } = await endsInRequest(t, (each) => each.kill(signal), "sleep 500");
    t.is(answer, "slept");
    t.deepEqual(ending, [0, null]);
    t.deepEqual(program.said.slice(-2), ["serverClose true", "returned"]);
    t.deepEqual(
      program.said.filter((line) => line.startsWith("fault")),
      [],
    );
  });
}

test.serial("a terminal's SIGINT, which reaches the children too, lets them finish", async (t) => {
  const { answer, ending, program } = await endsInRequest(t, (each) => each.killGroup("SIGINT"), "sleep 500");
  t.is(answer, "slept");
  t.deepEqual(ending, [0, null]);
  t.deepEqual(
    program.said.filter((line) => line.startsWith("fault")),
    [],
  );
});

test.serial("what is not finished at the drain deadline is broken off", async (t) => {
  const options = { options: { drainTimeoutMs: 300 } };
  const { answer, ending } = await endsInRequest(t, (each) => each.kill("SIGTERM"), "spin", options);
  t.true(BROKEN.includes(answer), answer);
  t.deepEqual(ending, [0, null]);
});

test.serial("connections on which nothing is under way do not hold up the end", async (t) => {
  const program = new ServingProgram(t, { options: { drainTimeoutMs: 60_000 } });
  const used = await rawConnect(await program.address());
  used.socket.write("hello\r\n");
  await used.until("hello\r\n");
  await using unused = await rawConnect(await program.address());
  await until(() => program.children.length >= 3, "a child for each");
  program.kill("SIGTERM");
  // They see a clean end, and close their side.
  t.is(await used.ended, "hello\r\n");
  used.socket.end();
  t.is(await unused.ended, "");
  unused.socket.end();
  t.deepEqual(await program.ended, [0, null]);
  await program.childrenGone();
  await used[Symbol.asyncDispose]();
});

test.serial("a client that does not close its side holds up the end for a second", async (t) => {
  const program = new ServingProgram(t, { options: { drainTimeoutMs: 60_000 } });
  await using raw = await rawConnect(await program.address());
  raw.socket.write("hello\r\n");
  await raw.until("hello\r\n");
  program.kill("SIGTERM");
  t.deepEqual(await program.ended, [0, null]);
  await program.childrenGone();
});

for (const signal of ["SIGTERM", "SIGINT"] as const) {
  test.serial(`a second ${signal} ends the server at once, as if nobody listened for it`, async (t) => {
    let address: { host: string; port: number } | undefined;
    const program = new ServingProgram(t, { options: { drainTimeoutMs: 600_000 } });
    address = await program.address();
    const client = await engage(program, "spin");
    program.kill(signal);
    const refused = async (): Promise<boolean> =>
      await rawConnect(address as object).then(
        (raw) => raw[Symbol.asyncDispose]().then(() => false),
        () => true,
      );
    while (!(await refused()));
    program.kill(signal);
    t.deepEqual(await program.ended, [null, signal]);
    await program.childrenGone();
    await client.close();
  });
}

test.serial("serveForever() ends by its time, and by finish() in a hook", async (t) => {
  const timed = new ServingProgram(t, { timeoutMs: 200 });
  t.deepEqual(await timed.ended, [0, null]);
  t.is(timed.said.at(-1), "returned");
  t.is(await timed.hears("listening").then((line) => line.split(" ")[2]), "true", "a child is ready from the start");
  const finished = new ServingProgram(t, { finishAfter: 2, options: { maxRequestsPerChild: 1 } });
  t.is(await finished.ask("one"), "one");
  t.is(await finished.ask("two"), "two");
  t.deepEqual(await finished.ended, [0, null]);
  t.true(finished.said.includes("returned"));
  await finished.childrenGone();
});

test.serial("faults and the ends of children are told while serveForever() blocks", async (t) => {
  const program = new ServingProgram(t);
  await t.throwsAsync(program.ask("die"));
  await program.hears("fault ERR_HANDLER_CRASHED");
  t.regex(await program.hears("gone"), /^gone \d+ null SIGKILL 0$/);
  await t.throwsAsync(program.ask("throw"), { code: "ERR_CONNECTION_CLOSED" });
  const fault = await program.hears("fault ERR_HOOK");
  t.regex(fault, /^fault ERR_HOOK_FAILED a hook failed: the handler's own fault$/);
  program.kill("SIGTERM");
  t.deepEqual(await program.ended, [0, null]);
});
