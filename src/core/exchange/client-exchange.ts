import type { CheckedSettings } from "../channel-settings.ts";
import type { MessageBoundary } from "../framing.ts";
import { type CallPlan, ExchangeCall } from "./exchange-call.ts";
import { StartQueue } from "./start-queue.ts";

/** An open connection, as far as an exchange is concerned. */
export interface Outlet {
  /**
   * Queues a message to be sent.
   *
   * @throws FramingError if the framing cannot carry it, BackPressureError if more than `maxQueuedBytes` would wait.
   */
  queue(payload: Uint8Array): void;
}

/** What a {@link ClientExchange} needs to know. */
export interface ExchangeSettings extends Pick<CheckedSettings, "makeFraming" | "maxQueuedBytes"> {
  /** Whether the connection stays open after an exchange. */
  readonly keepAlive: boolean;
  /** What ends a message; with `"message"`, a connection can carry several exchanges. */
  readonly boundary: MessageBoundary;
}

/** What is to be done for a call at first. */
export type Beginning = "open" | "reopen" | "send" | "wait";
/** What is to be done after its request: wait for messages, wait for the bytes to leave, or {@link ClientExchange.settle}. */
export type Progress = "wait" | "leave" | "settle";
/** The same after a pass. With `"reopen"`, the call continues over a new connection. */
export type Continuation = Progress | "reopen";
/** What is to become of the connection: it stays, closes once all is sent, or closes at once. */
export type Ending = "keep" | "finish" | "destroy";

/** All have the same members in the same order, so that the engine sees objects of one shape. */
type State<Message> =
  | { readonly name: "closed"; readonly call: undefined; readonly outlet: undefined; readonly isUsedUp: false }
  | {
      readonly name: "opening";
      readonly call: Call<Message>;
      readonly outlet: Outlet | undefined;
      readonly isUsedUp: false;
    }
  | { readonly name: "ready"; readonly call: undefined; readonly outlet: Outlet; readonly isUsedUp: boolean }
  | Exchanging<Message>
  | { readonly name: "closing"; readonly call: Call<Message>; readonly outlet: undefined; readonly isUsedUp: false };

type Call<Message> = ExchangeCall<Message> | undefined;

interface Exchanging<Message> {
  readonly name: "exchanging";
  readonly call: ExchangeCall<Message>;
  readonly outlet: Outlet;
  readonly isUsedUp: boolean;
}

const CLOSED = { name: "closed", call: undefined, outlet: undefined, isUsedUp: false } as const;

/**
 * The exchanges of a client: what waits to be sent, what a call has sent, whether the connection can carry another
 * exchange, what a pass means, and how a call ends. It decides; it has no socket, clock or promise. Both clients are shells
 * around it: they do what it answers, and report to it what happens.
 *
 * | state | the connection | a call |
 * | --- | --- | --- |
 * | `closed` | there is none | none |
 * | `opening` | is being opened, `onConnect` included | the one that waits for it, or none after `start()` |
 * | `ready` | is open | none |
 * | `exchanging` | is open | is under way |
 * | `closing` | is being closed | the one that continues over the next connection, or none |
 *
 * | from | to | when |
 * | --- | --- | --- |
 * | `closed` | `opening` | {@link begin}, {@link open} |
 * | `opening` | `exchanging`, `ready` | {@link connected}, with a call or without |
 * | `opening` | `opening` | {@link begin} of a call that finds the channel being opened; {@link settle} of the one that waited |
 * | `ready` | `exchanging` | {@link begin} |
 * | `ready`, `exchanging` | `closing` | {@link begin} and {@link passed} where the connection can carry no more; {@link settle} |
 * | `exchanging` | `ready` | {@link settle} of a call that keeps the connection |
 * | `closing` | `closing` | {@link begin}: the call waits |
 * | `opening`, `ready`, `exchanging`, `closing` | `closed`, `opening` | {@link lost}, without a call that continues or with one |
 *
 * A connection is *spent* when it can carry no further request: this side has closed where that ends a message, or the
 * other end has closed.
 */
export class ClientExchange<Message> {
  readonly #settings: ExchangeSettings;
  readonly #queue: StartQueue;
  #state: State<Message> = CLOSED;
  /** Whether bytes were queued on the connection which the end of this side has to follow. */
  #hasOutput = false;
  /** Whether `finish()` was called; the connection closes when the call under way, or the opening, is over. */
  #isFinishing = false;
  /** Whether a reply may come that nobody waits for any more. */
  #isOutOfStep = false;

  constructor(settings: ExchangeSettings) {
    this.#settings = settings;
    this.#queue = new StartQueue(settings);
  }

  /** The call that is under way, or waits for a connection. */
  get call(): ExchangeCall<Message> | undefined {
    return this.#state.call;
  }

  /** Whether the exchange is over by default: nothing was started since the message before. */
  get isDoneByDefault(): boolean {
    return this.call?.hasStarted !== true;
  }

