/** A service of a helper thread that ends the thread, in one way or another. */
import { connect, type TcpNetConnectOpts } from "node:net";
import type { HelperService } from "../../src/comm/helper/helper-protocol.ts";

/** The ways to die. */
export interface Deaths {
  throwLater(): Promise<never>;
  exit(): Promise<never>;
  exhaust(): Promise<never>;
}

const never = new Promise<never>(() => undefined);

class DyingService implements HelperService<undefined>, Deaths {
  readonly info: undefined;

  throwLater(): Promise<never> {
    setImmediate(() => {
      throw new Error("thrown in the helper");
    });
    return never;
  }

  exit(): Promise<never> {
    process.exit(3);
  }

  exhaust(): Promise<never> {
    const kept: number[][] = [];
    for (;;) kept.push(Array.from({ length: 10_000 }, (_, index) => index + kept.length));
  }

  /** Dies when the other end of a connection says anything. */
  onWord(how: keyof Deaths, address: TcpNetConnectOpts): void {
    connect(address).once("data", () => void this[how]());
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

/** Opens it; or dies at once, as told. */
export async function openDying({ how }: { how: keyof Deaths | "" }): Promise<HelperService<undefined>> {
  const service = new DyingService();
  if (how !== "") await service[how]();
  return service;
}
