/**
 * A program that does nothing but serve: with `serveForever`, or on its event loop. What happens is written line by line.
 * Its argument holds the options as JSON.
 */
import { closeSync, openSync } from "node:fs";
import { BlockingSocketServerWithTerminator } from "../../../generated/index.ts";
import { handler } from "./stage.ts";

interface Given {
  readonly handler: string;
  readonly how: "serveForever" | "listen";
  readonly timeoutMs?: number;
  readonly finishAfter?: number;
  /** Uses up all descriptors and kills a child, until the first fault. */
  readonly isFilling?: boolean;
  readonly options: object;
}

const given = JSON.parse(process.argv[2] ?? "{}") as Given;
const held: number[] = [];
const started: number[] = [];
let ended = 0;

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

const server = new BlockingSocketServerWithTerminator({
  host: "127.0.0.1",
  port: 0,
  minSpareChildren: 1,
  ...given.options,
  handler: handler(given.handler),
  serverStart: (self) => say(`listening ${self.address().port} ${self.stats().children.idle > 0}`),
  serverClose: (self) => say(`serverClose ${self.closed}`),
  onChildStart({ pid }) {
    say(`child ${pid}`);
    started.push(pid);
  },
  onChildExit(child) {
    say(`gone ${child.pid} ${child.exitCode} ${child.signal} ${child.served}`);
    if (++ended === given.finishAfter) server.finish();
  },
  onError(error) {
    say(`fault ${(error as Error & { code?: string }).code} ${error.message}`);
    if (held.length === 0 || !error.message.includes("could not be started")) return;
    for (const fd of held.splice(0)) closeSync(fd);
    say("free");
  },
});

/** Takes all descriptors that are left, and a child away. */
function fill(): void {
  try {
    for (;;) held.push(openSync("/dev/null", "r"));
  } catch {
    say("full");
  }
  process.kill(started[0] as number, "SIGKILL");
}

try {
  if (given.how === "serveForever") server.serveForever({ timeoutMs: given.timeoutMs ?? 0 });
  else await server.listen();
  say("returned");
  if (given.isFilling === true) fill();
} catch (error) {
  const { code, cause, message } = error as Error & { code?: string };
  say(`failed ${code} ${JSON.stringify(message)} ${JSON.stringify((cause as Error | undefined)?.stack ?? "")}`);
  // As a user's program would: with the error unhandled, but without its text among the lines.
  process.exitCode = 1;
}
