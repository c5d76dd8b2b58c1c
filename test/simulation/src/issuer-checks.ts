import { type Delivery, FRESH_MS, type IssuerKey, type IssuerModel } from './issuer-model.ts'
import type { Process, Replica } from './replica.ts'
import type { World } from './world.ts'

/** A token that says to be of the issuer. */
export interface IssuedToken {
  readonly id: string
  readonly token: string
  readonly key: IssuerKey
  readonly isForged: boolean
  readonly expiresAtMs: number
  /** Whether a process has refused it. */
  wasRefused: boolean
  /** The processes that may remember it. */
  readonly usedAt: WeakSet<Process>
}

/** What a request with it was answered with. */
export type TokenOutcome =
  | { readonly type: 'accepted'; readonly username: string }
  | { readonly type: 'refused' | 'unavailable'; readonly why: string }
  | { readonly type: 'unknown' }

/** Compares what processes decide with what the issuer has published. */
export interface IssuerChecks {
  /** A fault of the issuer begins or ends. */
  shaken(replica: Replica): void
  /** A token is used. Returns a function that is told the answer. */
  asked(replica: Replica, process: Process, token: IssuedToken): (outcome: TokenOutcome) => void
  /** Whether all requests are answered in time. */
  check(): void
  /** What requests that are not answered yet may plan. */
  openAt(process: Process): number
}

/** A request that is not answered yet. */
interface Asked {
  readonly replica: Replica
  readonly process: Process
  readonly token: IssuedToken
  readonly beganMs: number
  readonly beganWallMs: number
}

/** A user is remembered for ten seconds, and again as long if the clock is set back meanwhile. */
const CACHE_MS = 20_000 + 50
/** How long a fetch takes at most, with its turn. */
const FETCH_MS = 16_000
/** How long after an outage there may be no answer: discovery is tried every ten seconds, and an attempt takes ten. */
const HEALED_MS = 30_000
/** A lookup ends after 30 seconds. */
const LONGEST_MS = 31_000
const MOST_FETCHES = 40
const MOST_BYTES = 1_200_000

/** Nothing was asked. */
export function issuerChecks(world: World, issuer: IssuerModel): IssuerChecks {
  const { time, violated } = world
  const shakenMs = new Map<Replica, number>()
  const open = new Set<Asked>()
  const calmSinceMs = (replica: Replica): number =>
    replica.issuerFault === 'none'
      ? Math.max(shakenMs.get(replica) ?? 0, world.calmSinceMs(replica), replica.clock.steadySinceMs())
      : Infinity
  const answers = answerChecks(world, issuer, calmSinceMs)
  return {
    shaken: (replica) => void shakenMs.set(replica, time.nowMs),
    asked(replica, process, token) {
      const asked = { replica, process, token, beganMs: time.nowMs, beganWallMs: replica.clock.wallMs() }
      open.add(asked)
      return (outcome) => {
        open.delete(asked)
        answers.check(asked, outcome)
      }
    },
    check() {
      for (const asked of open) {
        const { process, replica, token, beganMs } = asked
        if (process.isOver) open.delete(asked)
        else if (time.nowMs - Math.max(beganMs, process.stillUntilMs) > LONGEST_MS)
          violated('outagesEnd', `${token.id} has no answer at ${replica.name} after ${LONGEST_MS} ms`)
      }
      for (const { process, name } of world.replicas) {
        const fetches = process === undefined ? 0 : issuer.asked(process)
        if (fetches > MOST_FETCHES)
          violated('bounded', `${name} has asked the issuer ${fetches} times in a minute`)
      }
      if (issuer.longestRead > MOST_BYTES)
        violated('bounded', `${issuer.longestRead} bytes of an answer were read`)
    },
    openAt: (process) => 3 * [...open].filter((each) => each.process === process).length,
  }
}

