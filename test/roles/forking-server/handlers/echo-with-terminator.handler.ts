/** Answers each message with the same message. */
import { BlockingBaseRequestHandlerWithTerminator } from "../../../../generated/index.ts";

export default class Echo extends BlockingBaseRequestHandlerWithTerminator {
  override processData(data: Buffer): void {
    this.start(data);
  }
}
