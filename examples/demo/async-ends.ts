/**
 * The two ends of a connection, of asynchronous classes. All classes of a role have the same members, so what is written
 * for one of them here drives every device and framing.
 */
import type {
  AsyncBaseRequestHandler,
  AsyncPersistentRequestHandler,
  AsyncPersistentSocket,
  AsyncSocketClient,
  AsyncSocketServer,
  AsyncSocketServerOptions,
} from "plib-io";
import type { MatrixCell } from "../../generated/matrix.ts";
import type { AnsweringEnd, Ends, Job } from "./ends.ts";
import { Answerer, type Exchange, verified } from "./task.ts";

/** What a server takes as its handler. */
type HandlerClass = NonNullable<AsyncSocketServerOptions["handler"]>;

/** How asynchronous classes ask and answer. */
export const asyncEnds: Ends = { ask, answer };

async function ask(cell: MatrixCell, job: Job, tell: (exchange: Exchange) => void): Promise<void> {
  const Class = await cell.load();
  if (cell.role === "Client") await askAsClient(Class as typeof AsyncSocketClient, job, tell);
  else await askAsPersistent(Class as typeof AsyncPersistentSocket, job, tell);
}

async function askAsClient(
  Client: typeof AsyncSocketClient,
  { address, task, signal }: Job,
  tell: (exchange: Exchange) => void,
): Promise<void> {
  const keepAlive = task.boundary === "message";
  const client = new Client({ ...address, keepAlive, ...task.options, timeoutMs: 0 });
  try {
    await client.connect({ signal });
    for (const message of task.messages) {
      const startedAt = performance.now();
      const reply = await client.clientCommunicate(message, { signal });
      tell(verified(message, reply, startedAt));
    }
  } finally {
    await client.close();
  }
}

async function askAsPersistent(
  Persistent: typeof AsyncPersistentSocket,
  { address, task, signal }: Job,
  tell: (exchange: Exchange) => void,
): Promise<void> {
  const channel = new Persistent({ ...address, ...task.options });
  const abort = (): void => void channel.close();
  signal.addEventListener("abort", abort);
  try {
    await channel.connect({ signal });
    const answers = channel[Symbol.asyncIterator]();
    for (const message of task.messages) {
      const startedAt = performance.now();
      channel.start(message);
      if (task.boundary === "half-close") channel.finish();
      tell(verified(message, await nextAnswer(answers, message.length, task.boundary === "channel"), startedAt));
    }
  } finally {
    signal.removeEventListener("abort", abort);
    await channel.close();
  }
}

/** The next message; or, where each read is a message, as many as make up the length. */
async function nextAnswer(answers: AsyncIterator<Buffer>, length: number, isInPieces: boolean): Promise<Buffer> {
  const pieces: Buffer[] = [];
  const due = isInPieces ? length : 0;
  let received = 0;
  do {
    const next = await answers.next();
    if (next.done === true) throw new Error(`the channel closed after ${received} bytes of an answer`);
    pieces.push(next.value);
    received += next.value.length;
  } while (received < due);
  return Buffer.concat(pieces);
}

async function answer(cells: readonly [MatrixCell, ...MatrixCell[]], job: Job): Promise<AnsweringEnd> {
  const [first, handlerCell] = cells;
  const Class = await first.load();
  if (first.role === "Persistent") return await answerAsPersistent(Class as typeof AsyncPersistentSocket, job);
  const Handler = await handlerCell?.load();
  const serving = handlerCell === undefined ? inlineHooks(job) : { handler: handlerClass(handlerCell, Handler, job) };
  const server = new (Class as typeof AsyncSocketServer)({
    ...job.address,
    ...serving,
    keepAlive: job.task.boundary !== "half-close",
    ...job.task.options,
    onError: job.fail,
  });
  await server.listen();
  return { address: server.address(), close: () => server.close() };
}

async function answerAsPersistent(
  Persistent: typeof AsyncPersistentSocket,
  { address, task, signal, fail }: Job,
): Promise<AnsweringEnd> {
  const answerer = new Answerer(task);
  const channel = new Persistent({
    ...address,
    ...task.options,
    processData: (data, self) => answerer.answer(data, self),
    onError: fail,
  });
  await channel.connect({ signal });
  return { address: { path: address["path"] as string }, close: () => channel.close() };
}

function inlineHooks({ task }: Job): { processData(data: Buffer, channel: AsyncBaseRequestHandler): void } {
  const answerer = new Answerer(task);
  return { processData: (data, channel) => answerer.answer(data, channel) };
}

function handlerClass({ role }: MatrixCell, Handler: unknown, { task }: Job): HandlerClass {
  if (role === "PersistentRequestHandler") {
    return class extends (Handler as typeof AsyncPersistentRequestHandler) {
      readonly #answerer = new Answerer(task);
      override processData(data: Buffer): void {
        this.#answerer.answer(data, this);
      }
    };
  }
  return class extends (Handler as typeof AsyncBaseRequestHandler) {
    readonly #answerer = new Answerer(task);
    override processData(data: Buffer): void {
      this.#answerer.answer(data, this);
    }
  };
}
