import type { Attributes } from '../authorization/attributes.ts'
import type { UserInfo } from '../authenticator/user.ts'
import { AUTHENTICATION_API_GROUP, type Check, impersonationAttributes } from './checks.ts'
import { serviceAccountNamed } from '../authenticator/service-account-name.ts'
import type { WantedUser } from './wanted-user.ts'

/** The checks of the verb `impersonate`, by kind. */
export interface LegacyChecks {
  readonly user: Check
  readonly uid: Check
  readonly groups: Check
  readonly extra: Check
}

/**
 * One check for each value in the headers, including repeated ones: the user or service account, the uid, each group, each value of each
 * extra field.
 *
 * Source: apiserver `pkg/endpoints/filters/impersonation`.
 *
 * Deviation: extra fields have an order (`docs/deviations.md`, order of extra fields).
 */
export function legacyChecks(requester: UserInfo, wanted: WantedUser): LegacyChecks {
  const core = (item: Item): Attributes => impersonationAttributes(requester, 'impersonate', '', item)
  const authentication = (item: Item): Attributes =>
    impersonationAttributes(requester, 'impersonate', AUTHENTICATION_API_GROUP, item)
  const serviceAccount = serviceAccountNamed(wanted.username)
  return {
    user: {
      each: [
        serviceAccount === undefined
          ? core({ resource: 'users', name: wanted.username })
          : core({ resource: 'serviceaccounts', ...serviceAccount }),
      ],
    },
    uid: { each: wanted.uid === '' ? [] : [authentication({ resource: 'uids', name: wanted.uid })] },
    groups: { each: wanted.groups.map((name) => core({ resource: 'groups', name })) },
    extra: {
      each: [...wanted.extra].flatMap(([subresource, values]) =>
        values.map((name) => authentication({ resource: 'userextras', subresource, name })),
      ),
    },
  }
}

type Item = Parameters<typeof impersonationAttributes>[3]
