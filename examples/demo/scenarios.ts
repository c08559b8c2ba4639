/** Which class talks to which, and where: found in the generated matrix, so that a class that is new there takes part. */
import { matrix, type MatrixCell } from "../../generated/matrix.ts";
import { type Place, places } from "../../test/support/channel-places.ts";

/** Classes that talk to each other at a place. At least one end is asynchronous. */
export interface Scenario {
  /** The class that sends each message and waits for the answer. */
  readonly asks: MatrixCell;
  /** The class at the other end: what waits there and, if that is a server with a handler class, its handler. */
  readonly answers: readonly [MatrixCell, ...MatrixCell[]];
  readonly place: Place;
}

/** Roles that can talk to each other on one device. */
interface Pairing {
  readonly asks: MatrixCell["role"];
  readonly answers: readonly [MatrixCell["role"], ...MatrixCell["role"][]];
  /** Whether both ends open the device, which only a line allows. */
  readonly isOnLines?: boolean;
}

const pairings: readonly Pairing[] = [
  { asks: "Client", answers: ["Server"] },
  { asks: "Client", answers: ["Server", "BaseRequestHandler"] },
  { asks: "Persistent", answers: ["Server", "PersistentRequestHandler"] },
  { asks: "Persistent", answers: ["Persistent"], isOnLines: true },
];

/** All that can be played. */
export function findScenarios(): Scenario[] {
  const modes = [...new Set(matrix.map((cell) => cell.mode))];
  return matrix.flatMap((asks) =>
    pairings
      .filter((pairing) => pairing.asks === asks.role)
      .flatMap((pairing) => modes.flatMap((mode) => scenariosOf(asks, mode, pairing))),
  );
}

function scenariosOf(asks: MatrixCell, mode: MatrixCell["mode"], pairing: Pairing): Scenario[] {
  // One end at least lives on this thread's event loop, and keeps turning while the other may block.
  if (asks.mode !== "async" && mode !== "async") return [];
  const [first, ...others] = pairing.answers.map((role) => find(asks, mode, role));
  if (first === undefined || others.includes(undefined)) return [];
  const answers = [first, ...(others as MatrixCell[])] as const;
  return places
    .filter((place) => place.device === asks.device && isPossible(pairing, mode, place.isLine ?? false))
    .map((place) => ({ asks, answers, place }));
}

function isPossible(pairing: Pairing, mode: MatrixCell["mode"], isLine: boolean): boolean {
  if (pairing.isOnLines === true && !isLine) return false;
  // A blocking server of many connections has no hooks of its own: a handler class serves, in other processes. One of a
  // line serves in its own thread.
  return mode === "async" || pairing.answers.length === (isLine ? 1 : 2);
}

/** The class of a mode and role with the device, if it has one, and the framing of another. */
function find(
  { device, framing }: MatrixCell,
  mode: MatrixCell["mode"],
  role: MatrixCell["role"],
): MatrixCell | undefined {
  return matrix.find(
    (cell) =>
      cell.mode === mode &&
      cell.role === role &&
      (cell.device === device || cell.device === "") &&
      cell.framing === framing,
  );
}

/** The names of the classes of a scenario, the asking one first. */
export function namesOf({ asks, answers }: Scenario): string[] {
  return [...new Set([asks, ...answers].map(({ className }) => className))];
}
