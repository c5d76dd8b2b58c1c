import { createHash } from 'node:crypto'
import type { TokenAuthenticator } from '@kube-authn/core'
import { unlessRevoked } from '@kube-authn/core/revocation'
import { cookieSessions, type SessionKeeper, storedSessions } from '@kube-authn/login'
import {
  revocations,
  runControllers,
  storedRbac,
  type StoredRbac,
  type StoredRevocations,
  type StoredServiceAccounts,
  storedServiceAccounts,
} from '@kube-authn/server'
import { allResources, registry, type Registry } from '@kube-authn/server/internal'
import type { ObjectStore } from '@kube-authn/store'
import { type App, beginApp } from './app.ts'
import type { IssuerFault, IssuerModel } from './issuer-model.ts'
import { type MachineClock, machineClock } from './machine-clock.ts'
import { type MachineDisk, machineDisk } from './machine-disk.ts'
import type { Random } from './random.ts'
import { HEALTHY, type LinkFaults, type StoreLink, storeLink } from './store-link.ts'
import type { StoreModel } from './store-model.ts'
import type { Owner, Timeline } from './timeline.ts'

/** A process that serves requests. */
export interface Process extends Owner {
  readonly store: ObjectStore
  readonly link: StoreLink
  readonly objects: Registry
  readonly revoked: StoredRevocations
  readonly rbac: StoredRbac
  readonly accounts: StoredServiceAccounts
  readonly sessions: SessionKeeper
  /** Those in sealed cookies, which end by revocations. */
  readonly sealed: SessionKeeper
  readonly app: App
  /** Whether it believes to run the controllers, and since when it does or does not. */
  readonly election: { isLeading: boolean; sinceMs: number }
  readonly authenticator: TokenAuthenticator
  /** When it began, and since when it serves. */
  readonly startedMs: number
  readonly sinceMs: number
}

/** How a visit of a process ended. `lost`: there was none, or it ended. */
export type Visit<T> =
  | { readonly type: 'done'; readonly value: T }
  | { readonly type: 'failed'; readonly error: unknown }
  | { readonly type: 'lost' }

/** A machine with a process that is started again when it ends. */
export interface Replica {
  readonly name: string
  readonly clock: MachineClock
  readonly disk: MachineDisk
  readonly faults: LinkFaults
  /** What is wrong with the issuer, as it is asked from here. */
  issuerFault: IssuerFault
  /** The process that serves; `undefined` until it does. */
  readonly process: Process | undefined
  /** The process that is there, even if it does not serve yet. */
  readonly owner: Owner | undefined
  readonly link: StoreLink | undefined
  start(): void
  /** The process ends, in the middle of whatever it does. */
  kill(): void
  /** The process stands still. */
  freeze(forMs: number): void
  visit<T>(work: (process: Process) => Promise<T>): Promise<Visit<T>>
}

/** What a replica is made of. */
export interface ReplicaParts {
  readonly name: string
  readonly time: Timeline
  readonly model: StoreModel
  readonly issuer: IssuerModel
  readonly random: Random
  readonly authenticator: TokenAuthenticator
  /** What is wrong with the store as it is used by replicas. Default: nothing. */
  readonly spoil?: ((store: ObjectStore, owner: Owner) => ObjectStore) | undefined
  readonly tell: (line: string) => void
}

/** When a process that could not begin is started again. */
const RETRY_MS = 1000

