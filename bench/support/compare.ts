/** Measures ways of doing the same thing side by side: in turns, many times over, so that all see the same machine. */

/** One way. */
export interface Way {
  readonly name: string;
  /** Measures it once. */
  measure(): Measure | Promise<Measure>;
}

/** What one measurement gave. */
export interface Measure {
  readonly value: number;
  /** Processor time for the same unit of work, where it is known. */
  readonly processor?: number | undefined;
}

/** What all measurements of a way gave. */
export interface Row {
  readonly name: string;
  readonly median: number;
  readonly least: number;
  readonly most: number;
  /** The median as a multiple of that of the way that all are compared with. */
  readonly ratio: number;
  readonly processor?: number | undefined;
}

/** A table of ways that were measured together. */
export interface Table {
  readonly title: string;
  readonly unit: string;
  readonly rows: readonly Row[];
}

/** The one in the middle. */
export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

/**
 * Measures each way so many times, in turns.
 *
 * @param reference the name of the way that the others are compared with.
 */
export async function compare(ways: readonly Way[], rounds: number, reference: string): Promise<Row[]> {
  const measures = new Map<Way, Measure[]>(ways.map((way) => [way, []]));
  // The first round is warm-up.
  for (let round = 0; round <= rounds; round++) {
    for (const [way, list] of measures) {
      const measure = await way.measure();
      if (round > 0) list.push(measure);
    }
  }
  const medians = new Map(ways.map((way) => [way.name, median((measures.get(way) ?? []).map(({ value }) => value))]));
  return ways.map((way) => {
    const list = measures.get(way) ?? [];
    const values = list.map(({ value }) => value);
    const processors = list.flatMap(({ processor }) => (processor === undefined ? [] : [processor]));
    return {
      name: way.name,
      median: medians.get(way.name) ?? Number.NaN,
      least: Math.min(...values),
      most: Math.max(...values),
      ratio: (medians.get(way.name) ?? Number.NaN) / (medians.get(reference) ?? Number.NaN),
      ...(processors.length > 0 && { processor: median(processors) }),
    };
  });
}

/** Prints the tables, and as the last line all as JSON. */
export function report(name: string, tables: readonly Table[], missing: readonly string[], more: object = {}): void {
  for (const { title, unit, rows } of tables) {
    console.log(`${title} (${unit})`);
    console.table(
      Object.fromEntries(
        rows.map(({ name: way, ratio, processor, ...values }) => [
          way,
          {
            ...Object.fromEntries(Object.entries(values).map(([key, value]) => [key, shown(value)])),
            ratio: ratio.toFixed(2),
            ...(processor !== undefined && { processor: shown(processor) }),
          },
        ]),
      ),
    );
  }
  for (const peer of missing) console.log(`missing: ${peer}`);
  console.log(JSON.stringify({ name, tables, missing, ...more }));
}

function shown(value: number): number {
  return Number(value.toPrecision(4));
}
