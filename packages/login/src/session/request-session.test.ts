import { expect, it } from 'vitest'
import { isBoundElsewhere } from './request-session.ts'

const [ours, theirs] = ['a'.repeat(64), `${'a'.repeat(63)}b`]

it.each([
  ['the same certificate', { certificate: ours }, ours, false],
  ['another certificate', { certificate: ours }, theirs, true],
  ['no certificate, after a login with one', { certificate: ours }, undefined, true],
  ['an empty digest', { certificate: ours }, '', true],
  ['a longer digest', { certificate: ours }, `${ours}a`, true],
  ['a certificate, after a login without one', {}, ours, false],
  ['no certificate at all', {}, undefined, false],
])('knows whether a session belongs to another connection: %s', (_, content, certificate, expected) => {
  expect(isBoundElsewhere(content, certificate)).toBe(expected)
})
