/**
 * What a client is made to do in the conformance tests. A script is the same for every mode: it awaits what is a promise in
 * one mode and a plain value in another. It gets and returns plain data, so that it can run in another process than the test.
 */
import type { CloseReason } from "../../src/core/close-reason.ts";
import type { Data } from "../../src/core/data.ts";
import { ChannelError } from "../../src/errors.ts";
import type { Extra } from "./channel-cells.ts";
import { type MemberKind, withMembers } from "./channel-members.ts";

type Maybe<Value> = Value | Promise<Value>;

/** A client of any mode. */
export interface AnyClient {
  readonly closed: boolean;
  readonly done: boolean;
  readonly keepAlive: boolean;
  connect(): Maybe<void>;
  clientCommunicate(data: Data, options?: { timeoutMs?: number; until?: (data: Buffer) => boolean }): Maybe<Buffer>;
  send(data: Data, options?: { timeoutMs?: number }): Maybe<void>;
  collect(data: Data, options: { until: (data: Buffer) => boolean; timeoutMs?: number }): Maybe<Buffer[]>;
  waitFor(predicate: (data: Buffer) => boolean, options?: { timeoutMs?: number }): Maybe<Buffer>;
  replies(items: readonly Data[]): Iterable<Buffer> | AsyncIterable<Buffer>;
  processData(data: Buffer): void;
  queryDone(): Maybe<boolean>;
  onConnect(): void;
  onClose(): void;
  start(data: Data): void;
  finish(): void;
  close(): Maybe<void>;
  once?(event: "close", listener: () => void): unknown;
}

/** The class of a client of any mode. */
export type AnyClientClass = new (options: Extra) => AnyClient;

/** A server of any mode, on a device where one thread can be enough for it. */
export interface AnyServer {
  readonly closed: boolean;
  listen(): Maybe<void>;
  serveForever(): Maybe<void>;
  close(): Maybe<void>;
}

/** The class of a server of any mode. */
export type AnyServerClass = new (options: Extra) => AnyServer;

/** What a failed call said. */
export interface Failure {
  readonly code: string;
  readonly outcome: string | undefined;
  readonly message: string;
}

/** What a script works with. */
export interface Scene {
  readonly Client: AnyClientClass;
  /** Address and other options of the client. */
  readonly options: Extra;
  /** Tells the test that it may go on. */
  readonly ready: () => void;
}

/** One thing that a client is made to do: what, with which data, and how the message ends that is waited for. */
export type Step =
  | readonly ["start" | "send" | "call", data: string, timeoutMs?: number]
  | readonly ["until" | "collect", data: string, ending: string]
  | readonly ["connect" | "finish" | "close"];

/** What came of it: replies, or the code and outcome of the failure, and whether the channel was closed afterwards. */
export type StepResult = { readonly said?: readonly string[]; readonly failed?: string; readonly isClosed: boolean };

/** All scripts. */
export interface Scripts {
  /**
   * Does one thing after another; `inHook` says what is started when a message is processed. Returns what `processData` saw,
   * what `onError` heard, and why the channel closed each time, too.
   */
  steps(
    scene: Scene,
    input: { steps: readonly Step[]; inHook?: Readonly<Record<string, string>>; isDone?: boolean },
  ): Promise<{ results: StepResult[]; seen: string[]; heard: string[]; closes: string[] }>;
  /** Makes requests one after another with one client. */
  exchange(
    scene: Scene,
    requests: readonly Data[],
  ): Promise<{ replies: Buffer[]; closedAfter: boolean[]; isDone: boolean; closedAtEnd: boolean }>;
  /** As `exchange`, with a subclass that has members of internal names. */
  exchangeWithMembers(
    scene: Scene,
    input: { requests: readonly Data[]; members: MemberKind },
  ): Promise<{ replies: Buffer[] }>;
  /** Makes a client for each request, one after another. */
  exchangeApart(scene: Scene, requests: readonly Data[]): Promise<{ replies: Buffer[] }>;
  /** Makes a request whose exchange goes on with further requests, started in `processData`. */
  prolong(scene: Scene, requests: readonly Data[]): Promise<{ reply: Buffer; seen: Buffer[]; isDone: boolean }>;
  /** Makes a request and goes on reading until `queryDone` has seen so many messages, or bytes. */
  readOn(
    scene: Scene,
    input: { request: Data; messages?: number; bytes?: number },
  ): Promise<{ reply: Buffer; seen: Buffer[] }>;
  /** Makes a request with the hooks given as options, or overridden, and tells in which order they were called. */
  tellHooks(scene: Scene, input: { request: Data; how: "options" | "override" }): Promise<{ told: string[] }>;
  /** Makes requests through `replies()`. */
  iterate(scene: Scene, requests: readonly Data[]): Promise<{ replies: Buffer[] }>;
  /** Waits for a message that ends so, then makes a request. */
  greet(scene: Scene, input: { ending: string; request: Data }): Promise<{ greeting: Buffer; reply: Buffer }>;
  /** Makes a request that has to fail, then another one. */
  failThenGoOn(
    scene: Scene,
    input: { request: Data; timeoutMs?: number; next?: Data },
  ): Promise<{ failure: Failure; isClosed: boolean; reply: Buffer | undefined }>;
  /** Opens explicitly, twice; makes a request; closes twice; and makes one more. Tells whether it was closed in between. */
  openAndClose(scene: Scene, request: Data): Promise<{ closed: boolean[]; reply: Buffer }>;
  /** Calls `finish()` while the reply to a request is processed, in a client that would stay open. */
  finishInHook(scene: Scene, request: Data): Promise<{ reply: Buffer; isClosed: boolean }>;
  /** With the class of a server: answers each message with itself, until one says how to end. Returns why each channel closed. */
  serve(
    scene: Scene,
    input: { last: string; how: "finish" | "queryDone"; members?: MemberKind },
  ): Promise<{ seen: Buffer[]; closed: boolean; closes: string[] }>;
  /** Tells how making a client with these options fails. */
  construct(scene: Scene, options: Extra): Promise<{ failure: Failure }>;
}

