import type { Session, SessionContent, SessionKeeper } from '@kube-authn/login'
import { isAuthenticationError } from '@kube-authn/core/internal'
import { userInfo } from '@kube-authn/core'
import { type Credential, SESSION_KEY } from './credentials.ts'
import type { Random } from './random.ts'
import { IDLE_MS, type Process, type Replica, SEALED_LIFETIME_MS } from './replica.ts'
import type { Connection, Outcome, Revoked } from './revocation-checks.ts'
import { KEYS, type RevocationClients, WRONG_MS } from './revocation-clients.ts'

/** A session that only a cookie keeps. */
interface Sealed {
  readonly credential: Credential
  /** What the browser sends. */
  cookie: string
  /** It is there until then, unless it is ended, and surely not after `overMs`. */
  surelyUntilMs: number
  overMs: number
  isEnding: boolean
}

interface User {
  readonly username: string
  isLoggedOut: boolean
}

/** A user with browsers, whose sessions are in sealed cookies. */
interface Browsers extends RevocationClients {
  readonly random: Random
  readonly name: string
  readonly known: Sealed[]
  /** The last ones: what revokes all sessions of a user is written once for each. */
  readonly users: User[]
}

const MOST = 8
const AWAKE_MS = 32_000

/** Users whose sessions are in sealed cookies: they log in, use, renew and end them at any replica. A session is a credential that revocations name. */
export async function runSealedSessions(clients: RevocationClients, name: string): Promise<never> {
  const random = clients.world.random.fork(name)
  const browsers: Browsers = { ...clients, random, name, known: [], users: [] }
  const { known, users, world } = browsers
  for (let count = 1; ; count++) {
    await world.pause(random.between(1, 10_000))
    const replica = random.pick(world.replicas)
    const chosen = random.below(100)
    const last = users.at(-1)
    if (last === undefined || (last.isLoggedOut && random.chance(0.1)))
      users.push({ username: `${name}-${count}`, isLoggedOut: false })
    else if (known.length === 0 || (known.length < MOST && chosen < 20))
      await logIn(browsers, replica, last, count)
    else if (chosen < 92) await use(browsers, replica, random.pick(known))
    else if (chosen < 98) await logOut(browsers, replica, random.pick(known))
    else if (!last.isLoggedOut)
      // A machine that wakes up takes what has waited for it.
      await logOutEverywhere(browsers, world.replicas.find(isAsleep(world)) ?? replica, last)
    forget(browsers)
  }
}

function isAsleep({ time }: Browsers['world']): (replica: Replica) => boolean {
  return ({ owner }) => (owner?.stillUntilMs ?? 0) > time.nowMs
}

function forget({ known, world }: Browsers): void {
  const old = known.findIndex(({ overMs }) => overMs < world.time.nowMs - 60_000)
  if (old !== -1) known.splice(old, 1)
}

async function logIn(
  { world, known, name }: Browsers,
  replica: Replica,
  { username }: User,
  count: number,
): Promise<void> {
  const content: SessionContent = {
    provider: 'idp',
    idToken: `${name}-${count}.0.signature`,
    refreshToken: `${count}-0`,
    expiresAtMs: world.time.nowMs + 3_600_000,
    subject: `subject-of-${username}`,
    providerSession: `sid-${name}-${count}`,
    username,
  }
  const beganMs = world.time.nowMs
  const visit = await replica.visit((process) => process.sealed.begin(content))
  world.tell(`sealed session ${name}-${count} of ${username} at ${replica.name}: ${visit.type}`)
  world.count(`sealed log-in ${visit.type}`)
  if (visit.type === 'failed') requireUnavailable(world, visit.error)
  if (visit.type !== 'done') return
  const { session, setCookies } = visit.value
  const credential = {
    token: `${name}-${count}`,
    sha256: 'none',
    id: `SESSION=${session.digest}`,
    session: content.providerSession ?? '',
    user: userInfo({ username }),
    trulyMs: world.time.nowMs,
    issuedAtMs: session.startedAtMs,
  }
  const lasts = timesOf(world, beganMs, beganMs + SEALED_LIFETIME_MS)
  known.push({ credential, cookie: cookieOf(setCookies), isEnding: false, ...lasts })
}

/** How long a session lasts that was begun or used between two moments. */
function timesOf({ time }: Browsers['world'], fromMs: number, endMs: number) {
  return {
    surelyUntilMs: Math.min(fromMs + IDLE_MS, endMs) - WRONG_MS,
    overMs: Math.min(time.nowMs + IDLE_MS, endMs + time.nowMs - fromMs) + WRONG_MS,
  }
}

function cookieOf([cookie = '']: readonly string[]): string {
  return cookie.split(';', 1)[0] ?? ''
}

async function use(browsers: Browsers, replica: Replica, known: Sealed): Promise<void> {
  const { world, random } = browsers
  const opensFor = random.chance(0.2) ? random.between(10_000, 200_000) : 0
  await replica.visit(async (process) => {
    const fromMs = world.time.nowMs
    const session = await find(browsers, process.sealed, replica, known)
    if (session === undefined) return
    if (opensFor > 0) connect(browsers, process, replica, { known, session, opensFor })
    const how = random.below(10)
    if (how > 4) return
    const endMs = known.credential.trulyMs + SEALED_LIFETIME_MS
    const setCookies = await (how === 0
      ? renew(browsers, process.sealed, session)
      : process.sealed.touch(session))
    if (setCookies.length === 0) return
    known.cookie = cookieOf(setCookies)
    Object.assign(known, timesOf(world, fromMs, endMs))
  })
}

