import type * as Diagnosis from '../diagnosis/index.ts'

let loaded: typeof Diagnosis | undefined

/** The code that writes log lines, if it is loaded. */
export function loadedDiagnosis(): typeof Diagnosis | undefined {
  return loaded
}

/**
 * Calls a function with the code that writes log lines, which is loaded when the first line is written. Errors are ignored: a log must not
 * decide about requests.
 */
export function withDiagnosis(use: (diagnosis: typeof Diagnosis) => void): void {
  if (loaded === undefined) void loadAndUse(use).then(undefined, ignore)
  else use(loaded)
}

/** Not one promise for all calls: on some runtimes a promise belongs to the request that created it. */
async function loadAndUse(use: (diagnosis: typeof Diagnosis) => void): Promise<void> {
  const diagnosis = await import('../diagnosis/index.ts')
  loaded = diagnosis
  use(diagnosis)
}

function ignore(): void {}
