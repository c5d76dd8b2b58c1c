import type { AuditEvent } from '@kube-authn/audit'
import { type Difference, differencesOf } from '../difference.ts'
import type { RecordedImpersonation } from './impersonation.ts'

const FIELDS = [
  'level',
  'stage',
  'requestURI',
  'verb',
  'user',
  'impersonatedUser',
  'authenticationMetadata',
  'objectRef',
  'responseStatus',
  'annotations',
] as const

/** How the audit event of a request differs. Durations are not compared: they are there if a request took long. */
export function eventDifferences(
  { audit, answers }: RecordedImpersonation,
  here: AuditEvent | undefined,
): readonly Difference[] {
  const code = audit.responseStatus?.code ?? 0
  // Responses to allowed requests are compared elsewhere.
  if (![201, 400, 403, 500].includes(code)) return []
  if (here === undefined) return [{ at: 'event', there: audit, here }]
  if (here.responseStatus?.code !== code) return []
  return FIELDS.filter((field) => field !== 'responseStatus' || answers.length === 1).flatMap((field) =>
    differencesOf(withoutLatency(audit[field]), withoutLatency(here[field]), `event.${field}`),
  )
}

export function withoutLatency(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value ?? {}
  return Object.fromEntries(Object.entries(value).filter(([key]) => !key.startsWith('apiserver.latency.')))
}
