import type { Bytes } from '../der/reader.ts'
import type { EllipticCurve } from '../public-key.ts'

/** The parameters of a curve y² = x³ - 3x + b over the integers modulo p. All curves here have prime order. */
interface Curve {
  readonly p: bigint
  readonly b: bigint
}

/** Source: NIST SP 800-186 section 3.2.1. */
const CURVES: Readonly<Record<EllipticCurve['name'], Curve>> = {
  'P-256': {
    p: 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n,
    b: 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn,
  },
  'P-384': {
    p: 2n ** 384n - 2n ** 128n - 2n ** 96n + 2n ** 32n - 1n,
    b: 0xb3312fa7e23ee7e4988e056be3f82d19181d9c6efe8141120314088f5013875ac656398d8a2ed19d2a85c8edd3ec2aefn,
  },
  'P-521': {
    p: 2n ** 521n - 1n,
    b: 0x0051953eb9618e1c9a1f929a21a0b68540eea2da725b99b315f3b8b489918ef109e156193951ec7e937b1652c0bd3bb1bf073573df883d2c34f1ef451fd46b503f00n,
  },
}

/**
 * Whether two concatenated coordinates are a point on a curve. Importing a key checks this too, but costs a hundred times as much. Nothing
 * here is secret.
 *
 * Source: SEC 1 section 3.2.2.1, Go `crypto/ecdh` and `crypto/internal/fips140/nistec` (`SetBytes`), which refuse coordinates that are not
 * below p.
 *
 * @param point both coordinates, each with the number of octets of the curve.
 */
export function isOnCurve(point: Bytes, { name, octets }: EllipticCurve): boolean {
  const { p, b } = CURVES[name]
  const x = numberOf(point.subarray(0, octets))
  const y = numberOf(point.subarray(octets))
  return x < p && y < p && (y * y - (x * x - 3n) * x - b) % p === 0n
}

function numberOf(octets: Bytes): bigint {
  let hex = '0x'
  for (const octet of octets) hex += HEX[octet] ?? ''
  return BigInt(hex)
}

const HEX: readonly string[] = Array.from({ length: 256 }, (_, octet) => octet.toString(16).padStart(2, '0'))
