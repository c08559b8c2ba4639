/** A thread that talks over a serial line, and tells what it heard. */
import { parentPort, workerData } from "node:worker_threads";
import { AsyncSerialClientWithTerminator } from "../../../generated/index.ts";

const { path } = workerData as { path: string };
const client = new AsyncSerialClientWithTerminator({ path, keepAlive: true, encoding: "utf8" });
const replies = [await client.clientCommunicate("one"), await client.clientCommunicate("two")];
await client.close();
parentPort?.postMessage(replies);
