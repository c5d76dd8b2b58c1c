import {
  AUDIT_FLAGS,
  AUTHENTICATION_FLAGS,
  FLAG_ALIASES,
  type FlagTable,
  type KnownFlag,
  type RefusedFlags,
  REFUSED_FOR_AUTHENTICATION,
} from '@kube-authn/node/internal'
import { duration, list, number, off, text, unknownFlag } from '../serve/flags/flag-table.ts'
import { WITHOUT_OBJECTS } from './flag-help.ts'

/** The flags of `kube-authn proxy` itself. */
const OWN_FLAGS: Readonly<Record<string, KnownFlag>> = {
  'bind-address': text('127.0.0.1'),
  'impersonation-rbac': list(),
  'max-connection-duration': duration('0s'),
  'allow-masters': off,
  'authorization-rbac': list(),
  output: text('text'),
  'refused-groups': list(),
  'secure-port': number(8443),
  'tls-cert-file': text(),
  'tls-cipher-suites': list(),
  'tls-min-version': text('VersionTLS12'),
  'tls-private-key-file': text(),
  upstream: text(),
  'upstream-ca-file': text(),
  'upstream-client-cert-file': text(),
  'upstream-client-key-file': text(),
  'upstream-context': text(),
  'upstream-token-file': text(),
}

/** Flags that are a mistake here. */
export const REFUSED_FLAGS: RefusedFlags = {
  ...REFUSED_FOR_AUTHENTICATION,
  ...Object.fromEntries(
    WITHOUT_OBJECTS.map((name) => [
      name,
      'is for an API server: use --authentication-token-webhook-config-file, or --authentication-config',
    ]),
  ),
}

const FLAGS: ReadonlyMap<string, KnownFlag> = new Map(
  Object.entries({ ...AUTHENTICATION_FLAGS, ...AUDIT_FLAGS, ...OWN_FLAGS }).filter(
    ([name]) => !Object.hasOwn(REFUSED_FLAGS, name),
  ),
)

/** The flags of `kube-authn proxy`; every other one is a mistake. */
export const PROXY_TABLE: FlagTable = {
  flags: FLAGS,
  aliases: FLAG_ALIASES,
  unknown: (dashes, name) =>
    unknownFlag('proxy', [...FLAGS.keys(), ...Object.keys(FLAG_ALIASES)], dashes, name),
}
