/** What the generator knows of the parts after reading them: plain data, with a position for every complaint. */

/** A place in a source file. Lines and columns count from 1. */
export interface Position {
  /** The absolute path. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** A doc comment, taken apart. */
export interface Doc {
  /** The lines before the first tag. */
  readonly description: readonly string[];
  /** All tags in order, each with its text. */
  readonly tags: readonly DocTag[];
}

/** One `@tag` of a doc comment. */
export interface DocTag {
  /** Without the `@`. */
  readonly name: string;
  /** The text after the name; further lines follow as they stand. */
  readonly lines: readonly string[];
}

/** Where something is imported from: a file, by its absolute path, or a package or built-in module. */
export type ImportTarget =
  | { readonly kind: "file"; readonly path: string }
  | { readonly kind: "module"; readonly specifier: string };

/** A name that generated code must import. */
export interface ImportedName {
  /** What the target exports; `"*"` is its namespace. */
  readonly exportName: string;
  /** What it is called where it is used. */
  readonly localName: string;
  readonly target: ImportTarget;
}

/** The text of a type, with holes where a type parameter stands, and the names in it that must be imported. */
export type TypeText = readonly (string | TypeHole | ImportedName)[];

/** A place in a type where the named type parameter is filled in. */
export interface TypeHole {
  readonly parameter: string;
}

/** One parameter of a method or function type. */
export interface Parameter {
  /** The name, with `...` before and `?` after it where they apply. */
  readonly name: string;
  readonly type: TypeText;
}

/** What a member of an options interface is. */
export type MemberShape =
  | { readonly kind: "property"; readonly type: TypeText }
  | { readonly kind: "method" | "function"; readonly parameters: readonly Parameter[]; readonly returns: TypeText };

/** Where an option stands among those of a class, in this order. */
export const OPTION_GROUPS = ["address", "purpose", "framing", "hooks", "tuning"] as const;

/** One of {@link OPTION_GROUPS}. */
export type OptionGroup = (typeof OPTION_GROUPS)[number];

/** A member of an options interface. */
export interface OptionMember {
  readonly name: string;
  readonly isOptional: boolean;
  readonly isReadonly: boolean;
  readonly shape: MemberShape;
  readonly doc: Doc;
  /** What the tag `@group` of the option, else of its interface, says; `undefined`: the part decides. */
  readonly group: OptionGroup | undefined;
  /** What the tag `@roles` of the option says: the class names of the roles that have it; `undefined`: all have it. */
  readonly roles: readonly string[] | undefined;
  /** The interface that the member was found in. */
  readonly owner: string;
  readonly position: Position;
}

/** What every part has. */
export interface Part {
  /** The name of the class or function in the source. */
  readonly name: string;
  readonly target: ImportTarget;
  readonly doc: Doc;
  readonly position: Position;
}

/** A framing: how messages are told apart in the bytes. */
export interface FramingPart extends Part {
  readonly suffix: string;
  readonly boundary: string;
  readonly requires: readonly string[];
  readonly options: OptionsPart;
}

/** The options interface of a part, flattened. */
export interface OptionsPart {
  /** The interface, to be exported for users; none for a part without options. */
  readonly type: ImportedName | undefined;
  readonly members: readonly OptionMember[];
}

/** A device: what carries the bytes. */
export interface DevicePart extends Part {
  readonly deviceName: string;
  /** Who its classes are generated for. */
  readonly audience: "users" | "tests";
  readonly provides: readonly string[];
  /** The interface through which users see the device. */
  readonly link: ImportedName;
  /** Interfaces that stand in for `link` in the mode that begins their name. */
  readonly modeLinks: readonly ImportedName[];
}

/** A function that opens a device in one mode, as a client or as a server. */
export interface OpenerPart extends Part {
  readonly options: OptionsPart;
}

/** What a role does with the device. */
export type Opens = "connect" | "listen" | "nothing";

/** A role: an abstract class that generated classes extend. */
export interface RolePart extends Part {
  readonly mode: string;
  /** The class name between mode and framing; `*` stands for the device. */
  readonly className: string;
  readonly opens: Opens;
  readonly requires: readonly string[];
  readonly excludes: readonly string[];
  /** The names of the type parameters, in order. */
  readonly typeParameters: readonly string[];
  readonly options: OptionsPart;
  /** The public members, base classes included, as signatures for the API report. */
  readonly signatures: readonly string[];
  /** The names of the public methods, base classes included: the role's own first. */
  readonly methods: readonly string[];
}

/** A mode: how calls wait. */
export interface ModePart extends Part {
  readonly mode: string;
}

/** What framings are combined with. */
export interface Runtime {
  readonly devices: readonly DevicePart[];
  readonly openers: readonly OpenerPart[];
  readonly roles: readonly RolePart[];
  readonly modes: readonly ModePart[];
}

/** Everything that was read. */
export interface Parts extends Runtime {
  readonly framings: readonly FramingPart[];
}
