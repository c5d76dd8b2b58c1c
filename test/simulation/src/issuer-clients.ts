import type { Authentication } from '@kube-authn/core'
import { fetchRequest } from '@kube-authn/core/adapter'
import { isAuthenticationError } from '@kube-authn/core/internal'
import type { IssuedToken, IssuerChecks, TokenOutcome } from './issuer-checks.ts'
import { AUDIENCE, ISSUER, type IssuerFault, type IssuerModel } from './issuer-model.ts'
import type { Random } from './random.ts'
import type { Process } from './replica.ts'
import type { World } from './world.ts'

/** Who uses tokens of an issuer. */
export interface IssuerClients {
  readonly world: World
  readonly issuer: IssuerModel
  readonly checks: IssuerChecks
}

/** What an app does with a request that has a bearer token. */
export async function authenticateAt({ app }: Process, token: string): Promise<Authentication | undefined> {
  const headers = new Headers({ authorization: `Bearer ${token}` })
  const request = fetchRequest({ method: 'GET', url: 'https://app.example.com/', headers })
  return app.authenticator.authenticate(request, {})
}

const FAULTS: readonly IssuerFault[] = [
  'refused',
  'silent',
  'slow',
  'error',
  'garbage',
  'other issuer',
  'huge',
  'no keys',
  'old keys',
]

/** What goes wrong with the issuer, for one replica or for all, and calm between. */
export async function runIssuerFaults({ world, checks }: IssuerClients): Promise<never> {
  const random = world.random.fork('issuer faults')
  for (;;) {
    await world.pause(random.between(20_000, random.pick([60_000, 500_000])))
    const fault = random.pick(FAULTS)
    const concerned = random.chance(0.5) ? world.replicas : [random.pick(world.replicas)]
    // An app begins with it as well.
    const isRestarted = random.chance(0.3)
    for (const each of concerned) {
      each.issuerFault = fault
      checks.shaken(each)
      if (isRestarted) world.restart(each)
    }
    world.tell(`issuer: ${fault} for ${concerned.map(({ name }) => name).join()}`)
    world.count(`issuer ${fault}`)
    await world.pause(random.between(1000, random.pick([20_000, 200_000])))
    for (const each of concerned) {
      each.issuerFault = 'none'
      checks.shaken(each)
    }
    world.tell(`issuer: ${fault}: over`)
  }
}

/** An issuer that rotates its keys, more or less carefully. */
export async function runIssuer({ world, issuer }: IssuerClients): Promise<never> {
  const random = world.random.fork('issuer')
  for (;;) {
    await world.pause(random.between(30_000, random.pick([90_000, 700_000, 1_500_000])))
    const how = random.pick(['careful', 'careful', 'at once', 'same name'] as const)
    world.tell(`issuer: a new key, ${how}`)
    issuer.publish(how === 'same name' ? 'same name' : 'new name')
    if (how === 'careful') await world.pause(random.below(30_000))
    issuer.signWithNewest()
    if (how === 'careful') await world.pause(random.between(10_000, 120_000))
    issuer.withdrawOthers()
  }
}

/** How many tokens are used again. */
const MOST = 12
const QUIET_MS = 1_800_000
const KINDS = ['new', 'new', 'new', 'known', 'known', 'known', 'known', 'forged', 'flood'] as const

/** Users with tokens of the issuer, and strangers with forged ones. */
export async function runTokens(clients: IssuerClients, name: string): Promise<never> {
  const { world, issuer } = clients
  const random = world.random.fork(name)
  const known: IssuedToken[] = []
  /** Some are used for long. */
  const kept: IssuedToken[] = []
  for (let count = 1; ; count++) {
    await world.pause(random.between(1, 4000))
    const kind = random.pick(KINDS)
    const made = (isForged: boolean): IssuedToken =>
      issuedToken(world, issuer, random, { id: `${name}-${count}`, isForged })
    // Forged tokens make processes fetch keys: what happens otherwise is seen while there are none.
    const isQuiet = Math.floor(world.time.nowMs / QUIET_MS) % 2 === 1
    if (isQuiet && (kind === 'flood' || kind === 'forged')) continue
    const usable = (random.chance(0.7) ? known : [...kept, ...known]).filter(
      ({ wasRefused }) => !isQuiet || !wasRefused,
    )
    if (kind === 'flood' && random.chance(0.15)) await flood(clients, made(true))
    else if (kind === 'forged') void use(clients, random, made(true))
    else if (kind === 'known' && usable.length > 0) void use(clients, random, random.pick(usable))
    else {
      const token = made(false)
      known.push(token)
      if (random.chance(0.03)) kept.unshift(token)
      kept.splice(4)
      if (known.length > MOST) known.splice(random.below(MOST), 1)
      void use(clients, random, token)
    }
  }
}

function issuedToken(
  { time }: World,
  issuer: IssuerModel,
  random: Random,
  { id, isForged }: { readonly id: string; readonly isForged: boolean },
): IssuedToken {
  const lastsMs = random.chance(0.2) ? random.between(20_000, 300_000) : 36_000_000
  const expiresAtMs = Math.floor((time.nowMs + lastsMs) / 1000) * 1000
  const claims = { iss: ISSUER, aud: AUDIENCE, sub: id, exp: expiresAtMs / 1000 }
  const key = isForged ? issuer.forging : issuer.signing
  // A forged one names a key of the issuer, or one that it does not have.
  const kid = isForged && random.chance(0.5) ? issuer.signing.kid : key.kid
  return {
    id,
    key,
    isForged,
    expiresAtMs,
    token: issuer.token(key, claims, kid),
    wasRefused: false,
    usedAt: new WeakSet(),
  }
}

async function use({ world, checks }: IssuerClients, random: Random, token: IssuedToken): Promise<void> {
  const replica = random.pick(world.replicas)
  await replica.visit(async (process) => {
    const answered = checks.asked(replica, process, token)
    const outcome = await outcomeOf(process, token)
    world.count(`token ${outcome.type}`)
    if (outcome.type === 'refused') token.wasRefused = true
    answered(outcome)
  })
}

async function outcomeOf(process: Process, { token }: IssuedToken): Promise<TokenOutcome> {
  try {
    const found = await authenticateAt(process, token)
    return found === undefined ? { type: 'unknown' } : { type: 'accepted', username: found.user.username }
  } catch (thrown) {
    if (!isAuthenticationError(thrown)) throw thrown
    return { type: thrown.code === 'unavailable' ? 'unavailable' : 'refused', why: thrown.message }
  }
}

/** Many forged tokens of keys that are not known, one after the other. */
async function flood(clients: IssuerClients, forged: IssuedToken): Promise<void> {
  const { world, issuer } = clients
  const random = world.random.fork(forged.id)
  for (let count = 0; count < 60; count++) {
    await world.pause(random.between(50, 300))
    const token = issuer.token(issuer.forging, { iss: ISSUER, sub: forged.id, count })
    void use(clients, random, { ...forged, token })
  }
}
