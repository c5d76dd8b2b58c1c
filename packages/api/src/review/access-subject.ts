import { type ErrorList, fieldPath, type ObjectReader, userJson } from '@kube-authn/core/internal'
import { userInfo, type UserInfo } from '@kube-authn/core'

/** Reads the user that a review is about. The versions differ in the name of the groups field. */
export function readSubject(spec: ObjectReader | undefined, version: string): UserInfo {
  return userInfo({
    username: spec?.string('user') ?? '',
    uid: spec?.string('uid') ?? '',
    groups: spec?.strings(groupsField(version)) ?? [],
    extra: spec === undefined ? {} : readExtra(spec),
  })
}

function readExtra(spec: ObjectReader): Record<string, readonly string[]> {
  const extra = Object.create(null) as Record<string, readonly string[]>
  const reader = spec.object('extra')
  // Deviation: `null` is not returned as `null` (`docs/deviations.md`, lists in reviews).
  for (const key of reader?.names() ?? []) extra[key] = reader?.strings(key) ?? []
  return extra
}

/** Requires a user name or at least one group. */
export function validateSubject({ username, groups }: UserInfo, errors: ErrorList): void {
  if (username === '' && groups.length === 0) {
    errors.invalid(fieldPath('spec', 'user'), '', 'at least one of user or group must be specified')
  }
}

/** The user that a review is about, in the form of its spec. */
export function subjectJson(subject: UserInfo, version: string): object {
  const { username, groups, ...rest } = userJson(subject)
  return {
    ...(username !== '' && { user: username }),
    ...(groups !== undefined && { [groupsField(version)]: groups }),
    ...rest,
  }
}

function groupsField(version: string): string {
  return version === 'v1beta1' ? 'group' : 'groups'
}
