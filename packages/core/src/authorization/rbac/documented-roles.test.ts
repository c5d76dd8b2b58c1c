import { describe, expect, it } from 'vitest'
import { attributesOf } from '../attributes.ts'
import { emptyContext } from '../../authenticator/context.ts'
import { ConfigurationError } from '../../authenticator/errors.ts'
import { userInfo } from '../../authenticator/user.ts'
import { parseRbac } from './parse.ts'
import { rbac } from './rbac.ts'

/* The three example roles of the Kubernetes 1.6 documentation, with the lines of a manifest around them. */

const header = (name: string): string => `
apiVersion: rbac.authorization.k8s.io/v1beta1
kind: ClusterRole
metadata:
  name: ${name}
rules:
`

const IMPERSONATOR = `${header('impersonator')}
- apiGroups: [""]
  resources: ["users", "groups", "serviceaccounts"]
  verbs: ["impersonate"]
`

const SCOPES_IMPERSONATOR = `${header('scopes-impersonator')}
# Can set "Impersonate-Extra-scopes" header.
- apiGroups: [""]
  resources: ["userextras/scopes"]
  verbs: ["impersonate"]
`

/** The stray dash in the second rule is in the documentation. */
const limitedImpersonator = (dash: '-' | ' '): string => `${header('limited-impersonator')}
# Can impersonate the user "jane.doe@example.com"
- apiGroups: [""]
  resources: ["users"]
  verbs: ["impersonate"]
  resourceNames: ["jane.doe@example.com"]

# Can impersonate the groups "developers" and "admins"
- apiGroups: [""]
  resources: ["groups"]
${dash} verbs: ["impersonate"]
  resourceNames: ["developers","admins"]

# Can impersonate the extras field "scopes" with the values "view" and "development"
- apiGroups: [""]
  resources: ["userextras/scopes"]
  verbs: ["impersonate"]
  resourceNames: ["view", "development"]
`

const bind = (role: string): string => `
---
apiVersion: rbac.authorization.k8s.io/v1beta1
kind: ClusterRoleBinding
metadata: { name: clark-${role} }
subjects: [{ kind: User, name: clark, apiGroup: rbac.authorization.k8s.io }]
roleRef: { kind: ClusterRole, name: ${role}, apiGroup: rbac.authorization.k8s.io }
`

async function mayImpersonate(
  yaml: string,
  resource: string,
  name: string,
  subresource = '',
): Promise<boolean> {
  const apiGroup = resource === 'userextras' ? 'authentication.k8s.io' : ''
  const attributes = attributesOf(userInfo({ username: 'clark' }), {
    verb: 'impersonate',
    apiGroup,
    resource,
    subresource,
    name,
  })
  return (await rbac(parseRbac(yaml)).authorize(attributes, emptyContext)).verdict === 'allow'
}

describe('the example roles of the documentation', () => {
  it('impersonator may act as any user, group and service account', async () => {
    const yaml = IMPERSONATOR + bind('impersonator')
    expect(parseRbac(yaml).advice).toEqual([])
    expect(await mayImpersonate(yaml, 'users', 'superman')).toBe(true)
    expect(await mayImpersonate(yaml, 'groups', 'system:masters')).toBe(true)
    expect(await mayImpersonate(yaml, 'serviceaccounts', 'default')).toBe(true)
    expect(await mayImpersonate(yaml, 'userextras', 'view', 'scopes')).toBe(false)
  })

  it('scopes-impersonator grants nothing as printed, and says so when it is loaded', async () => {
    const yaml = SCOPES_IMPERSONATOR + bind('scopes-impersonator')
    expect(parseRbac(yaml).advice).toMatchObject([
      { code: 'wrongApiGroup', path: 'ClusterRole "scopes-impersonator": rules[0]' },
    ])
    expect(await mayImpersonate(yaml, 'userextras', 'view', 'scopes')).toBe(false)
    const mended = yaml.replace('apiGroups: [""]', 'apiGroups: ["authentication.k8s.io"]')
    expect(parseRbac(mended).advice).toEqual([])
    expect(await mayImpersonate(mended, 'userextras', 'view', 'scopes')).toBe(true)
  })

  it('limited-impersonator is refused as printed, since a stray dash makes one rule two halves', () => {
    const parse = (): unknown => parseRbac(limitedImpersonator('-'))
    expect(parse).toThrow(ConfigurationError)
    expect(parse).toThrow(/rules\[1\]\.verbs/)
  })

  it.each([
    ['users', 'jane.doe@example.com', '', true],
    ['users', 'root', '', false],
    ['groups', 'developers', '', true],
    ['groups', 'admins', '', true],
    ['groups', 'system:masters', '', false],
    ['userextras', 'view', 'scopes', true],
    ['userextras', 'admin', 'scopes', false],
    ['userextras', 'view', 'others', false],
  ])('limited-impersonator, mended, on %s %s: %s %s', async (resource, name, subresource, expected) => {
    const mended = limitedImpersonator(' ').replace(
      /(?<=- apiGroups: )\[""\](?=\n {2}resources: \["userextras)/,
      '["authentication.k8s.io"]',
    )
    expect(await mayImpersonate(mended + bind('limited-impersonator'), resource, name, subresource)).toBe(
      expected,
    )
  })
})
