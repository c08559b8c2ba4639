/** Answers each line with the same line. */
import { BlockingBaseRequestHandlerWithTerminator } from "../generated/index.ts";

export default class Echo extends BlockingBaseRequestHandlerWithTerminator {
  override processData(data: Buffer): void {
    this.start(data);
  }
}
