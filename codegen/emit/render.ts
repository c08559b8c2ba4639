import { readFileSync } from "node:fs";
import Handlebars from "handlebars";

/** Fills in a template. */
export type Render = (template: string, values: object) => string;

/**
 * Makes the renderer for the templates in a folder. A value that a template asks for and does not get is an error, and
 * nothing is escaped: whatever needs it is made safe where it is composed.
 */
export function makeRender(folder: URL): Render {
  const compiled = new Map<string, HandlebarsTemplateDelegate>();
  return (template, values) => {
    let fill = compiled.get(template);
    if (fill === undefined) {
      const source = readFileSync(new URL(template, folder), "utf8");
      fill = Handlebars.compile(source, { strict: true, noEscape: true, knownHelpersOnly: true });
      compiled.set(template, fill);
    }
    return fill(values);
  };
}
