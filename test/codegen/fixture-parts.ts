/** The least that makes a matrix: one part of each kind. Tests replace single files of it. */
export const fixtureParts: Readonly<Record<string, string>> = {
  "src/framings/plain.ts": `
export interface PlainOptions {
  /** The limit. @defaultValue 1 */
  limit?: number;
}
/**
 * Plain bytes.
 * @phrase plain bytes
 */
export class PlainFraming {
  static readonly suffix = "";
  static readonly boundary: "message" = "message";
  constructor(readonly options: PlainOptions) {}
  decode(): undefined {}
  encode(payload: Uint8Array): Uint8Array { return payload; }
}
`,
  "src/devices/wire.ts": `
/**
 * A wire.
 * @phrase a wire
 * @address path: "/dev/wire"
 */
export class WireDevice {
  static readonly deviceName = "Wire";
  static readonly provides = ["ends"] as const;
}
export interface WireLink { readonly path: string }
export interface WireOptions {
  /** The path. */
  path: string;
}
export function connectAsyncWire(options: WireOptions): WireLink { return options; }
`,
  "src/roles/client.ts": `
export interface ClientOptions<Encoding extends BufferEncoding | undefined, Self> {
  /** How messages are decoded. */
  encoding?: Encoding;
  /** A hook. */
  onConnect?(channel: Self): void;
}
/**
 * Sends.
 * @phrase sends
 * @example
 * import { {{Class}} } from "{{package}}";
 * new {{Class}}({ {{address}} });
 */
export abstract class AsyncClient<Encoding extends BufferEncoding | undefined, Link> {
  static readonly mode = "async";
  static readonly className = "*Client";
  static readonly opens = "connect";
  static readonly framing: unknown;
  static readonly open: unknown;
  declare readonly link: Link;
  constructor(readonly options: ClientOptions<Encoding, never>) {}
}
`,
  "src/modes/async/async-channel.ts": `
/** @phrase asynchronous */
export abstract class AsyncChannel {}
`,
};
