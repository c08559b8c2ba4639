/** What is added to an error on its way to the user: who was at the other end, and who made the call. */
import { ChannelError, HookError } from "../errors.ts";

const named = new WeakSet<object>();

/**
 * Names the other end of a channel in the message of an error, once. Errors of others are not touched, nor are those of
 * hooks, whose text is the user's.
 *
 * @param peer an address or a path; `undefined` where it is not known.
 */
export function namePeer<Thrown>(thrown: Thrown, peer: string | undefined): Thrown {
  if (peer === undefined || !ChannelError.is(thrown) || HookError.is(thrown) || named.has(thrown)) return thrown;
  named.add(thrown);
  const { message, stack } = thrown;
  if (message.includes(peer)) return thrown;
  // Built by the class itself, so that control characters are escaped by the same rule.
  const text = new ChannelError(thrown.code, `${message} (peer ${peer})`).message;
  rewrite(thrown, "message", text);
  // The first line of the stack holds the message.
  if (typeof stack === "string")
    rewrite(
      thrown,
      "stack",
      stack.replace(message, () => text),
    );
  return thrown;
}

/** Where options of a device point, as messages name it; `undefined` if they hold no address. */
export function addressName(options: object): string | undefined {
  const { host, port, path } = options as { readonly host?: unknown; readonly port?: unknown; readonly path?: unknown };
  if (typeof path === "string") return path;
  // Port 0 stands for one that the system chooses: it names nothing.
  return typeof port === "number" && port !== 0
    ? endName(typeof host === "string" ? host : "localhost", port)
    : undefined;
}

/**
 * How messages name the other end of a connection: by its own address where the device knows one.
 *
 * @param link what users see of the device.
 * @param fallback the address in the options of the channel.
 */
export function peerName(link: unknown, fallback: string | undefined): string | undefined {
  const { remoteAddress, remotePort } = (link ?? {}) as SocketEnd;
  return remoteAddress === undefined || remotePort === undefined ? fallback : endName(remoteAddress, remotePort);
}

interface SocketEnd {
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
}

function endName(host: string, port: number): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

const traced = new WeakSet<object>();

/**
 * The same promise; but when it rejects with an error of this package, the frames of the callers that await it are
 * appended to the stack of the error. Nothing is captured unless it rejects.
 *
 * @param peer the other end, which the error names then.
 */
export async function withCaller<Result>(work: Promise<Result>, peer?: string): Promise<Result> {
  try {
    return await work;
  } catch (thrown) {
    if (ChannelError.is(thrown)) appendCaller(namePeer(thrown, peer));
    throw thrown;
  }
}

function appendCaller(error: ChannelError): void {
  if (traced.has(error)) return;
  traced.add(error);
  // The rejection resumes this function: the engine now sees the chain of functions that await its promise.
  const here: { stack?: unknown } = {};
  Error.captureStackTrace(here, withCaller);
  const { stack } = error;
  if (typeof here.stack !== "string" || typeof stack !== "string") return;
  const frames = here.stack.split("\n").slice(1);
  const added = frames.filter((frame) => !stack.includes(frame));
  rewrite(error, "stack", [stack, ...added].join("\n"));
}

/** Also where the properties of `Error.prototype` are frozen. */
function rewrite(error: object, name: "message" | "stack", value: string): void {
  Object.defineProperty(error, name, { value, enumerable: false, writable: true, configurable: true });
}
