import {
  AUDIT_FLAGS,
  AUTHENTICATION_FLAGS,
  AUTHORIZATION_FLAGS,
  FLAG_ALIASES,
  type FlagTable,
  type KnownFlag,
} from '@kube-authn/node/internal'
import { isWithoutEffect, REFUSED_FLAGS } from './other-flags.ts'
import { OWN_FLAGS, SERVING_ALIASES, SERVING_FLAGS } from './serving-flags.ts'
import { unknownFlag } from './unknown-flag.ts'

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
    const isIgnored = dashes === '--' ? isWithoutEffect(name) : /^v\d*$/.test(name)
    return isIgnored
      ? undefined
      : unknownFlag('serve', [...FLAGS.keys(), ...Object.keys(ALIASES)], dashes, name)
  },
}
