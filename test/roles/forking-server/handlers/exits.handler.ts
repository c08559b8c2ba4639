/** A handler module whose process ends while it is imported. */
import { BlockingBaseRequestHandlerWithTerminator } from "../../../../generated/index.ts";

process.exit(0);

export default class Unreached extends BlockingBaseRequestHandlerWithTerminator {}
