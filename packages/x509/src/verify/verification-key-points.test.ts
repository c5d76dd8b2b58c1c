import { generateKeyPairSync, webcrypto } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { EllipticCurve } from '../public-key.ts'
import { isOnCurve } from './verification-key.ts'

const CURVES: readonly (EllipticCurve & { readonly p: bigint })[] = [
  { name: 'P-256', octets: 32, p: 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n },
  { name: 'P-384', octets: 48, p: 2n ** 384n - 2n ** 128n - 2n ** 96n + 2n ** 32n - 1n },
  { name: 'P-521', octets: 66, p: 2n ** 521n - 1n },
]

const bytesOf = (value: bigint, octets: number): Buffer =>
  Buffer.from(
    value
      .toString(16)
      .padStart(2 * octets, '0')
      .slice(-2 * octets),
    'hex',
  )

describe.each(CURVES.map((curve) => [curve.name, curve] as const))('a point on %s', (name, curve) => {
  const { octets, p } = curve

  const newPoint = (): Uint8Array<ArrayBuffer> => {
    const { x = '', y = '' } = generateKeyPairSync('ec', { namedCurve: name }).publicKey.export({
      format: 'jwk',
    })
    return Uint8Array.from(Buffer.concat([Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')]))
  }
  /** What WebCrypto says. */
  const isImported = (point: Uint8Array): Promise<boolean> =>
    webcrypto.subtle
      .importKey('raw', Buffer.concat([Buffer.of(4), point]), { name: 'ECDSA', namedCurve: name }, true, [
        'verify',
      ])
      .then(
        () => true,
        () => false,
      )
  const pointOf = (x: bigint, y: bigint): Uint8Array<ArrayBuffer> =>
    Uint8Array.from(Buffer.concat([bytesOf(x, octets), bytesOf(y, octets)]))
  const coordinatesOf = (point: Uint8Array): readonly [bigint, bigint] => [
    BigInt(`0x${Buffer.from(point.subarray(0, octets)).toString('hex')}`),
    BigInt(`0x${Buffer.from(point.subarray(octets)).toString('hex')}`),
  ]

  it('is found to be on it, and so is its mirror image', async () => {
    for (let count = 0; count < 50; count++) {
      const point = newPoint()
      const [x, y] = coordinatesOf(point)
      for (const each of [point, pointOf(x, p - y)]) {
        expect(isOnCurve(each, curve)).toBe(true)
        expect(await isImported(each)).toBe(true)
      }
    }
  })

  it('is not on it with any other bit', async () => {
    const point = newPoint()
    for (let bit = 0; bit < 16 * octets; bit += 7) {
      const changed = point.slice()
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      expect(isOnCurve(changed, curve)).toBe(false)
      expect(await isImported(changed)).toBe(false)
    }
  })

  it.each<[string, (x: bigint, y: bigint) => Uint8Array<ArrayBuffer>]>([
    ['its coordinates swapped', (x, y) => pointOf(y, x)],
    ['x alone', (x) => pointOf(x, 0n)],
    ['y alone', (_, y) => pointOf(0n, y)],
    ['zeros', () => pointOf(0n, 0n)],
    ['ones', () => pointOf(1n, 1n)],
    ['all bits', () => new Uint8Array(2 * octets).fill(255)],
    ['p', () => pointOf(p, p)],
  ])('is not on it with %s', async (_, change) => {
    const point = change(...coordinatesOf(newPoint()))
    expect(isOnCurve(point, curve)).toBe(false)
    expect(await isImported(point)).toBe(false)
  })

  it('is not on another curve', () => {
    for (const other of CURVES) {
      if (other.name === name) continue
      const point = Uint8Array.from([...newPoint(), ...new Uint8Array(66)]).subarray(0, 2 * other.octets)
      expect(isOnCurve(point, other)).toBe(false)
    }
  })
})

describe('a coordinate', () => {
  const curve: EllipticCurve = { name: 'P-521', octets: 66 }
  const p = 2n ** 521n - 1n

  it('is below p, also where the same one above would be on the curve', () => {
    const { x = '', y = '' } = generateKeyPairSync('ec', { namedCurve: 'P-521' }).publicKey.export({
      format: 'jwk',
    })
    const [one, other] = [x, y].map((text) => BigInt(`0x${Buffer.from(text, 'base64url').toString('hex')}`))
    const at = (first: bigint, second: bigint): boolean =>
      isOnCurve(Uint8Array.from(Buffer.concat([bytesOf(first, 66), bytesOf(second, 66)])), curve)
    expect(at(one!, other!)).toBe(true)
    expect(at(one! + p, other!)).toBe(false)
    expect(at(one!, other! + p)).toBe(false)
  })
})
