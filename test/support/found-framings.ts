/** Every framing there is, found in the folder of the framings, so that none has to be listed by hand. */
import { readdir } from "node:fs/promises";
import type { FramingClass } from "../../src/core/framing.ts";

/** The options that framings share by convention. */
interface CommonOptions {
  readonly maxMessageSize?: number;
}

/** The options that a framing cannot do without, by its suffix. */
const required: Readonly<Record<string, object>> = {
  WithFixedLength: { messageLength: 5 },
};

/** The least options that a framing can be made with. */
export function leastOptions(framing: { readonly suffix: string }): CommonOptions {
  return required[framing.suffix] ?? {};
}

const folder = new URL("../../src/framings/", import.meta.url);

/** The class of each framing, by its name. */
export async function foundFramings(): Promise<ReadonlyMap<string, FramingClass<CommonOptions>>> {
  const files = (await readdir(folder)).filter((file) => file.endsWith(".js"));
  const modules = await Promise.all(files.map((file) => import(new URL(file, folder).href) as Promise<object>));
  const isFraming = ([, value]: [string, unknown]): boolean => typeof value === "function" && "suffix" in value;
  return new Map(
    modules.flatMap((module) => Object.entries(module).filter(isFraming) as [string, FramingClass<CommonOptions>][]),
  );
}
