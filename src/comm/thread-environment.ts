/** The environment of a thread of this package: what is preloaded into every program may prevent it from starting. */
export function threadEnvironment(): NodeJS.ProcessEnv {
  const { NODE_OPTIONS: _, ...others } = process.env;
  return others;
}
