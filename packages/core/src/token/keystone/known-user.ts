import type { Authentication } from '../../authenticator/authenticator.ts'
import { rejected, unavailable } from '../../authenticator/errors.ts'
import type { KeystoneClient } from './client.ts'
import type { KeystoneGroup, KeystoneToken, KeystoneUser } from './token.ts'
import { acceptedUser, mappedUser } from './user.ts'
import type { KeystoneUserOptions } from './user-options.ts'

/** What it takes to find out about a user. */
interface Asking {
  readonly client: KeystoneClient
  readonly options: KeystoneUserOptions
  readonly limit: AbortSignal
}

/**
 * The user of a good token, with their groups, which the token itself can be used to ask for.
 *
 * @throws {AuthenticationError} `rejected` when they do not count here, `unavailable` when their groups cannot be told.
 */
export async function knownUser(
  token: KeystoneToken,
  id: string,
  { client, options, limit }: Asking,
): Promise<Authentication> {
  const user = acceptedUser(token, options)
  // Whoever made an application credential gave away some roles, and not what their groups may do.
  const asksForGroups = options.groups !== false && !token.isOfApplicationCredential
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
  if (groups.refusedWith === 403) throw rejected('Keystone does not let the user see their own groups')
  throw unavailable(`Keystone does not tell the groups of the user: HTTP status ${groups.refusedWith}`)
}
