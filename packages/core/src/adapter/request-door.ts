import type { Authenticator } from '../authenticator/authenticator.ts'

/** The options of authentication without which upgrades would be narrower or quieter than requests are. */
const COMPARED = ['audiences', 'observer'] as const

const ofRequests = new WeakMap<Authenticator, Set<string>>()

/** Remembers which options `authentication` of an adapter was given, for {@link optionsThatLack}. */
export function rememberOptions(authenticator: Authenticator, options: object): void {
  const given = ofRequests.get(authenticator) ?? new Set()
  for (const name of namesIn(options)) given.add(name)
  ofRequests.set(authenticator, given)
}

/** The options that `authentication` of an adapter was given with this authenticator, and that are not among these: for a notice, and for nothing else. */
export function optionsThatLack(authenticator: Authenticator, options: object): readonly string[] {
  const given = namesIn(options)
  return [...(ofRequests.get(authenticator) ?? [])].filter((name) => !given.includes(name)).toSorted()
}

function namesIn(options: object): readonly string[] {
  return COMPARED.filter((name) => Reflect.get(options, name) !== undefined)
}