/** Asks for the session of a cookie, and compares the answer with what is revoked. */
async function find(
  { world, checks }: Browsers,
  sealed: SessionKeeper,
  replica: Replica,
  { credential, cookie, surelyUntilMs, overMs }: Sealed,
): Promise<Session | undefined> {
  let outcome: Outcome = 'unavailable'
  let session: Session | undefined
  try {
    session = await sealed.find(cookie)
    outcome = session === undefined ? 'revoked' : 'accepted'
  } catch (thrown) {
    requireUnavailable(world, thrown)
  }
  world.count(`sealed session ${outcome}`)
  const { nowMs } = world.time
  if (outcome === 'accepted' && nowMs > overMs)
    world.violated(
      'endedStays',
      `sealed session ${credential.token} is there at ${replica.name}, and is over`,
    )
  // A machine that has slept believes in the time before it until the store has answered, or nothing can be known.
  const isAwake = nowMs - (replica.process?.stillUntilMs ?? nowMs) > AWAKE_MS
  if (outcome !== 'revoked' || (isAwake && nowMs < surelyUntilMs))
    checks.requested(replica, credential, outcome)
  return session
}

function connect(
  { world, checks }: Browsers,
  process: Process,
  replica: Replica,
  {
    known,
    session,
    opensFor,
  }: { readonly known: Sealed; readonly session: Session; readonly opensFor: number },
): void {
  const connection: Connection = { credential: known.credential, process, replica, isOpen: true }
  const leave = (): void => {
    connection.isOpen = false
    stop()
  }
  const cancelLeaving = world.time.after(opensFor, leave, process)
  const stop = process.sealed.watch(session, () => {
    cancelLeaving()
    checks.ended(connection)
  })
  checks.connected(connection)
}

/** The provider answers a moment later. @returns no cookie if the session has ended meanwhile, or that cannot be known. */
async function renew(
  { world, random }: Browsers,
  sealed: SessionKeeper,
  session: Session,
): Promise<readonly string[]> {
  const lastsMs = random.between(10, 2000)
  try {
    const opened = await sealed.refresh(session, async (content) => {
      await new Promise<void>((resolve) => void setTimeout(resolve, lastsMs))
      return { ...content, expiresAtMs: world.time.nowMs + 3_600_000 }
    })
    return opened?.setCookies ?? []
  } catch (thrown) {
    requireUnavailable(world, thrown)
    return []
  }
}

/** Most users log out, some providers say by their own session that they have. */
async function logOut(browsers: Browsers, replica: Replica, known: Sealed): Promise<void> {
  const { credential, isEnding } = known
  if (isEnding) return
  known.isEnding = true
  const { id, session: sid } = credential
  if (browsers.random.chance(0.3)) {
    const selector = { provider: 'idp', providerSession: sid }
    const subject = { attribute: { key: SESSION_KEY, value: sid } }
    await end(browsers, replica, { id: `sessions ${JSON.stringify(selector)}`, subject }, (sealed) =>
      sealed.endWhere(selector),
    )
    return
  }
  const digest = id.slice('SESSION='.length)
  await end(
    browsers,
    replica,
    { id: `session ${digest}`, subject: { credentialId: id } },
    async (sealed, asked) => {
      const session = await find(browsers, sealed, replica, known)
      if (session === undefined) return
      asked()
      await sealed.end(session)
    },
  )
}

async function logOutEverywhere(browsers: Browsers, replica: Replica, user: User): Promise<void> {
  user.isLoggedOut = true
  const { username } = user
  const revoked = { id: `sessions ${JSON.stringify({ username })}`, subject: { user: username } }
  await end(browsers, replica, revoked, (sealed) => sealed.endWhere({ username }))
}

/** Asks for the end of sessions. */
async function end(
  browsers: Browsers,
  replica: Replica,
  { id, subject }: Pick<Revoked, 'id' | 'subject'>,
  work: (sealed: SessionKeeper, asked: () => void) => Promise<unknown>,
): Promise<void> {
  const { world, checks, writes } = browsers
  let isAsked = false
  const visit = await replica.visit((process) => {
    const asked = (): void => {
      isAsked = true
      const { nowMs } = world.time
      const endsMs = nowMs + SEALED_LIFETIME_MS - WRONG_MS
      const before = 'user' in subject ? { issuedBeforeMs: nowMs } : {}
      checks.asked({ id, subject, endsMs, ...before })
      checks.by(id, process)
      writes.asked({ id, verb: 'create', key: KEYS, beganAt: world.seen.revision, endsMs })
    }
    if (!id.startsWith('session ')) asked()
    return work(process.sealed, asked)
  })
  world.tell(`end of ${id} at ${replica.name}: ${visit.type}`)
  world.count(`sealed log-out ${visit.type}`)
  if (visit.type === 'failed') requireUnavailable(world, visit.error)
  if (visit.type !== 'done' || !isAsked) return
  checks.acknowledged(id)
  for (const each of browsers.known)
    await replica.visit(({ sealed }) => find(browsers, sealed, replica, each))
}

function requireUnavailable({ violated }: Browsers['world'], thrown: unknown): void {
  if (isAuthenticationError(thrown) && thrown.code === 'unavailable') return
  violated('errors', `a sealed session failed with ${String(thrown)}`)
}
