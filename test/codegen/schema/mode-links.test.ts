import test from "ava";
import { generateProject } from "../../../codegen/cli/package-project.ts";
import { fixtureParts } from "../fixture-parts.ts";
import { temporaryFolder, writeFiles } from "../workspace.ts";

const device = "src/devices/wire.ts";

/** The client's text with more in the file of the device. */
function clientWith(t: Parameters<typeof temporaryFolder>[0], more: string): string {
  const folder = temporaryFolder(t);
  writeFiles(folder, { ...fixtureParts, [device]: `${fixtureParts[device]}${more}` });
  return generateProject(folder).files.get("async/async-wire-client.ts") ?? "";
}

test("a device looks in each mode as its interface for that mode says, else as its general one", (t) => {
  t.regex(clientWith(t, ""), /extends AsyncClient<\s*Encoding,\s*WireLink\s*>/);
  t.regex(clientWith(t, "export interface BlockingWireLink {}"), /extends AsyncClient<\s*Encoding,\s*WireLink\s*>/);
  const own = clientWith(t, "export interface AsyncWireLink extends WireLink {}");
  t.regex(own, /extends AsyncClient<\s*Encoding,\s*AsyncWireLink\s*>/);
  t.regex(own, /import \{ type AsyncWireLink, connectAsyncWire \} from/);
});
