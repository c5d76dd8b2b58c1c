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
import type { AddProblem } from './flag-problems.ts'

const LOGIN_URL = 'forward-auth-login-url'
const GROUPS = 'forward-auth-max-numbered-groups'
const EXTRA_KEYS = 'forward-auth-extra-keys'
const ORIGINAL = 'forward-auth-original'
const ORIGINALS = ['x-forwarded', 'x-original', 'path'] as const

/** The flags of the options that `forwardAuthentication` checks. */
export const FORWARD_FLAGS: ReadonlyMap<string, string> = new Map([
  ['loginUrl', `--${LOGIN_URL}`],
  ['maxNumberedGroups', `--${GROUPS}`],
  ['extraKeys', `--${EXTRA_KEYS}`],
])

/** What the flags of forward authentication say; `undefined` if it is off. `forwardProblems` has nothing against them. */
export function forwardSettings(flags: ParsedFlags): ForwardSettings | undefined {
  if (!booleanOf(flags, 'forward-auth')) return undefined
  const original = stringOf(flags, ORIGINAL)
  return {
    authorizes: booleanOf(flags, 'forward-auth-authorize'),
    original: ORIGINALS.find((each) => each === original) ?? 'x-forwarded',
    maxNumberedGroups: numberOf(flags, GROUPS),
    loginUrl: optionalString(flags, LOGIN_URL),
    extraKeys: isGiven(flags, EXTRA_KEYS) ? listOfFlag(flags, EXTRA_KEYS) : undefined,
  }
}

/** Problems of these flags, but those that `forwardAuthentication` finds. */
export function forwardProblems(flags: ParsedFlags, add: AddProblem): void {
  if (!booleanOf(flags, 'forward-auth')) {
    for (const name of [LOGIN_URL, GROUPS, EXTRA_KEYS, ORIGINAL, 'forward-auth-authorize']) {
      if (isGiven(flags, name)) add(name, 'has no effect without --forward-auth')
    }
  } else if (!ORIGINALS.some((each) => each === stringOf(flags, ORIGINAL))) {
    add(ORIGINAL, `must be one of ${ORIGINALS.join(', ')}`)
  }
}
