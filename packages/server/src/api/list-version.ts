import { expired } from '../registry/status-errors.ts'
import type { ListOptions } from './list-options.ts'
import type { ObjectRequest } from './object-request.ts'

/** What is read is of the version that the client names, or newer. @throws {StatusError} 504 */
export async function reachVersion({ registry, options, signal }: ObjectRequest): Promise<void> {
  if ((options.resourceVersion ?? 0) > 0) await registry.reach(options.resourceVersion ?? 0, signal)
}

/**
 * A list is of the present. A client that names a version and wants a page wants the list of just this version, as one that wants it exactly.
 *
 * @throws {StatusError} 410 if the client wants the past.
 */
export function requireVersion(version: string, options: ListOptions): void {
  const { resourceVersion = 0, resourceVersionMatch: match, limit } = options
  const isExact = match === 'Exact' || (match === '' && limit !== undefined)
  if (resourceVersion !== 0 && isExact && resourceVersion !== Number(version)) {
    throw expired('The resourceVersion for the provided list is too old.')
  }
}
