/** The process in which an act runs. */
import { once } from "node:events";
import { type Act, acts } from "./acts.ts";
import type { ActOrder, ActReport } from "./apart.ts";

function tell(report: ActReport, then: () => void = () => undefined): void {
  process.send?.(report, then);
}

async function run({ act, input }: ActOrder): Promise<void> {
  const say = (note: string): void => tell({ note });
  const go = async (): Promise<void> => void (await once(process, "message"));
  const leave = (): void => process.disconnect();
  try {
    tell({ result: await (acts[act] as Act<unknown, unknown>)(input, say, go) }, leave);
  } catch (error) {
    tell({ error }, leave);
  }
}

process.once("message", (order: ActOrder) => void run(order));
