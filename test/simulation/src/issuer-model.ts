import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import type { GetFetch } from '@kube-authn/core/oidc'
import type { Random } from './random.ts'
import type { Owner, Timeline } from './timeline.ts'

export const ISSUER = 'https://issuer.example.com'
export const AUDIENCE = 'app'
const OTHER_ISSUER = 'https://other.example.com'
/** How long an issuer says that its keys are fresh. */
export const FRESH_MS = 300_000

/** A key that signs tokens. */
export interface IssuerKey {
  readonly kid: string
  readonly privateKey: KeyObject
  readonly jwk: object
  publishedMs: number
  withdrawnMs: number
}

/** What an issuer does that it should not, to one replica. */
export type IssuerFault =
  | 'none'
  | 'refused'
  | 'silent'
  | 'slow'
  | 'error'
  | 'garbage'
  | 'other issuer'
  | 'huge'
  | 'no keys'
  | 'old keys'

/** A set of keys that a process has read to its end. */
export interface Delivery {
  readonly atMs: number
  readonly askedMs: number
  readonly keys: readonly IssuerKey[]
  /** Whether these were not the keys of the issuer. */
  readonly isLie: boolean
}

/** An issuer, and what each process has read from it. */
export interface IssuerModel {
  /** The key that signs now, and one that the issuer has never published. */
  readonly signing: IssuerKey
  readonly forging: IssuerKey
  /** A key that is signed with from now on, once it is published. */
  publish(how: 'new name' | 'same name'): void
  signWithNewest(): void
  withdrawOthers(): void
  /** @param kid that of the key unless it lies. */
  token(key: IssuerKey, claims: object, kid?: string): string
  deliveries(owner: Owner): readonly Delivery[]
  /** How many requests a process has made in the last minute. */
  asked(owner: Owner): number
  /** How much it has read of one answer at most. */
  readonly longestRead: number
  /** How a process asks it. */
  fetchFor(owner: Owner, fault: () => IssuerFault): GetFetch
}

/** As it is read. */
interface Answer {
  readonly status: number
  readonly text: string
  readonly keys?: Pick<Delivery, 'keys' | 'isLie'>
}

const MEGABYTE = 1_048_576
const CHUNK = new Uint8Array(65_536)
const SLOWEST_MS = 15_000

/** An issuer with one key. */
export function issuerModel(time: Timeline, random: Random): IssuerModel {
  const { newKey, forging } = keyMaker(time)
  let keys = [newKey()]
  let withdrawn: readonly IssuerKey[] = []
  let signing = keys[0] as IssuerKey
  let longestRead = 0
  const read = new WeakMap<Owner, Delivery[]>()
  const asked = new WeakMap<Owner, number[]>()

  const answerOf = (url: string, fault: IssuerFault): Answer => {
    if (fault === 'error') return { status: random.pick([500, 503, 404, 302]), text: '{"keys":[]}' }
    if (fault === 'garbage') return { status: 200, text: random.pick(['<html>', '', '[]', '{"keys":{}}']) }
    if (url === `${ISSUER}/.well-known/openid-configuration`) {
      const issuer = fault === 'other issuer' ? OTHER_ISSUER : ISSUER
      return { status: 200, text: JSON.stringify({ issuer, jwks_uri: `${issuer}/keys` }) }
    }
    const isOther = url !== `${ISSUER}/keys`
    const lie =
      fault === 'no keys' ? [] : fault === 'old keys' ? withdrawn.slice(-1) : isOther ? [forging] : undefined
    const shown = lie ?? keys
    const text = JSON.stringify({ keys: shown.map(({ jwk }) => jwk) })
    return { status: 200, text, keys: { keys: shown, isLie: lie !== undefined } }
  }
  const bodyOf = (owner: Owner, { text, keys: sent }: Answer, isHuge: boolean, signal: AbortSignal) => {
    const askedMs = time.nowMs
    const chunks = [new TextEncoder().encode(text)]
    let length = 0
    const next = (): Uint8Array | undefined => (isHuge && length < 4 * MEGABYTE ? CHUNK : chunks.shift())
    return {
      getReader: () => ({
        read() {
          const value = next()
          length += value?.length ?? 0
          longestRead = Math.max(longestRead, length)
          if (value !== undefined) return Promise.resolve({ done: false, value })
          if (sent !== undefined && !isHuge && !signal.aborted)
            read.set(owner, [...(read.get(owner) ?? []).slice(-20), { atMs: time.nowMs, askedMs, ...sent }])
          return Promise.resolve({ done: true })
        },
        cancel: () => Promise.resolve(),
      }),
    }
  }
  const since = (owner: Owner): number[] =>
    (asked.get(owner) ?? []).filter((atMs) => atMs > time.nowMs - 60_000)
  return {
    get signing() {
      return signing
    },
    forging,
    get longestRead() {
      return longestRead
    },
    publish(how) {
      const key = newKey(how === 'same name' ? signing.kid : undefined)
      if (how === 'same name') {
        signing.withdrawnMs = time.nowMs
        withdrawn = [...withdrawn, signing].slice(-4)
        keys = keys.filter((each) => each !== signing)
        signing = key
      }
      keys = [...keys, key]
    },
    signWithNewest() {
      signing = keys.at(-1) as IssuerKey
    },
    withdrawOthers() {
      for (const each of keys) if (each !== signing) each.withdrawnMs = time.nowMs
      withdrawn = [...withdrawn, ...keys.filter((each) => each !== signing)].slice(-4)
      keys = [signing]
    },
    token: tokenOf,
    deliveries: (owner) => read.get(owner) ?? [],
    asked: (owner) => since(owner).length,
    fetchFor:
      (owner, faultNow) =>
      (url, { signal }) =>
        new Promise((resolve, reject) => {
          const fault = faultNow()
          asked.set(owner, [...since(owner), time.nowMs])
          signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true })
          const refuse = (): void => reject(new TypeError('fetch failed'))
          if (fault === 'refused') time.after(1, refuse, owner)
          if (fault === 'refused' || fault === 'silent') return
          const answer = (): void => {
            const sent = answerOf(url, fault)
            const headers = { get: (name: string) => (name === 'cache-control' ? 'max-age=60' : null) }
            resolve({ status: sent.status, headers, body: bodyOf(owner, sent, fault === 'huge', signal) })
          }
          time.after(random.between(5, 60) + (fault === 'slow' ? random.below(SLOWEST_MS) : 0), answer, owner)
        }),
  }
}

/** Keys differ in each run, but nothing depends on which they are. */
function keyMaker(time: Timeline) {
  let count = 0
  const newKey = (kid = `key-${++count}`): IssuerKey => {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const jwk = { ...publicKey.export({ format: 'jwk' }), kid }
    return { kid, privateKey, jwk, publishedMs: time.nowMs, withdrawnMs: Infinity }
  }
  return { newKey, forging: newKey('forged') }
}

function tokenOf({ kid: own, privateKey }: IssuerKey, claims: object, kid: string = own): string {
  const part = (object: object): string => Buffer.from(JSON.stringify(object)).toString('base64url')
  const content = `${part({ alg: 'ES256', kid })}.${part(claims)}`
  const signature = sign('sha256', Buffer.from(content), { key: privateKey, dsaEncoding: 'ieee-p1363' })
  return `${content}.${signature.toString('base64url')}`
}
