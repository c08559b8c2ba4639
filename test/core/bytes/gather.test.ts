import test from "ava";
import fc from "fast-check";
import { gather } from "../../../src/core/bytes/gather.ts";

test("the same bytes in the same order, in pieces that a write can take", (t) => {
  const sizes = fc.array(fc.oneof(fc.nat(100), fc.constantFrom(16_383, 16_384, 16_385, 1_048_576, 1_048_577)), {
    maxLength: 8,
  });
  fc.assert(
    fc.property(sizes, (lengths) => {
      const pieces = lengths.map((length, index) => Buffer.alloc(length, index + 1));
      const gathered = gather(pieces);
      t.true(Buffer.concat(gathered).equals(Buffer.concat(pieces)));
      t.true(gathered.every((piece) => piece.length <= 1024 * 1024));
    }),
    { numRuns: 60 },
  );
});

test("small neighbours are written as one", (t) => {
  const gathered = gather(["5\r\n", "hello", "\r\n"].map((text) => Buffer.from(text)));
  t.deepEqual(gathered.map(String), ["5\r\nhello\r\n"]);
});

test("large pieces are passed on in the memory that they are in, between the small ones", (t) => {
  const large = Buffer.alloc(100_000);
  const gathered = gather([Buffer.from("a"), Buffer.from("b"), large, Buffer.from("c")]);
  t.deepEqual(
    gathered.map((piece) => piece.length),
    [2, 100_000, 1],
  );
  t.is(gathered[1]?.buffer, large.buffer);
  t.is(gathered[1]?.byteOffset, large.byteOffset);
});

test("one piece is passed on as it is, in parts if it is very large", (t) => {
  const piece = Buffer.from("a");
  t.is(gather([piece])[0], piece);
  const huge = Buffer.alloc(2.5 * 1024 * 1024);
  const gathered = gather([huge]);
  t.deepEqual(
    gathered.map((part) => part.length),
    [1024 * 1024, 1024 * 1024, 512 * 1024],
  );
  t.true(gathered.every((part) => part.buffer === huge.buffer));
});

test("no pieces are no pieces", (t) => {
  t.deepEqual(gather([]), []);
});
