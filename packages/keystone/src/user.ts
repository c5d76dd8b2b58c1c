import { type Authentication, rejected, unavailable, type UserInfo, userInfo } from '@kube-authn/core'
import type { KeystoneClient } from './client.ts'
import { unusable } from './json.ts'
import type { KeystoneGroup, KeystoneToken, KeystoneUser } from './token.ts'
import {
  DEFAULT_DOMAIN,
  type KeystoneNameFormat,
  type KeystoneUserOptions,
  RESERVED,
} from './user-options.ts'

/**
 * Checks whether the options accept the user of a token, before further requests to Keystone.
 *
 * @throws {AuthenticationError} `rejected`, if they do not.
 */
export function acceptedUser(token: KeystoneToken, options: KeystoneUserOptions): KeystoneUser {
  const { domain = DEFAULT_DOMAIN, domains = [domain] } = options
  const { user, project, isDelegated } = token
  if (user === undefined) throw unusable('the token has no user')
  if (isDelegated) throw rejected('the Keystone token is delegated by a trust or OAuth')
  if (
    domains !== 'all' &&
    !domains.some((each) => ('id' in each ? user.domain.id === each.id : user.domain.name === each.name))
  ) {
    throw rejected('the Keystone user is in a domain that is not accepted')
  }
  const projects = options.projects === 'any' ? undefined : options.projects
  const { requireProject = projects !== undefined } = options
  if (project === undefined && requireProject) throw rejected('the Keystone token is not scoped to a project')
  if (projects !== undefined && !projects.includes(project?.id ?? '')) {
    throw rejected('the Keystone token is scoped to a project that is not accepted')
  }
  return user
}

/**
 * Maps a Keystone user to the user that the app sees. The keys of `extra` are those of k8s-keystone-auth.
 *
 * Source: cloud-provider-openstack `pkg/identity/keystone/authenticator.go`, `sync.go`.
 *
 * Deviation: Keystone cannot assign `system:` names, groups must be of accepted domains, and roles must be in a project
 * (`docs/deviations.md`, Keystone names).
 *
 * @param user as returned by {@link acceptedUser}.
 * @throws {AuthenticationError} `rejected`, if the username would be reserved or ambiguous.
 */
export function mappedUser(
  user: KeystoneUser,
  { project, roles }: KeystoneToken,
  groups: readonly KeystoneGroup[],
  options: KeystoneUserOptions,
): UserInfo {
  const { usernamePrefix = '', groupsPrefix = '', roleMappings = [] } = options
  const { domain } = user
  const rolesInProject = project === undefined ? [] : roles
  const mappings = roleMappings.filter(({ role }) => rolesInProject.includes(role))
  const ownName = usernamePrefix + named(user, domain, options.usernameFormat)
  const mappedName = mappings.findLast(({ username }) => username !== undefined)?.username
  if (mappedName === undefined && ownName.startsWith(RESERVED)) {
    throw rejected('the Keystone username begins with system:')
  }
  const ownGroups = groups.flatMap((group) => groupsFormats(group, domain, options))
  return userInfo({
    username: mappedName ?? ownName,
    uid: user.id,
    groups: [
      ...[...ownGroups, ...(project === undefined ? [] : [project.id])]
        .map((name) => groupsPrefix + name)
        .filter((name) => !name.startsWith(RESERVED)),
      ...mappings.flatMap((mapping) => mapping.groups ?? []),
    ],
    extra: {
      ...(rolesInProject.length > 0 && { [`${EXTRA}/roles`]: rolesInProject }),
      ...(project !== undefined && {
        [`${EXTRA}/project/id`]: [project.id],
        [`${EXTRA}/project/name`]: [project.name],
      }),
      [`${EXTRA}/user/domain/id`]: [domain.id],
      [`${EXTRA}/user/domain/name`]: [domain.name],
    },
  })
}

const EXTRA = 'alpha.kubernetes.io/identity'

/** The name of a group. Empty if its domain is not accepted, or if the name form needs the domain's name, which is unknown. */
function groupsFormats(
  group: KeystoneGroup,
  domain: KeystoneUser['domain'],
  { domains, groupsFormat }: KeystoneUserOptions,
): readonly string[] {
  if (group.domainId === domain.id) return [named(group, domain, groupsFormat)]
  const counts = domains === 'all' || domains?.some((each) => 'id' in each && each.id === group.domainId)
  if (counts !== true || groupsFormat === '{domainName}/{name}') return []
  return [named(group, { id: group.domainId, name: '' }, groupsFormat)]
}

function named(
  { id, name }: { readonly id: string; readonly name: string },
  domain: KeystoneUser['domain'],
  form: KeystoneNameFormat = '{name}',
): string {
  switch (form) {
    case '{id}':
      return id
    case '{domainId}/{name}':
      return `${withoutSlash(domain.id)}/${name}`
    case '{domainName}/{name}':
      return `${withoutSlash(domain.name)}/${name}`
    default:
      return name
  }
}

/** Otherwise `b/c` in the domain `a` would have the same name as `c` in the domain `a/b`. */
function withoutSlash(domain: string): string {
  if (domain.includes('/')) throw rejected('the domain of the Keystone user contains a slash')
  return domain
}

/**
 * Returns the user of a valid token, with the groups, which are requested with the token itself.
 *
 * @throws {AuthenticationError} `rejected` if the options do not accept the user, `unavailable` if the groups cannot be read.
 */
export async function knownUser(
  token: KeystoneToken,
  id: string,
  client: KeystoneClient,
  options: KeystoneUserOptions,
  limit: AbortSignal,
): Promise<Authentication> {
  const user = acceptedUser(token, options)
  // An application credential delegates selected roles, not the permissions of its owner's groups.
  const asksForGroups = options.requestGroups !== false && !token.isOfApplicationCredential
  const groups = asksForGroups ? await client.groupsOf(user.id, id, limit) : []
  if ('refusedWith' in groups) {
    if (groups.refusedWith === 403)
      throw rejected('Keystone does not allow the user to list their own groups')
    throw unavailable(`Keystone did not return the groups of the user: HTTP status ${groups.refusedWith}`)
  }
  return { user: mappedUser(user, token, groups, options), expiresAtMs: token.expiresAtMs }
}
