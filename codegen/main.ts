/**
 * The generator of this package: it reads the parts in `src/` and writes the classes in `generated/`.
 *
 * Run it after every change of a part, a template or the generator itself:
 *
 *     npm run generate                              writes what differs
 *     node dist/codegen/main.js generate --check    writes nothing; status 1 if something differs
 *
 * A part is a framing, a device, a mode or a role. Each is a source file of its own in the folder of its kind, or in a
 * folder below it. Nothing is registered anywhere: a file that is there is read, and every combination of parts that is
 * possible becomes a class. The work is done in phases, a folder each. A phase imports only the phases before it.
 *
 * 1. `read/` parses the parts as TypeScript syntax. They are never imported or executed. The result is `model.ts`: plain
 *    data with a source position for every message. `source-tree.ts` resolves names through imports and exports;
 *    `read-options.ts` flattens an options interface with everything that it extends; `read-runtime.ts` and
 *    `read-framings.ts` read what a part declares of itself in its static members and doc tags.
 * 2. `schema/` combines the parts. `schema.ts` is the only place that knows which combinations are possible, and gives a
 *    reason for each one that is not. `cell.ts` puts one class together: its names, its options, its type arguments, its
 *    imports. The schema is frozen.
 * 3. `emit/` makes text: one file for each kind of output (`class.ts`, `barrel.ts`, `matrix.ts`, `api-report.ts`,
 *    `tables.ts`). An emitter decides what is said; the template of the same name in `templates/` shows how it looks.
 *    Emitters are pure: they get the schema and return the text of each file by its path.
 * 4. `write/` compares the text with the disk, checks every target, then replaces what differs and removes what is no
 *    longer generated. Nothing that was not generated is overwritten.
 * 5. `cli/` is what people start: this command, and `plib-io generate | list | init` for framings of users. Both run the
 *    same phases; `package-project.ts` and `user-project.ts` say where the parts are and where the classes go.
 *
 * To add a kind of output: write `emit/<kind>.ts` with an `Emitter` (see `emit/emission.ts`) and `templates/<kind>.hbs`,
 * and add the emitter to the list in `cli/package-project.ts`, or in `cli/user-project.ts` if users get it too.
 * To add an axis or a rule of the matrix: declare it on the part (a static member), read it in `read/`, and decide on it
 * in `schema/schema.ts`. Nothing else knows the rules.
 */
import { runCommand } from "./cli/package-command.ts";
import { processTerminal } from "./cli/terminal.ts";

process.exitCode = runCommand(process.argv.slice(2), process.cwd(), processTerminal);