/** A replica that has not been started. */
export function replica(parts: ReplicaParts): Replica {
  const { name, time, random, tell } = parts
  const clock = machineClock(() => time.nowMs, random)
  const disk = machineDisk(time, random.fork('disk'), clock.wallMs)
  const faults = { ...HEALTHY }
  const visits = new Set<() => void>()
  let started: { readonly owner: Owner; readonly link: StoreLink } | undefined
  let serving: Process | undefined

  const boot = async (owner: Owner, link: StoreLink): Promise<void> => {
    const store = parts.spoil?.(link.store, owner) ?? link.store
    const startedMs = time.nowMs
    try {
      const app = beginApp(owner, parts.issuer, () => made.issuerFault)
      const begun = await begin(store, owner, parts)
      serving = Object.assign(owner, { ...begun, app, store, link, startedMs, sinceMs: time.nowMs })
      tell(`${name} serves`)
    } catch (thrown) {
      // As `kube-authn serve` does, which is started again.
      tell(`${name} ends, since it cannot begin: ${String(thrown)}`)
      kill()
      time.after(RETRY_MS, start)
    }
  }
  const start = (): void => {
    if (started !== undefined) return
    const owner = newOwner(name, clock)
    const link = storeLink({ ...parts, owner, faults })
    started = { owner, link }
    time.after(0, () => void boot(owner, link), owner)
  }
  const kill = (): void => {
    if (started === undefined) return
    started.owner.isOver = true
    started.link.abandon()
    started = undefined
    serving = undefined
    for (const lose of visits) lose()
    visits.clear()
  }
  const made: Replica = {
    name,
    clock,
    disk,
    faults,
    issuerFault: 'none',
    get process() {
      return serving
    },
    get owner() {
      return started?.owner
    },
    get link() {
      return started?.link
    },
    start,
    kill,
    freeze(forMs) {
      if (started === undefined) return
      const { owner } = started
      owner.stillUntilMs = Math.max(owner.stillUntilMs, time.nowMs + forMs)
    },
    visit<T>(work: (process: Process) => Promise<T>): Promise<Visit<T>> {
      const process = serving
      if (process === undefined) return Promise.resolve({ type: 'lost' })
      return new Promise((resolve) => {
        const lose = (): void => resolve({ type: 'lost' })
        const end = (how: Visit<T>): void => {
          visits.delete(lose)
          resolve(how)
        }
        visits.add(lose)
        time.after(
          1,
          () => {
            work(process).then(
              (value) => end({ type: 'done', value }),
              (error: unknown) => end({ type: 'failed', error }),
            )
          },
          process,
        )
      })
    },
  }
  return made
}

function newOwner(name: string, { wallMs, elapsedMs }: MachineClock): Owner {
  return { name, isOver: false, stillUntilMs: 0, planned: 0, wallMs, elapsedMs }
}

/** How long a session lasts without being used. */
export const IDLE_MS = 900_000
/** How long a session in a sealed cookie lasts, however much it is used. */
export const SEALED_LIFETIME_MS = 1_500_000
const SEALED_KEY = createHash('sha256').update('a key').digest('base64')

/** What `kube-authn serve` and an app with a login do before they serve, as far as it is simulated. */
async function begin(
  store: ObjectStore,
  { name }: Owner,
  { random, authenticator, time, tell }: ReplicaParts,
) {
  const chance = (): number => random.below(1e6) / 1e6
  // The store tells the time.
  await store.revision()
  const [revoked, rbac, accounts] = await Promise.all([
    revocations({ store }),
    storedRbac({ store }),
    storedServiceAccounts({ store }),
  ])
  const learners = [revoked, rbac, accounts]
  const objects = registry({ store, resources: allResources, learners, random: chance })
  await objects.createSystemNamespaces()
  const sessions = storedSessions({ store, idleTimeoutSeconds: IDLE_MS / 1000, maxSessionsPerUser: 100 })
  const sealed = cookieSessions({
    keys: [SEALED_KEY],
    ended: revoked,
    idleTimeoutSeconds: IDLE_MS / 1000,
    expirationSeconds: SEALED_LIFETIME_MS / 1000,
  })
  const election = { isLeading: false, sinceMs: time.nowMs }
  runControllers({
    store,
    controllers: ['serviceaccount-controller'],
    leaderElection: { identity: `${name} ${time.nowMs}` },
    observer(event) {
      if (event.type !== 'leaderElection') return
      const isLeading = event.status === 'leading'
      if (isLeading !== election.isLeading) Object.assign(election, { isLeading, sinceMs: time.nowMs })
      tell(`${name} is ${event.status}`)
    },
  })
  const restricted = unlessRevoked(revoked, authenticator)
  return { objects, revoked, rbac, accounts, sessions, sealed, election, authenticator: restricted }
}
