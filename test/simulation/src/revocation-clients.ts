import { type Authentication, AuthenticationError } from '@kube-authn/core'
import { untilExpiry } from '@kube-authn/core/connections'
import type { KubeObject } from '@kube-authn/server/internal'
import { storeNow } from '@kube-authn/store/internal'
import { type Credential, type Credentials, SESSION_KEY } from './credentials.ts'
import { ADMIN, resourceNamed, write } from './object-requests.ts'
import type { WriteChecks } from './write-checks.ts'
import type { Random } from './random.ts'
import type { Replica } from './replica.ts'
import type { Connection, Outcome, RevocationChecks, Revoked } from './revocation-checks.ts'
import type { World } from './world.ts'

const revocationsResource = resourceNamed('credentialrevocations')
export const KEYS = '/registry/authentication.kube-authn.dev/credentialrevocations/'

/** Who uses tokens and revokes them. */
export interface RevocationClients {
  readonly world: World
  readonly tokens: Credentials
  readonly writes: WriteChecks
  readonly checks: RevocationChecks
}

/** A client that sends requests with tokens to any replica, and keeps connections open. */
export async function runRequests(
  { world, tokens, checks }: RevocationClients,
  name: string,
): Promise<never> {
  const random = world.random.fork(name)
  for (;;) {
    await world.pause(random.between(1, 2500))
    const replica = random.pick(world.replicas)
    if (tokens.all.length < 8 || random.chance(0.02)) {
      await replica.visit((process) => tokens.issue(process, () => world.time.nowMs))
      continue
    }
    const credential = random.pick(tokens.all)
    const connectsFor = random.chance(0.2) ? random.between(1000, random.pick([20_000, 600_000])) : 0
    await replica.visit(async (process) => {
      const { outcome, accepted } = await outcomeOf(process.authenticator, credential)
      world.count(`request ${outcome}`)
      checks.requested(replica, credential, outcome)
      if (accepted === undefined || connectsFor === 0) return
      const connection: Connection = { credential, process, replica, isOpen: true }
      const left = new AbortController()
      const leave = (): void => {
        connection.isOpen = false
        left.abort()
      }
      const cancelLeaving = world.time.after(connectsFor, leave, process)
      checks.connected(connection)
      // As upgrades, watches and the proxy do.
      const over = untilExpiry(accepted, { signal: left.signal })
      const ended = (): void => {
        cancelLeaving()
        checks.ended(connection)
      }
      if (over.aborted) ended()
      else over.addEventListener('abort', ended, { once: true })
    })
  }
}

async function outcomeOf(
  authenticator: Credentials['authenticator'],
  { token }: Credential,
): Promise<{ readonly outcome: Outcome; readonly accepted?: Authentication }> {
  try {
    const accepted = await authenticator.authenticateToken(token, {})
    if (accepted === undefined) throw new TypeError(`${token} is unknown`)
    return { outcome: 'accepted', accepted }
  } catch (thrown) {
    if (!(thrown instanceof AuthenticationError)) throw thrown
    return { outcome: thrown.code === 'unavailable' ? 'unavailable' : 'revoked' }
  }
}

/** An operator, and an app where users log out, which revoke tokens and take revocations back. */
export async function runOperator(clients: RevocationClients, name: string): Promise<never> {
  const { world, writes, checks, tokens } = clients
  const random = world.random.fork(name)
  const memory = new Map<string, KubeObject>()
  for (let count = 1; ; count++) {
    await world.pause(random.between(5000, 60_000))
    const replica = random.pick(world.replicas)
    const id = `${name}-${count}`
    const standing = checks.all().filter(({ key }) => key !== undefined)
    if (standing.length > 0 && random.chance(0.15)) {
      const { key = '' } = random.pick(standing)
      await write({ world, checks: writes, memory }, replica, { id, verb: 'delete', key }, ({ objects }) =>
        objects.delete({ resource: revocationsResource, namespace: '', name: key.slice(KEYS.length) }),
      )
      continue
    }
    // Some log out as soon as they have logged in.
    if (tokens.all.length === 0 || random.chance(0.2)) {
      await random.pick(world.replicas).visit((process) => tokens.issue(process, () => world.time.nowMs))
      const last = tokens.all.at(-1)
      if (last === undefined) continue
      const endsMs = wholeSeconds(world.time.nowMs + 300_000)
      const issuedBeforeMs = world.time.nowMs
      await logOut(
        clients,
        replica,
        { id, subject: { user: last.user.username }, issuedBeforeMs, endsMs },
        id,
      )
      continue
    }
    const revoked = chosenRevocation(random, random.pick(tokens.all), world.time.nowMs, id)
    if (random.chance(0.3)) await logOut(clients, replica, revoked, id)
    else await revoke(clients, replica, revoked, id, memory)
  }
}

