/** Helper threads in processes that forbid threads or addons, or in which no thread can start. */
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import test, { type ExecutionContext } from "ava";
import { build } from "esbuild";

const blocking = new URL("../../generated/blocking.js", import.meta.url).href;
const withoutKoffi = new URL("../support/without-koffi.js", import.meta.url).href;
const permission = process.allowedNodeEnvironmentFlags.has("--permission")
  ? "--permission"
  : "--experimental-permission";

/** Calls an address at which nobody listens: whoever gets that far is refused. */
const script = (before: string, module: string): string => `
  const { SocketClientWithTerminator } = await import(${JSON.stringify(module)});
  ${before}
  const calls = ["127.0.0.1", "localhost"].map((host) => {
    const start = performance.now();
    try {
      new SocketClientWithTerminator({ host, port: 1 }).clientCommunicate("hello");
    } catch (error) {
      const { name, code, outcome, cause } = error;
      return { name, code, outcome, cause: cause?.code, ms: performance.now() - start };
    }
  });
  console.log(JSON.stringify(calls));
`;

/** What a call came to: first to an address, then to a name. */
interface Call {
  readonly name: string;
  readonly code: string;
  readonly outcome: string;
  readonly cause: string | undefined;
  readonly ms: number;
}

async function calls(
  options: readonly string[],
  { before = "", module = blocking, env = {} }: { before?: string; module?: string; env?: object } = {},
): Promise<readonly [address: Call, name: Call]> {
  const args = [...options, "--no-warnings", "--input-type=module", "--eval", script(before, module)];
  const { stdout } = await promisify(execFile)(process.execPath, args, {
    env: { ...process.env, NODE_OPTIONS: "", ...env },
  });
  return JSON.parse(stdout) as [Call, Call];
}

async function folder(t: ExecutionContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "plib-io-"));
  t.teardown(() => rm(path, { recursive: true, force: true }));
  return path;
}

/** The call got as far as the network. */
function connects(t: ExecutionContext, ...all: readonly Call[]): void {
  for (const { name, code, outcome } of all)
    t.deepEqual([name, code, outcome], ["OpenError", "ERR_CONNECT_REFUSED", "not-sent"]);
}

/** The call says within a second why there is no helper. */
function cannotStart(t: ExecutionContext, cause: string, ...all: readonly Call[]): void {
  for (const call of all) {
    t.deepEqual(
      [call.name, call.code, call.outcome, call.cause],
      ["DisconnectedError", "ERR_WORKER_DIED", "not-sent", cause],
    );
    t.true(call.ms < 1000, `${call.ms}`);
  }
}

test.serial("the working folder was deleted: no thread can start; addresses need none", async (t) => {
  const path = await folder(t);
  const before = `
    const { chdir } = process;
    const { rmdirSync, mkdirSync } = await import("node:fs");
    mkdirSync(${JSON.stringify(join(path, "gone"))});
    chdir(${JSON.stringify(join(path, "gone"))});
    rmdirSync(${JSON.stringify(join(path, "gone"))});
  `;
  const [address, name] = await calls([], { before });
  connects(t, address);
  cannotStart(t, "ENOENT", name);
});

test.serial("what is preloaded into every program does not prevent the helper from starting", async (t) => {
  const path = join(await folder(t), "preload.cjs");
  await writeFile(path, `if (!require("node:worker_threads").isMainThread) throw new Error("not in a thread");`);
  connects(t, ...(await calls([], { env: { NODE_OPTIONS: `--require ${path}` } })));
  connects(t, ...(await calls(["--require", path])));
});

test.serial("what is preloaded into every program does not prevent a server of processes from serving", async (t) => {
  const path = join(await folder(t), "preload.cjs");
  await writeFile(path, `if (!require("node:worker_threads").isMainThread) throw new Error("not in a thread");`);
  const handler = new URL("../roles/forking-server/handlers/acts.handler.js", import.meta.url).href;
  const program = `
    const { SocketServerWithTerminator } = await import(${JSON.stringify(blocking)});
    const server = new SocketServerWithTerminator({
      host: "127.0.0.1",
      port: 0,
      handler: new URL(${JSON.stringify(handler)}),
      onChildStart: ({ pid }) => console.log("started"),
      keepRunning: () => false,
    });
    server.serveForever();
    console.log("over");
  `;
  const args = ["--input-type=module", "--eval", program];
  const env = { ...process.env, NODE_OPTIONS: `--require ${path}` };
  const { stdout } = await promisify(execFile)(process.execPath, args, { env });
  t.regex(stdout, /^(started\n)*over\n$/);
});

test.serial("a bundle without the file of the helper", async (t) => {
  const outfile = join(await folder(t), "bundle.mjs");
  const entryPoint = new URL(blocking).pathname;
  await build({
    entryPoints: [entryPoint],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    packages: "external",
  });
  cannotStart(t, "ENOENT", ...(await calls([], { module: outfile })));
});

test.serial("the permission model: without threads an error that says so, with threads a relay", async (t) => {
  cannotStart(t, "ERR_ACCESS_DENIED", ...(await calls([permission, "--allow-fs-read=*"])));
  connects(t, ...(await calls([permission, "--allow-fs-read=*", "--allow-worker"])));
});

test.serial("addons are forbidden, or the package for them is not there: a relay", async (t) => {
  connects(t, ...(await calls(["--no-addons"])));
  connects(t, ...(await calls(["--import", withoutKoffi])));
});

test.serial("intrinsics or errors that are frozen do not matter", async (t) => {
  connects(t, ...(await calls(["--frozen-intrinsics"])));
  connects(t, ...(await calls(["--frozen-intrinsics", "--import", withoutKoffi])));
  connects(t, ...(await calls([], { before: "Object.freeze(Error); Object.freeze(Error.prototype);" })));
  const both = { before: "Object.freeze(Error); Object.freeze(Error.prototype);" };
  connects(t, ...(await calls(["--import", withoutKoffi], both)));
});
