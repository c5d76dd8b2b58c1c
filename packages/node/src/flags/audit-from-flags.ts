import { ConfigurationError, type Observer } from '@kube-authn/core'
import {
  type AuditEvent,
  auditLog,
  type AuditLogOptions,
  auditLogShape,
  legacyAuditLine,
} from '@kube-authn/core/audit'
import {
  aBoolean,
  aFunction,
  oneOf,
  optionProblems,
  type OptionsShape,
  refuseProblems,
  without,
} from '@kube-authn/core/options'
import { auditFile } from '../audit-file/audit-file.ts'
import { auditPolicyAt } from '../audit-policy-at.ts'
import { opener } from '../opener.ts'
import { auditWebhookAt } from '../webhook/audit-webhook-at.ts'
import { AUDIT_TABLE, auditProblems } from './audit-problems.ts'
import { anArgv } from './flags-options.ts'
import { ignoredNotices, tellNotices } from './notices.ts'
import { parseFlags, type ParsedFlags } from './parse-flags.ts'
import { booleanOf, numberOf, secondsOf, stringOf } from './read-flags.ts'

/** What no flag of a kube-apiserver says. */
export interface AuditFromFlagsOptions extends Omit<AuditLogOptions, 'write' | 'policy'> {
  /** What becomes of levels with bodies in the policy: `refused` (default), or `leftOut`. */
  readonly bodies?: 'refused' | 'leftOut'
  /** Let the webhook be one of `http`. Default `false`. */
  readonly allowInsecureHttp?: boolean
  /** Told of what could not be written. Default: a process warning for each place, the first time. */
  readonly onError?: (error: unknown) => void
}

const shape: OptionsShape<AuditFromFlagsOptions> = {
  ...without(auditLogShape, 'write', 'policy'),
  bodies: oneOf('refused', 'leftOut'),
  allowInsecureHttp: aBoolean,
  onError: aFunction,
}

/** An audit log that may have a file and connections. */
export interface NodeAudit {
  readonly observer: Observer
  /** Writes what is left, and stops watching the policy. */
  readonly close: () => Promise<void>
}

/** A place where events are written. */
interface Place {
  readonly write: (event: AuditEvent) => void
  readonly close: () => void | Promise<void>
}

/**
 * The audit log that a kube-apiserver has with this command line: events as `--audit-policy-file` says, in the file of `--audit-log-path` (`-` is
 * standard output) and at the webhook of `--audit-webhook-config-file`. Without a policy, or without a place to write to, nothing is logged, as
 * there.
 *
 * What stands before the first flag is skipped, and flags that are about something else are ignored. Truncation means nothing, since events have
 * no bodies, and neither does the size of batches for a file.
 *
 * Source: apiserver `pkg/server/options/audit.go`.
 *
 * @throws {ConfigurationError} with every problem found: of flags, under their names, and of files.
 * @example
 * const audit = auditFromFlags(process.argv, { trustedProxies: 1 })
 * app.use(authentication(authenticator, { observer: audit.observer }))
 */
export function auditFromFlags(argv: readonly string[], options: AuditFromFlagsOptions = {}): NodeAudit {
  refuseProblems(anArgv(argv, 'argv'), optionProblems(shape, options))
  const flags = parseFlags(argv, {}, AUDIT_TABLE)
  refuseProblems(flags.problems, auditProblems(flags))
  const { bodies, allowInsecureHttp, onError, ...log } = options
  const policyFile = stringOf(flags, 'audit-policy-file')
  const parts = opener()
  const shared = {
    ...(onError !== undefined && { onError }),
    ...(log.observer !== undefined && { observer: log.observer }),
    ...(log.clock !== undefined && { clock: log.clock }),
  }
  const policy =
    policyFile === ''
      ? undefined
      : parts.openFile('--audit-policy-file', () =>
          auditPolicyAt(policyFile, {
            ...without(shared, 'onError'),
            ...(bodies !== undefined && { bodies }),
          }),
        )
  const places = placesOf(flags, parts, shared, allowInsecureHttp ?? false)
  if (parts.problems.length > 0) {
    parts.close()
    throw new ConfigurationError(parts.problems)
  }
  tellNotices(log.observer, ignoredNotices(flags.ignored, 'the audit log'))
  const write = (event: AuditEvent): void => {
    for (const place of places) place.write(event)
  }
  const isOff = policy === undefined || places.length === 0
  return {
    observer: isOff ? () => undefined : auditLog({ ...log, policy, write }),
    async close() {
      policy?.close()
      await Promise.all(places.map(async (place) => place.close()))
    },
  }
}

type Shared = Pick<AuditFromFlagsOptions, 'onError' | 'observer' | 'clock'>

function placesOf(
  flags: ParsedFlags,
  parts: ReturnType<typeof opener>,
  shared: Shared,
  allowInsecureHttp: boolean,
): readonly Place[] {
  const path = stringOf(flags, 'audit-log-path')
  const kubeconfig = stringOf(flags, 'audit-webhook-config-file')
  const format = stringOf(flags, 'audit-log-format') === 'legacy' ? 'legacy' : 'json'
  const file =
    path === '' || path === '-'
      ? undefined
      : parts.openFile('--audit-log-path', () =>
          auditFile(path, { ...fileOptions(flags), format, ...shared }),
        )
  const webhook =
    kubeconfig === ''
      ? undefined
      : parts.openFile('--audit-webhook-config-file', () => {
          const { write, close } = auditWebhookAt(kubeconfig, {
            ...webhookOptions(flags),
            ...shared,
            allowInsecureHttp,
          })
          return { write, close: () => void close(), whenClosed: close }
        })
  return [
    ...(path === '-' ? [standardOutput(format)] : []),
    ...(file === undefined ? [] : [file]),
    ...(webhook === undefined ? [] : [{ write: webhook.write, close: webhook.whenClosed }]),
  ]
}

function standardOutput(format: 'json' | 'legacy'): Place {
  return {
    write: (event) =>
      void process.stdout.write(`${format === 'legacy' ? legacyAuditLine(event) : JSON.stringify(event)}\n`),
    close: () => undefined,
  }
}

function fileOptions(flags: ParsedFlags) {
  return {
    // To the program that kube-apiserver rotates with, 0 is no size.
    maxSizeMegabytes: numberOf(flags, 'audit-log-maxsize') || 100,
    maxAgeDays: numberOf(flags, 'audit-log-maxage'),
    maxBackups: numberOf(flags, 'audit-log-maxbackup'),
    compress: booleanOf(flags, 'audit-log-compress'),
    mode: stringOf(flags, 'audit-log-mode') === 'batch' ? 'batch' : 'blocking',
    bufferSize: numberOf(flags, 'audit-log-batch-buffer-size'),
  } as const
}

function webhookOptions(flags: ParsedFlags) {
  const isThrottled = booleanOf(flags, 'audit-webhook-batch-throttle-enable')
  return {
    bufferSize: numberOf(flags, 'audit-webhook-batch-buffer-size'),
    maxBatchSize: numberOf(flags, 'audit-webhook-batch-max-size'),
    maxBatchWaitSeconds: secondsOf(flags, 'audit-webhook-batch-max-wait'),
    throttleQps: isThrottled ? numberOf(flags, 'audit-webhook-batch-throttle-qps') : Infinity,
    throttleBurst: isThrottled ? numberOf(flags, 'audit-webhook-batch-throttle-burst') : 15,
    initialBackoffSeconds: secondsOf(flags, 'audit-webhook-initial-backoff'),
  }
}
