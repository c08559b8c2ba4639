import test from "ava";
import { Program } from "./program.ts";

test("everybody hears what anybody says", async (t) => {
  const server = new Program(t, "chat", "serve", "0");
  const port = /\d+$/.exec(await server.hears(/^listening on port/))?.[0] ?? "";
  const ada = new Program(t, "chat", "join", "Ada", port);
  await ada.hears(/^\* Ada has come$/);
  const grace = new Program(t, "chat", "join", "Grace", port);
  await ada.hears(/^\* Grace has come$/);
  ada.types("good morning");
  grace.types("grüß Gott");
  t.is(await grace.hears(/^Ada:/), "Ada: good morning");
  t.is(await ada.hears(/^Grace:/), "Grace: grüß Gott");
  grace.hangsUp();
  t.is(await grace.ends(), 0);
  await ada.hears(/^\* Grace has left$/);
  server.kill("SIGINT");
  t.is(await server.ends(), 0);
  t.is(await ada.ends(), 0);
});
