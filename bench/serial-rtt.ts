/** One request at a time over a pseudo-terminal, 32 bytes, whose other end is a program that sends back what it is sent. */
import { compare, report, type Way } from "./support/compare.ts";
import { compiled, peerSource, works } from "./support/programs.ts";
import { LineProgram, nodeProgram } from "./support/runner.ts";

const ROUNDS = 15;
const TRIPS = 2000;
/** With its terminator 32 bytes. */
const MESSAGE = "x".repeat(30);
const REFERENCE = "serialport";

const echo = compiled("pty-echo.c");
/** The Python that Debian's package is for may not be the first on the `PATH`. */
const pythonWithSerial = ["python3", "/usr/bin/python3"].find((python) => works(python, ["-c", "import serial"]));
const missing = [
  ...(echo === undefined ? ["cc, for the other end of the line"] : []),
  ...(pythonWithSerial !== undefined ? [] : ["pyserial (Debian: python3-serial)"]),
];

const clients: Readonly<Record<string, (path: string) => LineProgram>> = {
  [REFERENCE]: (path) => nodeProgram("serial-rtt-client.js", "serialport", path),
  "plib-io, async": (path) => nodeProgram("serial-rtt-client.js", "asynchronous", path),
  "plib-io, blocking": (path) => nodeProgram("serial-rtt-client.js", "blocking", path),
  ...(pythonWithSerial !== undefined && {
    pyserial: (path: string) => new LineProgram(pythonWithSerial, [peerSource("serial-rtt.py"), path]),
  }),
};

const programs: LineProgram[] = [];
const ways: Way[] = [];
if (echo !== undefined) {
  for (const [name, client] of Object.entries(clients)) {
    const line = new LineProgram(echo, []);
    const program = client(await line.line());
    programs.push(program, line);
    ways.push({ name, measure: () => program.measure(TRIPS, MESSAGE) });
  }
}
const rows = await compare(ways, ROUNDS, REFERENCE);
for (const program of programs) await program[Symbol.asyncDispose]();
const timeOf = (name: string): number => rows.find((row) => row.name === name)?.median ?? Number.NaN;
const overPyserial = timeOf("plib-io, blocking") / timeOf("pyserial");
if (pythonWithSerial !== undefined) console.log(`blocking is ${overPyserial.toFixed(2)} × pyserial`);
report("serial-rtt", [{ title: "a line that answers at once", unit: "µs an exchange", rows }], missing, {
  ...(pythonWithSerial !== undefined && { overPyserial }),
});
