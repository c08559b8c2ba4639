import test from "ava";
import { generateProject } from "../../../codegen/cli/package-project.ts";
import { root } from "../workspace.ts";

const { schema } = generateProject(root);

function optionsOf(className: string): string[] {
  return schema.cells.find((cell) => cell.className === className)?.members.map(({ name }) => name) ?? [];
}

test("options are in the order in which they are looked up: address, purpose, framing, hooks, tuning", (t) => {
  const client = optionsOf("AsyncSocketClientWithTerminator");
  t.deepEqual(client.slice(0, 6), ["host", "port", "path", "timeoutMs", "keepAlive", "terminator"]);
  const at = (name: string): number => client.indexOf(name);
  t.true(at("terminator") < at("encoding"));
  t.true(at("encoding") < at("processData"));
  t.true(at("onError") < at("noDelay"));
  t.true(at("onError") < at("writeTimeoutMs"));

  const server = optionsOf("BlockingSocketServer");
  t.true(server.indexOf("path") < server.indexOf("handler"));
  t.true(server.indexOf("handler") < server.indexOf("messageEnd"));
  t.true(server.indexOf("onChildExit") < server.indexOf("maxChildren"));
  t.deepEqual(optionsOf("AsyncSerialServer").slice(0, 5), ["path", "baudRate", "dataBits", "parity", "stopBits"]);
});

test("an option for clients alone is in no other class", (t) => {
  for (const { className, device, role } of schema.cells.filter((cell) => cell.device?.deviceName === "Serial")) {
    t.is(
      optionsOf(className).includes("resyncQuietMs"),
      role.className === "*Client",
      `${className} on ${device?.name}`,
    );
    t.true(optionsOf(className).includes("interByteTimeoutMs"), className);
  }
});
