/** Answers each message with the same message. */
import { BlockingBaseRequestHandlerWithShutdown } from "../../../../generated/index.ts";

export default class Echo extends BlockingBaseRequestHandlerWithShutdown {
  override processData(data: Buffer): void {
    this.start(data);
  }
}
