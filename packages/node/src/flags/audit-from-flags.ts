import { ConfigurationError, type Observer } from '@kube-authn/core'
import { type AuditEvent, auditLog, type AuditLogOptions, type AuditWebhook } from '@kube-authn/audit'
import { auditLogShape, legacyAuditLine } from '@kube-authn/audit/internal'
import {
  defined,
  optionProblems,
  refuseProblems,
  without,
  nearestName,
  quoted,
} from '@kube-authn/core/internal'
import { aBoolean, aFunction, oneOf, type OptionsShape } from '@kube-authn/core/adapter'
import { auditFile, checkedAuditFile } from '../audit-file/audit-file.ts'
import { auditPolicyAt } from '../audit-policy-at.ts'
import { opener } from '../configure/opener.ts'
import { closeAll } from '@kube-authn/internal/close-all'
import { closeable } from '../options/closeable.ts'
import { auditWebhookAt } from '../webhook/audit-webhook-at.ts'
import { anArgv, nonNegativeSeconds } from './flags-options.ts'
import { type AddProblem, addedProblems, ignoredNotices, notifyNotices } from './flag-problems.ts'
import { parseFlags, type FlagTable, unknownFlag } from './parse-flags.ts'
import type { ParsedFlags } from './flag-value.ts'
import { AUDIT_FLAGS, shownFlag } from './known-flags.ts'

/** Options that have no kube-apiserver flag. */
export interface AuditFromFlagsOptions extends Omit<AuditLogOptions, 'write' | 'policy'> {
  /** How to treat policy levels with bodies: `refused` (default), or `leftOut`. */
  readonly bodies?: 'refused' | 'leftOut'
  /** Allow an `http` webhook. Default `false`. */
  readonly allowInsecureHttp?: boolean
  /** Called if events cannot be written. Default: a process warning, the first time per backend. */
  readonly onError?: (error: unknown) => void
}

const shape: OptionsShape<AuditFromFlagsOptions> = {
  ...without(auditLogShape, 'write', 'policy'),
  bodies: oneOf('refused', 'leftOut'),
  allowInsecureHttp: aBoolean,
  onError: aFunction,
}

/** An audit log that may hold a file and connections. */
export interface NodeAudit extends AsyncDisposable {
  readonly observer: Observer
  /** Writes the remaining events and stops watching the policy. */
  readonly close: () => Promise<void>
}

type Place = Pick<AuditWebhook, 'write' | 'close'>
type OpenFile = (...args: Parameters<typeof auditFile>) => Place

/**
 * The audit log of a kube-apiserver with this command line: events as `--audit-policy-file` selects them, written to the file of `--audit-log-path`
 * (`-` is standard output) and to the webhook of `--audit-webhook-config-file`. Without a policy or a backend nothing is logged, as in
 * kube-apiserver.
 *
 * Arguments before the first flag are skipped, and unrelated flags are ignored. The flags of truncation have no effect, since events have no bodies,
 * nor has the batch size of a file.
 *
 * Source: apiserver `pkg/server/options/audit.go`.
 *
 * @throws {ConfigurationError} as a rejection, with every problem found: of flags, under their names, and of files.
 * @example
 * const audit = await auditFromFlags(process.argv, { trustedProxies: 1 })
 * app.use(authentication(authenticator, { observer: audit.observer }))
 */
export function auditFromFlags(
  argv: readonly string[],
  options: AuditFromFlagsOptions = {},
): Promise<NodeAudit> {
  return new Promise((resolve) => resolve(openAudit(argv, options)))
}

/** Checks the flags and files of {@link auditFromFlags}, and writes nothing. @throws {ConfigurationError} as it does. */
export async function checkAuditFlags(argv: readonly string[]): Promise<void> {
  await openAudit(argv, {}, checkedAuditFile).close()
}

