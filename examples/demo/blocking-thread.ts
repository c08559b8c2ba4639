/** The thread in which blocking classes run. */
import { parentPort } from "node:worker_threads";
import type { BlockingSerialServer, BlockingSocketClient, ListenAddress } from "plib-io";
import { matrix } from "../../generated/matrix.ts";
import { Answerer, type Exchange, type Task, verified } from "./task.ts";

/** What the thread is told to do: one connection. */
export interface BlockingOrder {
  readonly verb: "ask" | "answer";
  readonly names: readonly string[];
  readonly address: Readonly<Record<string, unknown>>;
  readonly task: Task;
  /** Holds 1 when the end that answers is to stop. */
  readonly stop: Int32Array;
}

/** What it tells. */
export type BlockingReport =
  | { readonly kind: "waits"; readonly address: ListenAddress }
  | { readonly kind: "done"; readonly exchanges: readonly Exchange[]; readonly error?: Error };

function tell(report: BlockingReport): void {
  parentPort?.postMessage(report);
}

async function load(name: string | undefined): Promise<unknown> {
  return await matrix.find(({ className }) => className === name)?.load();
}

async function ask({ names, address, task }: BlockingOrder, exchanges: Exchange[]): Promise<void> {
  const Client = (await load(names[0])) as typeof BlockingSocketClient;
  const keepAlive = task.boundary === "message";
  const client = new Client({ ...address, keepAlive, ...task.options });
  try {
    client.connect();
    for (const message of task.messages) {
      const startedAt = performance.now();
      exchanges.push(verified(message, client.clientCommunicate(message), startedAt));
    }
  } finally {
    client.close();
  }
}

async function answer({ names, address, task, stop }: BlockingOrder): Promise<void> {
  const Server = (await load(names[0])) as typeof BlockingSerialServer;
  const answerer = new Answerer(task);
  let failure: Error | undefined;
  const server = new Server({
    ...(address as { path: string }),
    keepAlive: task.boundary !== "half-close",
    ...task.options,
    processData: (data, channel) => answerer.answer(data, channel),
    serverStart: (self) => tell({ kind: "waits", address: self.address() }),
    keepRunning: () => Atomics.load(stop, 0) === 0,
    onError: (error) => {
      failure = error;
    },
  });
  server.serveForever();
  if (failure !== undefined) throw failure;
}

async function execute(order: BlockingOrder): Promise<void> {
  // Buffers arrive as plain bytes.
  const messages = order.task.messages.map((bytes) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  const task = { ...order.task, messages };
  const exchanges: Exchange[] = [];
  try {
    if (order.verb === "ask") await ask({ ...order, task }, exchanges);
    else await answer({ ...order, task });
    tell({ kind: "done", exchanges });
  } catch (error) {
    tell({ kind: "done", exchanges, error: error instanceof Error ? error : new Error(String(error)) });
  }
}

parentPort?.on("message", (order: BlockingOrder) => void execute(order));
