import type { ConfigurationProblem } from '../authenticator/errors.ts'
import { memberOf } from '../internal/objects.ts'
import { type Check, must } from '../internal/options/check.ts'
import type { RequestTarget } from './request-info/request-info.ts'

const PREFIX = /^(?:\/[\w.~-]+)+$/

/** The check of an option `prefix`: a path without a slash at its end. */
export const aPathPrefix: Check = must(
  "must be a path without a slash at its end, such as '/cluster'",
  (value) => typeof value === 'string' && PREFIX.test(value) && !/\/\.\.?(?:\/|$)/.test(value),
)

/**
 * The request as what is mounted below a prefix sees it: compared and removed as sent, in any framework; `undefined` if its path is not below the prefix. Paths that
 * a router takes for the same, such as `/Cluster` and `/%63luster`, are not below `/cluster`.
 */
export function belowPrefix(request: RequestTarget, prefix: string): RequestTarget | undefined {
  const { method, path, query } = request
  if (!path.startsWith(prefix)) return undefined
  const rest = path.slice(prefix.length)
  if (rest === '') return { method, path: '/', query }
  return rest.startsWith('/') ? { method, path: rest, query } : undefined
}

/** A `prefix` is for attributes that are read from the path. */
export function prefixProblems(options: unknown): readonly ConfigurationProblem[] {
  if (memberOf(options, 'prefix') === undefined || memberOf(options, 'attributes') === undefined) return []
  return [{ path: 'prefix', message: 'must not be given together with attributes' }]
}
