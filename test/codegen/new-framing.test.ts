import { readFileSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import { runCommand } from "../../codegen/cli/package-command.ts";
import { copyOfProject, filesIn, typeErrors, writeFiles } from "./workspace.ts";

/** One more framing, as somebody would write it who knows the contract and nothing of the generator. */
const fixedFraming = `
import type { FrameInput, Framing, MessageBoundary } from "../core/framing.ts";
import { integerOption } from "../core/options.ts";

/** What is on either side of a record. */
export type Padding = "left" | "right";

/** The options of fixed-size framing. */
export interface FixedSizeFramingOptions {
  /** The size of every record, in bytes. */
  recordSize: number;
  /**
   * Where short records are padded.
   *
   * @defaultValue \`"right"\`
   */
  padding?: Padding;
}

/**
 * Every message has the same size.
 *
 * @phrase all messages have the same size
 * @wire the bytes
 */
export class FixedSizeFraming implements Framing {
  static readonly suffix = "WithFixedSize";
  static readonly boundary: MessageBoundary = "message";
  readonly #recordSize: number;

  constructor(options: FixedSizeFramingOptions) {
    this.#recordSize = integerOption("recordSize", options.recordSize, 1, 1);
  }

  decode<Message>(input: FrameInput<Message>): Message | undefined {
    return input.length < this.#recordSize ? undefined : input.take(this.#recordSize);
  }

  encode(payload: Uint8Array): Uint8Array {
    return payload;
  }
}
`;

const families = [
  "base-request-handler",
  "persistent-request-handler",
  "persistent-serial",
  "persistent-socket",
  "serial-client",
  "serial-server",
  "socket-client",
  "socket-server",
];

test("one more file in src/framings makes its whole row, which compiles", (t) => {
  const root = copyOfProject(t);
  const silent = { isInteractive: false, out: () => undefined, err: (line: string) => t.log(line) };
  t.is(runCommand(["generate"], root, silent), 0);
  const before = filesIn(join(root, "generated"));

  writeFiles(root, { "src/framings/fixed-size.ts": fixedFraming });
  t.is(runCommand(["generate"], root, silent), 0);
  const added = filesIn(join(root, "generated")).filter((path) => !before.includes(path));
  const expected = families.map((family) => `async/async-${family}-with-fixed-size.ts`);
  t.deepEqual(
    added.filter((path) => path.startsWith("async/")),
    expected,
  );

  const client = readFileSync(join(root, "generated/async/async-socket-client-with-fixed-size.ts"), "utf8");
  t.true(client.includes("  /** The size of every record, in bytes. */\n  recordSize: number;\n"));
  t.true(client.includes("  padding?: Padding;\n"));
  t.regex(client, /import \{ FixedSizeFraming, type Padding \} from "\.\.\/\.\.\/src\/framings\/fixed-size\.ts";/);
  const handler = readFileSync(join(root, "generated/async/async-base-request-handler-with-fixed-size.ts"), "utf8");
  t.regex(
    handler,
    /constructor\(options: AsyncBaseRequestHandlerWithFixedSizeOptions<Encoding, Link>\) \{/,
    "recordSize is required",
  );
  const barrels = ["index", "async", "data"].map((name) => readFileSync(join(root, `generated/${name}.ts`), "utf8"));
  t.true(barrels[0]?.includes("AsyncSocketClientWithFixedSize"));
  t.true(barrels[1]?.includes("as SocketClientWithFixedSize"));
  t.true(barrels[2]?.includes("FixedSizeFraming"));
  t.deepEqual(typeErrors(root), []);
});
