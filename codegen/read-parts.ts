import { type ClassDeclaration, type FunctionDeclaration, type ParameterDeclaration, type SourceFile } from "ts-morph";
import type { DevicePart, FramingPart, ImportedName, ModePart, OpenerPart, Part, Parts, RolePart } from "./model.ts";
import { identifierFault, linkName, openerName, rolePatternFault, suffixFault } from "./names.ts";
import { Problems } from "./problems.ts";
import { readDoc } from "./read-docs.ts";
import { OptionsReader } from "./read-options.ts";
import { lineage, readSignatures } from "./read-signatures.ts";
import { TypeReader } from "./read-types.ts";
import { hasStatic, StaticReader } from "./read-values.ts";
import { fileTarget, positionOf, SourceTree } from "./source-tree.ts";
import { tagText } from "./comments.ts";

/** The files to read, each an absolute path, by what they hold. */
export interface PartFiles {
  readonly framings: readonly string[];
  readonly devices: readonly string[];
  readonly roles: readonly string[];
  readonly modes: readonly string[];
}

/**
 * Reads parts as syntax. Nothing of them is imported or executed.
 *
 * @throws PartsError for files that do not parse and parts that do not fit, all of them at once.
 */
export function readParts(files: PartFiles): Parts {
  return new PartsReader().read(files);
}

class PartsReader {
  readonly #problems = new Problems();
  readonly #tree = new SourceTree(this.#problems);
  readonly #statics = new StaticReader(this.#problems);
  readonly #options = new OptionsReader(this.#tree, new TypeReader(this.#tree, this.#problems), this.#problems);