/** Creates an object, as `kubectl create` and `kube-authn revoke` do. The operator's clock is right. */
async function revoke(
  { world, writes, checks }: RevocationClients,
  replica: Replica,
  revoked: Revoked,
  id: string,
  memory: Map<string, KubeObject>,
): Promise<void> {
  const { subject, endsMs } = revoked
  const key = `${KEYS}${id}`
  const object = {
    apiVersion: 'authentication.kube-authn.dev/v1',
    kind: 'CredentialRevocation',
    metadata: { name: id },
    spec: {
      ...specOf(subject),
      ...(revoked.issuedBeforeMs !== undefined && {
        issuedBefore: new Date(revoked.issuedBeforeMs).toISOString(),
      }),
      ...(endsMs !== undefined && { expirationTime: new Date(endsMs).toISOString() }),
      reason: id,
    },
  }
  checks.asked({ ...revoked, key })
  const answer = await write(
    { world, checks: writes, memory },
    replica,
    { id, verb: 'create', key, endsMs },
    (process) => {
      checks.by(id, process)
      return process.objects.create({ resource: revocationsResource, namespace: '' }, object, {
        caller: ADMIN,
      })
    },
  )
  if (answer !== undefined && 'metadata' in answer) checks.acknowledged(id)
}

/** How wrong the time of the store may be in a replica, at most: an answer takes no longer. */
export const WRONG_MS = 10_000

/** What an app does when a user logs out: it knows only the time of its replica. Sessions are found in the store first, whose answer tells the time. */
async function logOut(
  { world, writes, checks, tokens }: RevocationClients,
  replica: Replica,
  { subject, endsMs, issuedBeforeMs }: Revoked,
  id: string,
): Promise<void> {
  const visit = await replica.visit(async (process) => {
    await process.store.revision()
    const nowMs = storeNow(process.store)
    const lastsMs = endsMs === undefined ? undefined : endsMs - world.time.nowMs
    const times = {
      ...(lastsMs !== undefined && { expiresAtMs: nowMs + lastsMs }),
      ...(issuedBeforeMs !== undefined && { issuedBeforeMs: nowMs }),
    }
    // The replica may be as wrong as answers are slow.
    const ends = endsMs === undefined ? {} : { endsMs: endsMs - WRONG_MS }
    checks.asked({
      id,
      subject,
      ...ends,
      issuedBeforeMs: issuedBeforeMs === undefined ? undefined : world.time.nowMs,
      key: undefined,
    })
    checks.by(id, process)
    writes.asked({ id, verb: 'create', key: KEYS, beganAt: world.seen.revision, ...ends })
    await process.revoked.set(id, { ...subject, ...times })
  })
  world.tell(`log out ${JSON.stringify(subject)} as ${id} at ${replica.name}: ${visit.type}`)
  world.count(`log out ${visit.type}`)
  if (visit.type !== 'done') return
  checks.acknowledged(id)
  // Users try whether they are logged out.
  await replica.visit(async ({ authenticator }) => {
    for (const each of tokens.all)
      checks.requested(replica, each, (await outcomeOf(authenticator, each)).outcome)
  })
}

function chosenRevocation(random: Random, credential: Credential, nowMs: number, id: string): Revoked {
  const { user, sha256, session } = credential
  const lastsMs = random.chance(0.8) ? random.between(2, 20) * 60_000 : random.between(35_000, 120_000)
  const subjects: readonly Revoked['subject'][] = [
    { credentialId: credential.id },
    { tokenSha256: sha256 },
    { attribute: { key: SESSION_KEY, value: session } },
    { user: user.username },
    { user: user.username },
  ]
  const subject = random.pick(subjects)
  const isBefore = 'user' in subject && random.chance(0.9)
  const endsMs = wholeSeconds(nowMs + lastsMs)
  return {
    id,
    subject,
    issuedBeforeMs: isBefore ? wholeSeconds(nowMs) : undefined,
    endsMs,
    key: undefined,
  }
}

/** As the API has them: later revokes more. */
function wholeSeconds(timeMs: number): number {
  return Math.ceil(timeMs / 1000) * 1000
}

function specOf(subject: Revoked['subject']): object {
  const { credentialId, tokenSha256, user, attribute } = subject
  return { credentialID: credentialId, tokenSHA256: tokenSha256, user, attribute }
}
