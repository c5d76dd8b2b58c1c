/** The group of all service accounts. With `:<namespace>` appended, the group of those in a namespace. */
const SERVICE_ACCOUNTS_GROUP = 'system:serviceaccounts'

const PREFIX = 'system:serviceaccount:'
const LABEL = '[a-z0-9](?:[-a-z0-9]*[a-z0-9])?'
const NAMESPACE = new RegExp(`^${LABEL}$`)
const NAME = new RegExp(`^${LABEL}(?:\\.${LABEL})*$`)

/** The namespace and name of a service account. */
export interface ServiceAccountName {
  readonly namespace: string
  readonly name: string
}

/** The username of a service account, `system:serviceaccount:<namespace>:<name>`. */
export function serviceAccountUsername(namespace: string, name: string): string {
  return `${PREFIX}${namespace}:${name}`
}

/** The groups of a service account that follow from its namespace. */
export function serviceAccountGroups(namespace: string): readonly [string, string] {
  return [SERVICE_ACCOUNTS_GROUP, `${SERVICE_ACCOUNTS_GROUP}:${namespace}`]
}

/**
 * Splits the username of a service account; `undefined` if it is not a valid one.
 *
 * Source: apiserver `pkg/authentication/serviceaccount/util.go` (`SplitUsername`).
 */
export function serviceAccountNamed(username: string): ServiceAccountName | undefined {
  if (!username.startsWith(PREFIX)) return undefined
  const [namespace = '', name = '', ...more] = username.slice(PREFIX.length).split(':', 3)
  const isNamespace = namespace.length <= 63 && NAMESPACE.test(namespace)
  const isName = name.length <= 253 && NAME.test(name)
  return more.length === 0 && isNamespace && isName ? { namespace, name } : undefined
}
