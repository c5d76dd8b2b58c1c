import type { Revocation } from '@kube-authn/core/revocation'
import type { StoreChange } from '@kube-authn/store'
import type { Credential } from './credentials.ts'
import type { Process, Replica } from './replica.ts'
import type { World } from './world.ts'

/** A revocation that was asked for. */
export interface Revoked {
  readonly id: string
  readonly subject: Pick<Revocation, 'credentialId' | 'tokenSha256' | 'user' | 'attribute'>
  /** Only tokens that were issued before it, by the true time. */
  readonly issuedBeforeMs?: number | undefined
  /** It counts until then, at least. */
  readonly endsMs?: number | undefined
  /** Its key, if it is known. */
  readonly key?: string | undefined
}

interface Known extends Revoked {
  process?: Process
  isAcknowledged: boolean
  /** When it was written, and when it was deleted. */
  writtenMs: number
  deletedMs: number
}

/** A connection that was opened with a token. */
export interface Connection {
  readonly credential: Credential
  readonly process: Process
  readonly replica: Replica
  isOpen: boolean
}

/** What a request was answered with. */
export type Outcome = 'accepted' | 'revoked' | 'unavailable'

/** Compares what replicas decide with what is revoked. */
export interface RevocationChecks {
  asked(revoked: Revoked): void
  /** Which process was asked. */
  by(id: string, process: Process): void
  acknowledged(id: string): void
  /** The store has changed. */
  changed(change: StoreChange): void
  requested(replica: Replica, credential: Credential, outcome: Outcome): void
  connected(connection: Connection): void
  ended(connection: Connection): void
  /** Whether connections have ended that should have. */
  check(): void
  all(): readonly Revoked[]
  connectionsOf(process: Process): number
}

/** How long what is revoked elsewhere may be accepted: `maxStalenessSeconds`, by a monotonic time that is a little wrong. */
const BOUND_MS = 30_000 + 50
/** Open connections end within a second more. */
const NOTICED_MS = 1000 + 100
/** What is issued within this time after `issuedBefore` is refused too (`clockSkewSeconds`), with the errors of two clocks and the rounding to seconds. */
const SKEW_MS = 10_000
const CLOCKS_MS = 4000
/** How long after its end a revocation may be there: longer than a disk is full, or the store away. */
const LATE_MS = 120_000
/** How long a revocation is remembered that has ended. */
const KEPT_MS = 3_600_000
/** How long after an outage, or after the clock was set, requests may be unavailable. */
const HEALED_MS = 25_000

const KEYS = '/registry/authentication.kube-authn.dev/credentialrevocations/'

/** Nothing is revoked. */
export function revocationChecks(world: World): RevocationChecks {
  const { time, violated } = world
  const truth = revokedTruth(time)
  const answers = answerChecks(world, truth)
  const connections = new Set<Connection>()
  return {
    asked: truth.add,
    by(id, process) {
      const known = truth.find(id)
      if (known !== undefined) known.process = process
    },
    acknowledged(id) {
      const known = truth.find(id)
      if (known === undefined) return
      known.isAcknowledged = true
      const isOver = (known.endsMs ?? Infinity) <= time.nowMs
      if (known.writtenMs === Infinity && !isOver)
        violated('acknowledged', `${id} was acknowledged, and not written`)
    },
    changed({ key, type, value }) {
      if (!key.startsWith(KEYS)) return
      const { spec } = JSON.parse(value) as { readonly spec?: { readonly reason?: string } }
      const known = truth.find(spec?.reason ?? '')
      if (known === undefined) return
      if (type === 'created') Object.assign(known, { key, writtenMs: time.nowMs })
      if (type === 'deleted') known.deletedMs = time.nowMs
    },
    requested(replica, credential, outcome) {
      const { process } = replica
      if (process !== undefined) answers[outcome](replica, credential, process)
    },
    connected: (connection) => void connections.add(connection),
    ended(connection) {
      connection.isOpen = false
      connections.delete(connection)
      const { credential, replica } = connection
      world.count('connection ended')
      if (truth.mayBeRefused(credential) || time.nowMs - world.calmSinceMs(replica) < HEALED_MS) return
      violated('errors', `a connection of ${credential.token} ended at ${replica.name}, which is not revoked`)
    },
    check() {
      for (const connection of connections) {
        const { credential, process, replica, isOpen } = connection
        if (!isOpen || process.isOver) connections.delete(connection)
        // What stands still ends nothing.
        if (!isOpen || process.isOver || process.stillUntilMs + BOUND_MS >= time.nowMs) continue
        const missed = truth.overdue(credential, process, BOUND_MS + NOTICED_MS)
        const what = `a connection of ${credential.token} is open at ${replica.name}`
        if (missed !== undefined) violated('revokedIsRefused', `${what}, and ${missed.id} revokes it`)
      }
    },
    all: truth.standing,
    connectionsOf: (process) => [...connections].filter((each) => each.process === process).length,
  }
}

