/** A handler whose process dies when half of the answer is sent; where the end of the channel ends the answer. */
import { BlockingBaseRequestHandler } from "../../../../generated/index.ts";

export default class Half extends BlockingBaseRequestHandler {
  override processData(): void {
    this.start(Buffer.alloc(50_000, "half"));
  }

  override queryDone(): boolean {
    process.kill(process.pid, "SIGKILL");
    return true;
  }
}
