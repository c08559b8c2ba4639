/** Acts of clients that exchange messages, or fail to. */
import { StateError } from "../../src/errors.ts";
import { families } from "../support/channel-cells.ts";
import type { Act } from "./acts.ts";
import { type Client, type Failure, failureOf, type Made, makeClient, PATIENCE_MS } from "./subject.ts";

/** Makes requests with one client, one after another; tells what `processData` saw. */
export const exchange: Act<
  { made: Made; requests: readonly string[] },
  { replies: Buffer[]; seen: Buffer[] }
> = async ({ made, requests }) => {
  const seen: Buffer[] = [];
  const client = await makeClient(made, { processData: (data) => void seen.push(data) });
  const replies = requests.map((request) => client.clientCommunicate(request));
  client.close();
  return { replies, seen };
};

/** Makes a request, lets the test do something, and makes another. */
export const exchangeTwice: Act<
  { made: Made; isHeard: boolean },
  { seen: string[]; replies: string[]; heard: string[] }
> = async ({ made, isHeard }, say, go) => {
  const seen: string[] = [];
  const heard: string[] = [];
  const client = await makeClient(made, {
    processData: (data) => void seen.push(data.toString()),
    ...(isHeard && { onError: (error) => void heard.push(error.code) }),
  });
  const replies = [client.clientCommunicate("one").toString()];
  say("one");
  await go();
  replies.push(client.clientCommunicate("two").toString());
  client.close();
  return { seen, replies, heard };
};

/** Makes a request that has to fail, and another if there is one. */
export const fail: Act<
  { made: Made; size: number; timeoutMs?: number; next?: string },
  { failure: Failure; reply: string | undefined }
> = async ({ made, size, timeoutMs, next }, say) => {
  const client = await makeClient(made);
  const request = "x".repeat(size);
  // The first call starts a thread, which the deadline is not about.
  client.connect({ timeoutMs: PATIENCE_MS });
  say("calling");
  const failure = failureOf(client, () =>
    client.clientCommunicate(request, timeoutMs === undefined ? {} : { timeoutMs }),
  );
  const reply = next === undefined ? undefined : client.clientCommunicate(next).toString();
  client.close();
  return { failure, reply };
};

/** Makes a request that is answered before it is sent to its end, which it never is. */
export const hearEarly: Act<
  { made: Made; size: number },
  { reply: string; heard: string[]; isClosed: boolean }
> = async ({ made, size }) => {
  const heard: string[] = [];
  const client = await makeClient(made, { onError: (error) => void heard.push(error.code) });
  const reply = client.clientCommunicate("x".repeat(size)).toString();
  return { reply, heard, isClosed: client.closed };
};

/** Makes the same request again and again, which has to fail each time, and then one that succeeds. */
export const failOften: Act<
  { made: Made; request: string; timeoutMs: number; times: number; next: string },
  { failures: Failure[]; reply: string }
> = async ({ made, request, timeoutMs, times, next }) => {
  const client = await makeClient(made);
  const failures: Failure[] = [];
  for (let time = 0; time < times; time++) {
    client.connect({ timeoutMs: PATIENCE_MS });
    failures.push(failureOf(client, () => client.clientCommunicate(request, { timeoutMs })));
  }
  const reply = client.clientCommunicate(next).toString();
  client.close();
  return { failures, reply };
};

/** Only opens, which has to fail. */
export const failToOpen: Act<{ made: Made; timeoutMs?: number }, { failure: Failure }> = async ({
  made,
  timeoutMs,
}) => {
  const client = await makeClient(made);
  return { failure: failureOf(client, () => client.connect(timeoutMs === undefined ? {} : { timeoutMs })) };
};

/** Has each hook in turn return a promise. */
export const asyncHooks: Act<{ made: Made }, Record<string, Failure>> = async ({ made }) => {
  const later = (async () => undefined) as unknown as () => never;
  const told: Record<string, Failure> = {};
  for (const hook of ["processData", "queryDone", "onConnect"]) {
    const client = await makeClient(made, { [hook]: later });
    told[hook] = failureOf(client, () => client.clientCommunicate("hello"));
  }
  const waiting = await makeClient(made, { onConnect: (channel) => channel.start("hello") });
  told["predicate"] = failureOf(waiting, () => waiting.waitFor(later));
  return told;
};

/** Has hooks fail in ways that must not hide what happened to the request. */
export const failingHooks: Act<{ made: Made }, { unsendable: Failure; closing: string[]; reply: string }> = async ({
  made,
}) => {
  const sender = await makeClient(made, { processData: (_, channel) => channel.start("not\r\nsendable") });
  const unsendable = failureOf(sender, () => sender.clientCommunicate("hello"));
  const closing: string[] = [];
  const closer = await makeClient(made, {
    onClose: () => {
      throw new Error("no");
    },
    onError: (error) => void closing.push(error.code),
  });
  const reply = closer.clientCommunicate("hello").toString();
  return { unsendable, closing, reply };
};

/** Calls a client in one of its own hooks. */
export const callInHook: Act<{ made: Made }, { inner: Failure | undefined; reply: string }> = async ({ made }) => {
  let inner: Failure | undefined;
  const client = await makeClient(made, {
    processData(_, channel) {
      inner = failureOf(channel, () => channel.clientCommunicate("again"));
    },
  });
  const reply = client.clientCommunicate("hello").toString();
  return { inner, reply };
};

/** Calls a server of this very thread, then one that is closed. */
export const callOwnThread: Act<
  { address: { host?: string; port?: number; path?: string }; framing: string; hosts: readonly string[] },
  { failures: Failure[]; afterClose: Failure }
> = async ({ address, framing, hosts }) => {
  const family = families.find((each) => each.device === "Socket" && each.framing === framing);
  if (family === undefined) throw new StateError("ERR_CHANNEL_CLOSED", `no classes with framing "${framing}"`);
  const server = new family.Server({ ...address });
  await server.listen();
  const { port } = server.address();
  const made = (host: string): Made => ({
    device: "Socket",
    framing,
    options: address.path === undefined ? { host, port } : address,
  });
  const failures: Failure[] = [];
  for (const host of hosts) {
    const client = await makeClient(made(host));
    failures.push(failureOf(client, () => client.clientCommunicate("hello")));
  }
  await server.close();
  const late = await makeClient(made(hosts[0] as string));
  return { failures, afterClose: failureOf(late, () => late.clientCommunicate("hello")) };
};

/** Answers a server that asks first: sends what hooks start while it only waits. */
export const logIn: Act<{ made: Made }, { greeting: string; isClosed: boolean }> = async ({ made }) => {
  const answers: Readonly<Record<string, string>> = { "login:": "me", "password:": "secret" };
  const client: Client = await makeClient(made, {
    processData(data, channel) {
      const answer = answers[data.toString()];
      if (answer !== undefined) channel.start(answer);
    },
  });
  const greeting = client.waitFor((data) => data.toString().startsWith("welcome")).toString();
  client[Symbol.dispose]();
  return { greeting, isClosed: client.closed };
};
