import { existsSync, type FSWatcher, statSync, watch as watchFolder } from "node:fs";
import { dirname, resolve, sep } from "node:path";

/** Editors write a file in several steps: this long nothing must happen before it is read. */
const QUIET_MS = 40;

/**
 * Runs something now, and again whenever one of the files changes that it looked at. Files may also come and go: the
 * folders that they are in are watched, not the files, as editors replace files.
 *
 * @param run puts the absolute path of each file that it looks at into the set, and returns an exit status; it must not
 *   throw for what a change of a file can mend.
 * @param signal ends it.
 * @returns the status of the last run.
 */
export async function watch(run: (seen: Set<string>) => Promise<number>, signal?: AbortSignal): Promise<number> {
  const watcher = new FolderWatcher();
  const stop = (): void => watcher.close();
  signal?.addEventListener("abort", stop, { once: true });
  try {
    for (;;) {
      const started = Date.now();
      const seen = new Set<string>();
      const status = await run(seen);
      if (signal?.aborted) return status;
      watcher.look(seen, started);
      if (!(await watcher.changed())) return status;
    }
  } finally {
    signal?.removeEventListener("abort", stop);
    watcher.close();
  }
}

class FolderWatcher {
  readonly #watchers = new Map<string, FSWatcher>();
  #paths: ReadonlySet<string> = new Set();
  #timer: NodeJS.Timeout | undefined;
  #state: "quiet" | "changed" | "closed" = "quiet";
  #tell: (() => void) | undefined;

  /** Changes which files are watched. One that was written since `started` has changed already. */
  look(paths: ReadonlySet<string>, started: number): void {
    const before = this.#paths;
    this.#paths = paths;
    const folders = new Set([...paths].map((path) => existingFolder(path)));
    for (const [folder, watcher] of this.#watchers) {
      if (folders.has(folder) && existsSync(folder)) continue;
      watcher.close();
      this.#watchers.delete(folder);
    }
    for (const folder of folders) {
      if (this.#watchers.has(folder)) continue;
      const watcher = watchFolder(folder, (_, name) => this.#noticed(folder, name));
      watcher.on("error", () => this.#schedule());
      this.#watchers.set(folder, watcher);
    }
    const isNew = (path: string): boolean => !before.has(path) && writtenSince(path, started);
    if ([...paths].some((path) => isNew(path))) this.#schedule();
  }

  /** Whether something has changed; resolves when it has, with `false` when the watcher is closed. */
  async changed(): Promise<boolean> {
    if (this.#state === "quiet") {
      await new Promise<void>((resolvePromise) => {
        this.#tell = resolvePromise;
      });
    }
    const isChanged = this.#state === "changed";
    if (isChanged) this.#state = "quiet";
    return isChanged;
  }

  /** Lets go of everything. */
  close(): void {
    clearTimeout(this.#timer);
    for (const watcher of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
    this.#become("closed");
  }

  #noticed(folder: string, name: string | null): void {
    const path = name === null ? folder : resolve(folder, name);
    const isOurs = (each: string): boolean => each === path || each.startsWith(path + sep);
    if (name === null || !existsSync(folder) || [...this.#paths].some((each) => isOurs(each))) this.#schedule();
  }

  #schedule(): void {
    if (this.#state === "closed") return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#become("changed"), QUIET_MS);
  }

  #become(state: "changed" | "closed"): void {
    this.#state = state;
    this.#tell?.();
    this.#tell = undefined;
  }
}

/** The folder that a file is in, or the nearest one above it that is there. */
function existingFolder(path: string): string {
  let folder = dirname(path);
  while (!existsSync(folder) && dirname(folder) !== folder) folder = dirname(folder);
  return folder;
}

function writtenSince(path: string, time: number): boolean {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat !== undefined && Math.max(stat.mtimeMs, stat.ctimeMs) >= time;
}
