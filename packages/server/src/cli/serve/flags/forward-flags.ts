import type { ConfigurationProblem } from '@kube-authn/core'
import {
  booleanOf,
  isGiven,
  listOfFlag,
  numberOf,
  optionalString,
  type ParsedFlags,
  stringOf,
} from '@kube-authn/node/internal'
import type { ForwardSettings } from '../settings.ts'

const LOGIN_URL = 'forward-auth-login-url'
const GROUPS = 'forward-auth-max-numbered-groups'
const EXTRA_KEYS = 'forward-auth-extra-keys'
const ORIGINAL = 'forward-auth-original'
const ORIGINALS: ReadonlyMap<string, ForwardSettings['original']> = new Map(
  (['x-forwarded', 'x-original', 'path'] as const).map((each) => [each, each]),
)

/** The flags of the options that `forwardAuthentication` checks. */
export const FORWARD_FLAGS: ReadonlyMap<string, string> = new Map([
  ['loginUrl', `--${LOGIN_URL}`],
  ['maxNumberedGroups', `--${GROUPS}`],
  ['extraKeys', `--${EXTRA_KEYS}`],
])

/** What the flags of forward authentication say; `undefined` if it is off. `forwardProblems` has nothing against them. */
export function forwardSettings(flags: ParsedFlags): ForwardSettings | undefined {
  if (!booleanOf(flags, 'forward-auth')) return undefined
  const loginUrl = optionalString(flags, LOGIN_URL)
  return {
    authorizes: booleanOf(flags, 'forward-auth-authorize'),
    original: ORIGINALS.get(stringOf(flags, ORIGINAL)) ?? 'x-forwarded',
    maxNumberedGroups: numberOf(flags, GROUPS),
    ...(loginUrl !== undefined && { loginUrl }),
    ...(isGiven(flags, EXTRA_KEYS) && { extraKeys: listOfFlag(flags, EXTRA_KEYS) }),
  }
}

/** Problems of these flags, but those that `forwardAuthentication` finds. */
export function forwardProblems(flags: ParsedFlags): readonly ConfigurationProblem[] {
  if (!booleanOf(flags, 'forward-auth')) {
    return [LOGIN_URL, GROUPS, EXTRA_KEYS, ORIGINAL, 'forward-auth-authorize']
      .filter((name) => isGiven(flags, name))
      .map((name) => ({ path: `--${name}`, message: 'has no effect without --forward-auth' }))
  }
  if (ORIGINALS.has(stringOf(flags, ORIGINAL))) return []
  return [{ path: `--${ORIGINAL}`, message: `must be one of ${[...ORIGINALS.keys()].join(', ')}` }]
}
