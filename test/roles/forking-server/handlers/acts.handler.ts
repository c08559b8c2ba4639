/** A handler that does what the request says: fails in every way there is, blocks, or answers. */
import { execFileSync } from "node:child_process";
import { openSync, readFileSync, readSync, writeFileSync } from "node:fs";
import {
  BlockingBaseRequestHandlerWithTerminator,
  BlockingSocketClientWithTerminator,
} from "../../../../generated/index.ts";

const words = new Int32Array(new SharedArrayBuffer(4));

function spin(): never {
  for (;;);
}

export default class Acts extends BlockingBaseRequestHandlerWithTerminator {
  override processData(data: Buffer): void {
    const [act = "", ...rest] = data.toString().split(" ");
    const [first = "", second = ""] = rest;
    switch (act) {
      case "pid":
        return this.start(String(process.pid));
      case "die":
        return void process.kill(process.pid, "SIGKILL");
      case "exit":
        return process.exit(Number(first));
      case "stop":
        return void process.kill(process.pid, "SIGSTOP");
      case "send":
        process.send?.(JSON.parse(rest.join(" ")));
        return this.start("sent");
      case "circle": {
        const error = new Error("it is its own cause");
        error.cause = error;
        throw error;
      }
      case "throw":
        throw new Error("the handler's own fault");
      case "spin":
        return spin();
      case "sleep":
        Atomics.wait(words, 0, 0, Number(first));
        return this.start("slept");
      case "fifo":
        // Nobody ever writes: opening it for reading and writing comes through, reading from it does not.
        return void readSync(openSync(first, "r+"), Buffer.alloc(1));
      case "big":
        return this.start(Buffer.alloc(Number(first), "x"));
      case "finish":
        this.start("last");
        return this.finish();
      case "file":
        writeFileSync(first, second);
        return this.start(readFileSync(first));
      case "run":
        return this.start(execFileSync(process.execPath, ["-e", `process.stdout.write("${first}")`]));
      case "ask":
        return this.#ask(Number(first), second);
      case "link":
        return this.start(JSON.stringify(this.link));
      default:
        return this.start(data);
    }
  }

  /** Makes a blocking call of its own. */
  #ask(port: number, question: string): void {
    using client = new BlockingSocketClientWithTerminator({ host: "127.0.0.1", port });
    this.start(client.clientCommunicate(question));
  }
}
