/** The handler of the servers that serve each connection in a process of its own. Which class it extends, its address says. */
import type { BlockingBaseRequestHandler } from "plib-io";
import { matrix } from "../../generated/matrix.ts";
import { Answerer, type Boundary } from "./task.ts";

const { searchParams } = new URL(import.meta.url);
const cell = matrix.find(({ className }) => className === searchParams.get("class"));
const Base = (await cell?.load()) as typeof BlockingBaseRequestHandler;

/** Answers what comes in. */
export default class Rot13 extends Base {
  readonly #answerer = new Answerer({
    boundary: searchParams.get("boundary") as Boundary,
    size: Number(searchParams.get("size")),
  });

  override processData(data: Buffer): void {
    this.#answerer.answer(data, this);
  }
}
