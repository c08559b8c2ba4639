import test from "ava";
import { asBuffer, toBytes } from "../../src/core/data.ts";

test("a string is sent as UTF-8", (t) => {
  t.deepEqual(toBytes("ž€"), Buffer.from("c5bee282ac", "hex"));
  t.is(toBytes("").length, 0);
});

test("bytes are sent as they are, without a copy", (t) => {
  for (const bytes of [Buffer.from("abc"), Uint8Array.of(1, 2)]) t.is(toBytes(bytes), bytes);
});

test("anything else is refused, before anything is sent", (t) => {
  for (const value of [
    undefined,
    null,
    5,
    {},
    ["a"],
    new ArrayBuffer(4),
    new Uint16Array(2),
    new DataView(new ArrayBuffer(1)),
  ]) {
    const error = t.throws(() => toBytes(value as never), {
      code: "ERR_OPTIONS",
      message: /^data must be a string, a Buffer/,
    });
    t.like(error, { outcome: "not-sent" });
  }
});

test("bytes seen as a Buffer are the same memory", (t) => {
  const bytes = new Uint8Array(new ArrayBuffer(8), 2, 4);
  const view = asBuffer(bytes);
  t.true(Buffer.isBuffer(view));
  t.is(view.length, 4);
  view[0] = 9;
  t.is(bytes[0], 9);
  const buffer = Buffer.from("abc");
  t.is(asBuffer(buffer), buffer);
});
