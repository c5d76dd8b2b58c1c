import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { handler } from '../conformance/src/areas/handler.ts'
import { areas } from '../conformance/src/areas/impersonation-rbac/index.ts'
import { tokenCache } from '../conformance/src/areas/token-cache.ts'
import { type Certificates, withCredentialIds } from '../conformance/src/certificates.ts'
import { differences } from '../conformance/src/compare.ts'
import { NotApplicable, type UnitRunner, type Vector } from '../conformance/src/vector.ts'

/* The conformance vectors of the mutated areas, each as a test, so that Stryker knows which of them a mutant affects. */

const read = (name: string): readonly Vector[] =>
  JSON.parse(
    readFileSync(new URL(`../conformance/vectors/${name}.json`, import.meta.url), 'utf8'),
  ) as readonly Vector[]

const titled = (vectors: readonly Vector[]): [string, Vector][] =>
  vectors.map((vector) => [vector.id, vector])

describe('vectors about deciding', () => {
  const known = read('impersonation-rbac').filter(({ area }) => areas.has(area))
  it.each(titled(known))('%s', async (_, vector) => {
    try {
      expect(await areas.get(vector.area)?.(vector)).toEqual(expect.objectContaining({ pass: true }))
    } catch (error) {
      if (!(error instanceof NotApplicable)) throw error
    }
  })
})

describe('vectors about authenticating', () => {
  const all = read('authenticators')
  const certificates = (all.find(({ id }) => id === 'FIXTURE-certs')?.given['certs'] ?? {}) as Certificates
  const runners: Readonly<Record<string, Readonly<Record<string, UnitRunner>>>> = {
    B: handler,
    G: tokenCache,
  }
  const known = all.filter(({ area, given }) => runners[area]?.[given.unit ?? ''] !== undefined)
  it.each(titled(known))('%s', async (_, vector) => {
    try {
      const actual = await runners[vector.area]?.[vector.given.unit ?? '']?.(vector)
      const expected = { ...vector, expect: withCredentialIds(certificates, vector.expect) }
      expect(differences(expected, actual ?? {})).toEqual([])
    } catch (error) {
      if (!(error instanceof NotApplicable)) throw error
    }
  })
})
