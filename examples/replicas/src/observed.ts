import { type Api, at } from './api.ts'
import type { ApiServer } from './api-servers.ts'
import type { Kept } from './keep-running.ts'

/** What the page shows. */
export interface Observed {
  readonly programs: readonly {
    readonly name: string
    readonly pid: number | undefined
    readonly restarts: number
  }[]
  readonly replicas: readonly Replica[]
  /** Who runs the controllers; `undefined` if it cannot be read. */
  readonly lease:
    | { readonly holder: string; readonly transitions: number; readonly renewed: string }
    | undefined
  readonly revocations: readonly {
    readonly name: string
    readonly by: string
    readonly reason: string
    readonly ends: string
  }[]
}

interface Replica {
  readonly name: string
  readonly isReady: boolean
  /** The last revision that it knows. */
  readonly revision: string
  /** Whether it runs the controllers, by its metrics. */
  readonly leads: boolean
}

const LEASE = '/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/kube-authn-controllers'
const REVOCATIONS = '/apis/authentication.kube-authn.dev/v1/credentialrevocations'

/** Asks each replica, and one of them for what all of them share. */
export async function observe(
  programs: readonly Kept[],
  servers: readonly ApiServer[],
  shared: Api,
): Promise<Observed> {
  const [replicas, lease, revocations] = await Promise.all([
    Promise.all(servers.map((each) => replicaOf(each))),
    shared.call('GET', LEASE).catch(() => undefined),
    shared.call('GET', REVOCATIONS).catch(() => undefined),
  ])
  const items = at(revocations, 'items')
  return {
    programs: programs.map(({ name, pid, restarts }) => ({ name, pid: pid(), restarts: restarts() })),
    replicas,
    lease:
      lease === undefined
        ? undefined
        : {
            holder: text(lease, 'spec', 'holderIdentity'),
            transitions: Number(at(lease, 'spec', 'leaseTransitions') ?? 0),
            renewed: text(lease, 'spec', 'renewTime'),
          },
    revocations: (Array.isArray(items) ? items : []).map((each: unknown) => ({
      name: text(each, 'metadata', 'name'),
      by: text(each, 'spec', 'revokedBy'),
      reason: text(each, 'spec', 'reason'),
      ends: text(each, 'spec', 'expirationTime'),
    })),
  }
}

async function replicaOf({ name, api }: ApiServer): Promise<Replica> {
  const [ready, metrics, list] = await Promise.all([
    api.status('/readyz'),
    api.text('/metrics'),
    api.call('GET', '/api/v1/namespaces?limit=1').catch(() => undefined),
  ])
  return {
    name,
    isReady: ready === 200,
    revision: text(list, 'metadata', 'resourceVersion'),
    leads: /^leader_election_master_status\{[^}]*\} 1$/m.test(metrics),
  }
}

function text(value: unknown, ...path: readonly string[]): string {
  const found = at(value, ...path)
  return typeof found === 'string' ? found : ''
}
