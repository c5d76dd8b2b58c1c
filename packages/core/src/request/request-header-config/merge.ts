import { type Clock, systemClock } from '../../internal/clock.ts'
import { ConfigurationError, type ConfigurationProblem } from '../../authenticator/errors.ts'
import { readBundle, writeBundle } from './bundle.ts'
import {
  BUNDLE_KEYS,
  LIST_KEYS,
  NO_REQUEST_HEADER_CONFIG,
  type RequestHeaderConfig,
  type RequestHeaderConfigData,
} from './config.ts'
import { parseRequestHeaderConfig } from './parse.ts'

/** Servers' clocks differ, so expired authorities are kept this much longer. */
const SLACK_MS = 5 * 60 * 1000

/**
 * The data that a server publishes in the ConfigMap `extension-apiserver-authentication`: the existing entries, then its own, without
 * duplicates and without authorities that expired more than five minutes ago. The `requestheader-*` keys are written only if there is a
 * request header authority.
 *
 * Source: kubernetes `pkg/controlplane/controller/clusterauthenticationtrust`.
 *
 * @param existing the current `data`.
 * @param own the entries that this server adds.
 * @param options the clock decides what is expired.
 * @throws {ConfigurationError} if either has a list or a bundle that cannot be read.
 * @example
 * const data = mergeRequestHeaderConfig(configMap.data ?? {}, { usernameHeaders: ['X-Remote-User'], requestHeaderClientCA: pem })
 */
export function mergeRequestHeaderConfig(
  existing: RequestHeaderConfigData,
  own: Partial<RequestHeaderConfig>,
  options: { readonly clock?: Pick<Clock, 'now'> } = {},
): RequestHeaderConfigData {
  const { clock = systemClock } = options
  const found = parseRequestHeaderConfig(existing)
  const mine = { ...NO_REQUEST_HEADER_CONFIG, ...own }
  const problems: ConfigurationProblem[] = []
  const merged: Record<string, string> = {}

  for (const [name, key] of entriesOf(BUNDLE_KEYS)) {
    const bundle = mergeBundles([found[name], mine[name]], clock.now() - SLACK_MS, (message) =>
      problems.push({ path: name, message }),
    )
    if (bundle !== '') merged[key] = bundle
  }
  if (problems.length > 0) throw new ConfigurationError(problems)
  if (merged[BUNDLE_KEYS.requestHeaderClientCA] === undefined) return merged

  for (const [name, key] of entriesOf(LIST_KEYS)) {
    merged[key] = JSON.stringify([...new Set([...found[name], ...mine[name]])])
  }
  return merged
}

function mergeBundles(
  bundles: readonly (string | undefined)[],
  expiredBeforeMs: number,
  refuse: (problem: string) => void,
): string {
  const certificates = bundles.flatMap((bundle) => {
    if (bundle === undefined || bundle === '') return []
    const { certificates: read, problem } = readBundle(bundle)
    if (problem !== undefined) refuse(problem)
    return read
  })
  const valid = certificates.filter(({ notAfterMs }) => notAfterMs > expiredBeforeMs)
  return writeBundle([...new Map(valid.map((each) => [each.base64, each])).values()])
}

function entriesOf<Name extends string>(keys: Readonly<Record<Name, string>>): readonly [Name, string][] {
  return Object.entries(keys) as [Name, string][]
}
