import { CompactSign, exportJWK, generateKeyPair, type JWK } from 'jose'
import type { IssuerAlgorithm, IssuerKey, RotateOptions, SignOptions } from './issuer.ts'

export interface KeyRing {
  /** Oldest first. */
  readonly keys: readonly IssuerKey[]
  publicKeys(): Promise<{ readonly keys: readonly JWK[] }>
  /** Without duplicates, in the order of the keys. */
  publishedAlgorithms(): readonly string[]
  publish(kid: string, isPublished: boolean): void
  rotate(options?: RotateOptions): Promise<IssuerKey>
  sign(payload: object, options: Omit<SignOptions, 'expirationSeconds'>): Promise<string>
}

/** Creates a key for each algorithm. The first one signs. */
export async function keyRing(algorithms: readonly IssuerAlgorithm[]): Promise<KeyRing> {
  const keys: MutableKey[] = []
  const add = async (alg: IssuerAlgorithm, isPublished: boolean): Promise<MutableKey> => {
    const pair = await generateKeyPair(alg)
    const key = { kid: `key-${keys.length + 1}`, alg, ...pair, isPublished }
    keys.push(key)
    return key
  }
  for (const alg of algorithms) await add(alg, true)
  let current = keys[0]

  const signingKey = ({ kid, alg }: SignOptions): IssuerKey => {
    if (kid !== undefined) return keyNamed(kid)
    const key = alg === undefined ? current : keys.findLast((each) => each.alg === alg)
    if (key === undefined) throw new Error(`the issuer has no key for ${alg ?? 'anything'}`)
    return key
  }
  const keyNamed = (kid: string): MutableKey => {
    const key = keys.find((each) => each.kid === kid)
    if (key === undefined) throw new Error(`the issuer has no key ${JSON.stringify(kid)}`)
    return key
  }
  const published = (): readonly IssuerKey[] => keys.filter(({ isPublished }) => isPublished)

  return {
    keys,
    async publicKeys() {
      return { keys: await Promise.all(published().map(publicJwk)) }
    },
    publishedAlgorithms: () => [...new Set(published().map(({ alg }) => alg))],
    publish(kid, isPublished) {
      keyNamed(kid).isPublished = isPublished
    },
    async rotate({ alg = current?.alg ?? 'RS256', publish = true, withdrawOthers = false } = {}) {
      const others = [...keys]
      const key = await add(alg, publish)
      if (withdrawOthers) for (const other of others) other.isPublished = false
      current = key
      return key
    },
    async sign(payload, options) {
      const { kid, alg, privateKey } = signingKey(options)
      return new CompactSign(new TextEncoder().encode(JSON.stringify(payload)))
        .setProtectedHeader({ kid, typ: 'JWT', ...options.header, alg })
        .sign(privateKey)
    },
  }
}

interface MutableKey extends IssuerKey {
  isPublished: boolean
}

async function publicJwk({ kid, alg, publicKey }: IssuerKey): Promise<JWK> {
  return { use: 'sig', kid, alg, ...(await exportJWK(publicKey)) }
}
