import type { KubernetesVersion } from '@kube-authn/core'
import { type Authorizer, parseRbac, rbac, type RbacAuthorizer } from '@kube-authn/core/authorization'
import { createAuthorizer } from '@kube-authn/node'
import { RECORDED } from '../live-area.ts'
import type { Recordings } from '../recordings.ts'

/** A manifest as sent. */
export interface Manifest {
  readonly kind: string
  readonly metadata: { readonly name: string }
  readonly [field: string]: unknown
}

/** Manifests that were in force together. */
export interface RecordedPolicy {
  readonly id: string
  readonly objects: readonly Manifest[]
}

export interface RbacMode {
  readonly authorizer: Authorizer
  readonly roles: RbacAuthorizer
}

/** `--authorization-mode=RBAC`: the group `system:masters`, then roles and bindings. */
export function rbacMode(
  objects: readonly Manifest[],
  kubernetesVersion: KubernetesVersion = RECORDED,
): RbacMode {
  const roles = rbac(parseRbac(JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects })))
  return { authorizer: createAuthorizer({ rbac: roles, kubernetesVersion }), roles }
}

/** The default roles and bindings of every server. */
export function bootstrapPolicy(recordings: Recordings): readonly Manifest[] {
  return recordings.json('authz/recorded/bootstrap-rbac.json') as readonly Manifest[]
}

/** The authorizers of recorded policies, each created once. */
export function rbacModes(
  recordings: Recordings,
  file: string,
  release?: KubernetesVersion,
): (id: string) => RbacMode {
  const bootstrap = bootstrapPolicy(recordings)
  const policies = new Map(
    (recordings.lines(file) as readonly RecordedPolicy[]).map((policy) => [policy.id, policy]),
  )
  const made = new Map<string, RbacMode>()
  return (id) => {
    const mode = made.get(id) ?? rbacMode([...bootstrap, ...(policies.get(id)?.objects ?? [])], release)
    made.set(id, mode)
    return mode
  }
}