/** The name of a script. */
export type ScriptName = keyof Scripts;
/** What a script is given besides the client. */
export type ScriptInput<Name extends ScriptName> = Parameters<Scripts[Name]>[1];
/** What a script returns. */
export type ScriptResult<Name extends ScriptName> = Awaited<ReturnType<Scripts[Name]>>;

/** All scripts, by name. */
export const scripts: Scripts = {
  async steps({ Client, options }, { steps, inHook = {}, isDone }) {
    const seen: string[] = [];
    const heard: string[] = [];
    const closes: string[] = [];
    const client = new Client({
      ...options,
      processData(data: Buffer, channel: AnyClient) {
        seen.push(data.toString());
        const next = inHook[data.toString()];
        if (next === "finish()") channel.finish();
        else if (next !== undefined) channel.start(next);
      },
      onError: (error: ChannelError) => void heard.push(error.code),
      onClose: (_: unknown, { by, error }: CloseReason) =>
        void closes.push(error === undefined ? by : `${by} ${error.code}`),
      ...(isDone !== undefined && { queryDone: () => isDone }),
    });
    const results: StepResult[] = [];
    for (const step of steps) {
      const result = await outcomeOf(() => doStep(client, step));
      // In asynchronous mode, what is started outside a call opens the channel by itself: later.
      results.push({ ...result, isClosed: step[0] === "start" || step[0] === "finish" ? false : client.closed });
    }
    // What finish() began is over when the channel has closed; a blocking client has closed already.
    const isFinishing = steps.at(-1)?.[0] === "finish" && client.once !== undefined;
    if (isFinishing) await new Promise<void>((resolve) => client.once?.("close", resolve));
    await client.close();
    return { results, seen, heard, closes };
  },

  async exchange({ Client, options }, requests) {
    const client = new Client(options);
    const replies: Buffer[] = [];
    const closedAfter: boolean[] = [];
    for (const request of requests) {
      replies.push(await client.clientCommunicate(request));
      closedAfter.push(client.closed);
    }
    const isDone = client.done;
    await client.close();
    return { replies, closedAfter, isDone, closedAtEnd: client.closed };
  },

  exchangeWithMembers: (scene, { requests, members }) =>
    scripts.exchange({ ...scene, Client: withMembers(scene.Client, members) }, requests),

  async exchangeApart({ Client, options }, requests) {
    const replies: Buffer[] = [];
    for (const request of requests) {
      const client = new Client(options);
      replies.push(await client.clientCommunicate(request));
      await client.close();
    }
    return { replies };
  },

  async prolong({ Client, options }, requests) {
    const [first = "", ...others] = requests;
    const seen: Buffer[] = [];
    const client = new Client({
      ...options,
      processData(data: Buffer, channel: AnyClient) {
        seen.push(data);
        const next = others.shift();
        if (next !== undefined) channel.start(next);
      },
    });
    const reply = await client.clientCommunicate(first);
    const isDone = client.done;
    await client.close();
    return { reply, seen, isDone };
  },

  async readOn({ Client, options }, { request, messages = Infinity, bytes = Infinity }) {
    const seen: Buffer[] = [];
    const client = new Client({
      ...options,
      processData: (data: Buffer) => void seen.push(data),
      queryDone: () => seen.length === messages || Buffer.concat(seen).length === bytes,
    });
    const reply = await client.clientCommunicate(request);
    await client.close();
    return { reply, seen };
  },

  async tellHooks({ Client, options }, { request, how }) {
    const told: string[] = [];
    const hooks = {
      onConnect: () => void told.push("onConnect"),
      processData: (data: Buffer) => void told.push(`processData ${data.toString()}`),
      queryDone: () => told.push("queryDone") > 0,
      onClose: () => void told.push("onClose"),
    };
    class Overriding extends Client {
      override onConnect = hooks.onConnect;
      override processData = hooks.processData;
      override queryDone = hooks.queryDone;
      override onClose = hooks.onClose;
    }
    const client = how === "options" ? new Client({ ...options, ...hooks }) : new Overriding(options);
    await client.clientCommunicate(request);
    await client.close();
    return { told };
  },

  async iterate({ Client, options }, requests) {
    const client = new Client(options);
    const replies: Buffer[] = [];
    for await (const reply of client.replies(requests)) replies.push(reply);
    await client.close();
    return { replies };
  },

  async greet({ Client, options }, { ending, request }) {
    const client = new Client({ ...options, keepAlive: true });
    const greeting = await client.waitFor((data) => data.toString().endsWith(ending));
    const reply = await client.clientCommunicate(request);
    await client.close();
    return { greeting, reply };
  },

  async failThenGoOn({ Client, options }, { request, timeoutMs, next }) {
    const client = new Client(options);
    // Opening takes its time; the deadline is for the reply alone.
    await client.connect();
    const failure = await failureOf(() =>
      client.clientCommunicate(request, timeoutMs === undefined ? {} : { timeoutMs }),
    );
    const isClosed = client.closed;
    const reply = next === undefined ? undefined : await client.clientCommunicate(next);
    await client.close();
    return { failure, isClosed, reply };
  },

  async openAndClose({ Client, options }, request) {
    const client = new Client({ ...options, keepAlive: true });
    const closed = [client.closed];
    await client.connect();
    await client.connect();
    closed.push(client.closed);
    await client.clientCommunicate(request);
    await client.close();
    await client.close();
    closed.push(client.closed);
    const reply = await client.clientCommunicate(request);
    await client.close();
    return { closed, reply };
  },

  async finishInHook({ Client, options }, request) {
    const client = new Client({
      ...options,
      keepAlive: true,
      processData: (_: Buffer, channel: AnyClient) => channel.finish(),
    });
    const reply = await client.clientCommunicate(request);
    const isClosed = client.closed;
    await client.close();
    return { reply, isClosed };
  },

  async serve({ Client: Class, options, ready }, { last, how, members }) {
    const seen: Buffer[] = [];
    const closes: string[] = [];
    const isOver = (): boolean => seen.at(-1)?.toString() === last;
    const Server = members === undefined ? Class : withMembers(Class, members);
    const server = new (Server as unknown as AnyServerClass)({
      ...options,
      processData(data: Buffer, channel: { start(data: Data): void; finish(): void }) {
        seen.push(data);
        channel.start(data);
        if (isOver() && how === "finish") channel.finish();
      },
      onClose: (_: unknown, reason: CloseReason) => void closes.push(reason.by),
      ...(how === "queryDone" && { queryDone: isOver }),
    });
    await server.listen();
    ready();
    await server.serveForever();
    const { closed } = server;
    await server.close();
    return { seen, closed, closes };
  },

  async construct({ Client, options }, extra) {
    return { failure: await failureOf(() => new Client({ ...options, ...extra })) };
  },
};

