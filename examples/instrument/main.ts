/**
 * A voltmeter on a serial line that speaks in the manner of SCPI, and a program that reads it.
 *
 *     node dist/examples/instrument/main.js simulate PORT
 *     node dist/examples/instrument/main.js measure PORT [COUNT]
 */
import { AsyncSerialClientWithTerminator, AsyncSerialServerWithTerminator, TimeoutError } from "plib-io";

/** What both ends have in common. */
const line = { baudRate: 115_200, terminator: "\n", encoding: "ascii" } as const;

/** The instrument: what it measures is made up, the rest is not. */
class Voltmeter {
  #range = 10;
  #measured = 0;
  #errors: string[] = [];

  /** Executes the commands of a line; the answers to its queries, or `undefined` if it has none. */
  execute(commands: string): string | undefined {
    const answers = commands.split(";").map((command) => this.#one(command.trim()));
    return answers.some((answer) => answer !== undefined) ? answers.filter(Boolean).join(";") : undefined;
  }

  #one(command: string): string | undefined {
    const [name = "", argument] = command.toUpperCase().split(/\s+/);
    switch (name) {
      case "*IDN?":
        return "PLIB-IO,SIMULATED VOLTMETER,0,1.0";
      case "*OPC?":
        return "1";
      case "CONF:VOLT":
        this.#range = Number(argument);
        return undefined;
      case "MEAS:VOLT?":
        return (this.#range * Math.sin(this.#measured++ / 3)).toFixed(4);
      case "SYST:ERR?":
        return this.#errors.shift() ?? '0,"No error"';
      default:
        this.#errors.push('-113,"Undefined header"');
        return undefined;
    }
  }
}

async function simulate(path: string): Promise<void> {
  const voltmeter = new Voltmeter();
  const server = new AsyncSerialServerWithTerminator({
    ...line,
    path,
    serverStart: () => console.log(`a voltmeter is on ${path}`),
    processData(commands, channel) {
      const answer = voltmeter.execute(commands);
      if (answer !== undefined) channel.start(answer);
    },
  });
  process.once("SIGINT", () => void server.close());
  await server.serveForever();
}

async function measure(path: string, count: number): Promise<void> {
  const meter = new AsyncSerialClientWithTerminator({ ...line, path, keepAlive: true, timeoutMs: 2000 });
  try {
    console.log(await meter.clientCommunicate("*IDN?"));
    // A command has no answer of its own: the query at its end tells that it was carried out.
    await meter.clientCommunicate("CONF:VOLT 5;*OPC?");
    const queries = Array.from({ length: count }, () => "MEAS:VOLT?");
    for await (const volts of meter.replies(queries)) console.log(`${volts} V`);
    console.log(await meter.clientCommunicate("SYST:ERR?"));
  } catch (error) {
    if (!TimeoutError.is(error)) throw error;
    console.error(`no answer on ${path}: is the instrument on, and is its speed ${line.baudRate} baud?`);
    process.exitCode = 1;
  } finally {
    await meter.close();
  }
}

const [verb, path, count = "5"] = process.argv.slice(2);
if (verb === "simulate" && path !== undefined) await simulate(path);
else if (verb === "measure" && path !== undefined) await measure(path, Number(count));
else {
  console.error("usage: simulate PORT | measure PORT [COUNT]");
  process.exitCode = 2;
}
