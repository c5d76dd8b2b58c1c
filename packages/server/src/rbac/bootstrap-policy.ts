import { RBAC_API_GROUP } from '@kube-authn/core/authorization'

export interface WrittenRule {
  readonly verbs: readonly string[]
  readonly apiGroups?: readonly string[]
  readonly resources?: readonly string[]
  readonly resourceNames?: readonly string[]
  readonly nonResourceURLs?: readonly string[]
}

export interface BootstrapRole {
  readonly name: string
  readonly labels?: Readonly<Record<string, string>>
  readonly rules: readonly WrittenRule[]
  /** The label that the roles have whose rules it has. */
  readonly aggregates?: string
}

/** A binding of the role of the same name to groups. */
export interface BootstrapBinding {
  readonly name: string
  readonly groups: readonly string[]
}

const READ = ['get', 'list', 'watch']
const WRITE = ['create', 'delete', 'deletecollection', 'patch', 'update']
const AGGREGATE_TO = `${RBAC_API_GROUP}/aggregate-to-`

function resources(verbs: readonly string[], group: string, names: readonly string[]): WrittenRule {
  return { verbs, apiGroups: [group], resources: names }
}

/** @param urls with spaces between them. */
function paths(urls: string): WrittenRule {
  return { verbs: ['get'], nonResourceURLs: urls.split(' ') }
}

function labelled(...into: readonly string[]): Pick<BootstrapRole, 'labels'> {
  return { labels: Object.fromEntries(into.map((name) => [`${AGGREGATE_TO}${name}`, 'true'])) }
}

function approverOf(signer: string): BootstrapRole {
  const rule = resources(['approve'], 'certificates.k8s.io', ['signers'])
  const rules = [{ ...rule, resourceNames: [`kubernetes.io/${signer}`] }]
  return { name: `system:certificates.k8s.io:${signer}-approver`, rules }
}

function requestsOf(kind: string): BootstrapRole {
  return {
    name: `system:certificates.k8s.io:certificatesigningrequests:${kind}`,
    rules: [resources(['create'], 'certificates.k8s.io', [`certificatesigningrequests/${kind}`])],
  }
}

/**
 * The roles of kube-apiserver, as far as something here uses them: their rules are about the resources and paths that are served.
 *
 * Source: kubernetes `plugin/pkg/auth/authorizer/rbac/bootstrappolicy/policy.go`.
 *
 * Deviation: the others are left out (`docs/deviations.md`, default roles).
 */
export const BOOTSTRAP_ROLES: readonly BootstrapRole[] = [
  {
    name: 'cluster-admin',
    rules: [resources(['*'], '*', ['*']), { verbs: ['*'], nonResourceURLs: ['*'] }],
  },
  {
    name: 'system:discovery',
    rules: [
      paths('/api /api/* /apis /apis/* /healthz /livez /openapi /openapi/* /readyz /version /version/'),
    ],
  },
  {
    name: 'system:basic-user',
    rules: [
      resources(['create'], 'authorization.k8s.io', ['selfsubjectaccessreviews', 'selfsubjectrulesreviews']),
      resources(['create'], 'authentication.k8s.io', ['selfsubjectreviews']),
    ],
  },
  {
    name: 'system:public-info-viewer',
    rules: [paths('/healthz /livez /readyz /version /version/')],
  },
  {
    name: 'system:monitoring',
    rules: [paths('/healthz /healthz/* /livez /livez/* /metrics /metrics/slis /readyz /readyz/*')],
  },
  { name: 'admin', rules: [], aggregates: `${AGGREGATE_TO}admin` },
  { name: 'edit', ...labelled('admin'), rules: [], aggregates: `${AGGREGATE_TO}edit` },
  { name: 'view', ...labelled('edit'), rules: [], aggregates: `${AGGREGATE_TO}view` },
  {
    name: 'system:aggregate-to-admin',
    ...labelled('admin'),
    rules: [
      resources(['create'], 'authorization.k8s.io', ['localsubjectaccessreviews']),
      resources([...READ, ...WRITE], RBAC_API_GROUP, ['rolebindings', 'roles']),
    ],
  },
  {
    name: 'system:aggregate-to-edit',
    ...labelled('edit'),
    rules: [
      resources(READ, '', ['secrets']),
      resources(['impersonate'], '', ['serviceaccounts']),
      resources(WRITE, '', ['configmaps', 'pods', 'secrets', 'serviceaccounts', 'services']),
      resources(['create'], '', ['pods/eviction', 'serviceaccounts/token']),
      resources([...READ, ...WRITE], 'coordination.k8s.io', ['leases']),
    ],
  },
  {
    name: 'system:aggregate-to-view',
    ...labelled('view'),
    rules: [
      resources(READ, '', ['configmaps', 'pods', 'serviceaccounts', 'services', 'services/status']),
      resources(READ, '', ['events', 'namespaces', 'namespaces/status', 'pods/status']),
    ],
  },
  {
    name: 'system:auth-delegator',
    rules: [
      resources(['create'], 'authentication.k8s.io', ['tokenreviews']),
      resources(['create'], 'authorization.k8s.io', ['subjectaccessreviews']),
    ],
  },
  {
    name: 'system:service-account-issuer-discovery',
    rules: [
      paths(
        '/.well-known/openid-configuration /.well-known/openid-configuration/ /openid/v1/jwks /openid/v1/jwks/',
      ),
    ],
  },
  {
    name: 'system:node-bootstrapper',
    rules: [resources(['create', ...READ], 'certificates.k8s.io', ['certificatesigningrequests'])],
  },
  requestsOf('nodeclient'),
  requestsOf('selfnodeclient'),
  approverOf('kube-apiserver-client'),
  approverOf('kube-apiserver-client-kubelet'),
  approverOf('kubelet-serving'),
  approverOf('legacy-unknown'),
]

/** Their bindings. Source: as of {@link BOOTSTRAP_ROLES}. */
export const BOOTSTRAP_BINDINGS: readonly BootstrapBinding[] = [
  { name: 'cluster-admin', groups: ['system:masters'] },
  { name: 'system:monitoring', groups: ['system:monitoring'] },
  { name: 'system:discovery', groups: ['system:authenticated'] },
  { name: 'system:basic-user', groups: ['system:authenticated'] },
  { name: 'system:public-info-viewer', groups: ['system:authenticated', 'system:unauthenticated'] },
  { name: 'system:service-account-issuer-discovery', groups: ['system:serviceaccounts'] },
]
