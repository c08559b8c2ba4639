/** A handler whose process dies as soon as it is ready, if there is a file that says so. */
import { existsSync } from "node:fs";
import { BlockingBaseRequestHandlerWithTerminator } from "../../../../generated/index.ts";

if (existsSync(process.env["PLIB_IO_DOOM"] ?? "")) setTimeout(() => process.exit(9), 20);

export default class Doomed extends BlockingBaseRequestHandlerWithTerminator {
  override processData(data: Buffer): void {
    this.start(data);
  }
}
