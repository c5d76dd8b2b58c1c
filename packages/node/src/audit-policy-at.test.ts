import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AuthenticationEvent } from '@kube-authn/core'
import { fixedClock } from '@kube-authn/testing'
import { afterAll, describe, expect, it } from 'vitest'
import { auditPolicyAt } from './audit.ts'

const folder = mkdtempSync(join(tmpdir(), 'audit-policy-at-'))
afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
})

const policy = (level: string): string =>
  `apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: [{ level: ${level} }]\n`

const target = (): never => {
  throw new Error('it was asked')
}

describe('auditPolicyAt', () => {
  it('follows the file, and keeps the last good version', async () => {
    const path = join(folder, 'policy.yaml')
    const events: AuthenticationEvent[] = []
    const clock = fixedClock()
    writeFileSync(path, policy('Metadata'))
    const { rulingOn, close } = auditPolicyAt(path, { clock, observer: (event) => events.push(event) })
    expect(rulingOn(undefined, target).level).toBe('Metadata')
    writeFileSync(path, policy('Everything'))
    await clock.advanceAsync(61_000)
    expect(rulingOn(undefined, target).level).toBe('Metadata')
    writeFileSync(path, policy('None'))
    await clock.advanceAsync(61_000)
    expect(rulingOn(undefined, target).level).toBe('None')
    expect(events).toMatchObject([
      { type: 'reload', outcome: 'failed' },
      { type: 'reload', outcome: 'loaded' },
    ])
    close()
  })

  it.each([
    ['a file that is not there', undefined, /missing\.yaml/],
    ['bodies', policy('Request'), /rules\[0\]\.level: .*bodies are not logged here/],
    ['no rules', 'apiVersion: audit.k8s.io/v1\nkind: Policy\n', /loaded illegal policy with 0 rules/],
    ['what is no UTF-8', Buffer.from([0xff, 0xfe]), /utf-8/i],
  ])('refuses %s', (_, content, message) => {
    const path = join(folder, content === undefined ? 'missing.yaml' : 'bad.yaml')
    if (content !== undefined) writeFileSync(path, content)
    expect(() => auditPolicyAt(path)).toThrow(message)
  })

  it('takes bodies for left out where it is told to', () => {
    const path = join(folder, 'bodies.yaml')
    writeFileSync(path, policy('Request'))
    const { rulingOn, close } = auditPolicyAt(path, { bodies: 'leftOut' })
    expect(rulingOn(undefined, target).level).toBe('Metadata')
    close()
  })
})
