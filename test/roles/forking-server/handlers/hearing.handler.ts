/** A handler that takes its own faults: it writes down what it hears. */
import { appendFileSync } from "node:fs";
import { BlockingBaseRequestHandlerWithTerminator, type ChannelError } from "../../../../generated/index.ts";

export default class Hearing extends BlockingBaseRequestHandlerWithTerminator {
  #file = "";

  override processData(data: Buffer): void {
    const [file = "", act] = data.toString().split(" ");
    this.#file = file;
    if (act === "throw") throw new Error("heard");
    this.start("ok");
  }

  override onError(error: ChannelError): void {
    appendFileSync(this.#file, `error ${error.code}\n`);
  }

  override onClose(): void {
    if (this.#file !== "") appendFileSync(this.#file, "closed\n");
  }
}
