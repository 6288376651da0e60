/** A process that lives for months begins anew with settings of JavaScriptCore for little memory. Replaces the process. */

/**
 * For what makes little garbage and never computes for long: compilers for hot code, of which the agent has none, stay out of
 * memory, and garbage is collected early and by one thread. Read by the engine at its start only, from the environment.
 */
const settings = {
  BUN_JSC_useDFGJIT: '0',
  BUN_JSC_forceRAMSize: String(64 * 1024 * 1024), // what the heap's growth is reckoned from
  BUN_JSC_smallHeapSize: String(1024 * 1024),
  BUN_JSC_largeHeapSize: String(2 * 1024 * 1024),
  BUN_JSC_useConcurrentGC: '0',
  BUN_JSC_numberOfGCMarkers: '1',
} as const;

/** The process as it was begun. */
interface Begun {
  readonly argv: readonly string[];
  readonly execArgv: readonly string[];
  readonly execPath: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** How it is to begin anew; `undefined`: it has the settings. What the environment says already, stays. Pure. */
export function planSmallHeap({ argv, execArgv, execPath, env }: Begun) {
  const names = Object.keys(settings) as readonly (keyof typeof settings)[];
  if (names.every((name) => env[name] !== undefined)) return undefined;
  const isExecutable = argv[1]?.startsWith('/$bunfs/') === true; // else that is the script
  const args = isExecutable ? argv.slice(2) : [...execArgv, ...argv.slice(1)];
  return { path: execPath, args: [execPath, ...args], env: { ...settings, ...env } };
}

/** Begins anew, if it has to: does not return then. The settings are not handed on to programs that it starts. */
export function beginWithSmallHeap(): void {
  const plan = planSmallHeap(process);
  if (plan === undefined) {
    for (const name of Object.keys(settings)) delete process.env[name];
    return;
  }
  try {
    process.execve?.(plan.path, plan.args, plan.env as NodeJS.ProcessEnv);
  } catch {
    // The file was replaced just now: it goes on with more memory.
  }
}
