import { kindOf422 } from '../authz/explained-422.ts'
import { isObject } from '../difference.ts'
import type { ServerExplanation } from './explain-sequence.ts'
import type { RecordedLine } from './recorded-line.ts'

/** The roles of every cluster, which name fewer resources here. */
const DEFAULT_ROLES = ['admin', 'cluster-admin', 'edit', 'view']

/** Reviews, and what depends on the default roles. */
export const explainedReviews: readonly ServerExplanation[] = [
  kindOf422,
  {
    row: 'TokenReview',
    about: 'the token',
    explains: ({ at, here }) => at === 'body.spec.token' && here === undefined,
  },
  {
    row: 'TokenReview',
    about: 'authenticated',
    explains: ({ at, there, here }) =>
      at === 'body.status.authenticated' && there === undefined && here === false,
  },
  {
    row: 'TokenReview',
    about: 'audiences',
    explains: ({ at, here }) => at === 'body.status.audiences' && here === undefined,
  },
  {
    row: 'default roles',
    about: 'the rights of a default role that is granted',
    explains: ({ at, there, here }, { line }) =>
      at === 'body.message' &&
      DEFAULT_ROLES.includes(roleIn(line)) &&
      [there, here].every((each) =>
        String(each).includes('is attempting to grant RBAC permissions not currently held'),
      ),
  },
  {
    row: 'health',
    about: 'it needs no role',
    explains: ({ at, there, here }, { line }) =>
      isOfHealth(line) &&
      ((at === 'body.status.allowed' && there === false && here === true) ||
        (at === 'body.status.reason' && here === undefined)),
  },
  {
    row: 'default roles',
    about: 'which of several grants is named',
    explains: ({ at, there, here }) =>
      at === 'body.status.reason' &&
      [there, here].every((each) => String(each).includes('ClusterRoleBinding "system:')),
  },
  {
    row: 'default roles',
    about: 'rules about less',
    explains: ({ at }, { line }) =>
      (at === 'body.rules' && /\/clusterroles\/(?:admin|edit|view)$/.test(line.path)) ||
      (at.startsWith('body.status.') && line.path.endsWith('/selfsubjectrulesreviews')),
  },
  {
    row: 'default roles',
    about: 'a resource that only the roles of Kubernetes name',
    explains: ({ at, there, here }) =>
      (at === 'body.status.allowed' && there === true && here === false) ||
      (at === 'body.status.reason' && isByDefaultRole(there)),
  },
]

function isOfHealth({ body }: RecordedLine): boolean {
  return (
    typeof body === 'string' &&
    /"path":"\/(?:healthz|livez|readyz)/.test(body) &&
    /"verb":"(?:get|head)"/.test(body)
  )
}

/** The name of the role that a binding names. */
function roleIn({ body }: RecordedLine): string {
  try {
    const binding: unknown = JSON.parse(typeof body === 'string' ? body : '')
    const roleRef = isObject(binding) ? binding['roleRef'] : undefined
    return isObject(roleRef) ? String(roleRef['name']) : ''
  } catch {
    return ''
  }
}

function isByDefaultRole(reason: unknown): boolean {
  return DEFAULT_ROLES.some((role) => String(reason).includes(`ClusterRole "${role}"`))
}
