import type { UserInfo } from '@kube-authn/core'
import { withoutControls } from '@kube-authn/internal/printable'

/** A user, a line for each part that is not empty. */
export function userLines({ username, uid, groups, extra }: UserInfo): readonly string[] {
  const rows = [
    ['user', username],
    ['uid', uid],
    ['groups', groups.join(', ')],
    ...Object.entries(extra).map(([key, values]) => ['extra', `${key}: ${values.join(', ')}`] as const),
  ] as const
  return rows
    .filter(([, value]) => value !== '')
    .map(([name, value]) => `${name.padEnd(7)} ${withoutControls(value)}`)
}
