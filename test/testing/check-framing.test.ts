import { AssertionError } from "node:assert";
import test from "ava";
import type { ChannelRole, FrameInput, Framing, FramingClass, MessageBoundary } from "../../src/core/framing.ts";
import { FramingError } from "../../src/errors.ts";
import { TerminatorFraming } from "../../src/framings/terminator.ts";
import { checkFraming } from "../../src/testing/check-framing.ts";
import { foundFramings, leastOptions } from "../support/found-framings.ts";

/** A framing by bytes 0, right in all respects; tests make it wrong in one. */
class Zeros implements Framing {
  static readonly suffix: string = "WithZeros";
  static readonly boundary: MessageBoundary = "message";
  static readonly requires: readonly string[] = [];
  decode<Message>(input: FrameInput<Message>): Message | undefined {
    const end = input.indexOf(0);
    if (end < 0) return undefined;
    const message = input.take(end);
    input.skip(1);
    return message;
  }
  encode(payload: Uint8Array): Uint8Array | readonly Uint8Array[] {
    if (payload.includes(0)) throw new FramingError("ERR_FRAME_INVALID", "zeros cannot be sent");
    return [payload, Uint8Array.of(0)];
  }
}

function isCarried(framing: Framing, payload: Uint8Array): boolean {
  try {
    framing.encode(payload);
    return true;
  } catch (error) {
    if (FramingError.is(error)) return false;
    throw error;
  }
}

/** What the check says of a framing; empty if it says nothing. */
function verdict(framing: FramingClass<object>, samples = ["", "a", "some words"], inputs: string[] = []): string {
  try {
    checkFraming(framing, samples, { inputs });
    return "";
  } catch (error) {
    if (error instanceof AssertionError) return error.message;
    throw error;
  }
}

test("the package's own framings pass", async (t) => {
  const samples = ["a", "", "čšž", "x".repeat(3000), "hello"].map((text) => Buffer.from(text));
  const inputs = ["", "5\r\nhello\r\n", "\r\n\r", "\u{2}a\u{3}b\u{2}c"];
  for (const [name, Class] of await foundFramings()) {
    const options = leastOptions(Class);
    const carried = samples.filter((sample) => isCarried(new Class(options, "client"), sample));
    t.notThrows(() => checkFraming(Class, carried, { options, inputs, mayCopy: Class.suffix === "WithCobs" }), name);
  }
});

test("a framing that is right passes; options and the role are passed on", (t) => {
  t.is(verdict(Zeros), "");
  const seen: unknown[] = [];
  class Curious extends Zeros {
    constructor(options: { limit?: number }, role: ChannelRole) {
      super();
      seen.push(options.limit, role);
    }
  }
  checkFraming(Curious, ["a"], { options: { limit: 3 }, role: "server" });
  t.deepEqual(seen.slice(0, 2), [3, "server"]);
});

test("a framing whose answer depends on the cuts is told with the first cut that shows it", (t) => {
  class Hasty extends Zeros {
    override decode<Message>(input: FrameInput<Message>): Message | undefined {
      return super.decode(input) ?? (input.length > 3 ? input.take(input.length) : undefined);
    }
  }
  t.regex(
    verdict(Hasty),
    /^Hasty: what is sent arrives, however it is cut: of 1 messages, in pieces of 1: message 0 is/,
  );
});

test("input that is wrong has to lead to the same error, however it is cut", (t) => {
  class Impatient extends Zeros {
    override decode<Message>(input: FrameInput<Message>): Message | undefined {
      if (input.length > 20) throw new FramingError("ERR_FRAME_TOO_LARGE", `there are ${input.length} bytes`);
      return super.decode(input);
    }
  }
  t.regex(
    verdict(Impatient, ["a"], ["short\0", "x".repeat(30)]),
    /^Impatient: input 1 is read the same however it is cut: in pieces of 1: the fault is .*21 bytes/,
  );
});