  read(files: PartFiles): Parts {
    const framings = this.#tree.openAll(files.framings);
    const devices = this.#tree.openAll(files.devices);
    const roles = this.#tree.openAll(files.roles);
    const modes = this.#tree.openAll(files.modes);
    this.#problems.throwIfAny();
    const known = {
      framings: framings.flatMap((file) => this.#framingsOf(file)),
      devices: exportedClasses(devices, "deviceName").flatMap((each) => this.#device(each, devices)),
      roles: exportedClasses(roles, "mode").flatMap((each) => this.#role(each)),
      modes: modes.flatMap((file) => this.#modesOf(file)),
    };
    const openers = openersOf(known, devices).map((each) => this.#opener(each));
    this.#problems.throwIfAny();
    return { ...known, openers };
  }

  #framingsOf(file: SourceFile): FramingPart[] {
    const classes = file.getClasses().filter((each) => each.isExported() && looksLikeFraming(each));
    if (classes.length === 0) {
      const position = { file: file.getFilePath(), line: 1, column: 1 };
      this.#problems.add(position, 'no exported framing class here: one with `static readonly suffix = "With…"`');
    }
    return classes.flatMap((each) => this.#framing(each));
  }

  #framing(declaration: ClassDeclaration): FramingPart[] {
    const part = this.#part(declaration);
    const suffix = this.#statics.string(declaration, "suffix");
    const boundary = this.#statics.choice(declaration, "boundary", ["message", "half-close", "channel"]);
    const fault = suffix === undefined ? undefined : suffixFault(suffix);
    if (fault !== undefined) this.#problems.add(part.position, `suffix ${JSON.stringify(suffix)} ${fault}`);
    this.#checkCodec(declaration, part);
    const options = this.#options.ofParameter(declaration.getConstructors()[0]?.getParameters()[0]);
    const requires = this.#statics.strings(declaration, "requires");
    if (suffix === undefined || boundary === undefined) return [];
    return [{ ...part, suffix, boundary, requires, options }];
  }

  #checkCodec(declaration: ClassDeclaration, part: Part): void {
    const all = lineage(this.#tree, declaration);
    // A base class out of reach may have what is missing here; the compiler will tell.
    if (all.at(-1)?.getExtends() !== undefined) return;
    for (const name of ["decode", "encode"]) {
      if (all.some((each) => each.getInstanceMethod(name) !== undefined)) continue;
      this.#problems.add(part.position, `${part.name} is not a framing: it has no method ${name}()`);
    }
    if (declaration.isAbstract()) this.#problems.add(part.position, `${part.name} must not be abstract`);
  }

  #device(declaration: ClassDeclaration, files: readonly SourceFile[]): DevicePart[] {
    const part = this.#part(declaration);
    const deviceName = this.#statics.string(declaration, "deviceName");
    if (deviceName === undefined) return [];
    if (!/^[A-Z][A-Za-z0-9]*$/.test(deviceName)) {
      this.#problems.add(
        part.position,
        `deviceName ${JSON.stringify(deviceName)} must be a capital, then letters and digits`,
      );
    }
    const name = linkName(deviceName);
    const links = linksIn(files, name);
    const link = links.find((each) => each.exportName === name);
    if (link === undefined) {
      this.#problems.add(
        part.position,
        `no file beside ${part.name} exports an interface ${name}, the device as users see it`,
      );
      return [];
    }
    const provides = this.#statics.strings(declaration, "provides");
    return [{ ...part, deviceName, provides, link, modeLinks: links.filter((each) => each !== link) }];
  }

  #opener(declaration: FunctionDeclaration): OpenerPart {
    const part = this.#part(declaration);
    const [options] = declaration.getParameters();
    if (options === undefined) this.#problems.add(part.position, `${part.name} needs a parameter for the options`);
    return { ...part, options: this.#options.ofParameter(options) };
  }

  #role(declaration: ClassDeclaration): RolePart[] {
    const part = this.#part(declaration);
    const mode = this.#statics.string(declaration, "mode");
    const className = this.#statics.string(declaration, "className");
    const opens = this.#statics.choice(declaration, "opens", ["connect", "listen", "nothing"]);
    if (mode !== undefined && !/^[a-z]+$/.test(mode))
      this.#problems.add(part.position, `mode ${JSON.stringify(mode)} must be lower-case letters`);
    const fault = className === undefined ? undefined : rolePatternFault(className);
    if (fault !== undefined) this.#problems.add(part.position, `className ${JSON.stringify(className)} ${fault}`);
    const requires = this.#statics.strings(declaration, "requires");
    const excludes = this.#statics.strings(declaration, "excludes");
    const typeParameters = this.#typeParameters(declaration);
    const options = this.#options.ofParameter(this.#constructorParameter(declaration));
    if (mode === undefined || className === undefined || opens === undefined) return [];
    const signatures = readSignatures(this.#tree, declaration);
    return [{ ...part, mode, className, opens, requires, excludes, typeParameters, options, signatures }];
  }

  #typeParameters(declaration: ClassDeclaration): string[] {
    return declaration.getTypeParameters().map((parameter) => {
      const name = parameter.getName();
      if (!["Encoding", "Link", "Framing", "Self"].includes(name)) {
        this.#problems.add(
          positionOf(parameter),
          `type parameter ${name} must be one of Encoding, Link, Framing, Self`,
        );
      }
      return name;
    });
  }

  /** The first parameter of the constructor, which may be inherited. */
  #constructorParameter(declaration: ClassDeclaration): ParameterDeclaration | undefined {
    const own = lineage(this.#tree, declaration).find((each) => each.getConstructors().length > 0);
    const parameter = own?.getConstructors()[0]?.getParameters()[0];
    if (parameter === undefined)
      this.#problems.add(positionOf(declaration), "a role needs a constructor that takes options");
    return parameter;
  }

  #modesOf(file: SourceFile): ModePart[] {
    const mode = file.getBaseNameWithoutExtension();
    const classes = file
      .getClasses()
      .filter((each) => each.isExported() && tagText(readDoc(each), "phrase") !== undefined);
    return classes.map((each) => ({ ...this.#part(each), mode }));
  }

  #part(declaration: ClassDeclaration | FunctionDeclaration): Part {
    const name = declaration.getName() ?? "";
    const position = positionOf(declaration.getNameNode() ?? declaration);
    const fault = identifierFault(name);
    if (fault !== undefined) this.#problems.add(position, `the name ${JSON.stringify(name)} ${fault}`);
    if (declaration.isDefaultExport()) this.#problems.add(position, `${name} must be exported by name, not as default`);
    return { name, target: fileTarget(declaration.getSourceFile()), doc: readDoc(declaration), position };
  }
}

/** The functions that are named after a role's way to open, its mode, and a device. */
function openersOf(known: Pick<Parts, "roles" | "devices">, files: readonly SourceFile[]): FunctionDeclaration[] {
  const names = new Set(
    known.roles.flatMap(({ opens, mode }) => known.devices.map((device) => openerName(opens, mode, device.deviceName))),
  );
  const functions = files.flatMap((file) => file.getFunctions());
  return functions.filter((each) => each.isExported() && names.has(each.getName() ?? ""));
}

function exportedClasses(files: readonly SourceFile[], marker: string): ClassDeclaration[] {
  return files.flatMap((file) => file.getClasses().filter((each) => each.isExported() && hasStatic(each, marker)));
}

/** The exported interfaces whose names end with `ending`. */
function linksIn(files: readonly SourceFile[], ending: string): ImportedName[] {
  return files.flatMap((file) => {
    const names = file.getInterfaces().flatMap((each) => (each.isExported() ? [each.getName()] : []));
    const links = names.filter((name) => name.endsWith(ending));
    return links.map((name) => ({ exportName: name, localName: name, target: fileTarget(file) }));
  });
}

function looksLikeFraming(declaration: ClassDeclaration): boolean {
  const isDeclared = declaration.getImplements().some((each) => each.getExpression().getText() === "Framing");
  return isDeclared || hasStatic(declaration, "suffix") || hasStatic(declaration, "boundary");
}
