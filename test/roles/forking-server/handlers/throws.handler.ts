/** A handler module that cannot be imported. */
import { BlockingBaseRequestHandlerWithTerminator } from "../../../../generated/index.ts";

function fromTheHandler(): never {
  throw new TypeError("not in this place");
}
fromTheHandler();

export default class Unreached extends BlockingBaseRequestHandlerWithTerminator {}
