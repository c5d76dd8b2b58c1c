import { setTimeout as sleep } from 'node:timers/promises'
import { type Manifest, type RbacMode, rbacMode } from '@kube-authn-test/conformance/live/authz/policies'
import { canonical } from '@kube-authn-test/conformance/live/difference'
import type { Reference } from './reference.ts'

/** A manifest, of which only the name is read. */
export interface PolicyManifest extends Manifest {
  readonly apiVersion: string
  readonly metadata: { readonly name: string; readonly namespace?: string }
  readonly [field: string]: unknown
}

/** The roles and bindings of both sides. */
export interface Policies {
  /** Puts manifests in the place of those before, and returns our authorizer with those that the reference accepts. */
  enforce(manifests: readonly PolicyManifest[]): Promise<RbacMode>
}

const RBAC = 'rbac.authorization.k8s.io'
const API = `/apis/${RBAC}/v1`
const PLURALS: Readonly<Record<string, string>> = {
  ClusterRole: 'clusterroles',
  ClusterRoleBinding: 'clusterrolebindings',
  Role: 'roles',
  RoleBinding: 'rolebindings',
}
const PATIENCE_MS = 30_000

/** Reads which roles the reference begins with. */
export async function policiesOf(reference: Reference): Promise<Policies> {
  let markers = 0
  await createNamespace('markers')
  await post(...everyoneMaySeeThemselves())
  let current = { key: '', accepted: Promise.resolve<readonly PolicyManifest[]>([]), mode: inForce() }
  return {
    enforce(manifests) {
      const namespaces = new Set(manifests.flatMap(({ metadata }) => metadata.namespace ?? []))
      const key = canonical(manifests)
      if (key !== current.key) {
        const accepted = current.accepted.then(async (before) => {
          for (const each of before) await ask('DELETE', pathOf(each))
          for (const namespace of namespaces) await createNamespace(namespace)
          const posted = await post(...manifests)
          await isSeen()
          return posted
        })
        current = { key, accepted, mode: accepted.then(inForce) }
      }
      return current.mode
    },
  }

  /** Those that it accepts. */
  async function post(...manifests: readonly PolicyManifest[]): Promise<readonly PolicyManifest[]> {
    const accepted: PolicyManifest[] = []
    for (const each of manifests) {
      if ((await ask('POST', collectionOf(each), each)).status === 201) accepted.push(each)
    }
    return accepted
  }

  /** Objects of each kind reach the authorizer in the order of their changes, so the last ones are waited for. */
  async function isSeen(): Promise<void> {
    const [user, name] = [`marker-${++markers}`, `marker-${markers}`]
    const rules = [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }]
    const base = { apiVersion: `${RBAC}/v1`, metadata: { name } }
    const inNamespace = { apiVersion: `${RBAC}/v1`, metadata: { name, namespace: 'markers' } }
    const subjects = (kind: string): unknown => [{ kind: 'User', apiGroup: RBAC, name: `${user}-${kind}` }]
    const roleRef = (kind: string): unknown => ({ apiGroup: RBAC, kind, name })
    await post(
      { ...base, kind: 'ClusterRole', rules },
      { ...base, kind: 'ClusterRoleBinding', subjects: subjects('cluster'), roleRef: roleRef('ClusterRole') },
      { ...inNamespace, kind: 'Role', rules },
      { ...inNamespace, kind: 'RoleBinding', subjects: subjects('role'), roleRef: roleRef('Role') },
    )
    const attributes = { verb: 'get', resource: 'pods', namespace: 'markers' }
    for (let waited = 0; waited < PATIENCE_MS; waited += 20) {
      const bodies = await Promise.all(
        ['cluster', 'role'].map(async (kind) => {
          const spec = { user: `${user}-${kind}`, resourceAttributes: attributes }
          return (await ask('POST', '/apis/authorization.k8s.io/v1/subjectaccessreviews', { spec })).body
        }),
      )
      if (bodies.every((body) => /"allowed": ?true/.test(body))) return
      await sleep(20)
    }
    throw new Error('the reference does not see new roles')
  }

  async function inForce(): Promise<RbacMode> {
    const lists = await Promise.all(
      Object.entries(PLURALS).map(async ([kind, plural]) => {
        const { body } = await ask('GET', `${API}/${plural}`)
        const { items } = JSON.parse(body) as { readonly items: readonly PolicyManifest[] }
        return items.map((item) => ({ ...item, apiVersion: `${RBAC}/v1`, kind }))
      }),
    )
    return rbacMode(lists.flat())
  }

  async function createNamespace(name: string): Promise<void> {
    await ask('POST', '/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name } })
  }

  function ask(method: string, target: string, object?: unknown): ReturnType<Reference['ask']> {
    const body = object === undefined ? '' : Buffer.from(JSON.stringify(object)).toString('latin1')
    return reference.ask({ cert: 'admin', method, target, body })
  }
}

function collectionOf({ kind, metadata: { namespace } }: PolicyManifest): string {
  const plural = PLURALS[kind] ?? kind
  return namespace === undefined ? `${API}/${plural}` : `${API}/namespaces/${namespace}/${plural}`
}

function pathOf(manifest: PolicyManifest): string {
  return `${collectionOf(manifest)}/${encodeURIComponent(manifest.metadata.name)}`
}

/** Whatever groups a request claims: a SelfSubjectReview tells who it is of. */
function everyoneMaySeeThemselves(): readonly PolicyManifest[] {
  const base = { apiVersion: `${RBAC}/v1`, metadata: { name: 'differential' } }
  const rules = [
    { apiGroups: ['authentication.k8s.io'], resources: ['selfsubjectreviews'], verbs: ['create'] },
  ]
  const subjects = ['system:authenticated', 'system:unauthenticated'].map((name) => ({
    kind: 'Group',
    apiGroup: RBAC,
    name,
  }))
  const roleRef = { apiGroup: RBAC, kind: 'ClusterRole', name: 'differential' }
  return [
    { ...base, kind: 'ClusterRole', rules },
    {
      ...base,
      kind: 'ClusterRoleBinding',
      subjects: [...subjects, { kind: 'User', apiGroup: RBAC, name: 'system:anonymous' }],
      roleRef,
    },
  ]
}
