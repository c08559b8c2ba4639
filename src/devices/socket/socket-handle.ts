import type { Socket } from "node:net";

/** Node.js's own handle of a socket: there is no public way to what it can do. */
export interface SocketHandle {
  /** The descriptor; negative once it is closed, and on Windows. */
  readonly fd: number;
  /** How many bytes wait in the process to be written. */
  readonly writeQueueSize?: number;
  setBlocking(isBlocking: boolean): void;
  close(): void;
  /** Only on TCP. */
  getpeername?(name: SocketName): number;
  getsockname?(name: SocketName): number;
  reset?(): void;
}

/** What a handle tells of one end of its connection. */
export interface SocketName {
  readonly address?: string;
  readonly port?: number;
}

/** The handle of a socket; none if it is closed. */
export function handleOf(socket: Socket): SocketHandle | undefined {
  return (socket as unknown as { readonly _handle?: SocketHandle | null })._handle ?? undefined;
}
