/** A program that makes one request with a blocking client, and writes what came of it. Its argument holds the port. */
import { BlockingSocketClient, ChannelError } from "../../../generated/index.ts";

try {
  const client = new BlockingSocketClient({ host: "127.0.0.1", port: Number(process.argv[2]) });
  console.log(`answer of ${client.clientCommunicate("question").length} bytes`);
} catch (error) {
  console.log(ChannelError.is(error) ? `${error.code} ${error.outcome}` : String(error));
}
