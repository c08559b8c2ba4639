/** Answers each message with the same message. */
import { BlockingBaseRequestHandlerWithReadWrite } from "../../../../generated/index.ts";

export default class Echo extends BlockingBaseRequestHandlerWithReadWrite {
  override processData(data: Buffer): void {
    this.start(data);
  }
}
