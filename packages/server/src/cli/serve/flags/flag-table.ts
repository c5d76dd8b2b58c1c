import type { ConfigurationProblem } from '@kube-authn/core'
import { nearestName } from '@kube-authn/core/internal'
import {
  AUDIT_FLAGS,
  AUTHENTICATION_FLAGS,
  AUTHORIZATION_FLAGS,
  FLAG_ALIASES,
  type FlagTable,
  type KnownFlag,
  shownName,
} from '@kube-authn/node/internal'
import { isWithoutEffect, REFUSED_FLAGS } from './other-flags.ts'
import { OWN_FLAGS, SERVING_ALIASES, SERVING_FLAGS } from './serving-flags.ts'

/** Every flag that has an effect. */
const FLAGS: ReadonlyMap<string, KnownFlag> = new Map(
  Object.entries({
    ...AUTHENTICATION_FLAGS,
    ...AUTHORIZATION_FLAGS,
    ...AUDIT_FLAGS,
    ...SERVING_FLAGS,
    ...OWN_FLAGS,
  }).filter(([name]) => !Object.hasOwn(REFUSED_FLAGS, name)),
)

const ALIASES: Readonly<Record<string, string>> = { ...FLAG_ALIASES, ...SERVING_ALIASES }

/** The flags of `kube-authn serve`. Unlike in `authenticatorFromFlags`, every flag that is not known is a mistake. */
export const SERVE_TABLE: FlagTable = {
  flags: FLAGS,
  aliases: ALIASES,
  unknown(dashes, name) {
    return (dashes === '--' ? isWithoutEffect(name) : /^v\d*$/.test(name)) ? undefined : unknown(dashes, name)
  },
}

/** The value may be a secret, and is not shown. */
function unknown(dashes: '-' | '--', name: string): ConfigurationProblem {
  const path = `${dashes}${shownName(name)}`
  const nearest = nearestName(name, [...FLAGS.keys(), ...Object.keys(ALIASES)])
  const advice =
    nearest === undefined ? '; kube-authn serve --help has the known ones' : `, did you mean --${nearest}?`
  return { path, message: dashes === '-' ? `flags start with two dashes${advice}` : `unknown flag${advice}` }
}
