/** Socket channels with programs that are not ours at the other end. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { cells, families, familyWith } from "../support/channel-cells.ts";
import { countingEcho, echo } from "../support/channel-stage.ts";
import { tcp } from "../support/channel-places.ts";
import { endScripts, runScript } from "../support/channel-script-runner.ts";
import { peer } from "../support/peers.ts";
import { Foreign, python } from "./foreign.ts";

test.after.always(() => endScripts());

const clients = cells.filter((cell) => cell.role === "Client" && cell.device === "Socket");
const answering: Readonly<Record<string, string>> = {
  "": "Whole",
  WithShutdown: "Whole",
  WithTerminator: "Lines",
  WithReadWrite: "Counted",
};

for (const cell of clients.filter(({ framing }) => framing !== "")) {
  peer("python3")(`${cell.className}: exchanges with Python's socketserver`, async (t) => {
    await using server = python("socketserver-echo.py", answering[cell.framing] ?? "");
    const [port] = await server.line(/^\d+$/);
    const requests = ["hello", "x".repeat(10_000), "žluť"];
    const address = { host: "127.0.0.1", port: Number(port) };
    const due = [
      "HELLO",
      "X".repeat(10_000),
      Buffer.from("žluť").toString("latin1").replace("l", "L").replace("u", "U").replace("t", "T"),
    ];
    for (const keepAlive of [false, true]) {
      const { replies } = await runScript(cell, { ...address, keepAlive }, "exchange", requests);
      t.deepEqual(
        replies.map((reply) => reply.toString("latin1")),
        due,
      );
    }
  });
}

for (const cell of clients.filter(({ framing }) => framing === "WithTerminator")) {
  peer("python3")(`${cell.className}: waits for a greeting of Python's socketserver`, async (t) => {
    await using server = python("socketserver-echo.py", "Greeting");
    const [port] = await server.line(/^\d+$/);
    const address = { host: "127.0.0.1", port: Number(port) };
    const { greeting, reply } = await runScript(cell, address, "greet", { ending: "welcome", request: "EHLO" });
    t.deepEqual([greeting.toString(), reply.toString()], ["220 welcome", "250 EHLO"]);
  });

  peer("redis-server")(`${cell.className}: asks Redis`, async (t) => {
    const folder = await mkdtemp(join(tmpdir(), "plib-io-"));
    const path = join(folder, "redis");
    const args = ["--port", "0", "--unixsocket", path, "--save", "", "--dir", folder];
    {
      await using server = new Foreign("redis-server", args);
      await server.line(/ready to accept connections/i);
      const { replies } = await runScript(cell, { path, keepAlive: true }, "exchange", [
        "PING",
        "SET a 1",
        "INCR a",
        "NOPE",
      ]);
      t.deepEqual(replies.slice(0, 3).map(String), ["+PONG", "+OK", ":2"]);
      t.regex(String(replies[3]), /^-ERR unknown command/);
      // A bulk reply is two lines: its length, and its bytes.
      const { seen } = await runScript(cell, { path }, "readOn", { request: "GET a", messages: 2 });
      t.deepEqual(seen.map(String), ["$1", "2"]);
    }
    await rm(folder, { recursive: true, force: true });
  });
}

for (const cell of clients.filter(({ framing }) => framing === "")) {
  peer("python3")(`${cell.className}: reads an HTTP/1.0 answer until the server closes`, async (t) => {
    const folder = await mkdtemp(join(tmpdir(), "plib-io-"));
    {
      await using server = new Foreign("python3", [
        "-u",
        "-m",
        "http.server",
        "0",
        "--bind",
        "127.0.0.1",
        "--directory",
        folder,
      ]);
      const [, port] = await server.line(/port (\d+)/);
      const { replies } = await runScript(cell, { host: "127.0.0.1", port: Number(port) }, "exchange", [
        "GET / HTTP/1.0\r\n\r\n",
      ]);
      t.regex(String(replies[0]), /^HTTP\/1\.0 200 OK\r\n/);
      t.regex(String(replies[0]), /<\/html>\s*$/);
    }
    await rm(folder, { recursive: true });
  });
}

for (const family of families.filter(({ device }) => device === "Socket")) {
  peer("python3")(`${family.title}: a server answers a blocking Python client`, async (t) => {
    const spot = await tcp.open();
    const server = new family.Server({
      ...spot.server,
      ...(family.framing === "" ? countingEcho([3]) : { processData: echo }),
    });
    await server.listen();
    await using client = python("client.py", `${server.address().port}`, family.framing);
    const replies = JSON.parse(await client.output()) as string[];
    const long = "three".repeat(2000);
    const due: Readonly<Record<string, string[]>> = { "": ["one"], WithShutdown: [long] };
    t.deepEqual(replies, due[family.framing] ?? ["one", "", long]);
    await server.close();
  });
}

peer("nc")("a server with shutdown framing answers netcat, which half-closes at the end of its input", async (t) => {
  const { Server } = familyWith("Socket", "WithShutdown");
  const server = new Server({ host: "127.0.0.1", port: 0, processData: echo });
  await server.listen();
  await using nc = new Foreign("nc", ["-N", "127.0.0.1", `${server.address().port}`]);
  nc.child.stdin.end("all of it\nto the end");
  t.is(await nc.output(), "all of it\nto the end");
  await server.close();
});

peer("nc")("a persistent channel talks to a listening netcat, both ways", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "plib-io-"));
  const path = join(folder, "nc");
  const { Persistent } = familyWith("Socket", "WithTerminator");
  {
    await using nc = new Foreign("nc", ["-v", "-lU", path]);
    await nc.line(/Listening|Bound/i);
    const channel = new Persistent({ path, terminator: "\n" });
    await channel.connect();
    channel.start("to netcat");
    await nc.line(/^to netcat$/);
    nc.child.stdin.write("from netcat\nand more\n");
    const got: string[] = [];
    for await (const message of channel) if (got.push(message.toString()) === 2) break;
    t.deepEqual(got, ["from netcat", "and more"]);
    await channel.close();
  }
  await rm(folder, { recursive: true, force: true });
});

peer("socat")("a client talks to socat, which runs a program for each connection", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "plib-io-"));
  const path = join(folder, "socat");
  const { Client } = familyWith("Socket", "WithShutdown");
  {
    await using socat = new Foreign("socat", ["-d", "-d", `UNIX-LISTEN:${path},fork`, "EXEC:tr a-z A-Z"]);
    await socat.line(/listening on/);
    const client = new Client({ path });
    t.is(String(await client.clientCommunicate("shout")), "SHOUT");
    t.is(String(await client.clientCommunicate("y".repeat(10_000))), "Y".repeat(10_000));
  }
  await rm(folder, { recursive: true, force: true });
});
