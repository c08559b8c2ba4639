/** Answers each message with the same message, with members of internal names; the address says of which framing. */
import { cells } from "../../../support/channel-cells.ts";
import { type MemberKind, withMembers } from "../../../support/channel-members.ts";

type HandlerClass = new (...args: unknown[]) => { start(data: Buffer): void };

const { searchParams } = new URL(import.meta.url);
const cell = cells.find(
  ({ mode, role, framing }) =>
    mode === "blocking" && role === "BaseRequestHandler" && framing === searchParams.get("framing"),
);
const Handler: HandlerClass = withMembers(
  (await cell?.load()) as HandlerClass,
  searchParams.get("members") as MemberKind,
);

export default class Echo extends Handler {
  processData(data: Buffer): void {
    this.start(data);
  }
}
