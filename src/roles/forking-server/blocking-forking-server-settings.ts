import { fileURLToPath } from "node:url";
import { serialize } from "node:v8";
import type { ChildSetup, SerialisedSetup } from "./children/child-protocol.ts";
import { POOL_TIMING } from "./children/pool-timing.ts";
import type { SupervisorSettings } from "./supervisor.ts";
import { ACCEPTED_IDLE_TIMEOUT_MS, checkSettings } from "../../core/channel-settings.ts";
import type { FramingClass } from "../../core/framing.ts";
import { badOption, booleanOption, durationOption, integerOption } from "../../core/options.ts";
import type { SocketListenOptions } from "../../devices/socket/socket.ts";
import type { BlockingForkingServerOptions } from "./blocking-forking-server-options.ts";

/** The options of a forking server that stay in its own process. */
export const PROCESS_SERVER_HOOKS = [
  "onChildStart",
  "onChildExit",
  "onError",
  "serverStart",
  "serverClose",
  "keepRunning",
] as const;

/**
 * Checks the options of a forking server, as plain data that another thread or process can be given.
 *
 * @throws OptionsError `ERR_OPTIONS`, naming the option and its value.
 */
export function forkingServerSettings(
  options: BlockingForkingServerOptions<BufferEncoding | undefined, never> & SocketListenOptions,
  framing: FramingClass,
): SupervisorSettings {
  checkSettings(options, "server", framing, ACCEPTED_IDLE_TIMEOUT_MS);
  booleanOption("keepAlive", options.keepAlive, true);
  const minSpareChildren = integerOption("minSpareChildren", options.minSpareChildren, 2, 1);
  const { host, port, path, backlog, maxConnections, noDelay, keepAliveProbeMs } = options;
  const listen = { host, port, path, backlog, maxConnections, noDelay, keepAliveProbeMs };
  return {
    listen: Object.fromEntries(Object.entries(listen).filter(([, value]) => value !== undefined)),
    setup: serialised({
      handler: handlerAddress(options.handler),
      framing: { name: framing.name, suffix: framing.suffix },
      options: handlerOptions(options),
      hangTimeoutMs: durationOption("hangTimeoutMs", options.hangTimeoutMs, 60_000),
    }),
    execArgv: childArguments(process.execArgv),
    minSpareChildren,
    maxChildren: integerOption("maxChildren", options.maxChildren, Math.max(16, minSpareChildren), minSpareChildren),
    maxRequestsPerChild: integerOption("maxRequestsPerChild", options.maxRequestsPerChild, 1000),
    maxQueuedConnections: integerOption("maxQueuedConnections", options.maxQueuedConnections, 128),
    queueTimeoutMs: durationOption("queueTimeoutMs", options.queueTimeoutMs, 30_000),
    timing: POOL_TIMING,
  };
}

/** Options of Node.js that say what this process runs, and how it is debugged. */
const OWN_ARGUMENT = /^(?:-[epci]|-pe|--(?:eval|print|check|interactive|input-type|inspect|watch|test|run)\b.*)$/s;
/** Those of them whose value is an argument of its own. */
const WITH_VALUE = /^(?:-e|-p|-pe|--eval|--print|--input-type|--inspect-port|--watch-path)$/;

/** The options of Node.js that children share. A debugger can only listen once; code to run would make each a server. */
function childArguments(own: readonly string[]): string[] {
  return own.filter((argument, index) => !OWN_ARGUMENT.test(argument) && !WITH_VALUE.test(own[index - 1] ?? ""));
}

function handlerAddress(value: unknown): string {
  const text = value instanceof URL ? value.href : value;
  if (typeof text === "string" && text.startsWith("file:") && URL.canParse(text)) {
    fileURLToPath(text);
    return text;
  }
  throw badOption("handler", value, 'give the address of a module: new URL("./handler.js", import.meta.url)');
}

/** What is left when the server's own options are taken off: bytes, strings, numbers. */
function handlerOptions(options: object): object {
  const own = new Set<string>([...PROCESS_SERVER_HOOKS, "handler"]);
  const others = Object.entries(options).filter(([name]) => !own.has(name));
  for (const [name, value] of others) {
    if (typeof value === "function")
      throw badOption(name, value, "override it in the handler's class: a function cannot go to another process");
    try {
      serialize(value);
    } catch (error) {
      throw badOption(name, value, `it cannot be copied to another process (${(error as Error).message})`);
    }
  }
  return Object.fromEntries(others);
}

function serialised(setup: ChildSetup): SerialisedSetup {
  return serialize(setup).toString("base64");
}
