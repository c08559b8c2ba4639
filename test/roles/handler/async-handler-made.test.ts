import test from "ava";
import {
  AsyncBaseRequestHandlerWithTerminator,
  type AsyncBaseRequestHandlerWithTerminatorOptions,
  AsyncSocketClientWithTerminator,
  AsyncSocketServerWithTerminator,
  ChannelError,
} from "../../../generated/index.ts";

test("a handler class that throws when it is made costs its connection alone, and the server hears of it", async (t) => {
  let made = 0;
  class Moody extends AsyncBaseRequestHandlerWithTerminator {
    constructor(options: AsyncBaseRequestHandlerWithTerminatorOptions) {
      super(options);
      if (++made === 1) throw new Error("not today");
    }

    override processData(data: Buffer): void {
      this.start(data);
    }
  }
  const told: ChannelError[] = [];
  const server = new AsyncSocketServerWithTerminator({
    host: "127.0.0.1",
    port: 0,
    handler: Moody,
    onError: (error) => void told.push(error),
  });
  await server.listen();
  const client = new AsyncSocketClientWithTerminator({ host: "127.0.0.1", port: server.address().port ?? 0 });
  await t.throwsAsync(client.clientCommunicate("first"), { instanceOf: ChannelError });
  t.is(String(await client.clientCommunicate("second")), "second");
  t.deepEqual(
    told.map(({ code, cause }) => [code, (cause as Error).message]),
    [["ERR_HOOK_FAILED", "not today"]],
  );
  await server.close();
});