type Answers = Readonly<Record<Outcome, (replica: Replica, credential: Credential, process: Process) => void>>

/** Checks the answers to requests. */
function answerChecks(world: World, truth: ReturnType<typeof revokedTruth>): Answers {
  const { time, violated } = world
  /** By process and token: the revocations of which one refused it. */
  const refusals = new WeakMap<Process, Map<string, readonly Known[]>>()
  return {
    accepted(replica, credential, process) {
      const missed = truth.overdue(credential, process, BOUND_MS)
      const what = `${credential.token} was accepted at ${replica.name}`
      if (missed !== undefined) {
        const afterMs = time.nowMs - missed.writtenMs
        violated('revokedIsRefused', `${what}, ${afterMs} ms after ${missed.id} was written`)
      }
      const known = refusals.get(process)?.get(credential.token) ?? []
      const [first] = known
      if (first !== undefined && known.every(truth.isStanding)) {
        violated('revokedStays', `${what}, which has refused it for ${first.id}`)
      }
      refusals.get(process)?.delete(credential.token)
    },
    revoked({ name }, credential, process) {
      if (!truth.mayBeRefused(credential)) {
        violated('errors', `${credential.token} was refused as revoked at ${name}, and is not`)
      }
      const ofProcess = refusals.get(process) ?? new Map<string, readonly Known[]>()
      refusals.set(process, ofProcess)
      // Otherwise it may be refused for one that ended, which this copy does not know yet.
      const reasons = truth.reasons(credential)
      if (reasons !== undefined) ofProcess.set(credential.token, reasons)
    },
    unavailable(replica, { token }, { sinceMs }) {
      if (time.nowMs - Math.max(world.calmSinceMs(replica), sinceMs) <= HEALED_MS) return
      violated('outagesEnd', `${token} cannot be checked at ${replica.name}, and nothing is wrong`)
    },
  }
}

/** What is revoked. */
function revokedTruth(time: World['time']) {
  const all = new Map<string, Known>()
  /** What is over may not be deleted yet, as on a full disk. */
  const isStanding = ({ writtenMs, deletedMs, endsMs = Infinity }: Known): boolean =>
    writtenMs <= time.nowMs && Math.min(deletedMs, endsMs) > time.nowMs
  const isKnown = ({ writtenMs, deletedMs, endsMs = Infinity }: Known): boolean =>
    writtenMs <= time.nowMs && Math.min(deletedMs, endsMs + LATE_MS) > time.nowMs - BOUND_MS
  /** Those that surely concern a token, or may do so. */
  const concerning = (credential: Credential, isSure: boolean): readonly Known[] =>
    [...all.values()].filter((each) => isSubject(each, credential) && isBefore(each, credential, isSure))
  return {
    isStanding,
    find: (id: string): Known | undefined => all.get(id),
    standing: (): readonly Revoked[] => [...all.values()].filter(isStanding),
    add(revoked: Revoked): void {
      for (const [id, { deletedMs }] of all) if (deletedMs < time.nowMs - KEPT_MS) all.delete(id)
      all.set(revoked.id, { ...revoked, isAcknowledged: false, writtenMs: Infinity, deletedMs: Infinity })
    },
    /** Why a process must refuse a token by now: it has written that itself, has read it when it began, or the bound is over. */
    overdue: (credential: Credential, process: Process, boundMs: number): Known | undefined =>
      concerning(credential, true).find(
        (each) =>
          isStanding(each) &&
          (each.writtenMs < Math.max(time.nowMs - boundMs, process.startedMs) ||
            (each.isAcknowledged && each.process === process)),
      ),
    /** Whether a token is revoked, or may be so for a copy that is behind. */
    mayBeRefused: (credential: Credential): boolean => concerning(credential, false).some(isKnown),
    /** Why a token was refused; `undefined` if it cannot be told. */
    reasons(credential: Credential): readonly Known[] | undefined {
      const sure = concerning(credential, true).filter(isStanding)
      return concerning(credential, false).every((each) => sure.includes(each) || !isKnown(each))
        ? sure
        : undefined
    },
  }
}

function isSubject({ subject }: Revoked, { id, sha256, session, user }: Credential): boolean {
  const { credentialId, tokenSha256, user: username, attribute } = subject
  return (
    credentialId === id ||
    tokenSha256 === sha256 ||
    username === user.username ||
    attribute?.value === session
  )
}

/** Whether a token was issued before, as far as that can be told. */
function isBefore({ issuedBeforeMs }: Revoked, { trulyMs }: Credential, isSure: boolean): boolean {
  if (issuedBeforeMs === undefined) return true
  return isSure ? trulyMs <= issuedBeforeMs : trulyMs < issuedBeforeMs + SKEW_MS + CLOCKS_MS
}
