import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { Report } from "../../examples/demo/report.ts";
import { findScenarios, namesOf } from "../../examples/demo/scenarios.ts";
import { Answerer, answerTo, linesOf, tasksFor, verified } from "../../examples/demo/task.ts";
import { matrix } from "../../generated/matrix.ts";
import { Program } from "./program.ts";

function fileWith(t: ExecutionContext, content: string | Uint8Array): string {
  const folder = mkdtempSync(join(tmpdir(), "plib-io-demo-"));
  t.teardown(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, "file"), content);
  return join(folder, "file");
}

test("every class that has somebody to talk to is in the table, and none fails", async (t) => {
  const bytes = Buffer.from(Array.from({ length: 512 }, (_, index) => index));
  const demo = new Program(t, "demo", fileWith(t, bytes));
  t.is(await demo.ends(), 0, demo.said.join("\n"));
  const expected = new Set(findScenarios().flatMap((scenario) => namesOf(scenario)));
  t.true(expected.size >= 29);
  const rows = new Set(demo.said.map((line) => line.split(/\s+/, 1)[0]));
  for (const name of expected) t.true(rows.has(name), name);
  t.regex(demo.said.at(-1) ?? "", new RegExp(`^${expected.size} classes, \\d+ exchanges, 0 failed$`));
});

test("every asynchronous class takes part at every place of its device", (t) => {
  const scenarios = findScenarios();
  for (const cell of matrix.filter(({ mode }) => mode === "async")) {
    const own = scenarios.filter((scenario) => namesOf(scenario).includes(cell.className));
    const places = new Set(own.map(({ place }) => place.title));
    const servers = matrix.filter(({ mode, role, framing, device }) => {
      const fits = cell.device === "" ? framing === cell.framing : device === cell.device && framing === cell.framing;
      return mode === "async" && role === "Server" && fits;
    });
    const devices = new Set(servers.map(({ device }) => device));
    t.is(places.size, (devices.has("Socket") ? 2 : 0) + (devices.has("Serial") ? 1 : 0), cell.className);
  }
});

test("a file that cannot be sent is told", async (t) => {
  const empty = new Program(t, "demo", fileWith(t, ""));
  t.is(await empty.ends(), 2);
  t.regex(empty.said.join("\n"), /give a file of 1 byte to 4 MiB/);
  const missing = new Program(t, "demo", "/no/such/file");
  t.is(await missing.ends(), 2);
  t.regex(missing.said.join("\n"), /no such file/);
});

test("a wrong answer is noticed", (t) => {
  const message = Buffer.from("Hello, {world}");
  t.is(answerTo(message).toString(), "Uryyb, {jbeyq}");
  t.is(verified(message, Buffer.from("Uryyb, {jbeyq}"), performance.now()).bytes, 28);
  t.throws(() => verified(message, message, 0), { message: /wrong answer: "Hello/ });
});

test("a file is cut into lines without a change to its bytes", (t) => {
  const lines = linesOf(Buffer.from("a\r\n\n\u00FF\rb\n", "latin1")).map((line) => line.toString("latin1"));
  t.deepEqual(lines, ["a", "", "\u00FF\rb"]);
  t.is(tasksFor("message", Buffer.from("a\nb\n")).length, 1);
  t.true(tasksFor("channel", Buffer.from("a\nb\n")).every(({ messages }) => messages[0]?.toString() === "a\nb\n"));
});

test("the last answer ends the channel where nothing else ends it", (t) => {
  const done: string[] = [];
  const channel = { start: (data: Buffer) => done.push(data.toString()), finish: () => done.push("finish") };
  const answerer = new Answerer({ boundary: "channel", size: 3 });
  answerer.answer(Buffer.from("ab"), channel);
  answerer.answer(Buffer.from("c"), channel);
  t.deepEqual(done, ["no", "p", "finish"]);
});

test("what failed, and who did nothing, is counted and told", (t) => {
  const cells = matrix.slice(0, 2);
  const [first = "", second = ""] = cells.map(({ className }) => className);
  const report = new Report(cells, ["TCP"]);
  t.true(report.hasFailed);
  report.add([first, second], "TCP", { bytes: 2, milliseconds: 1 });
  t.false(report.hasFailed);
  t.is(report.lines().at(-1), "2 classes, 1 exchanges, 0 failed");
  report.addFailure([first], "TCP", new Error("a reason"));
  t.true(report.hasFailed);
  t.true(report.lines().includes(`FAILED: ${first} (TCP): a reason`));
  t.is(report.lines().at(-1), "2 classes, 2 exchanges, 1 failed");
  const idle = new Report(cells, ["TCP"]);
  t.true(idle.lines().includes(`FAILED: ${first} took part in no exchange`));
});
