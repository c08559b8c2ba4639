/** A client of the comparison of blocking exchanges. Arguments: which, and the port. */
import { once } from "node:events";
import { readSync, writeSync } from "node:fs";
import { connect } from "node:net";
import { MessageChannel, receiveMessageOnPort, Worker } from "node:worker_threads";
import { SocketClientWithTerminator } from "../generated/blocking.ts";
import { serveMeasures } from "./support/runner.ts";

const [, , which, portText] = process.argv;
const port = Number(portText);
const host = "127.0.0.1";

function ours(): (times: number, message: string) => void {
  const client = new SocketClientWithTerminator({ host, port, keepAlive: true });
  return (times, message) => {
    for (let time = 0; time < times; time++) client.clientCommunicate(message);
  };
}

async function net(): Promise<(times: number, message: string) => Promise<void>> {
  const socket = connect({ host, port, noDelay: true });
  await once(socket, "connect");
  return (times, message) => {
    const data = Buffer.from(`${message}\r\n`);
    return new Promise((resolve) => {
      let left = times;
      let got = 0;
      const received = (bytes: Buffer): void => {
        got += bytes.length;
        if (got < data.length) return;
        got = 0;
        if (--left > 0) return void socket.write(data);
        socket.off("data", received);
        resolve();
      };
      socket.on("data", received);
      socket.write(data);
    });
  };
}

/** A worker does all I/O; this thread sends it a message and sleeps until the answer is there. */
function worker(): (times: number, message: string) => void {
  const { port1, port2 } = new MessageChannel();
  const signal = new Int32Array(new SharedArrayBuffer(4));
  const source = `
    const { port, signal, address } = require("node:worker_threads").workerData;
    const socket = require("node:net").connect({ ...address, noDelay: true });
    let got = 0, size = 0;
    socket.on("data", (bytes) => {
      got += bytes.length;
      if (got < size) return;
      port.postMessage(bytes);
      Atomics.add(signal, 0, 1);
      Atomics.notify(signal, 0);
    });
    port.on("message", (data) => { got = 0; size = data.length; socket.write(data); });
  `;
  const workerData = { port: port2, signal, address: { host, port } };
  new Worker(source, { eval: true, workerData, transferList: [port2] }).unref();
  return (times, message) => {
    const data = Buffer.from(`${message}\r\n`);
    for (let time = 0; time < times; time++) {
      const before = Atomics.load(signal, 0);
      port1.postMessage(data);
      Atomics.wait(signal, 0, before);
      receiveMessageOnPort(port1);
    }
  };
}

/** A worker connects; this thread reads and writes the descriptor, and would wait for ever if nothing came. */
function bare(): (times: number, message: string) => void {
  const told = new Int32Array(new SharedArrayBuffer(8));
  const source = `
    const { told, address } = require("node:worker_threads").workerData;
    const socket = require("node:net").connect({ ...address, noDelay: true }, () => {
      socket._handle.setBlocking(true);
      told[1] = socket._handle.fd;
      Atomics.store(told, 0, 1);
      Atomics.notify(told, 0);
    });
    socket.pause();
    setInterval(() => undefined, 60_000);
  `;
  new Worker(source, { eval: true, workerData: { told, address: { host, port } } }).unref();
  Atomics.wait(told, 0, 0);
  const fd = told[1] as number;
  const slab = Buffer.allocUnsafe(65_536);
  return (times, message) => {
    const data = Buffer.from(`${message}\r\n`);
    for (let time = 0; time < times; time++) {
      writeSync(fd, data);
      for (let got = 0; got < data.length;) got += readSync(fd, slab);
    }
  };
}

const ways = { ours, net, worker, bare };
await serveMeasures(await ways[which as keyof typeof ways]());
process.exit();
