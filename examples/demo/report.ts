/** Collects what the classes did, and prints it. */
import type { MatrixCell } from "../../generated/matrix.ts";
import type { Exchange } from "./task.ts";

/** What one class did. */
interface Entry {
  readonly cell: MatrixCell;
  messages: number;
  bytes: number;
  /** Round trips in milliseconds, by the title of the place. */
  readonly times: Map<string, number[]>;
}

/** The figures of all classes. */
export class Report {
  readonly #entries: readonly Entry[];
  readonly #places: readonly string[];
  readonly #failures: string[] = [];
  #exchanges = 0;

  /**
   * @param cells all classes that should take part.
   * @param places the titles of all places.
   */
  constructor(cells: readonly MatrixCell[], places: readonly string[]) {
    this.#entries = cells.map((cell) => ({ cell, messages: 0, bytes: 0, times: new Map() }));
    this.#places = places;
  }

  /** Whether something went wrong, or a class did nothing. */
  get hasFailed(): boolean {
    return this.#failures.length > 0 || this.#idle.length > 0;
  }

  /** Counts an exchange that was verified, for each class that took part in it. */
  add(classNames: readonly string[], place: string, { bytes, milliseconds }: Exchange): void {
    this.#exchanges++;
    for (const entry of this.#entries.filter(({ cell }) => classNames.includes(cell.className))) {
      entry.messages++;
      entry.bytes += bytes;
      const times = entry.times.get(place);
      if (times === undefined) entry.times.set(place, [milliseconds]);
      else times.push(milliseconds);
    }
  }

  /** Counts an exchange that failed. */
  addFailure(classNames: readonly string[], place: string, error: unknown): void {
    this.#exchanges++;
    this.#failures.push(`FAILED: ${classNames.join(", ")} (${place}): ${reasonOf(error)}`);
  }

  /** The table, what failed, and the line that sums it up. */
  lines(): string[] {
    const places = this.#places.map((place) => place.replace(/^virtual /, ""));
    const header = ["class", "device", "framing", "messages", "bytes", ...places];
    const rows = this.#entries.map((entry) => this.#row(entry));
    const taking = this.#entries.length - this.#idle.length;
    return [
      ...table(header, rows),
      "",
      ...this.#failures,
      ...this.#idle.map(({ cell }) => `FAILED: ${cell.className} took part in no exchange`),
      `${taking} classes, ${this.#exchanges} exchanges, ${this.#failures.length} failed`,
    ];
  }

  get #idle(): readonly Entry[] {
    return this.#entries.filter(({ messages }) => messages === 0);
  }

  #row({ cell, messages, bytes, times }: Entry): string[] {
    return [
      cell.className,
      cell.device === "" ? "any" : cell.device.toLowerCase(),
      framingName(cell.framing),
      messages.toLocaleString("en"),
      bytes.toLocaleString("en"),
      ...this.#places.map((place) => shownTime(times.get(place))),
    ];
  }
}

function framingName(suffix: string): string {
  if (suffix === "") return "basic";
  return suffix
    .replace(/^With/, "")
    .replace(/(?<=[a-z])(?=[A-Z])/g, "-")
    .toLowerCase();
}

/** The median. */
function shownTime(times: readonly number[] | undefined): string {
  if (times === undefined) return "–";
  const median = times.toSorted((a, b) => a - b)[times.length >> 1] ?? 0;
  return median < 10 ? `${(median * 1000).toFixed(0)} µs` : `${median.toFixed(1)} ms`;
}

/** How many columns on the left hold words; the others hold figures. */
const WORD_COLUMNS = 3;

function table(header: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const widths = header.map((_, column) => Math.max(...[header, ...rows].map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    row
      .map((text, column) => {
        const width = widths[column] ?? 0;
        return column < WORD_COLUMNS ? text.padEnd(width) : text.padStart(width);
      })
      .join("  ")
      .trimEnd();
  return [line(header), widths.map((width) => "─".repeat(width)).join("  "), ...rows.map((row) => line(row))];
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code } = error as { code?: unknown };
  return typeof code === "string" ? `${code}: ${error.message}` : error.message;
}
