import type { ConfigurationProblem } from '../../authenticator/errors.ts'
import {
  aBoolean,
  aString,
  either,
  listOf,
  must,
  nested,
  oneOf,
  type OptionsShape,
  required,
} from '../../internal/options/index.ts'
import type { KeystoneDomain } from './client.ts'

/** How something of Keystone is named here. */
export type KeystoneNameForm = '{name}' | '{domainName}/{name}' | '{domainId}/{name}' | '{id}'

/** What a role means here. */
export interface KeystoneRoleMapping {
  /** The name of a role that the user has in the project of the token. */
  readonly role: string
  /** Given to whoever has it. */
  readonly groups?: readonly string[]
  /** Whoever has it is called this, whatever their name is. The last mapping that says so counts. */
  readonly username?: string
}

/** Which users of Keystone count, and what becomes of their names. */
export interface KeystoneUserOptions {
  /** The domain whose users count, and that of whoever types a name alone. Default `{ id: 'default' }`. */
  readonly domain?: KeystoneDomain
  /**
   * The domains whose users and groups count, if not `domain` alone; several, or `all`, need forms of names that tell them apart.
   * A domain that is named by its name has the groups of its own users only.
   */
  readonly domains?: readonly KeystoneDomain[] | 'all'
  /**
   * The ids of the projects that count: users must have come for one of them. `any`, which is the default, is any project or
   * none; with `roleMappings` it has to be said, since anybody may have a role in some project.
   */
  readonly projects?: readonly string[] | 'any'
  /** Users must have come for a project. Default `false`; with a list of `projects` it goes without saying. */
  readonly requireProject?: boolean
  /** Default `{name}`. */
  readonly username?: KeystoneNameForm
  /** Put before the names of users. */
  readonly usernamePrefix?: string
  /** How groups are named. Default `{name}`. */
  readonly groupName?: KeystoneNameForm
  /** Put before the names of groups, and before the id of the project. */
  readonly groupsPrefix?: string
  /** Whether the groups of users are asked for. Default `true`. */
  readonly groups?: boolean
  /** Groups and names by role, as in the sync configuration of k8s-keystone-auth. They need `projects`. */
  readonly roleMappings?: readonly KeystoneRoleMapping[]
}

const NAME_FORMS: readonly string[] = [
  '{name}',
  '{domainName}/{name}',
  '{domainId}/{name}',
  '{id}',
] satisfies KeystoneNameForm[]

/** The namespace of Kubernetes' own names. */
export const RESERVED = 'system:'

/** Where everybody is whom nobody put elsewhere: `[identity] default_domain_id`. */
export const DEFAULT_DOMAIN: KeystoneDomain = Object.freeze({ id: 'default' })

const NO_DOMAIN = 'must be a domain: { id } or { name }'
const aDomain = must(NO_DOMAIN, isDomainOption)
const isText = (value: unknown): boolean => typeof value === 'string'

const roleMappingShape: OptionsShape<KeystoneRoleMapping> = {
  role: required(must('must be the name of a role', (value) => typeof value === 'string' && value !== '')),
  groups: listOf(aString),
  username: aString,
}

/** The checks of {@link KeystoneUserOptions}. */
export const keystoneUserShape: OptionsShape<KeystoneUserOptions> = {
  domain: aDomain,
  domains: either(isText, oneOf('all'), listOf(aDomain)),
  projects: either(
    isText,
    must("must be ids of projects, at least one, or 'any'", (value) => value === 'any'),
    listOf(aString),
  ),
  requireProject: aBoolean,
  username: oneOf(...NAME_FORMS),
  usernamePrefix: aString,
  groupName: oneOf(...NAME_FORMS),
  groupsPrefix: aString,
  groups: aBoolean,
  roleMappings: listOf(nested(roleMappingShape)),
}

/** What is wrong with the options beyond their types. */
export function userProblems(options: KeystoneUserOptions): readonly ConfigurationProblem[] {
  const { projects, roleMappings = [] } = options
  const listed = options.domains === 'all' ? [] : (options.domains ?? [])
  const problems: ConfigurationProblem[] = []
  const problem = (path: string, message: string): void => void problems.push({ path, message })

  if (options.domains?.length === 0) problem('domains', 'must not be empty')
  if (projects !== undefined && projects !== 'any' && (projects.length === 0 || projects.includes(''))) {
    problem('projects', "must be ids of projects, at least one, or 'any'")
  }
  if (projects === undefined && roleMappings.length > 0) {
    problem('projects', "must be named where roles have a meaning: ids, or 'any'")
  }
  if (projects !== undefined && projects !== 'any' && options.requireProject === false) {
    problem('requireProject', 'must not be false where projects are named')
  }
  const areSeveral = options.domains === 'all' || listed.length > 1
  for (const path of ['username', 'groupName'] as const) {
    const { [path]: form = '{name}' } = options
    const isUsed = path === 'username' || options.groups !== false
    if (form === '{name}' && areSeveral && isUsed) {
      problem(path, 'must tell domains apart where users of several count')
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

/** Whether an operator named a domain. */
export function isDomainOption(domain: unknown): boolean {
  const [[key, value] = [], ...others] = Object.entries(Object(domain) as object)
  return others.length === 0 && (key === 'id' || key === 'name') && typeof value === 'string' && value !== ''
}
