/** What every server of a serial line does alike, whatever its mode and framing; against the asynchronous client of its family. */
import test from "ava";
import { exchangingCells, familyWith } from "../../support/channel-cells.ts";
import { leavesNothing } from "../../support/channel-leaks.ts";
import { endScripts, runScript, startScripts } from "../../support/channel-script-runner.ts";
import { gate } from "../../support/channel-gates.ts";
import { keepLines } from "../../support/channel-subjects.ts";
import { isOverBinding } from "../../support/serial-implementation.ts";
import { openVirtualLine } from "../../support/virtual-line.ts";

await keepLines();
// Blocking mode needs the system's own calls.
const isHere = ({ mode }: { readonly mode: string }): boolean => mode === "async" || !isOverBinding;
const servers = exchangingCells.filter((cell) => cell.role === "Server" && cell.device === "Serial" && isHere(cell));
startScripts(servers);
test.after.always(() => endScripts());

const allBytes = Buffer.from(Uint8Array.from({ length: 256 }, (_, index) => 255 - index));

test("the servers are found", (t) => {
  t.true(servers.length >= 3, servers.map(({ className }) => className).join(", "));
});

for (const cell of servers) {
  const family = familyWith(cell.device, cell.framing);
  const isSeries = family.boundary === "message";
  const requests = isSeries
    ? ["one", "", allBytes, Buffer.alloc(6000, "abc"), Buffer.alloc(10_000, allBytes), "quit"]
    : ["one", "two", "quit"];

  for (const how of ["finish", "queryDone"] as const) {
    test.serial(
      `${cell.className}: answers request after request, until ${how}() says so`,
      leavesNothing(async (t) => {
        const line = await openVirtualLine();
        const isOpen = gate();
        const options = { path: line.b, keepAlive: true };
        const serving = runScript(cell, options, "serve", { last: "quit", how }, () => isOpen.open());
        await Promise.race([isOpen.passed, serving]);
        const client = new family.Client({ path: line.a, keepAlive: true, ...(!isSeries && { messageEnd: "read" }) });
        for (const request of requests) t.deepEqual(await client.clientCommunicate(request), Buffer.from(request));
        const { seen, closed, closes } = await serving;
        t.deepEqual(
          seen,
          requests.map((request) => Buffer.from(request)),
        );
        t.true(closed);
        t.deepEqual(closes, ["self"]);
        await client.close();
        await line.close();
      }),
    );
  }

  test.serial(
    `${cell.className}: comes to its end when the line hangs up`,
    leavesNothing(async (t) => {
      const line = await openVirtualLine();
      const isOpen = gate();
      const options = { path: line.b, keepAlive: true };
      const serving = runScript(cell, options, "serve", { last: "", how: "finish" }, () => isOpen.open());
      await Promise.race([isOpen.passed, serving]);
      await line.hangUp("b");
      t.deepEqual(await serving, { seen: [], closed: true, closes: ["peer"] });
      await line.close();
    }),
  );
}
