import test from "ava";
import { typeErrorsOf } from "./workspace.ts";

const head = `
import {
  AsyncBaseRequestHandlerWithReadWrite,
  AsyncBaseRequestHandlerWithTerminator,
  AsyncPersistentRequestHandlerWithTerminator,
  AsyncSerialServerWithTerminator,
  AsyncSocketClientWithTerminator,
  AsyncSocketServerWithTerminator,
  BlockingBaseRequestHandlerWithTerminator,
  BlockingSerialServerWithTerminator,
  type SerialLink,
  type SocketLink,
} from "plib-io";

class Echo extends AsyncBaseRequestHandlerWithTerminator {
  override processData(data: Buffer): void {
    this.start(data);
  }
}
class Peers extends AsyncBaseRequestHandlerWithTerminator<undefined, SocketLink> {
  override processData(): void {
    this.start(String(this.link.remoteAddress));
  }
}
class Ports extends AsyncBaseRequestHandlerWithTerminator<undefined, SerialLink> {
  override processData(): void {
    this.start(this.link.path);
  }
}
class Any extends AsyncPersistentRequestHandlerWithTerminator<"utf8", unknown> {}
class Lines extends BlockingBaseRequestHandlerWithTerminator {}
`;

const right = `
new AsyncSocketServerWithTerminator({ port: 0, handler: Echo });
new AsyncSerialServerWithTerminator({ path: "x", handler: Echo });
new AsyncSocketServerWithTerminator({ port: 0, handler: Peers });
new AsyncSerialServerWithTerminator({ path: "x", handler: Ports });
new AsyncSocketServerWithTerminator({ port: 0, encoding: "utf8", handler: Any });
new AsyncSerialServerWithTerminator({ path: "x", encoding: "utf8", handler: Any });
new BlockingSerialServerWithTerminator({ path: "x", handler: Lines });
// A hook written for handlers of any device serves a server of one.
const log = (data: Buffer, channel: AsyncBaseRequestHandlerWithTerminator): void => channel.start(data);
new AsyncSocketServerWithTerminator({ port: 0, processData: log });
`;

const wrong: Readonly<Record<string, string>> = {
  "a link that may be of any device": `
    class Reads extends AsyncBaseRequestHandlerWithTerminator {
      override processData(): void {
        console.log(this.link.remoteAddress);
      }
    }`,
  "another framing": `new AsyncSocketServerWithTerminator({ port: 0, handler: AsyncBaseRequestHandlerWithReadWrite });`,
  "another encoding": `new AsyncSocketServerWithTerminator<undefined>({ port: 0, handler: Any });`,
  "another mode": `new AsyncSerialServerWithTerminator({ path: "x", handler: Lines });`,
  "and in the blocking mode": `new BlockingSerialServerWithTerminator({ path: "x", handler: Echo });`,
  "no handler at all": `new AsyncSocketServerWithTerminator({ port: 0, handler: AsyncSocketClientWithTerminator });`,
};

test("a handler fits every server of its mode, framing and encoding whatever the device", (t) => {
  t.deepEqual(typeErrorsOf(t, { "right.ts": head + right }), []);
});

test("any other handler is a type error", (t) => {
  const programs = Object.entries(wrong).map(([, line], index) => [`wrong-${index}.ts`, head + line] as const);
  const errors = typeErrorsOf(t, Object.fromEntries(programs)).join("\n");
  for (const [index, title] of Object.keys(wrong).entries()) t.regex(errors, new RegExp(`wrong-${index}\\.ts`), title);
});
