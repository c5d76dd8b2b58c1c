import type { ConfigurationProblem } from '@kube-authn/core'
import { nearestName } from '@kube-authn/core/internal'
import { ALIASES, AUTHENTICATION_FLAGS, AUTHORIZATION_FLAGS, shownFlag } from './known-flags.ts'
import { REFUSED_FOR_AUTHENTICATION, REFUSED_FOR_AUTHORIZATION } from './refused-flags.ts'

const NAMES: readonly string[] = [AUTHENTICATION_FLAGS, AUTHORIZATION_FLAGS, ALIASES].flatMap((flags) =>
  Object.keys(flags),
)

/** Prefixes of authentication and authorization flags. */
const FAMILY =
  /^(?:anonymous|api-audience|authentication|authorization|basic-auth|client-ca|enable-bootstrap|experimental-(?:bootstrap|keystone)|insecure-allow|keystone|oidc|request-?header|service-account|token-auth)/

/**
 * The problem of an unknown flag; `undefined` if it may be an unrelated flag of kube-apiserver.
 *
 * @param name without dashes.
 */
export function unknownFlag(dashes: '-' | '--', name: string): ConfigurationProblem | undefined {
  if (dashes === '-') return shorthandProblem(name)
  const path = `--${shownFlag(name)}`
  if (name === '' || name.startsWith('-')) return { path, message: 'bad flag syntax' }
  // It is refused by the function for authentication, and ignored by the one for authorization.
  if (Object.hasOwn(REFUSED_FOR_AUTHENTICATION, name)) return undefined
  if (Object.hasOwn(REFUSED_FOR_AUTHORIZATION, name)) return undefined
  const nearest = nearestName(name, NAMES)
  if (!FAMILY.test(name) && (nearest === undefined || !isSlip(name, nearest))) return undefined
  return {
    path,
    message: nearest === undefined ? 'unknown flag' : `unknown flag, did you mean --${nearest}?`,
  }
}

/** kube-apiserver's only shorthand is `-v`. */
function shorthandProblem(name: string): ConfigurationProblem | undefined {
  if (/^v\d*$/.test(name)) return undefined
  const nearest = nearestName(name, NAMES)
  const advice = nearest === undefined ? 'flags start with two dashes' : `did you mean --${nearest}?`
  return { path: `-${shownFlag(name)}`, message: `unknown shorthand flag, ${advice}` }
}

/** Whether a name without our prefixes is likely a typo, and not a longer or shorter name of another flag. */
function isSlip(name: string, nearest: string): boolean {
  return Math.abs(name.length - nearest.length) <= 2
}
