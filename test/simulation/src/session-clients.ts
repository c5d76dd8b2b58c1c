import type { Session, SessionContent, SessionKeeper } from '@kube-authn/login'
import { isAuthenticationError } from '@kube-authn/core/internal'
import { CALM_MS, checkOutage } from './object-requests.ts'
import type { Random } from './random.ts'
import type { Process, Replica } from './replica.ts'
import type { SessionChecks, KnownSession } from './session-checks.ts'
import { TIMEOUT_MS } from './store-link.ts'
import type { World } from './world.ts'

/** Who logs in and out. */
interface Client {
  readonly world: World
  readonly checks: SessionChecks
  readonly random: Random
}

const USERS = ['eve', 'fay', 'gus']
/** How many sessions are there at the same time. */
const MOST = 12

/** Users with browsers, which send requests in sessions to any replica. */
export async function runSessions(world: World, checks: SessionChecks, name: string): Promise<never> {
  const random = world.random.fork(name)
  const client = { world, checks, random }
  for (let count = 1; ; count++) {
    await world.pause(random.between(1, 8000))
    const replica = random.pick(world.replicas)
    const known = checks.all()
    const there = known.filter(({ mayBeOver }) => !mayBeOver).length
    const chosen = random.below(100)
    if (known.length === 0 || (there < MOST && chosen < 15))
      await logIn(client, replica, random.pick(USERS), `${name}-${count}`)
    else if (chosen < 84) await useSometimes(client, replica, random.pick(known))
    else if (chosen < 98) await change(client, replica, random.pick(known), chosen < 92 ? refresh : logOut)
    else if (random.chance(0.5))
      await logOutEverywhere(client, replica, random.pick(USERS), `${name}-${count}`)
  }
}

/** Some sessions are used so seldom that only a use makes them last. */
async function useSometimes(client: Client, replica: Replica, known: KnownSession): Promise<void> {
  if (!/[1-3]$/.test(known.id) || client.random.chance(0.06)) await use(client, replica, known)
}

/** A browser has several tabs: some refresh a session while it is changed at another replica. */
async function change(
  client: Client,
  replica: Replica,
  known: KnownSession,
  work: typeof refresh,
): Promise<void> {
  const { random, world } = client
  const others = random.chance(0.5) ? [refresh(client, random.pick(world.replicas), known)] : []
  await Promise.all([work(client, replica, known), ...others])
}

/** A request shares the refresh of one that began before it, during an outage, and got no answer. */
const SHARED_CALM_MS = TIMEOUT_MS + CALM_MS

/** Calls a session keeper. @returns `undefined` if the answer cannot be known, or the process has ended. */
async function ask<T>(
  { world }: Client,
  replica: Replica,
  what: string,
  work: (sessions: SessionKeeper, process: Process) => Promise<T>,
): Promise<{ readonly value: T } | undefined> {
  let beganMs = 0
  const visit = await replica.visit((process) => {
    beganMs = world.time.nowMs
    return work(process.sessions, process)
  })
  const [kind] = what.split(' ', 1)
  const outcome = visit.type === 'failed' ? 'unavailable' : visit.type
  world.count(`session ${kind} ${outcome}`)
  world.tell(`${what} at ${replica.name}: ${outcome}`)
  if (visit.type === 'done') return visit
  if (visit.type === 'lost') return undefined
  const { error } = visit
  if (!isAuthenticationError(error) || error.code !== 'unavailable') {
    world.violated('errors', `${what} failed with ${String(error)}`)
  } else if (!error.message.includes('logged out')) {
    checkOutage(world, beganMs - world.calmSinceMs(replica) >= SHARED_CALM_MS, what)
  }
  return undefined
}

async function logIn(client: Client, replica: Replica, username: string, id: string): Promise<void> {
  const { checks } = client
  const content: SessionContent = {
    provider: 'idp',
    idToken: `${id}.0.signature`,
    refreshToken: `${id}-0`,
    expiresAtMs: client.world.time.nowMs + 3_600_000,
    subject: `subject-of-${username}`,
    username,
  }
  let login: ReturnType<typeof checks.loginBegins> | undefined
  const answer = await ask(client, replica, `log-in ${id} of ${username}`, (sessions) => {
    // A request may have waited for a process that stood still.
    login = checks.loginBegins(username)
    return sessions.begin(content)
  })
  if (login === undefined) return
  if (answer === undefined) {
    checks.loginFailed(login)
    return
  }
  const { session, setCookies } = answer.value
  const [cookie = ''] = setCookies[0]?.split(';', 1) ?? []
  checks.loggedIn(login, { id, username, cookie, session })
}

