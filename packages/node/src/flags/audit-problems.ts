import type { ConfigurationProblem } from '@kube-authn/core'
import { nearestName, quoted } from '@kube-authn/core/internal'
import { AUDIT_FLAGS, shownFlag } from './known-flags.ts'
import { type FlagTable, unknownFlag } from './parse-flags.ts'
import { type ParsedFlags, booleanOf, numberOf, stringOf } from './flag-value.ts'

const MODES = 'batch,blocking,blocking-strict'
const FORMATS = 'legacy,json'

/** The flags of the audit log. An unknown flag with their prefix is an error; other flags may be unrelated. */
export const AUDIT_TABLE: FlagTable = {
  flags: new Map(Object.entries(AUDIT_FLAGS)),
  unknown(dashes, name) {
    if (dashes === '-' || !name.startsWith('audit-'))
      return dashes === '-' ? unknownFlag('-', name) : undefined
    const nearest = nearestName(name, Object.keys(AUDIT_FLAGS))
    const advice = nearest === undefined ? '' : `, did you mean --${nearest}?`
    return { path: `--${shownFlag(name)}`, message: `unknown flag${advice}` }
  },
}

/**
 * Problems of the audit flags, in kube-apiserver's words. The flags of an unused backend are not checked.
 *
 * Source: apiserver `pkg/server/options/audit.go` Validate.
 *
 * Deviation: modes that refuse requests or make them wait for a webhook are rejected (`docs/deviations.md`, audit files; audit webhooks).
 */
export function auditProblems(flags: ParsedFlags): readonly ConfigurationProblem[] {
  const problems: ConfigurationProblem[] = []
  if (stringOf(flags, 'audit-log-path') !== '') problems.push(...logProblems(flags))
  if (stringOf(flags, 'audit-webhook-config-file') !== '') problems.push(...backendProblems(flags, 'webhook'))
  return problems
}

function logProblems(flags: ParsedFlags): readonly ConfigurationProblem[] {
  const format = stringOf(flags, 'audit-log-format')
  const path = '--audit-log-format'
  const message = `invalid audit log format ${quoted(format).slice(1, -1)}, allowed formats are ${quoted(FORMATS)}`
  return [
    ...backendProblems(flags, 'log'),
    ...(FORMATS.split(',').includes(format) ? [] : [{ path, message }]),
    ...['maxage', 'maxbackup', 'maxsize'].flatMap((name) => {
      const flag = `audit-log-${name}`
      const value = numberOf(flags, flag)
      return value < 0
        ? [{ path: `--${flag}`, message: `--${flag} ${value} can't be a negative number` }]
        : []
    }),
  ]
}

function backendProblems(flags: ParsedFlags, backend: 'log' | 'webhook'): readonly ConfigurationProblem[] {
  const flag = (name: string): string => `audit-${backend}-${name}`
  const problems: ConfigurationProblem[] = []
  const refuse = (name: string, message: string): void =>
    void problems.push({ path: `--${flag(name)}`, message })

  const mode = stringOf(flags, flag('mode'))
  if (!MODES.split(',').includes(mode)) {
    const shown = quoted(mode).slice(1, -1)
    refuse('mode', `invalid audit ${backend} mode ${shown}, allowed modes are ${quoted(MODES)}`)
  } else if (mode === 'blocking-strict') {
    refuse(
      'mode',
      'blocking-strict is not supported: a request is never refused because it cannot be logged; use another mode',
    )
  } else if (mode === 'blocking' && backend === 'webhook') {
    refuse(
      'mode',
      'blocking is not supported for the webhook: requests never wait for it; use the mode batch',
    )
  }
  if (stringOf(flags, flag('version')) !== 'audit.k8s.io/v1') {
    refuse('version', 'invalid group version, allowed versions are ["audit.k8s.io/v1"]')
  }
  if (mode !== 'batch') return problems

  const positive = (name: string, what: string): void => {
    const value = numberOf(flags, flag(name))
    if (!(value > 0))
      refuse(name, `invalid audit batch ${backend} ${what} ${value}, must be a positive number`)
  }
  positive('batch-buffer-size', 'buffer size')
  positive('batch-max-size', 'max batch size')
  if (booleanOf(flags, flag('batch-throttle-enable'))) {
    positive('batch-throttle-qps', 'throttle QPS')
    positive('batch-throttle-burst', 'throttle burst')
  }
  return problems
}
