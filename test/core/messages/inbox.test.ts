import fc from "fast-check";
import test from "ava";
import { Inbox, type InboxReader } from "../../../src/core/messages/inbox.ts";

/** An inbox with everything that happens around it written down. */
class Scene {
  readonly heard: number[] = [];
  readonly lost: unknown[] = [];
  listeners = 0;
  rooms = 0;
  readonly inbox: Inbox<number>;

  constructor(maxMessages = 4, maxBytes = 1000) {
    this.inbox = new Inbox(
      { maxMessages, maxBytes },
      {
        hasListeners: () => this.listeners > 0,
        emit: (message) => this.heard.push(message),
        roomy: () => this.rooms++,
        lost: (error) => this.lost.push(error),
      },
    );
  }

  /** What an iterator gets, in order. */
  ask(reader: InboxReader<number>, got: unknown[]): void {
    this.inbox.ask(reader, {
      take: (message) => got.push(message),
      end: () => got.push("end"),
      fail: (error) => got.push(error),
    });
  }
}

test("a message waits while nobody is there, then goes to the one who comes", (t) => {
  const scene = new Scene();
  scene.inbox.push(1, 1);
  scene.inbox.push(2, 1);
  const got: unknown[] = [];
  const reader = scene.inbox.open();
  scene.ask(reader, got);
  scene.inbox.close(reader);
  scene.listeners = 1;
  scene.inbox.give();
  t.deepEqual([got, scene.heard], [[1], [2]]);
});

test("an open iterator gets all messages alone, also beside a listener; the listener gets those after it", (t) => {
  const scene = new Scene();
  scene.listeners = 1;
  const reader = scene.inbox.open();
  for (const message of [1, 2, 3]) scene.inbox.push(message, 1);
  t.deepEqual(scene.heard, []);
  const got: unknown[] = [];
  scene.ask(reader, got);
  scene.inbox.close(reader);
  scene.inbox.push(4, 1);
  t.deepEqual([got, scene.heard], [[1], [2, 3, 4]]);
});

test("there is room until either bound is reached, and again when a message has gone", (t) => {
  const counted = new Scene(2);
  counted.inbox.push(1, 1);
  t.true(counted.inbox.hasRoom);
  counted.inbox.push(2, 1);
  t.false(counted.inbox.hasRoom);
  const sized = new Scene(100, 10);
  sized.inbox.push(1, 10);
  t.false(sized.inbox.hasRoom);
  sized.ask(sized.inbox.open(), []);
  t.true(sized.inbox.hasRoom);
  t.is(sized.rooms, 1);
  counted.inbox.clear();
  t.deepEqual([counted.inbox.hasRoom, counted.rooms], [true, 1]);
});

test("closing an iterator ends what it asked for", (t) => {
  const scene = new Scene();
  const reader = scene.inbox.open();
  const got: unknown[] = [];
  scene.ask(reader, got);
  scene.inbox.close(reader);
  scene.inbox.push(1, 1);
  t.deepEqual(got, ["end"]);
  scene.ask(reader, got);
  t.deepEqual(got, ["end", "end"]);
});

test("the end comes behind the messages that wait; its error goes to one iterator, once", (t) => {
  const scene = new Scene();
  const [first, second] = [scene.inbox.open(), scene.inbox.open()];
  scene.inbox.push(1, 1);
  t.true(scene.inbox.end("broken"));
  const got: unknown[] = [];
  scene.ask(first, got);
  scene.ask(first, got);
  scene.ask(second, got);
  scene.ask(first, got);
  t.deepEqual(got, [1, "broken", "end", "end"]);
  t.deepEqual(scene.lost, []);
});

test("an error that no iterator took is lost to nobody: the owner gets it", (t) => {
  const scene = new Scene();
  const reader = scene.inbox.open();
  scene.inbox.end("broken");
  scene.inbox.close(reader);
  t.deepEqual(scene.lost, ["broken"]);
  t.false(new Scene().inbox.end("broken"));
});

test("iterators wait for the next opening, and those of the last life end though it was opened again", (t) => {
  const scene = new Scene();
  const old = scene.inbox.open();
  scene.inbox.push(1, 1);
  scene.inbox.end();
  scene.inbox.begin();
  scene.inbox.push(2, 1);
  const got: unknown[] = [];
  scene.ask(old, got);
  scene.ask(old, got);
  t.deepEqual(got, [1, "end"]);
  scene.ask(scene.inbox.open(), got);
  t.deepEqual(got, [1, "end", 2]);
});

test("a listener that is gone after its first message gets no second one", (t) => {
  const heard: number[] = [];
  let isListening = true;
  const inbox: Inbox<number> = new Inbox(
    { maxMessages: 9, maxBytes: 9 },
    {
      hasListeners: () => isListening,
      emit: (message) => {
        heard.push(message);
        isListening = false;
      },
      roomy: () => undefined,
      lost: () => undefined,
    },
  );
  for (const message of [1, 2, 3]) inbox.push(message, 1);
  isListening = true;
  inbox.give();
  t.deepEqual(heard, [1, 2]);
});

test("whoever comes and goes: each message is given once, in order", (t) => {
  const step = fc.constantFrom("push", "open", "ask", "close", "listen", "unlisten", "end", "begin", "clear" as const);
  const property = fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
    const scene = new Scene(3, 5);
    const readers: InboxReader<number>[] = [];
    const given: unknown[] = [];
    let pushed = 0;
    for (const each of steps) {
      if (each === "push") scene.inbox.push(pushed++, 1);
      else if (each === "open") readers.push(scene.inbox.open());
      else if (each === "ask" && readers.length > 0) scene.ask(readers.at(-1) as InboxReader<number>, given);
      else if (each === "close" && readers.length > 0) scene.inbox.close(readers.pop() as InboxReader<number>);
      else if (each === "end") scene.inbox.end();
      else if (each === "begin") scene.inbox.begin();
      else if (each === "clear") scene.inbox.clear();
      else if (each === "listen") scene.listeners = 1;
      else if (each === "unlisten") scene.listeners = 0;
      scene.inbox.give();
    }
    const messages = [...given.filter((got) => typeof got === "number"), ...scene.heard];
    t.is(new Set(messages).size, messages.length);
    for (const list of [given.filter((got) => typeof got === "number"), scene.heard]) {
      t.deepEqual(
        list,
        list.toSorted((a, b) => a - b),
      );
    }
  });
  fc.assert(property);
});
