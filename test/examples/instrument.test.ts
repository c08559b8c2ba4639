import test from "ava";
import { openVirtualLine } from "../support/virtual-line.ts";
import { Program } from "./program.ts";

test("a program reads a voltmeter over a serial line", async (t) => {
  const line = await openVirtualLine();
  t.teardown(() => line.close());
  const voltmeter = new Program(t, "instrument", "simulate", line.b);
  await voltmeter.hears(/^a voltmeter is on/);
  const program = new Program(t, "instrument", "measure", line.a, "3");
  t.is(await program.ends(), 0);
  t.deepEqual(program.said, ["PLIB-IO,SIMULATED VOLTMETER,0,1.0", "0.0000 V", "1.6360 V", "3.0918 V", '0,"No error"']);
  voltmeter.kill("SIGINT");
  t.is(await voltmeter.ends(), 0);
});

test("a program that gets no answer says what to look at", async (t) => {
  const line = await openVirtualLine();
  t.teardown(() => line.close());
  const program = new Program(t, "instrument", "measure", line.a);
  t.is(await program.ends(), 1);
  t.regex(program.said.join("\n"), /^no answer on .+: is the instrument on/);
});
