/** Serial channels with programs that are not ours at the other end, or carrying the line. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { cells, familyWith } from "../support/channel-cells.ts";
import { endScripts, runScript } from "../support/channel-script-runner.ts";
import { echo } from "../support/channel-stage.ts";
import { peer } from "../support/peers.ts";
import { isOverBinding } from "../support/serial-implementation.ts";
import { openVirtualLine } from "../support/virtual-line.ts";
import { Foreign, python } from "./foreign.ts";

test.after.always(() => endScripts());

const requests = ["hello", "", "x".repeat(6000)];

for (const cell of cells.filter(
  ({ mode, role, device, framing }) =>
    role === "Client" && device + framing === "SerialWithTerminator" && (mode === "async" || !isOverBinding),
)) {
  peer("python3")(`${cell.className}: exchanges with a Python program at the other end of the line`, async (t) => {
    const line = await openVirtualLine();
    {
      await using server = python("serial-echo.py", line.b);
      await server.line(/ready/);
      const { replies } = await runScript(cell, { path: line.a, keepAlive: true }, "exchange", requests);
      t.deepEqual(
        replies.map(String),
        requests.map((request) => request.toUpperCase()),
      );
    }
    await line.close();
  });

  peer("socat")(`${cell.className}: exchanges with our server over a line that socat carries`, async (t) => {
    const folder = await mkdtemp(join(tmpdir(), "plib-io-"));
    const [a, b] = [join(folder, "a"), join(folder, "b")];
    {
      await using socat = new Foreign("socat", ["-d", "-d", `pty,rawer,link=${a}`, `pty,rawer,link=${b}`]);
      await socat.line(/starting data transfer loop/);
      const { Server } = familyWith(cell.device, cell.framing);
      const server = new Server({ path: b, processData: echo });
      await server.listen();
      const { replies } = await runScript(cell, { path: a, keepAlive: true }, "exchange", requests);
      t.deepEqual(replies.map(String), requests);
      await server.close();
    }
    await rm(folder, { recursive: true, force: true });
  });
}
