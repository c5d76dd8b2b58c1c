import type { Awaitable } from '@kube-authn/core'
import { asGiven } from '../options/as-given.ts'
import type * as OfFlags from './of-flags.ts'

/**
 * Has a command line read as soon as the code that reads them is loaded.
 *
 * @throws what `read` throws, as a rejection.
 */
export async function readLate<O extends object, T>(
  argv: readonly string[],
  options: O,
  read: (code: typeof OfFlags, argv: readonly string[], options: O) => Awaitable<T>,
): Promise<T> {
  const given = Array.isArray(argv) ? Array.from<string>(argv) : argv
  const givenOptions = asGiven(options)
  return read(await import('./of-flags.ts'), given, givenOptions)
}
