/** Names that parts are found by, and which names they may have. */

/** A name with its first letter in upper case. */
export function capitalised(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}

/** The name of the function that opens a device: `connectAsyncSocket`. */
export function openerName(opens: string, mode: string, deviceName: string): string {
  return opens + capitalised(mode) + deviceName;
}

/** The name of the interface through which users see a device: `SerialLink`; of that in one mode: `BlockingSerialLink`. */
export function linkName(deviceName: string, mode = ""): string {
  return `${capitalised(mode)}${deviceName}Link`;
}

/** Words that cannot name a class, or that would hide what generated code relies on. */
const RESERVED: ReadonlySet<string> = new Set(
  (
    "arguments as async await boolean break bigint case catch class const continue debugger declare default delete do else " +
    "enum eval export extends false finally for from function get if implements import in infer instanceof interface is " +
    "keyof let never new null number object of package private protected public readonly return satisfies set static " +
    "string super switch symbol this throw true try type typeof undefined unique unknown using var void while with yield " +
    "any __proto__ constructor prototype hasOwnProperty toString valueOf " +
    "Encoding Link Framing Self"
  ).split(" "),
);

/** Globals of JavaScript, Node.js and TypeScript's library that the types of options may mention. */
const GLOBALS: ReadonlySet<string> = new Set(
  (
    "AbortController AbortSignal Array ArrayBuffer AsyncGenerator AsyncIterable AsyncIterator Awaited BigInt Boolean Buffer " +
    "BufferEncoding Date Error Exclude Extract Function Generator Infinity Iterable Iterator Map NaN NodeJS NonNullable Number " +
    "Object Omit Parameters Partial Pick Promise PromiseLike Proxy Readonly ReadonlyArray ReadonlyMap ReadonlySet Record " +
    "RegExp Required ReturnType Set String Symbol TypeError URL Uint8Array WeakMap WeakSet console global globalThis process"
  ).split(" "),
);

/** Why `name` cannot be the name of a class, a type or a function in generated code; `undefined` if it can. */
export function identifierFault(name: string): string | undefined {
  if (!/^[A-Za-z_$][A-Za-z0-9_$]*$/.test(name)) return "is not a plain ASCII identifier";
  if (RESERVED.has(name)) return "is reserved";
  if (GLOBALS.has(name)) return "hides a global";
  return undefined;
}

/** Why `suffix` cannot end class names; `undefined` if it can. */
export function suffixFault(suffix: string): string | undefined {
  if (suffix === "" || /^[A-Z][A-Za-z0-9]{0,63}$/.test(suffix)) return undefined;
  return 'must be empty or like "WithNmea": a capital, then letters and digits, at most 64 in all';
}

/** Why `pattern` cannot be a role's class name; `undefined` if it can. */
export function rolePatternFault(pattern: string): string | undefined {
  if (/^(?:[A-Z][A-Za-z0-9]*\*?|\*)[A-Za-z0-9]*$/.test(pattern) && pattern !== "*") return undefined;
  return 'must be like "*Client" or "BaseRequestHandler": letters and digits, with at most one "*"';
}

/** Why `name` cannot be an option; `undefined` if it can. */
export function optionNameFault(name: string): string | undefined {
  if (!/^[A-Za-z_$][A-Za-z0-9_$]*$/.test(name)) return "is not a plain ASCII identifier";
  return ["__proto__", "constructor", "prototype"].includes(name) ? "is reserved" : undefined;
}
