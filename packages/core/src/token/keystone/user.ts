import { rejected } from '../../authenticator/errors.ts'
import { type UserInfo, userInfo } from '../../authenticator/user.ts'
import type { KeystoneDomain } from './client.ts'
import { unusable } from './json.ts'
import type { KeystoneGroup, KeystoneToken, KeystoneUser } from './token.ts'
import { DEFAULT_DOMAIN, type KeystoneNameForm, type KeystoneUserOptions, RESERVED } from './user-options.ts'

/**
 * Decides whether the user of a token counts, before anything more is asked about them.
 *
 * @throws {AuthenticationError} `rejected`, when they do not.
 */
export function acceptedUser(token: KeystoneToken, options: KeystoneUserOptions): KeystoneUser {
  const { domain = DEFAULT_DOMAIN, domains = [domain] } = options
  const { user, project, isDelegated } = token
  if (user === undefined) throw unusable('the token has no user')
  if (isDelegated) throw rejected('the token of Keystone is for acting on behalf of its user')
  if (domains !== 'all' && !domains.some((each) => isDomain(user.domain, each))) {
    throw rejected('the user of Keystone is of a domain that does not count')
  }
  const projects = options.projects === 'any' ? undefined : options.projects
  const { requireProject = projects !== undefined } = options
  if (project === undefined && requireProject) throw rejected('the token of Keystone is for no project')
  if (projects !== undefined && !projects.includes(project?.id ?? '')) {
    throw rejected('the token of Keystone is for a project that does not count')
  }
  return user
}

/**
 * Whom an application sees. The names of `extra` are those of k8s-keystone-auth.
 *
 * Source: cloud-provider-openstack `pkg/identity/keystone/authenticator.go`, `sync.go`.
 *
 * Deviation: nobody is called `system:` something by Keystone, groups are of domains that count, and roles are of a project
 * (`docs/deviations.md`, Keystone names).
 *
 * @param user as {@link acceptedUser} has it.
 * @throws {AuthenticationError} `rejected`, when the user would have a name that is not theirs.
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
  const ownName = usernamePrefix + named(user, domain, options.username)
  const mappedName = mappings.findLast(({ username }) => username !== undefined)?.username
  if (mappedName === undefined && ownName.startsWith(RESERVED)) {
    throw rejected('the user of Keystone has a name that begins with system:')
  }
  const ownGroups = groups.flatMap((group) => groupNames(group, domain, options))
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

/** The name of a group; none for one that does not count, or whose domain has an unknown name that is part of it. */
function groupNames(
  group: KeystoneGroup,
  domain: KeystoneUser['domain'],
  { domains, groupName }: KeystoneUserOptions,
): readonly string[] {
  if (group.domainId === domain.id) return [named(group, domain, groupName)]
  const counts = domains === 'all' || domains?.some((each) => 'id' in each && each.id === group.domainId)
  if (counts !== true || groupName === '{domainName}/{name}') return []
  return [named(group, { id: group.domainId, name: '' }, groupName)]
}

function isDomain(domain: KeystoneUser['domain'], wanted: KeystoneDomain): boolean {
  return 'id' in wanted ? domain.id === wanted.id : domain.name === wanted.name
}

function named(
  { id, name }: { readonly id: string; readonly name: string },
  domain: KeystoneUser['domain'],
  form: KeystoneNameForm = '{name}',
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

/** Else `b/c` in the domain `a` would be called as `c` in the domain `a/b`. */
function withoutSlash(domain: string): string {
  if (domain.includes('/')) throw rejected('the domain of the user of Keystone has a slash in its name')
  return domain
}
