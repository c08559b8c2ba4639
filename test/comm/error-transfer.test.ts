/** Errors on their way between threads and processes: what arrives, whatever was thrown. */
import test from "ava";
import { packError, type TransferredError, unpackError } from "../../src/comm/error-transfer.ts";
import { ChannelError, OpenError, TimeoutError } from "../../src/errors.ts";

/** As a message between processes. */
function sent(thrown: unknown): Error {
  return unpackError(JSON.parse(JSON.stringify(packError(thrown))) as TransferredError);
}

test("an error of this package arrives with its class and details", (t) => {
  const cause = Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" });
  const error = sent(new OpenError("ERR_CONNECT_REFUSED", "refused", { cause, outcome: "not-sent", errors: [cause] }));
  t.true(OpenError.is(error));
  t.like(error, { code: "ERR_CONNECT_REFUSED", message: "refused", outcome: "not-sent" });
  t.is((error.cause as { code?: string }).code, "ECONNREFUSED");
  t.is((error as OpenError).errors.length, 1);
});

test("a user's error with the name of a class of this package stays a user's", (t) => {
  const error = Object.assign(new Error("mine"), { name: "TimeoutError", code: "MINE" });
  const arrived = sent(error);
  t.false(ChannelError.is(arrived));
  t.false(TimeoutError.is(arrived));
  t.like(arrived, { message: "mine", code: "MINE" });
});

test("causes that go round in a circle are cut", (t) => {
  const error = new Error("outer");
  error.cause = new Error("inner", { cause: error });
  let depth = 0;
  for (let at: unknown = sent(error); at instanceof Error; at = at.cause) depth++;
  t.true(depth > 2 && depth < 20);
});

test("whatever is thrown can be transferred", (t) => {
  const hostile = Object.defineProperty(new Error("x"), "message", {
    get() {
      throw new Error("not to be read");
    },
  });
  const odd = Object.assign(new Error("y"), { stack: 5, code: {}, name: undefined });
  for (const thrown of [undefined, null, 1n, Symbol("s"), Object.create(null), { a: 1 }, "text", hostile, odd]) {
    t.true(sent(thrown) instanceof Error);
  }
  t.regex(sent({ a: 1 }).message, /a: 1/);
});
