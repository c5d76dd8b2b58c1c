import { type Authentication, rejected, unavailable } from '@kube-authn/core'
import type { KeystoneClient } from './client.ts'
import type { KeystoneGroup, KeystoneToken, KeystoneUser } from './token.ts'
import { acceptedUser, mappedUser } from './user.ts'
import type { KeystoneUserOptions } from './user-options.ts'

/** What the lookup of a user needs. */
interface Asking {
  readonly client: KeystoneClient
  readonly options: KeystoneUserOptions
  readonly limit: AbortSignal
}

/**
 * Returns the user of a valid token, with the groups, which are requested with the token itself.
 *
 * @throws {AuthenticationError} `rejected` if the options do not accept the user, `unavailable` if the groups cannot be read.
 */
export async function knownUser(
  token: KeystoneToken,
  id: string,
  { client, options, limit }: Asking,
): Promise<Authentication> {
  const user = acceptedUser(token, options)
  // An application credential delegates selected roles, not the permissions of its owner's groups.
  const asksForGroups = options.requestGroups !== false && !token.isOfApplicationCredential
  const groups = asksForGroups ? await groupsOf(user, id, client, limit) : []
  return { user: mappedUser(user, token, groups, options), expiresAtMs: token.expiresAtMs }
}

async function groupsOf(
  user: KeystoneUser,
  token: string,
  client: KeystoneClient,
  limit: AbortSignal,
): Promise<readonly KeystoneGroup[]> {
  const groups = await client.groupsOf(user.id, token, limit)
  if (!('refusedWith' in groups)) return groups
  if (groups.refusedWith === 403) throw rejected('Keystone does not allow the user to list their own groups')
  throw unavailable(`Keystone did not return the groups of the user: HTTP status ${groups.refusedWith}`)
}
