/** Answers each message with the same message, with the framing whose suffix is the query of this module's address. */
import type { BlockingBaseRequestHandlerWithTerminator } from "../../../../generated/index.ts";
import { matrix } from "../../../../generated/matrix.ts";

const framing = new URL(import.meta.url).search.slice(1);
const cell = matrix.find((each) => each.className === `BlockingBaseRequestHandler${framing}`);
const Base = (await cell?.load()) as typeof BlockingBaseRequestHandlerWithTerminator;

export default class Echo extends Base {
  override processData(data: Buffer): void {
    this.start(data);
  }
}
