/** Acts on serial lines. */
import type { Act } from "./acts.ts";
import { classOf, type Failure, failureOf, type Made, makeClient, type Server, type ServerClass } from "./subject.ts";

/** How a server is made. */
export interface ServerMade {
  readonly framing: string;
  readonly options: { readonly path: string; readonly [name: string]: unknown };
}

/** What a server came to. */
export interface Served {
  readonly seen: string[];
  readonly faults: string[];
  readonly told: string[];
  readonly asked: number;
  readonly ms: number;
  readonly isClosed: boolean;
}

/** Serves a line in this thread, echoing, until it is over, or `keepRunning()` was asked so often. */
export const serveLine: Act<
  { made: ServerMade; timesToRun?: number; timeoutMs?: number; isPromising?: boolean },
  Served
> = async ({ made, timesToRun = Infinity, timeoutMs, isPromising = false }, say) => {
  const Server = (await classOf("Server", "Serial", made.framing)) as ServerClass;
  const seen: string[] = [];
  const faults: string[] = [];
  const told: string[] = [];
  let asked = 0;
  const later = (): never => Promise.resolve() as never;
  const server = new Server({
    ...made.options,
    processData(data, channel) {
      seen.push(data.toString());
      if (isPromising) return later();
      channel.start(data);
      return undefined;
    },
    serverStart: () => void told.push("start"),
    serverClose: () => void told.push("close"),
    onAccept: () => say("serving"),
    onError: (error) => {
      faults.push(error.code);
      say(error.code);
    },
    keepRunning: () => ++asked < timesToRun,
  });
  const start = performance.now();
  server.serveForever(timeoutMs === undefined ? {} : { timeoutMs });
  return { seen, faults, told, asked, ms: performance.now() - start, isClosed: server.closed };
};

/** Serves a line, and stops in a hook before anything is served; then does that once more. */
export const stopEarly: Act<
  { made: ServerMade; hook: "serverStart" | "onAccept"; how: "close" | "finish" },
  { told: string[][]; isClosed: boolean }
> = async ({ made, hook, how }) => {
  const Server = (await classOf("Server", "Serial", made.framing)) as ServerClass;
  const told: string[][] = [[], []];
  let isClosed = true;
  for (const names of told) {
    const stop = (name: string, channel: { close(): void; finish(): void }): void => {
      names.push(name);
      if (name === hook) channel[how]();
    };
    const server: Server = new Server({
      ...made.options,
      serverStart: () => stop("serverStart", server),
      onAccept: (channel) => stop("onAccept", channel),
      onConnect: () => void names.push("onConnect"),
      onClose: () => void names.push("onClose"),
      serverClose: () => void names.push("serverClose"),
    });
    server.serveForever();
    isClosed &&= server.closed;
  }
  return { told, isClosed };
};

/** Opens and closes a port so often. */
export const openOften: Act<{ made: Made; times: number }, { replies: number }> = async ({ made, times }) => {
  const client = await makeClient(made);
  let replies = 0;
  for (let time = 0; time < times; time++) if (client.clientCommunicate("hello").toString() === "hello") replies++;
  return { replies };
};

/** Uses the control lines of a port that has none, and its speed. */
export const control: Act<{ made: Made }, { set: Failure; get: Failure; reply: string }> = async ({ made }) => {
  const client = await makeClient(made);
  client.connect();
  const link = client.link as { set(lines: object): void; get(): unknown; update(options: object): void };
  const set = failureOf(client, () => link.set({ dtr: false }));
  const get = failureOf(client, () => link.get());
  link.update({ baudRate: 115_200 });
  const reply = client.clientCommunicate("hello").toString();
  client.close();
  return { set, get, reply };
};

/** Waits for replies that do not come, once after the other, with a listener for signals; what that cost the processor. */
export const waitInVain: Act<
  { made: Made; timeoutMs: number; times: number },
  { failures: Failure[]; processorShare: number }
> = async ({ made, timeoutMs, times }, say) => {
  process.on("SIGUSR2", () => undefined);
  const client = await makeClient({ ...made, options: { ...made.options, keepAlive: true } });
  const wait = (): Failure => {
    // A call that failed closes the port; opening it is not what is measured.
    client.connect();
    return failureOf(client, () => client.waitFor(() => false, { timeoutMs }));
  };
  wait();
  say("waiting");
  const before = process.cpuUsage();
  const start = performance.now();
  const failures = Array.from({ length: times }, wait);
  const { user, system } = process.cpuUsage(before);
  client.close();
  process.removeAllListeners("SIGUSR2");
  return { failures, processorShare: (user + system) / 1000 / (performance.now() - start) };
};

/** Waits for one message, and says so. */
export const waitForOne: Act<{ made: Made; timeoutMs: number }, { heard: string; ms: number }> = async (
  { made, timeoutMs },
  say,
) => {
  const client = await makeClient(made);
  client.connect();
  say("waiting");
  const start = performance.now();
  const heard = client.waitFor(() => true, { timeoutMs }).toString();
  client.close();
  return { heard, ms: performance.now() - start };
};