async function failureOf(action: () => unknown): Promise<Failure> {
  try {
    await action();
  } catch (error) {
    if (!ChannelError.is(error)) throw error;
    return { code: error.code, outcome: error.outcome, message: error.message };
  }
  throw new Error("the call did not fail");
}

async function doStep(client: AnyClient, step: Step): Promise<readonly Buffer[]> {
  const endsWith = (data: Buffer): boolean => data.toString().endsWith(String(step[2]));
  const limit = typeof step[2] === "number" ? { timeoutMs: step[2] } : {};
  switch (step[0]) {
    case "start":
      client.start(step[1]);
      return [];
    case "send":
      await client.send(step[1], limit);
      return [];
    case "call":
      return [await client.clientCommunicate(step[1], limit)];
    case "until":
      return [await client.clientCommunicate(step[1], { until: endsWith })];
    case "collect":
      return await client.collect(step[1], { until: endsWith });
    case "connect":
    case "finish":
    case "close":
      await client[step[0]]();
      return [];
  }
}

async function outcomeOf(action: () => Promise<readonly Buffer[]>): Promise<Omit<StepResult, "isClosed">> {
  try {
    return { said: (await action()).map(String) };
  } catch (error) {
    if (!ChannelError.is(error)) throw error;
    return { failed: `${error.code} ${error.outcome}` };
  }
}