function openAudit(
  argv: readonly string[],
  options: AuditFromFlagsOptions,
  fileAt: OpenFile = auditFile,
): NodeAudit {
  refuseProblems(anArgv(argv, 'argv'), optionProblems(shape, options))
  const flags = parseFlags(argv, {}, AUDIT_TABLE)
  refuseProblems(
    flags.problems,
    addedProblems((add) => auditProblems(flags, add)),
  )
  const { bodies, allowInsecureHttp, onError, ...log } = options
  const parts = opener()
  const shared = defined({ observer: log.observer, clock: log.clock })
  const policy = parts.openAt(
    '--audit-policy-file',
    flags.optional('audit-policy-file'),
    { ...shared, kubernetesVersion: flags.release(), ...defined({ bodies }) },
    auditPolicyAt,
  )
  const others = { ...shared, ...defined({ onError }) }
  const places = placesOf(flags, parts, others, allowInsecureHttp ?? false, fileAt)
  if (parts.problems.length > 0) {
    parts.close()
    throw new ConfigurationError(parts.problems)
  }
  notifyNotices(log.observer, ignoredNotices(flags.ignored, 'the audit log'))
  const write = (event: AuditEvent): void => {
    for (const place of places) place.write(event)
  }
  const isOff = policy === undefined || places.length === 0
  return closeable({ observer: isOff ? () => undefined : auditLog({ ...log, policy, write }) }, () =>
    closeAll([policy, ...places]),
  )
}

type Shared = Pick<AuditFromFlagsOptions, 'onError' | 'observer' | 'clock'>

function placesOf(
  flags: ParsedFlags,
  parts: ReturnType<typeof opener>,
  shared: Shared,
  allowInsecureHttp: boolean,
  fileAt: OpenFile,
): readonly Place[] {
  const path = flags.optional('audit-log-path')
  const format: 'json' | 'legacy' = flags.string('audit-log-format') === 'legacy' ? 'legacy' : 'json'
  const file = parts.openAt(
    '--audit-log-path',
    path === '-' ? undefined : path,
    { ...fileOptions(flags), format, ...shared },
    fileAt,
  )
  const webhook = parts.openAt(
    '--audit-webhook-config-file',
    flags.optional('audit-webhook-config-file'),
    { ...webhookOptions(flags), ...shared, allowInsecureHttp },
    auditWebhookAt,
  )
  const output = path === '-' ? standardOutput(format) : undefined
  return [output, file, webhook].filter((place) => place !== undefined)
}

function standardOutput(format: 'json' | 'legacy'): Place {
  return {
    write: (event) =>
      void process.stdout.write(`${format === 'legacy' ? legacyAuditLine(event) : JSON.stringify(event)}\n`),
    close: () => Promise.resolve(),
  }
}

function fileOptions(flags: ParsedFlags) {
  const hasLimits = flags.release() >= '1.36'
  const limit = (flag: string): number => (hasLimits || flags.isGiven(flag) ? flags.number(flag) : 0)
  const size = limit('audit-log-maxsize')
  return {
    // Before 1.36, lumberjack took 0 for its default.
    maxSizeMegabytes: hasLimits ? size : size || 100,
    maxAgeDays: limit('audit-log-maxage'),
    maxBackups: limit('audit-log-maxbackup'),
    compress: flags.boolean('audit-log-compress'),
    mode: flags.string('audit-log-mode') === 'batch' ? 'batch' : 'blocking',
    bufferSize: flags.number('audit-log-batch-buffer-size'),
  } as const
}

function webhookOptions(flags: ParsedFlags) {
  const isThrottled = flags.boolean('audit-webhook-batch-throttle-enable')
  return {
    bufferSize: flags.number('audit-webhook-batch-buffer-size'),
    maxBatchSize: flags.number('audit-webhook-batch-max-size'),
    maxBatchWaitSeconds: nonNegativeSeconds(flags, 'audit-webhook-batch-max-wait'),
    throttleQps: isThrottled ? flags.number('audit-webhook-batch-throttle-qps') : Infinity,
    throttleBurst: isThrottled ? flags.number('audit-webhook-batch-throttle-burst') : 15,
    initialBackoffSeconds: nonNegativeSeconds(flags, 'audit-webhook-initial-backoff'),
  }
}

