import type { HeaderChanges } from '../../authenticator/authenticator.ts'
import { rejected } from '../../authenticator/errors.ts'
import type { RequestHeaders } from '../request.ts'

/** Header names that certificates come in. */
export interface CertificateHeaderNames {
  readonly names: readonly string[]
  /** The same names with underscores for some of their hyphens. */
  readonly twins: readonly string[]
  /** Removes all of them from what an application sees. */
  readonly changes: HeaderChanges
}

/** @param names in lower case. */
export function certificateHeaderNames(names: readonly string[]): CertificateHeaderNames {
  const twins = names.flatMap((name) => underscoreTwins(name))
  return Object.freeze({ names, twins, changes: Object.freeze({ remove: [...names, ...twins] }) })
}

/**
 * Refuses a request that has a header which CGI, WSGI and whatever else folds hyphens and underscores takes for one of these.
 * nginx drops such headers by itself; haproxy and Node pass them on.
 *
 * @throws {AuthenticationError} `rejected`, and final: whatever other credential there is, the request is refused.
 */
export function refuseTwins({ twins }: CertificateHeaderNames, headers: RequestHeaders): void {
  for (const twin of twins) {
    if (headers.first(twin) !== undefined)
      throw rejected(`the header ${twin} passes for a certificate header`, { isFinal: true })
  }
}

/** Whether one of the headers is there, whatever is in it. */
export function hasAny({ names }: CertificateHeaderNames, headers: RequestHeaders): boolean {
  return names.some((name) => headers.first(name) !== undefined)
}

/** Every way to write the name with underscores for one or more of its hyphens. */
function underscoreTwins(name: string): readonly string[] {
  const [first = '', ...rest] = name.split('-')
  return rest
    .reduce((written, part) => written.flatMap((start) => [`${start}-${part}`, `${start}_${part}`]), [first])
    .filter((each) => each !== name)
}
