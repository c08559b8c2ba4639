import type {
  ClassDeclaration,
  ConstructorDeclaration,
  FunctionDeclaration,
  ParameterDeclaration,
  SourceFile,
} from "ts-morph";
import { tagText } from "./doc-text.ts";
import type { DevicePart, ImportedName, ModePart, OpenerPart, RolePart, Runtime } from "./model.ts";
import { linkName, openerName, rolePatternFault } from "./names.ts";
import type { PartReading } from "./part-reading.ts";
import { readDoc } from "./read-docs.ts";
import { lineage, readMethods, readSignatures } from "./read-signatures.ts";
import { hasStatic } from "./read-values.ts";
import { fileTarget, positionOf } from "./source-tree.ts";

/** The files of the runtime, each an absolute path, by what they hold. */
export interface RuntimeFiles {
  readonly devices: readonly string[];
  readonly roles: readonly string[];
  readonly modes: readonly string[];
}

/** Reads devices, roles and modes as syntax, and notes what is wrong with them. */
export function readRuntime(reading: PartReading, files: RuntimeFiles): Runtime {
  return new RuntimeReader(reading).read(files);
}

class RuntimeReader {
  readonly #reading: PartReading;

  constructor(reading: PartReading) {
    this.#reading = reading;
  }

  read(files: RuntimeFiles): Runtime {
    const { tree } = this.#reading;
    const devices = tree.openAll(files.devices);
    const roles = tree.openAll(files.roles);
    const modes = tree.openAll(files.modes);
    const known = {
      devices: exportedClasses(devices, "deviceName").flatMap((each) => this.#device(each, devices)),
      roles: exportedClasses(roles, "mode").flatMap((each) => this.#role(each)),
      modes: modes.flatMap((file) => this.#modesOf(file)),
    };
    return { ...known, openers: openersOf(known, devices).map((each) => this.#opener(each)) };
  }

  #device(declaration: ClassDeclaration, files: readonly SourceFile[]): DevicePart[] {
    const part = this.#reading.part(declaration);
    const deviceName = this.#reading.statics.string(declaration, "deviceName");
    if (deviceName === undefined) return [];
    if (!/^[A-Z][A-Za-z0-9]*$/.test(deviceName)) {
      this.#reading.problems.add(
        part.position,
        `deviceName ${JSON.stringify(deviceName)} must be a capital, then letters and digits`,
      );
    }
    const name = linkName(deviceName);
    const links = linksIn(files, name);
    const link = links.find((each) => each.exportName === name);
    if (link === undefined) {
      this.#reading.problems.add(
        part.position,
        `no file beside ${part.name} exports an interface ${name}, the device as users see it`,
      );
      return [];
    }
    const provides = this.#reading.statics.strings(declaration, "provides");
    const { statics } = this.#reading;
    const audience = hasStatic(declaration, "audience")
      ? statics.choice(declaration, "audience", ["users", "tests"])
      : "users";
    if (audience === undefined) return [];
    return [{ ...part, deviceName, audience, provides, link, modeLinks: links.filter((each) => each !== link) }];
  }

  #opener(declaration: FunctionDeclaration): OpenerPart {
    const part = this.#reading.part(declaration);
    const [options] = declaration.getParameters();
    if (options === undefined)
      this.#reading.problems.add(part.position, `${part.name} needs a parameter for the options`);
    return { ...part, options: this.#reading.options.ofParameter(options) };
  }

  #role(declaration: ClassDeclaration): RolePart[] {
    const part = this.#reading.part(declaration);
    const mode = this.#reading.statics.string(declaration, "mode");
    const className = this.#reading.statics.string(declaration, "className");
    const opens = this.#reading.statics.choice(declaration, "opens", ["connect", "listen", "nothing"]);
    if (mode !== undefined && !/^[a-z]+$/.test(mode))
      this.#reading.problems.add(part.position, `mode ${JSON.stringify(mode)} must be lower-case letters`);
    const fault = className === undefined ? undefined : rolePatternFault(className);
    if (fault !== undefined)
      this.#reading.problems.add(part.position, `className ${JSON.stringify(className)} ${fault}`);
    const requires = this.#reading.statics.strings(declaration, "requires");
    const excludes = this.#reading.statics.strings(declaration, "excludes");
    const typeParameters = this.#typeParameters(declaration);
    const options = this.#reading.options.ofParameter(this.#constructorParameter(declaration));
    if (mode === undefined || className === undefined || opens === undefined) return [];
    const signatures = readSignatures(this.#reading.tree, declaration);
    const methods = readMethods(this.#reading.tree, declaration);
    return [{ ...part, mode, className, opens, requires, excludes, typeParameters, options, signatures, methods }];
  }

  #typeParameters(declaration: ClassDeclaration): string[] {
    return declaration.getTypeParameters().map((parameter) => {
      const name = parameter.getName();
      if (!["Encoding", "Link", "Framing", "Self"].includes(name)) {
        this.#reading.problems.add(
          positionOf(parameter),
          `type parameter ${name} must be one of Encoding, Link, Framing, Self`,
        );
      }
      return name;
    });
  }

  /** The first parameter of the constructor, which may be inherited. */
  #constructorParameter(declaration: ClassDeclaration): ParameterDeclaration | undefined {
    const own = lineage(this.#reading.tree, declaration).find((each) => each.getConstructors().length > 0);
    const parameter = own?.getConstructors()[0]?.getParameters()[0];
    if (parameter === undefined)
      this.#reading.problems.add(positionOf(declaration), "a role needs a constructor that takes options");
    else if (own !== undefined && isInternal(own.getConstructors()[0]))
      this.#reading.problems.add(
        positionOf(parameter),
        "the constructor of a role is called by users' classes: no @internal",
      );
    return parameter;
  }

  #modesOf(file: SourceFile): ModePart[] {
    const mode = modeOf(file);
    const classes = file
      .getClasses()
      .filter((each) => each.isExported() && tagText(readDoc(each), "phrase") !== undefined);
    return classes.map((each) => ({ ...this.#reading.part(each), mode }));
  }
}

/** A mode is called like its file or folder in `modes/`. */
function modeOf(file: SourceFile): string {
  return /.*\/modes\/([^/.]+)/.exec(file.getFilePath())?.[1] ?? file.getBaseNameWithoutExtension();
}

/** The functions that are named after a role's way to open, its mode, and a device. */
function openersOf(known: Pick<Runtime, "roles" | "devices">, files: readonly SourceFile[]): FunctionDeclaration[] {
  const names = new Set(
    known.roles.flatMap(({ opens, mode }) => known.devices.map((device) => openerName(opens, mode, device.deviceName))),
  );
  const functions = files.flatMap((file) => file.getFunctions());
  return functions.filter((each) => each.isExported() && names.has(each.getName() ?? ""));
}

function exportedClasses(files: readonly SourceFile[], marker: string): ClassDeclaration[] {
  return files.flatMap((file) => file.getClasses().filter((each) => each.isExported() && hasStatic(each, marker)));
}

function isInternal(declaration: ConstructorDeclaration | undefined): boolean {
  return declaration?.getJsDocs().some((doc) => doc.getText().includes("@internal")) ?? false;
}

/** The exported interfaces whose names end with `ending`. */
function linksIn(files: readonly SourceFile[], ending: string): ImportedName[] {
  return files.flatMap((file) => {
    const names = file.getInterfaces().flatMap((each) => (each.isExported() ? [each.getName()] : []));
    const links = names.filter((name) => name.endsWith(ending));
    return links.map((name) => ({ exportName: name, localName: name, target: fileTarget(file) }));
  });
}
