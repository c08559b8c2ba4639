import { existsSync } from "node:fs";
import { dirname, resolve } from "node:path";
import type { ImportExtension } from "../emit/import-targets.ts";
import type { Position } from "../read/model.ts";
import { Problems } from "../read/problems.ts";
import type { FramingSource } from "../read/read-framings.ts";
import { type ConfigFile, findConfig, readConfig } from "./config-file.ts";

/** A setting, and where it was made; `undefined` for the command line. */
export interface Setting<Value> {
  readonly value: Value;
  readonly position: Position | undefined;
}

/** What is to be generated for a user. */
export interface Settings {
  /** The folder of the project: that of the configuration, else the current one. */
  readonly root: string;
  /** The configuration, if there is one. */
  readonly configPath: string | undefined;
  readonly framings: readonly FramingSource[];
  /** The absolute path of the folder to write to. */
  readonly out: Setting<string>;
  readonly modes: Setting<readonly string[]> | undefined;
  readonly devices: Setting<readonly string[]> | undefined;
  readonly roles: Setting<readonly string[]> | undefined;
  readonly extension: ImportExtension | undefined;
}

/** What was said on the command line. Each of these replaces what the configuration says. */
export interface Flags {
  readonly config?: string;
  /** `FILE#Class` or `FILE`, each. */
  readonly framing?: readonly string[];
  readonly suffix?: string;
  readonly modes?: readonly string[];
  readonly devices?: readonly string[];
  readonly roles?: readonly string[];
  readonly out?: string;
  readonly extension?: string;
}

const DEFAULT_OUT = "src/channels";
const EXTENSIONS: readonly ImportExtension[] = [".js", ".ts", ""];
const KNOWN = ["framings", "out", "modes", "devices", "roles", "extension"];

/** The configuration that applies; `undefined` if there is none. */
export function configPath(flags: Flags, folder: string): string | undefined {
  return flags.config === undefined ? findConfig(folder) : resolve(folder, flags.config);
}

/**
 * Puts together what the command line and the configuration say.
 *
 * @param folder the current folder.
 * @throws PartsError for settings that cannot be used.
 */
export async function readSettings(flags: Flags, folder: string): Promise<Settings> {
  const path = configPath(flags, folder);
  const config = path === undefined ? undefined : new ConfigReader(await readConfig(path));
  const problems = config?.problems ?? new Problems();
  const root = path === undefined ? folder : dirname(path);
  const pick = (name: "modes" | "devices" | "roles"): Setting<readonly string[]> | undefined =>
    flags[name] === undefined ? config?.strings(name) : { value: flags[name], position: undefined };
  const out =
    flags.out === undefined ? config?.string("out") : { value: resolve(folder, flags.out), position: undefined };
  const settings: Settings = {
    root,
    configPath: path,
    framings: flags.framing === undefined ? (config?.framings(root) ?? []) : flagFramings(flags.framing, folder),
    out: { value: resolve(root, out?.value ?? DEFAULT_OUT), position: out?.position },
    modes: pick("modes"),
    devices: pick("devices"),
    roles: pick("roles"),
    extension: extensionOf(flags.extension, config, problems),
  };
  config?.rejectUnknown();
  if (settings.framings.length === 0) {
    const text = "no framing: give --framing FILE#Class, or write a plib-io.config.ts (`npx plib-io init` makes one)";
    problems.add(path === undefined ? undefined : { file: path, line: 1, column: 1 }, text);
  }
  problems.throwIfAny();
  return withSuffix(settings, flags.suffix);
}

function withSuffix(settings: Settings, suffix: string | undefined): Settings {
  if (suffix === undefined) return settings;
  const problems = new Problems();
  if (settings.framings.length !== 1) problems.add(undefined, "--suffix needs exactly one --framing FILE#Class");
  problems.throwIfAny();
  return { ...settings, framings: settings.framings.map((each) => ({ ...each, suffix, position: undefined })) };
}

function flagFramings(framings: readonly string[], folder: string): FramingSource[] {
  return framings.map((text) => framingFrom(text, folder, undefined));
}

/** `FILE#Class` or `FILE`, whose name may hold a `#` too. */
function framingFrom(text: string, folder: string, position: Position | undefined): FramingSource {
  const at = text.lastIndexOf("#");
  if (at < 0 || existsSync(resolve(folder, text))) return { path: resolve(folder, text), position };
  return { path: resolve(folder, text.slice(0, at)), className: text.slice(at + 1), position };
}

function extensionOf(
  flag: string | undefined,
  config: ConfigReader | undefined,
  problems: Problems,
): ImportExtension | undefined {
  const given = flag === undefined ? config?.string("extension") : { value: flag, position: undefined };
  if (given === undefined) return undefined;
  const found = EXTENSIONS.find((each) => each === given.value || (given.value === "none" && each === ""));
  if (found === undefined)
    problems.add(given.position, `extension is ${JSON.stringify(given.value)}, but must be ".js", ".ts" or "" (none)`);
  return found;
}

/** Takes single settings out of a configuration, and notes what is wrong with them. */
class ConfigReader {
  readonly problems = new Problems();
  readonly #file: ConfigFile;
  readonly #value: Readonly<Record<string, unknown>>;

  /** @throws PartsError if it is no object at all. */
  constructor(file: ConfigFile) {
    this.#file = file;
    const isObject = typeof file.value === "object" && file.value !== null && !Array.isArray(file.value);
    if (!isObject) this.problems.add(file.positionOf([]), "a configuration is an object");
    this.problems.throwIfAny();
    this.#value = file.value as Readonly<Record<string, unknown>>;
  }

  string(name: string): Setting<string> | undefined {
    const value = this.#own(name);
    if (value === undefined) return undefined;
    const position = this.#file.positionOf([name]);
    if (typeof value === "string") return { value, position };
    this.problems.add(position, `${name} must be a string`);
    return undefined;
  }

  strings(name: string): Setting<readonly string[]> | undefined {
    const value = this.#own(name);
    if (value === undefined) return undefined;
    const position = this.#file.positionOf([name]);
    if (Array.isArray(value) && value.every((each) => typeof each === "string")) return { value, position };
    this.problems.add(position, `${name} must be a list of strings`);
    return undefined;
  }

  framings(root: string): FramingSource[] {
    const value = this.#own("framings");
    if (value === undefined) return [];
    if (Array.isArray(value)) return value.flatMap((each: unknown, at) => this.#framing(each, at, root));
    this.problems.add(this.#file.positionOf(["framings"]), 'framings must be a list, like ["src/nmea.ts#NmeaFraming"]');
    return [];
  }

  rejectUnknown(): void {
    for (const name of Object.keys(this.#value).filter((each) => !KNOWN.includes(each))) {
      this.problems.add(this.#file.positionOf([name]), `there is no setting "${name}"; there are ${KNOWN.join(", ")}`);
    }
  }

  #framing(entry: unknown, at: number, root: string): FramingSource[] {
    const position = this.#file.positionOf(["framings", at]);
    if (typeof entry === "string") return [framingFrom(entry, root, position)];
    const { file, class: className, suffix, ...others } = (entry ?? {}) as Readonly<Record<string, unknown>>;
    const isString = (value: unknown): value is string | undefined => value === undefined || typeof value === "string";
    if (typeof file === "string" && isString(className) && isString(suffix) && Object.keys(others).length === 0)
      return [{ path: resolve(root, file), className, suffix, position }];
    this.problems.add(position, 'a framing is "FILE#Class", or { file, class, suffix }, each a string');
    return [];
  }

  #own(name: string): unknown {
    return Object.hasOwn(this.#value, name) ? this.#value[name] : undefined;
  }
}
