import { quoted } from '@kube-authn/internal/quote'
import type { AuditEvent } from './event.ts'

/**
 * An event in the line format that kube-apiserver had before JSON (`--audit-log-format=legacy`), which has fewer fields.
 *
 * Source: apiserver `pkg/audit/format.go`.
 *
 * @example
 * const observer = auditLog({ write: (event) => console.log(legacyAuditLine(event)) })
 */
export function legacyAuditLine(event: AuditEvent): string {
  const { user, impersonatedUser: as, objectRef, responseStatus, sourceIPs = [] } = event
  const fields = {
    id: event.auditID,
    stage: event.stage,
    ip: sourceIPs[0] ?? '<unknown>',
    method: event.verb,
    user: user.username === '' ? '<none>' : user.username,
    groups: user.username === '' ? '<none>' : listed(user.groups, '<none>'),
    as: as?.username ?? '<self>',
    asgroups: listed(as?.groups, '<lookup>'),
    'user-agent': event.userAgent ?? '',
    namespace: objectRef?.namespace ?? '<none>',
    uri: event.requestURI,
    response: responseStatus === undefined ? '<deferred>' : String(responseStatus.code ?? 0),
  }
  const text = Object.entries(fields).map(([name, value]) => `${name}=${quoted(value)}`)
  // Go's `RFC3339Nano` has no trailing zeros.
  const time = event.requestReceivedTimestamp.replace(/\.?0*Z$/, 'Z')
  return `${time} AUDIT: ${text.join(' ')}`
}

function listed(groups: readonly string[] | undefined, otherwise: string): string {
  return groups === undefined || groups.length === 0 ? otherwise : groups.map(quoted).join(',')
}