test("errors that a framing recovers from are compared too, and it has to take something off the input", (t) => {
  class Forgiving extends Zeros {
    override decode<Message>(input: FrameInput<Message>): Message | undefined {
      const end = input.indexOf(0);
      if (end < 0 || input.at(0) !== 33) return super.decode(input);
      this.drop(input, end + 1);
      throw new FramingError("ERR_FRAME_INVALID", `${end} bytes are bad`, { isRecoverable: true });
    }
    protected drop(input: FrameInput<unknown>, length: number): void {
      input.skip(length);
    }
  }
  class Fickle extends Forgiving {
    #reads = 0;
    override decode<Message>(input: FrameInput<Message>): Message | undefined {
      this.#reads++;
      if (input.indexOf(0) >= 0 && this.#reads > 3) input.skip(input.indexOf(0));
      return super.decode(input);
    }
  }
  class Stuck extends Forgiving {
    protected override drop(): void {}
  }
  const inputs = ["ok\0!bad\0!worse\0good\0"];
  t.is(verdict(Forgiving, ["a"], inputs), "");
  t.is(verdict(Stuck, ["a"], inputs), "", "the error ends the reading, the same way for every cut");
  t.not(verdict(Fickle, ["a"], inputs), "");
});

test("an end in mid-message that nobody hears of", (t) => {
  class Swallowing extends Zeros {
    decodeEnd<Message>(input: FrameInput<Message>): Message | undefined {
      input.skip(input.length);
      return undefined;
    }
  }
  t.regex(verdict(Swallowing), /^Swallowing: an end in mid-message is reported: 1 of 2 bytes gave undefined/);
});

test("messages that share memory", (t) => {
  const shared = Buffer.alloc(100);
  class Sharing extends Zeros {
    override decode<Message>(input: FrameInput<Message>): Message | undefined {
      const end = input.indexOf(0);
      if (end < 0) return undefined;
      input.read(end).copy(shared);
      input.skip(1);
      return input.message(shared.subarray(0, end));
    }
  }
  t.regex(verdict(Sharing, ["abc", "def"]), /^Sharing: /);
});

test("a large payload that is copied, unless that is meant to be", (t) => {
  class Copying extends Zeros {
    override encode(payload: Uint8Array): Uint8Array {
      return Buffer.concat(super.encode(payload) as Uint8Array[]);
    }
  }
  t.is(verdict(Copying), "Copying: a large payload is not copied: a payload of 1 MiB was copied");
  t.notThrows(() => checkFraming(Copying, ["a"], { mayCopy: true }));
});

test("a decode that returns a message without taking a byte is found, and ends", (t) => {
  class Stuck extends Zeros {
    override decode<Message>(input: FrameInput<Message>): Message | undefined {
      return input.length === 0 ? undefined : input.message(Buffer.from("a"));
    }
  }
  t.regex(verdict(Stuck, ["a"]), /decode\(\) of Stuck returned a message without taking a byte/);
});

test("statics that are wrong, samples that cannot be carried, no samples", (t) => {
  class Lower extends Zeros {
    static override readonly suffix = "lower";
  }
  class Half extends Zeros {
    static override readonly boundary = "half-close";
  }
  t.is(verdict(Lower), 'Lower: the static suffix is "lower"');
  t.regex(verdict(Half), /^Half: a message ends with a half-close, but the static requires does not say/);
  t.is(verdict(Zeros, ["a", "b\0"]), "Zeros: sample 1, <6200>, cannot be carried: zeros cannot be sent");
  t.is(verdict(Zeros, []), "Zeros: there is no sample to check it with");
});

test("a mistake in the framing itself is not taken for a finding", (t) => {
  class Broken extends Zeros {
    override decode(): never {
      throw new TypeError("oops");
    }
  }
  t.throws(() => checkFraming(Broken, ["a"]), { instanceOf: TypeError, message: "oops" });
});

test("the example in the doc", (t) => {
  t.notThrows(() => checkFraming(TerminatorFraming, ["", "a", "a longer line"], { inputs: ["a\r\nb\r\nc"] }));
});
