import { Failure } from '../failure.ts'
import { lastingStoreProblem } from '../store-url/store-url.ts'

/**
 * Requires that `--store` names a store that lasts.
 *
 * @throws {Failure}
 */
export function requireLastingStore(store: string): void {
  const problem = lastingStoreProblem(store)
  if (problem !== undefined) throw new Failure(`--store: ${problem}`)
}
