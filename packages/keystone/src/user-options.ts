import type { ConfigurationProblem } from '@kube-authn/core'
import { aBoolean, listOf, oneOf, type OptionsShape, required } from '@kube-authn/core/adapter'
import { aString, either, must, nested } from '@kube-authn/core/internal'
import type { KeystoneDomain } from './client.ts'

/** How the Kubernetes name of a user or group is formed. */
export type KeystoneNameFormat = '{name}' | '{domainName}/{name}' | '{domainId}/{name}' | '{id}'

/** Maps a role to groups and a username. */
export interface KeystoneRoleMapping {
  /** The name of a role that the user has in the project of the token. */
  readonly role: string
  /** Added to users with this role. */
  readonly groups?: readonly string[]
  /** Overrides the username of users with this role; the last matching mapping wins. */
  readonly username?: string
}

/** Which Keystone users are accepted, and how they are named. */
export interface KeystoneUserOptions {
  /** The domain whose users are accepted, and the domain of names typed without one. Default `{ id: 'default' }`. */
  readonly domain?: KeystoneDomain
  /**
   * The domains whose users and groups are accepted. Default: `domain` alone. Several domains, or `all`, require name forms that are
   * unique across domains. Groups of another domain than the user's are accepted only if that domain is given by id.
   */
  readonly domains?: readonly KeystoneDomain[] | 'all'
  /**
   * The ids of accepted projects: the token must be scoped to one of them. Default `any`: any project or none. With `roleMappings`
   * this option is required, since any user may have the role in some project.
   */
  readonly projects?: readonly string[] | 'any'
  /** Whether the token must be scoped to a project. Default `false`; a list of `projects` implies `true`. */
  readonly requireProject?: boolean
  /** How usernames are formed. Default `{name}`. */
  readonly usernameFormat?: KeystoneNameFormat
  /** Prefix of usernames. */
  readonly usernamePrefix?: string
  /** How group names are formed. Default `{name}`. */
  readonly groupsFormat?: KeystoneNameFormat
  /** Prefix of group names and of the project id, which is a group too. */
  readonly groupsPrefix?: string
  /** Whether to request the groups of users. Default `true`. */
  readonly requestGroups?: boolean
  /** Groups and usernames by role, as in the sync configuration of k8s-keystone-auth. Requires `projects`. */
  readonly roleMappings?: readonly KeystoneRoleMapping[]
}

const NAME_FORMS: readonly string[] = [
  '{name}',
  '{domainName}/{name}',
  '{domainId}/{name}',
  '{id}',
] satisfies KeystoneNameFormat[]

/** The prefix of names that Kubernetes reserves. */
export const RESERVED = 'system:'

/** The default domain of Keystone: `[identity] default_domain_id`. */
export const DEFAULT_DOMAIN: KeystoneDomain = Object.freeze({ id: 'default' })

const NO_DOMAIN = 'must be a domain: { id } or { name }'
const aDomain = must(NO_DOMAIN, isDomainOption)
const isText = (value: unknown): boolean => typeof value === 'string'

const roleMappingShape: OptionsShape<KeystoneRoleMapping> = {
  role: required(must('must be the name of a role', (value) => typeof value === 'string' && value !== '')),
  groups: listOf(aString),
  username: aString,
}

export const keystoneUserShape: OptionsShape<KeystoneUserOptions> = {
  domain: aDomain,
  domains: either(isText, oneOf('all'), listOf(aDomain)),
  projects: either(
    isText,
    must("must be a non-empty list of project ids, or 'any'", (value) => value === 'any'),
    listOf(aString),
  ),
  requireProject: aBoolean,
  usernameFormat: oneOf(...NAME_FORMS),
  usernamePrefix: aString,
  groupsFormat: oneOf(...NAME_FORMS),
  groupsPrefix: aString,
  requestGroups: aBoolean,
  roleMappings: listOf(nested(roleMappingShape)),
}

/** The problems of options beyond their types. */
export function userProblems(options: KeystoneUserOptions): readonly ConfigurationProblem[] {
  const { projects, roleMappings = [] } = options
  const listed = options.domains === 'all' ? [] : (options.domains ?? [])
  const problems: ConfigurationProblem[] = []
  const problem = (path: string, message: string): void => void problems.push({ path, message })

  if (options.domains?.length === 0) problem('domains', 'must not be empty')
  if (projects !== undefined && projects !== 'any' && (projects.length === 0 || projects.includes(''))) {
    problem('projects', "must be a non-empty list of project ids, or 'any'")
  }
  if (projects === undefined && roleMappings.length > 0) {
    problem('projects', "is required with roleMappings: a list of project ids, or 'any'")
  }
  if (projects !== undefined && projects !== 'any' && options.requireProject === false) {
    problem('requireProject', 'must not be false if projects are listed')
  }
  const areSeveral = options.domains === 'all' || listed.length > 1
  for (const path of ['usernameFormat', 'groupsFormat'] as const) {
    const { [path]: form = '{name}' } = options
    const isUsed = path === 'usernameFormat' || options.requestGroups !== false
    if (form === '{name}' && areSeveral && isUsed) {
      problem(path, 'must be unique across domains if several are accepted')
    }
  }
  for (const path of ['usernamePrefix', 'groupsPrefix'] as const) {
    if (options[path]?.startsWith(RESERVED) === true) problem(path, `must not begin with ${RESERVED}`)
  }
  for (const [index, { groups = [], username }] of roleMappings.entries()) {
    const path = `roleMappings[${index}]`
    if (groups.includes('')) problem(`${path}.groups`, 'must not have an empty name')
    if (username === '') problem(`${path}.username`, 'must not be empty')
  }
  return problems
}

/** Whether a value names a domain by id or by name. */
export function isDomainOption(domain: unknown): boolean {
  const [[key, value] = [], ...others] = Object.entries(Object(domain) as object)
  return others.length === 0 && (key === 'id' || key === 'name') && typeof value === 'string' && value !== ''
}
