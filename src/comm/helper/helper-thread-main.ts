/** What runs in a helper thread: opens services and calls them, as its owner asks. */
import { workerData } from "node:worker_threads";
import { packError } from "../error-transfer.ts";
import {
  BEAT,
  BEAT_INTERVAL_MS,
  EXITED,
  type HelperData,
  type HelperReply,
  type NumberedRequest,
  type Opened,
  type OpenService,
  type HelperService,
  RUNNING,
  SIGNAL,
  STATE,
  UNANSWERED,
} from "./helper-protocol.ts";

const { port, memory, nodeOptions } = workerData as HelperData;
const words = new Int32Array(memory);
const services = new Map<number, HelperService<unknown>>();
const calls = new Map<number, AbortController>();

// For the processes that are started here.
if (nodeOptions !== undefined) process.env["NODE_OPTIONS"] = nodeOptions;
process.once("exit", () => {
  Atomics.store(words, STATE, EXITED);
  wakeOwner();
});
Atomics.store(words, STATE, RUNNING);
setInterval(() => Atomics.add(words, BEAT, 1), BEAT_INTERVAL_MS);
port.on("message", (request: NumberedRequest) => void serve(request));

async function serve(request: NumberedRequest): Promise<void> {
  if (request.kind === "cancel") return await cancel(request.call);
  const call = new AbortController();
  calls.set(request.id, call);
  try {
    reply({ id: request.id, value: await answer(request, call.signal) });
  } catch (error) {
    reply({ id: request.id, error: packError(error) });
  } finally {
    calls.delete(request.id);
  }
}

async function cancel(call: number): Promise<void> {
  calls.get(call)?.abort(new Error("the caller does not wait any longer"));
  calls.delete(call);
  // The owner may have given up just when the answer was sent.
  const service = services.get(call);
  services.delete(call);
  await service?.close();
}

async function answer(request: Exclude<NumberedRequest, { kind: "cancel" }>, signal: AbortSignal): Promise<unknown> {
  if (request.kind === "open") return await open(request, signal);
  const service = services.get(request.service);
  if (service === undefined) return undefined;
  if (request.method === "close") services.delete(request.service);
  const method = (service as unknown as Record<string, (...values: unknown[]) => unknown>)[request.method];
  return await method?.apply(service, [...request.values]);
}

async function open(
  request: Extract<NumberedRequest, { kind: "open" }>,
  signal: AbortSignal,
): Promise<Opened<unknown>> {
  const module = (await import(request.module)) as Record<string, OpenService<unknown>>;
  const service = await (module[request.name] as OpenService<unknown>)(request.options as never, signal);
  if (signal.aborted) {
    await service.close();
    throw signal.reason;
  }
  // It has the number of the call that has opened it.
  services.set(request.id, service);
  return { service: request.id, info: service.info };
}

function reply(message: HelperReply): void {
  if (message.id === UNANSWERED) return;
  port.postMessage(message);
  wakeOwner();
}

function wakeOwner(): void {
  Atomics.add(words, SIGNAL, 1);
  Atomics.notify(words, SIGNAL);
}
