/** A handler module whose import never comes to an end. */
import { BlockingBaseRequestHandlerWithTerminator } from "../../../../generated/index.ts";

await new Promise(() => undefined);

export default class Unreached extends BlockingBaseRequestHandlerWithTerminator {}
