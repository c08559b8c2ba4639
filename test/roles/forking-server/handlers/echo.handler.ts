/** Answers each request with the same bytes. Nothing but the request itself tells where it ends: with an exclamation mark. */
import { BlockingBaseRequestHandler } from "../../../../generated/index.ts";

export default class Echo extends BlockingBaseRequestHandler {
  #request = Buffer.alloc(0);

  override processData(data: Buffer): void {
    this.#request = Buffer.concat([this.#request, Buffer.from(data)]);
    if (this.#isWhole) this.start(this.#request);
  }

  override queryDone(): boolean {
    return this.#isWhole;
  }

  get #isWhole(): boolean {
    return this.#request.toString("latin1").endsWith("end!");
  }
}
