import type { ConfigurationProblem } from '../../authenticator/errors.ts'
import { type Check, problemOf } from './check.ts'

/** An `https` URL without credentials in it. */
export const anHttpsUrl: Check = (value, path) => urlProblems(value, path)

/** The problems of the URL of a server. @param allowInsecureHttp whether it may be `http`, without TLS. */
export function urlProblems(
  value: unknown,
  path: string,
  allowInsecureHttp = false,
): readonly ConfigurationProblem[] {
  const url = typeof value === 'string' && URL.canParse(value) ? new URL(value) : undefined
  if (url?.protocol !== 'https:' && !(allowInsecureHttp && url?.protocol === 'http:')) {
    return problemOf(value, path, `must be an ${allowInsecureHttp ? 'http or ' : ''}https URL`)
  }
  if (url.username === '' && url.password === '') return []
  return [{ path, message: 'must not have credentials in it' }]
}