async function use(client: Client, replica: Replica, known: KnownSession): Promise<void> {
  const { world, checks, random } = client
  const opensFor = random.chance(0.2) ? random.between(10_000, 200_000) : 0
  await ask(client, replica, `use ${known.id}`, async (sessions, process) => {
    const expected = checks.expected(known)
    const session = await sessions.find(known.cookie)
    checks.found(known, expected, session, replica)
    if (session === undefined) return
    if (random.chance(0.5)) await touch(client, sessions, known, session)
    if (opensFor === 0) return
    const connection = { known, process, replica, isOpen: true }
    const leave = (): void => {
      connection.isOpen = false
      stop()
    }
    const cancelLeaving = world.time.after(opensFor, leave, process)
    const stop = sessions.watch(session, () => {
      cancelLeaving()
      checks.closed(connection)
    })
    checks.opened(connection)
  })
}

async function touch(
  { checks }: Client,
  sessions: SessionKeeper,
  known: KnownSession,
  session: Session,
): Promise<void> {
  const recorded = checks.touched(known, session)
  recorded((await sessions.touch(session)).length > 0)
}

/** The provider answers a moment later. */
async function refresh(client: Client, replica: Replica, known: KnownSession): Promise<void> {
  const { world, checks, random } = client
  await ask(client, replica, `refresh ${known.id}`, async (sessions) => {
    const expected = checks.expected(known)
    const session = await sessions.find(known.cookie)
    checks.found(known, expected, session, replica)
    if (session === undefined) return
    const lastsMs = random.between(10, 2000)
    let isRenewedHere = false
    const opened = await sessions.refresh(session, async (content) => {
      const isUsed = known.renewedMs > world.time.nowMs || known.version > session.version
      if (isUsed && isCalmFor(world, TURN_MS)) {
        world.violated('oneWinner', `the refresh token of ${known.id} is used again at ${replica.name}`)
      }
      isRenewedHere = true
      known.renewedMs = world.time.nowMs + lastsMs
      await new Promise<void>((resolve) => void setTimeout(resolve, lastsMs))
      const next = `${known.id}-${session.version + 1}`
      return { ...content, refreshToken: next, expiresAtMs: world.time.nowMs + 3_600_000 }
    })
    if (opened === undefined) return
    // One that shares the refresh of another request may have found the session as that has left it.
    if (opened.session.version < session.version + Number(isRenewedHere)) {
      world.violated('acknowledged', `${known.id} was refreshed at ${replica.name}, and is as it was`)
    }
    checks.refreshed(known, opened.session)
  })
}

/** How long a replica has the turn to refresh a session: longer than anything that began before it can last. */
const TURN_MS = 40_000

function isCalmFor({ time, replicas, calmSinceMs }: World, forMs: number): boolean {
  return replicas.every((each) => time.nowMs - calmSinceMs(each) > forMs)
}

async function logOut(client: Client, replica: Replica, known: KnownSession): Promise<void> {
  const { checks } = client
  const answer = await ask(client, replica, `log-out ${known.id}`, async (sessions) => {
    const expected = checks.expected(known)
    const session = await sessions.find(known.cookie)
    checks.found(known, expected, session, replica)
    if (session === undefined) return
    checks.mayEnd(known)
    await sessions.end(session)
    checks.ended([known])
  })
  if (answer === undefined) checks.mayEnd(known)
}

/** Sometimes while the user logs in at another replica. */
async function logOutEverywhere(
  client: Client,
  replica: Replica,
  username: string,
  id: string,
): Promise<void> {
  const { checks, random, world } = client
  let login: Promise<void> | undefined
  if (random.chance(0.7)) {
    // Where the store is slow, the login takes longest.
    const slow = world.replicas.find(({ faults }) => faults.slowMs > 1000 || faults.lateAnswers > 0)
    login = logIn(client, slow ?? random.pick(world.replicas), username, id)
    await world.pause(random.below(random.pick([20, 12_000])))
  }
  const ending = checks.logoutBegins(username)
  const answer = await ask(client, replica, `log-out-everywhere ${username}`, (sessions) =>
    sessions.endWhere({ username }),
  )
  ending(answer !== undefined)
  await login
}