  /** Whether something waits for a connection. */
  get isWaitingToSend(): boolean {
    return !this.#queue.isEmpty;
  }

  /** Whether a late reply has to be dropped before the next request; remembered until {@link inStep}. */
  get isOutOfStep(): boolean {
    return this.#isOutOfStep;
  }

  /** What came late was dropped. */
  inStep(): void {
    this.#isOutOfStep = false;
  }

  /**
   * Queues a message: on the connection if that can carry it, else until there is one that can.
   *
   * @returns `"open"` if there is no connection, and nothing is under way that opens one.
   * @throws FramingError, BackPressureError; nothing is queued then.
   */
  start(payload: Uint8Array): "open" | "queued" {
    const state = this.#state;
    const { call } = this;
    if (state.outlet !== undefined && !state.isUsedUp) {
      state.outlet.queue(payload);
      this.#hasOutput = true;
      if (call !== undefined) call.hasSent = true;
    } else {
      this.#queue.add(payload, call);
    }
    if (call !== undefined) call.hasStarted = true;
    return state.name === "closed" ? "open" : "queued";
  }

  /**
   * Refuses a call that can never be sent, before anything is opened for it.
   *
   * @throws FramingError, BackPressureError.
   */
  check({ payload }: CallPlan<Message>): void {
    // An open connection's own codec knows when the call begins.
    if (payload !== undefined && this.#state.name !== "ready" && this.#state.name !== "exchanging")
      this.#queue.check(payload, true);
  }

  /**
   * Begins a call; there is no other.
   *
   * @throws BackPressureError if what it sends does not fit behind what waits; nothing has happened then.
   */
  begin(plan: CallPlan<Message>): Beginning {
    const state = this.#state;
    const { goal, payload } = plan;
    // What sends alone waits until there is room.
    if (payload !== undefined && state.name !== "ready") this.#queue.check(payload, goal === "send");
    const call = new ExchangeCall(plan);
    switch (state.name) {
      case "closed":
        this.#state = { name: "opening", call, outlet: undefined, isUsedUp: false };
        return "open";
      case "opening":
        this.#state = { name: "opening", call, outlet: state.outlet, isUsedUp: false };
        return "wait";
      case "closing":
        this.#closeFor(call);
        return "wait";
      case "ready":
        if (state.isUsedUp) return this.#closeFor(call);
        this.#state = { name: "exchanging", call, outlet: state.outlet, isUsedUp: false };
        return "send";
      case "exchanging":
        throw new Error("a call is under way already");
    }
  }

  /** Whether a connection has to be opened for what was started; then it is being opened. */
  open(): boolean {
    if (this.#state.name !== "closed" || this.#queue.isEmpty) return false;
    this.#state = { name: "opening", call: undefined, outlet: undefined, isUsedUp: false };
    return true;
  }

  /**
   * The connection is there, and can be written to; what waits goes first.
   *
   * @returns whether it is wanted still.
   */
  opened(outlet: Outlet): boolean {
    if (this.#state.name !== "opening") return false;
    this.#state = { name: "opening", call: this.#state.call, outlet, isUsedUp: false };
    const waiting = this.#queue.takeAll();
    this.#hasOutput = waiting.length > 0;
    // Their total was checked when they were started.
    for (const payload of waiting) outlet.queue(payload);
    return true;
  }

  /**
   * The connection is ready for exchanges.
   *
   * @returns what the call that waits does; `"finish"`: there is none, and the connection is to be closed once all is sent;
   * `"idle"`: there is none, or the connection is not wanted any more.
   */
  connected(): "send" | "idle" | "finish" {
    const state = this.#state;
    if (state.name !== "opening" || state.outlet === undefined) return "idle";
    const { call, outlet } = state;
    if (call !== undefined) {
      this.#state = { name: "exchanging", call, outlet, isUsedUp: false };
      return "send";
    }
    if (this.#isFinishing) {
      this.#closeFor(undefined);
      return "finish";
    }
    this.#state = { name: "ready", call, outlet, isUsedUp: false };
    return "idle";
  }

  /**
   * Queues the request of the call that is under way, and says how to send it: what is queued is flushed, and with
   * `isLast` this side is closed behind it.
   *
   * @throws FramingError, BackPressureError: then the call has failed, and its connection is as it was.
   */
  request(): { readonly isLast: boolean; readonly next: Progress } {
    const state = this.#exchanging();
    const { call } = state;
    const { goal, payload } = call.plan;
    if (payload !== undefined && call.request === "due") {
      call.request = "refused";
      state.outlet.queue(payload);
      this.#hasOutput = true;
      call.hasSent = true;
    }
    call.request = "queued";
    call.hasStarted = false;
    const isLast = this.#hasOutput && goal !== "open" && this.#settings.boundary === "half-close";
    if (isLast) this.spend();
    if (goal === "open") return { isLast, next: "settle" };
    return { isLast, next: goal === "send" || call.isLeaving ? "leave" : "wait" };
  }

  /** Whether a call waits for messages. */
  get isAwaiting(): boolean {
    if (this.#state.name !== "exchanging") return false;
    const { request, isLeaving, plan } = this.#state.call;
    return request === "queued" && !isLeaving && (plan.goal === "reply" || plan.goal === "match");
  }

  /**
   * A message of the call was processed.
   *
   * @param isDone whether that was the last.
   */
  passed(isDone: boolean): Continuation {
    const { call } = this.#exchanging();
    const { hasStarted } = call;
    call.hasStarted = false;
    call.isLeaving = isDone && hasStarted;
    // What was started waits only if the connection can carry no more.
    if (hasStarted && !this.#queue.isEmpty) return this.#closeFor(call);
    if (!isDone) return "wait";
    return hasStarted ? "leave" : "settle";
  }

  /** The other end has closed, or the connection is not to be used again for another reason. */
  spend(): void {
    const state = this.#state;
    if (state.name === "ready") this.#state = { name: "ready", call: undefined, outlet: state.outlet, isUsedUp: true };
    if (state.name === "exchanging") this.#state = { ...state, isUsedUp: true };
  }

  /**
   * The connection is gone.
   *
   * @returns `"reopen"`: a new one is opened for the call that continues; `"idle"`: there is no call; else the call that
   * has failed with it.
   */
  lost(): "reopen" | "idle" | ExchangeCall<Message> {
    const { name } = this.#state;
    const { call } = this;
    if (call !== undefined && name === "closing") {
      this.#state = { name: "opening", call, outlet: undefined, isUsedUp: false };
      return "reopen";
    }
    this.#state = CLOSED;
    this.#isFinishing = false;
    if (call === undefined) return "idle";
    this.#drop(call);
    return call;
  }

  /**
   * No connection could be opened.
   *
   * @returns `"start"` if only what was started waited for it: that is dropped. What was started before a call that has
   * failed still waits. Else as {@link lost}.
   */
  openFailed(): "reopen" | "idle" | "start" | ExchangeCall<Message> {
    const isForStart = this.#state.name === "opening" && this.#state.call === undefined;
    if (isForStart) this.#queue.takeAll();
    const then = this.lost();
    return isForStart ? "start" : then;
  }

  /**
   * The call that has a connection, or waits for one, is over.
   *
   * @param hasFailed then the connection is closed, unless nothing of the call was queued on it, and what the call had
   * queued elsewhere is dropped.
   */
  settle(hasFailed: boolean): Ending {
    const state = this.#state;
    const { call } = this;
    if (call === undefined) throw new Error("no call is under way");
    if (hasFailed) this.#drop(call);
    if (state.name !== "exchanging") {
      this.#closeFor(undefined);
      this.#isFinishing = false;
      return "destroy";
    }
    if (hasFailed && call.request !== "refused") return this.#leave(state, "destroy");
    const { goal, closes } = call.plan;
    const stays = (this.#settings.keepAlive || goal === "open") && !this.#isFinishing && closes !== true;
    if (stays && !state.isUsedUp) return this.#leave(state, "keep");
    // With the reply, everything has left; else bytes may be on their way.
    const hasReply = !hasFailed && !call.isLeaving && (goal === "reply" || goal === "match");
    return this.#leave(state, hasReply ? "destroy" : "finish");
  }

  /**
   * `finish()` was called.
   *
   * @returns whether the connection is to be closed now, once all is sent; else it is when the call or the opening is over.
   */
  finish(): boolean {
    const { name } = this.#state;
    this.#isFinishing = name === "exchanging" || name === "opening";
    if (name === "ready") this.#closeFor(undefined);
    return name === "ready";
  }

  /** `close()` was called: what waits is dropped, and the call that is under way has failed. */
  close(): void {
    const { call } = this;
    this.#queue.takeAll();
    if (call !== undefined) this.#drop(call);
    if (this.#state.name !== "closed") this.#closeFor(undefined);
  }

  #exchanging(): Exchanging<Message> {
    if (this.#state.name !== "exchanging") throw new Error(`no exchange is under way: ${this.#state.name}`);
    return this.#state;
  }

  #closeFor(call: Call<Message>): "reopen" {
    this.#state = { name: "closing", call, outlet: undefined, isUsedUp: false };
    return "reopen";
  }

  /** A call has failed. */
  #drop(call: ExchangeCall<Message>): void {
    this.#queue.drop(call);
    this.#isOutOfStep ||= call.hasSent;
  }

  #leave({ outlet, isUsedUp }: Exchanging<Message>, ending: Ending): Ending {
    this.#isFinishing = false;
    if (ending === "keep") this.#state = { name: "ready", call: undefined, outlet, isUsedUp };
    else this.#closeFor(undefined);
    return ending;
  }
}
