import { describe, expect, it } from 'vitest'
import { faultOf, keptFault, networkReason } from './fault.ts'

const coded = (code: unknown, cause?: unknown): Error =>
  Object.assign(new Error('inner', cause === undefined ? {} : { cause }), { code })
const outer = (cause: unknown): Error => new TypeError('fetch failed', { cause })
/** As many causes, one inside the other, around one with a code. */
const nested = (depth: number): Error => {
  let error = coded('ECONNREFUSED')
  for (let index = 0; index < depth; index++) error = outer(error)
  return error
}
const circular = (): Error => {
  const error: Error & { cause?: unknown } = new Error('round')
  error.cause = error
  return error
}

describe('an error of a fetch', () => {
  it.each<[string, unknown, string, string, string]>([
    [
      'a code that has words',
      outer(coded('ECONNREFUSED')),
      'connection refused',
      'fetch failed (ECONNREFUSED)',
      'connection refused',
    ],
    [
      'a code of its own',
      coded('UND_ERR_SOCKET'),
      'the connection was closed',
      'inner (UND_ERR_SOCKET)',
      'the connection was closed',
    ],
    [
      'a code without words',
      outer(coded('CERT_HAS_EXPIRED')),
      'CERT_HAS_EXPIRED',
      'fetch failed (CERT_HAS_EXPIRED)',
      'CERT_HAS_EXPIRED',
    ],
    ['an invalid code', outer(coded('a secret')), 'inner', 'fetch failed', ''],
    ['a code of 65 characters', outer(coded('A'.repeat(65))), 'inner', 'fetch failed', ''],
    [
      'a code of 64 characters',
      coded('A'.repeat(64)),
      'A'.repeat(64),
      `inner (${'A'.repeat(64)})`,
      'A'.repeat(64),
    ],
    ['a number for a code', outer(coded(7)), 'inner', 'fetch failed', ''],
    ['a cause that is not an error', outer({ code: 'ECONNREFUSED' }), 'fetch failed', 'fetch failed', ''],
    ['five causes', nested(5), 'connection refused', 'fetch failed (ECONNREFUSED)', 'connection refused'],
    ['six causes', nested(6), 'fetch failed', 'fetch failed', ''],
    ['itself as its cause', circular(), 'round', 'round', ''],
    ['no error at all', 'a string', '', 'the request failed', ''],
    ['nothing', undefined, '', 'the request failed', ''],
  ])(
    'with %s has its reason, what is kept of it, and its reason by the code',
    (_, thrown, said, kept, network) => {
      expect(faultOf(thrown, [])).toBe(said)
      expect(keptFault(thrown).message).toBe(kept)
      expect(networkReason(thrown)).toBe(network)
      // What is kept gives the same reason.
      expect(networkReason(keptFault(thrown))).toBe(network)
    },
  )

  it('keeps no cause and no member but its code', () => {
    const thrown = Object.assign(outer(coded('ECONNRESET')), { config: 'secret' })
    const kept = keptFault(thrown)
    expect(kept).not.toBe(thrown)
    expect(Object.keys(kept)).toEqual(['code'])
    expect(kept.cause).toBeUndefined()
    expect(Object.keys(keptFault(new Error('x')))).toEqual([])
  })
})
