import type { HeaderChanges } from '../../authenticator/authenticator.ts'
import { rejected } from '../../authenticator/errors.ts'
import type { RequestHeaders } from '../request.ts'

/** The names of the headers that carry certificates. */
export interface CertificateHeaderNames {
  readonly names: readonly string[]
  /** The same names with underscores for some of their hyphens. */
  readonly twins: readonly string[]
  /** Removes all of them before an application sees the request. */
  readonly changes: HeaderChanges
}

/** @param names in lower case. */
export function certificateHeaderNames(names: readonly string[]): CertificateHeaderNames {
  const twins = names.flatMap((name) => underscoreTwins(name))
  return Object.freeze({ names, twins, changes: Object.freeze({ remove: [...names, ...twins] }) })
}

/**
 * Refuses a request with a header that CGI, WSGI and other interfaces that do not distinguish hyphens and underscores would mistake for
 * one of these. nginx drops such headers by default; haproxy and Node pass them on.
 *
 * @throws {AuthenticationError} `rejected` and final: the request is refused whatever other credentials it has.
 */
export function refuseTwins({ twins }: CertificateHeaderNames, headers: RequestHeaders): void {
  for (const twin of twins) {
    if (headers.first(twin) !== undefined)
      throw rejected(`the header ${twin} could be mistaken for a certificate header`, { isFinal: true })
  }
}

/** Whether one of the headers is present, even if empty. */
export function hasAny({ names }: CertificateHeaderNames, headers: RequestHeaders): boolean {
  return names.some((name) => headers.first(name) !== undefined)
}

/** Every spelling of the name with underscores instead of one or more of its hyphens. */
function underscoreTwins(name: string): readonly string[] {
  const [first = '', ...rest] = name.split('-')
  return rest
    .reduce((written, part) => written.flatMap((start) => [`${start}-${part}`, `${start}_${part}`]), [first])
    .filter((each) => each !== name)
}
