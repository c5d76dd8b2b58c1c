import type { AuditFromFlagsOptions, NodeAudit } from './audit-of-flags.ts'
import { readLate } from './read-late.ts'

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
  return readLate(argv, options, (code, ...given) => code.auditOfFlags(...given))
}
