/**
 * A program that does nothing but serve: with `serveForever`, or on its event loop. What happens is written line by line.
 * Its argument holds the options as JSON.
 */
import { BlockingSocketServerWithTerminator } from "../../generated/index.ts";
import { handler } from "./stage.ts";

interface Given {
  readonly handler: string;
  readonly how: "serveForever" | "listen";
  readonly timeoutMs?: number;
  readonly finishAfter?: number;
  readonly options: object;
}

const given = JSON.parse(process.argv[2] ?? "{}") as Given;
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
  onChildStart: ({ pid }) => say(`child ${pid}`),
  onChildExit(child) {
    say(`gone ${child.pid} ${child.exitCode} ${child.signal} ${child.served}`);
    if (++ended === given.finishAfter) server.finish();
  },
  onError: (error) => say(`fault ${(error as Error & { code?: string }).code} ${error.message}`),
});

try {
  if (given.how === "serveForever") server.serveForever({ timeoutMs: given.timeoutMs ?? 0 });
  else await server.listen();
  say("returned");
} catch (error) {
  const { code, cause, message } = error as Error & { code?: string };
  say(`failed ${code} ${JSON.stringify(message)} ${JSON.stringify((cause as Error | undefined)?.stack ?? "")}`);
  // As a user's program would: with the error unhandled, but without its text among the lines.
  process.exitCode = 1;
}