const MODES = 'batch,blocking,blocking-strict'
const FORMATS = 'legacy,json'

/** The flags of the audit log. An unknown flag with their prefix is an error; other flags may be unrelated. */
const AUDIT_TABLE: FlagTable = {
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
 * Adds problems of the audit flags, in kube-apiserver's words. The flags of an unused backend are not checked.
 *
 * Source: apiserver `pkg/server/options/audit.go` Validate.
 *
 * Deviation: modes that refuse requests or make them wait for a webhook are rejected (`docs/deviations.md`, audit files; audit webhooks).
 */
function auditProblems(flags: ParsedFlags, add: AddProblem): void {
  if (flags.string('audit-log-path') !== '') {
    backendProblems(flags, 'log', add)
    const format = flags.string('audit-log-format')
    if (!FORMATS.split(',').includes(format)) {
      const shown = quoted(format).slice(1, -1)
      add('audit-log-format', `invalid audit log format ${shown}, allowed formats are ${quoted(FORMATS)}`)
    }
    for (const flag of ['audit-log-maxage', 'audit-log-maxbackup', 'audit-log-maxsize']) {
      const value = flags.number(flag)
      if (value < 0) add(flag, `--${flag} ${value} can't be a negative number`)
    }
  }
  if (flags.string('audit-webhook-config-file') !== '') backendProblems(flags, 'webhook', add)
}

function backendProblems(flags: ParsedFlags, backend: 'log' | 'webhook', add: AddProblem): void {
  const flag = (name: string): string => `audit-${backend}-${name}`
  const mode = flags.string(flag('mode'))
  if (!MODES.split(',').includes(mode)) {
    const shown = quoted(mode).slice(1, -1)
    add(flag('mode'), `invalid audit ${backend} mode ${shown}, allowed modes are ${quoted(MODES)}`)
  } else if (mode === 'blocking-strict') {
    add(
      flag('mode'),
      'blocking-strict is not supported: a request is never refused because it cannot be logged; use another mode',
    )
  } else if (mode === 'blocking' && backend === 'webhook') {
    add(
      flag('mode'),
      'blocking is not supported for the webhook: requests never wait for it; use the mode batch',
    )
  }
  const [event, batch] = ['truncate-max-event-size', 'truncate-max-batch-size'] as const
  const [eventSize, batchSize] = [flags.number(flag(event)), flags.number(flag(batch))]
  const truncated = (what: string, value: number): string =>
    `invalid audit ${backend} truncate max ${what} size ${value}, must be`
  if (eventSize <= 0) add(flag(event), `${truncated('event', eventSize)} a positive number`)
  else if (batchSize < eventSize)
    add(flag(batch), `${truncated('batch', batchSize)} greater than max event size (${eventSize})`)
  if (flags.string(flag('version')) !== 'audit.k8s.io/v1') {
    add(flag('version'), 'invalid group version, allowed versions are ["audit.k8s.io/v1"]')
  }
  if (mode !== 'batch') return

  const isThrottled = flags.boolean(flag('batch-throttle-enable'))
  const positive = { 'batch-buffer-size': 'buffer size', 'batch-max-size': 'max batch size' }
  const ofThrottle = { 'batch-throttle-qps': 'throttle QPS', 'batch-throttle-burst': 'throttle burst' }
  for (const [name, what] of Object.entries(isThrottled ? { ...positive, ...ofThrottle } : positive)) {
    const value = flags.number(flag(name))
    if (value > 0) continue
    add(flag(name), `invalid audit batch ${backend} ${what} ${value}, must be a positive number`)
  }
}
