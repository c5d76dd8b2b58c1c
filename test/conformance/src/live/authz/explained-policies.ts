import type { Explanation } from '../live-area.ts'
import type { RecordedAudit } from './audit-policies.ts'

/** Why events of a policy differ. */
export const explainedPolicies: readonly Explanation<RecordedAudit>[] = [
  {
    row: 'audit policies',
    explains: ({ at, there, here }) =>
      at.endsWith('.level') && /^Request(?:Response)?$/.test(String(there)) && here === 'Metadata',
  },
  {
    row: 'audit',
    explains: ({ at, there, here }) =>
      at.endsWith('.requestURI') &&
      String(there).replaceAll(/(?<=[?&]access_token=)[^&]*/g, 'REDACTED') === here,
  },
  {
    row: 'source addresses',
    explains: ({ at, there, here }, { headers = [] }) =>
      at.endsWith('.sourceIPs') &&
      headers.some(
        ([name, value]) => name === 'X-Forwarded-For' && `${value}, 127.0.0.1` === listed(there),
      ) &&
      listed(here) === '127.0.0.1',
  },
]

function listed(addresses: unknown): string {
  return Array.isArray(addresses) ? addresses.join(', ') : ''
}
