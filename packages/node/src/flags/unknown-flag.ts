import type { ConfigurationProblem } from '@kube-authn/core'
import { nearestName } from '@kube-authn/core/options'
import { ALIASES, AUTHENTICATION_FLAGS, AUTHORIZATION_FLAGS } from './known-flags.ts'
import { REFUSED_FOR_AUTHENTICATION, REFUSED_FOR_AUTHORIZATION } from './refused-flags.ts'

const NAMES: readonly string[] = [AUTHENTICATION_FLAGS, AUTHORIZATION_FLAGS, ALIASES].flatMap((flags) =>
  Object.keys(flags),
)

/** What the names of flags of authentication and authorization begin with. */
const FAMILY =
  /^(?:anonymous|api-audience|authentication|authorization|basic-auth|client-ca|enable-bootstrap|experimental-(?:bootstrap|keystone)|insecure-allow|keystone|oidc|request-?header|service-account|token-auth)/

/**
 * What is wrong with a flag that means nothing here. Nothing, where it can be one of a kube-apiserver that is about something else.
 *
 * @param name without dashes.
 */
export function unknownFlag(dashes: '-' | '--', name: string): ConfigurationProblem | undefined {
  if (dashes === '-') return shorthandProblem(name)
  const path = `--${shownName(name)}`
  if (name === '' || name.startsWith('-')) return { path, message: 'bad flag syntax' }
  // It counts for one of the two functions, and the other one takes no notice.
  if (Object.hasOwn(REFUSED_FOR_AUTHENTICATION, name)) return undefined
  if (Object.hasOwn(REFUSED_FOR_AUTHORIZATION, name)) return undefined
  const nearest = nearestName(name, NAMES)
  if (!FAMILY.test(name) && (nearest === undefined || !isSlip(name, nearest))) return undefined
  return {
    path,
    message: nearest === undefined ? 'unknown flag' : `unknown flag, did you mean --${nearest}?`,
  }
}

/** Only `-v` is one of kube-apiserver's. */
function shorthandProblem(name: string): ConfigurationProblem | undefined {
  if (/^v\d*$/.test(name)) return undefined
  const nearest = nearestName(name, NAMES)
  const advice = nearest === undefined ? 'flags begin with two dashes' : `did you mean --${nearest}?`
  return { path: `-${shownName(name)}`, message: `unknown shorthand flag, ${advice}` }
}

/** Whether a name of another family can be a slip of the pen, and not a longer or shorter name of something else. */
function isSlip(name: string, nearest: string): boolean {
  return Math.abs(name.length - nearest.length) <= 2
}

/** A name for messages. What does not look like the name of a flag may be anything, as a token, and is not repeated. */
export function shownName(name: string): string {
  return /^(?=(?:\D*\d){0,3}\D*$)[a-zA-Z\d-]{1,64}$/.test(name) ? name : '?'
}
