const RBAC = 'rbac.authorization.k8s.io'

/** What is in the cluster, by the path of its collection. */
export const objects: readonly (readonly [path: string, object: object])[] = [
  ...['shop', 'accounts'].map((name) => ['/api/v1/namespaces', core('Namespace', name)] as const),
  configMap('shop', 'storefront', { theme: 'autumn', currency: 'EUR' }),
  configMap('shop', 'feature-flags', { 'new-checkout': 'true', 'gift-cards': 'false' }),
  configMap('shop', 'search', { index: 'products-v3', 'page-size': '24' }),
  configMap('accounts', 'ledger', { year: '2026', locked: 'false' }),
  inNamespace('shop', 'serviceaccounts', core('ServiceAccount', 'cart')),
  inNamespace('shop', 'serviceaccounts', core('ServiceAccount', 'catalog')),
  inNamespace('shop', 'services', {
    ...core('Service', 'catalog'),
    spec: { ports: [{ port: 443, protocol: 'TCP' }] },
  }),
  inNamespace('kube-system', 'serviceaccounts', core('ServiceAccount', 'impersonating-proxy')),

  // What the proxy may do: act as users, and as the groups of the provider. Not as system:masters.
  clusterRole('impersonating-proxy', [
    { apiGroups: [''], resources: ['users'], verbs: ['impersonate'] },
    {
      apiGroups: [''],
      resources: ['groups'],
      verbs: ['impersonate'],
      resourceNames: ['oidc:developers', 'oidc:accounting', 'oidc:admins'],
    },
    {
      apiGroups: ['authentication.k8s.io'],
      resources: ['uids', 'userextras/authentication.kubernetes.io/credential-id'],
      verbs: ['impersonate'],
    },
  ]),
  clusterBinding('impersonating-proxy', 'impersonating-proxy', {
    kind: 'ServiceAccount',
    name: 'impersonating-proxy',
    namespace: 'kube-system',
  }),

  // What users may do.
  clusterRole('namespace-reader', [
    { apiGroups: [''], resources: ['namespaces'], verbs: ['get', 'list', 'watch'] },
  ]),
  clusterBinding('namespace-reader', 'namespace-reader', group('system:authenticated')),
  clusterBinding('admins', 'view', group('oidc:admins')),
  binding('shop', 'oidc:developers'),
  binding('accounts', 'oidc:accounting'),
]

function core(kind: string, name: string): object {
  return { apiVersion: 'v1', kind, metadata: { name } }
}

function inNamespace(namespace: string, resource: string, object: object): readonly [string, object] {
  return [`/api/v1/namespaces/${namespace}/${resource}`, object]
}

function configMap(namespace: string, name: string, data: object): readonly [string, object] {
  return inNamespace(namespace, 'configmaps', { ...core('ConfigMap', name), data })
}

function clusterRole(name: string, rules: readonly object[]): readonly [string, object] {
  return [`/apis/${RBAC}/v1/clusterroles`, rbac('ClusterRole', name, { rules })]
}

function clusterBinding(name: string, role: string, subject: object): readonly [string, object] {
  const roleRef = { apiGroup: RBAC, kind: 'ClusterRole', name: role }
  return [
    `/apis/${RBAC}/v1/clusterrolebindings`,
    rbac('ClusterRoleBinding', name, { roleRef, subjects: [subject] }),
  ]
}

/** Lets a group see a namespace. */
function binding(namespace: string, name: string): readonly [string, object] {
  const roleRef = { apiGroup: RBAC, kind: 'ClusterRole', name: 'view' }
  return [
    `/apis/${RBAC}/v1/namespaces/${namespace}/rolebindings`,
    rbac('RoleBinding', 'viewers', { roleRef, subjects: [group(name)] }),
  ]
}

function rbac(kind: string, name: string, rest: object): object {
  return { apiVersion: `${RBAC}/v1`, kind, metadata: { name }, ...rest }
}

function group(name: string): object {
  return { kind: 'Group', apiGroup: RBAC, name }
}