function answerChecks(world: World, issuer: IssuerModel, calmSinceMs: (replica: Replica) => number) {
  const { time, violated } = world
  /** When each process last verified a token that it could not remember: then it fetches keys that are not fresh. */
  const verified = new WeakMap<Process, number[]>()

  const mayBeExpired = ({ replica, token, beganWallMs }: Asked): boolean =>
    Math.max(beganWallMs, replica.clock.wallMs()) >= token.expiresAtMs
  /** Whether a set of keys that counts, or did until a moment ago, has the key. */
  const mayCount = ({ replica, process, token, beganMs }: Asked): boolean => {
    const all = issuer.deliveries(process)
    // Where the clock hardly goes on, a user is remembered for longer.
    const steadyMs = replica.clock.steadySinceMs()
    return all.some(({ keys }, index) => {
      const goneMs = Math.max(steadyMs, all[index + 1]?.atMs ?? Infinity)
      return keys.includes(token.key) && goneMs > beganMs - CACHE_MS - FETCH_MS
    })
  }
  /** Whether newer keys must have been read by now. */
  const isOverdue = ({ replica, process, token }: Asked): boolean => {
    const last = issuer.deliveries(process).at(-1)
    const { clock } = replica
    const freshMs = clock.jumpedMs() > (last?.atMs ?? 0) ? 2 * FRESH_MS : FRESH_MS
    const dueMs = Math.max(last?.atMs ?? 0, process.sinceMs, clock.steadySinceMs()) + 1.02 * freshMs
    const sinceMs = Math.max(dueMs, calmSinceMs(replica), process.stillUntilMs)
    const found = (verified.get(process) ?? []).find((atMs) => atMs > sinceMs)
    return (
      token.key.withdrawnMs < time.nowMs - FRESH_MS &&
      found !== undefined &&
      found < time.nowMs - CACHE_MS - FETCH_MS
    )
  }
  const accepted = (asked: Asked, username: string): void => {
    const { token, replica, process, beganWallMs } = asked
    const what = `${token.id} was accepted at ${replica.name}`
    if (token.isForged) violated('keys', `${what}, and is forged`)
    if (username !== token.id) violated('keys', `${what} as ${username}`)
    if (Math.min(beganWallMs, replica.clock.wallMs()) > token.expiresAtMs + 1000)
      violated('keys', `${what}, and has expired`)
    if (!mayCount(asked)) violated('keys', `${what}, whose key ${token.key.kid} it does not have`)
    if (isOverdue(asked)) violated('keys', `${what}, whose key was withdrawn`)
    if (!token.usedAt.has(process)) {
      verified.set(process, [...(verified.get(process) ?? []).slice(-200), time.nowMs])
      token.usedAt.add(process)
    }
  }
  const refused = (asked: Asked, why: string): void => {
    const { token, replica, process, beganMs } = asked
    if (token.isForged || mayBeExpired(asked) || token.key.withdrawnMs < time.nowMs) return
    const lied = issuer.deliveries(process).some((each) => isLieDuring(each, beganMs))
    // Keys of the same name are not fetched at once.
    const isNew =
      Math.max(token.key.publishedMs, process.sinceMs, calmSinceMs(replica)) > time.nowMs - HEALED_MS
    if (!lied && !(isNew && isRenamed(issuer, process, token)))
      violated('errors', `${token.id} was refused at ${replica.name}: ${why}`)
  }
  return {
    check(asked: Asked, outcome: TokenOutcome): void {
      const { token, replica, process } = asked
      const calmMs = time.nowMs - Math.max(calmSinceMs(replica), process.sinceMs)
      if (outcome.type === 'accepted') accepted(asked, outcome.username)
      else if (outcome.type === 'refused') refused(asked, outcome.why)
      else if (outcome.type === 'unknown') violated('errors', `${token.id} is unknown at ${replica.name}`)
      else if (calmMs > HEALED_MS)
        violated('outagesEnd', `${token.id} cannot be checked at ${replica.name}: ${outcome.why}`)
    },
  }
}

function isLieDuring({ isLie, atMs }: Delivery, beganMs: number): boolean {
  return isLie && atMs >= beganMs - FETCH_MS
}

/** Whether a process has another key of that name. */
function isRenamed(issuer: IssuerModel, process: Process, { key }: IssuedToken): boolean {
  return issuer
    .deliveries(process)
    .some(({ keys }) => keys.some((each) => each.kid === key.kid && each !== key))
}
