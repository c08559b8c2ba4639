/**
 * The module behind `plib-io/config`: the form of `plib-io.config.ts`. It imports nothing, so that a configuration can be
 * type-checked without loading anything.
 */

/** One framing to make classes for. */
export interface FramingEntry {
  /** The TypeScript file with the framing class, relative to the folder of the configuration. */
  file: string;
  /**
   * The name of the class.
   *
   * @defaultValue every framing class that the file exports
   */
  class?: string;
  /**
   * What the names of the generated classes end with: `"WithNmea"` makes `AsyncSocketClientWithNmea`.
   *
   * @defaultValue the `static suffix` of the class
   */
  suffix?: string;
}

/** What `npx plib-io generate` makes, and where it puts it. */
export interface PlibIoConfig {
  /** The framings: `"FILE#Class"`, or an object with more to say. */
  framings: readonly (string | FramingEntry)[];
  /**
   * The folder that is written to, relative to the folder of the configuration, and inside of it. Files in it that were
   * generated once and no longer are get removed.
   *
   * @defaultValue `"src/channels"`
   */
  out?: string;
  /**
   * The modes to make classes for: `"async"`, `"blocking"`.
   *
   * @defaultValue all
   */
  modes?: readonly string[];
  /**
   * The devices to make classes for: `"socket"`, `"serial"`.
   *
   * @defaultValue all that can carry the framing
   */
  devices?: readonly string[];
  /**
   * The roles to make classes for: `"client"`, `"server"`, `"base-request-handler"`, `"persistent"`,
   * `"persistent-request-handler"`.
   *
   * @defaultValue all
   */
  roles?: readonly string[];
  /**
   * What relative imports in generated code end with: `".js"`, `".ts"`, or `""` for bundlers.
   *
   * @defaultValue what the nearest `tsconfig.json` asks for
   */
  extension?: ".js" | ".ts" | "";
}

/**
 * Gives a configuration its type: editors complete and check it. It returns what it is given.
 *
 * A configuration in TypeScript is read without being run, so it must be written out: objects, lists, strings, and
 * constants of the same file that hold such.
 *
 * @example
 * import { defineConfig } from "plib-io/config";
 *
 * export default defineConfig({
 *   framings: ["src/framings/nmea.ts#NmeaFraming"],
 *   out: "src/channels",
 * });
 */
export function defineConfig(config: PlibIoConfig): PlibIoConfig {
  return config;
}
