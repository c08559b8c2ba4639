import test from "ava";
import { generateProject } from "../../../codegen/cli/package-project.ts";
import { matrix } from "../../../generated/matrix.ts";
import * as all from "../../../generated/index.ts";
import * as asynchronous from "../../../generated/async.ts";
import { root } from "../workspace.ts";

const { schema } = generateProject(root);

test("every combination of parts is a class, or is left out with a reason", (t) => {
  const { cells, leftOut, roles, devices, framings } = schema;
  const rows = roles.map((role) => (role.className.includes("*") ? devices.length : 1));
  t.is(cells.length + leftOut.length, rows.reduce((sum, each) => sum + each) * framings.length);
  for (const { role, device, framing, reasons } of leftOut) {
    const name = `${role.className} ${device?.deviceName} ${framing.suffix}`;
    t.true(reasons.length > 0, name);
    for (const reason of reasons) t.regex(reason, /^\w+ (?:needs|has no|is for) /, name);
  }
});

test("the asynchronous half has a class for each framing, except where a line would have to be closed on one side", (t) => {
  const families = new Map<string, number>();
  for (const cell of schema.cells.filter((each) => each.mode.mode === "async")) {
    families.set(cell.familyName, (families.get(cell.familyName) ?? 0) + 1);
  }
  t.deepEqual(Object.fromEntries(families), {
    SerialClient: 13,
    SocketClient: 14,
    SerialServer: 13,
    SocketServer: 14,
    BaseRequestHandler: 14,
    PersistentSerial: 13,
    PersistentSocket: 14,
    PersistentRequestHandler: 14,
  });
});

test("the schema is frozen", (t) => {
  t.true(Object.isFrozen(schema));
  t.true(Object.isFrozen(schema.cells));
  t.true(Object.isFrozen(schema.cells[0]?.members[0]?.doc));
});

test("the matrix lists every class, and loads it", async (t) => {
  t.deepEqual(
    matrix.map((cell) => cell.className),
    schema.cells.map((cell) => cell.className),
  );
  for (const cell of matrix) {
    const loaded = await cell.load();
    t.is(typeof loaded, "function", cell.className);
    t.is((loaded as { name: string }).name, cell.className);
    t.is(loaded, (all as Record<string, unknown>)[cell.className]);
  }
});

test("the barrel of a mode has the same classes under the names without the mode", (t) => {
  for (const cell of schema.cells.filter((each) => each.mode.mode === "async")) {
    const short = (asynchronous as Record<string, unknown>)[cell.shortName];
    t.is(short, (all as Record<string, unknown>)[cell.className], cell.shortName);
  }
  t.is(Object.keys(asynchronous).length, 109);
});
