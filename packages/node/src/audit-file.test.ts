import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { authenticateRequest } from '@kube-authn/core'
import { always, fakeAuthenticator, fakeRequest, fakeUser } from '@kube-authn/testing'
import { afterAll, describe, expect, it } from 'vitest'
import { auditFile } from './index.ts'

const folder = mkdtempSync(join(tmpdir(), 'audit-file-'))
afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
})

describe('auditFile', () => {
  it('appends a line of JSON for each event, to a file for its owner only', async () => {
    const path = join(folder, 'audit.jsonl')
    const audit = auditFile(path)
    const authenticate = authenticateRequest(fakeAuthenticator(always(fakeUser({ username: 'jane' }))), {
      observer: audit.observer,
    })
    const request = fakeRequest({
      url: '/api/v1/pods?access_token=secret',
      headers: [['Authorization', 'Bearer secret']],
    })
    await authenticate(request)
    audit.observer({ type: 'response', request, status: 200 })
    const text = readFileSync(path, 'utf8')
    const lines = text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>)
    expect(lines.map(({ stage }) => stage)).toEqual(['RequestReceived', 'ResponseComplete'])
    expect(lines[0]).toMatchObject({
      kind: 'Event',
      apiVersion: 'audit.k8s.io/v1',
      user: { username: 'jane' },
    })
    expect(text).not.toContain('secret')
    expect(statSync(path).mode & 0o777).toBe(0o600)
    audit.close()
    audit.close()
    await authenticate(fakeRequest())
    expect(readFileSync(path, 'utf8')).toBe(text)
  })

  it('throws when the file cannot be opened', () => {
    expect(() => auditFile(join(folder, 'missing', 'audit.jsonl'))).toThrow(/ENOENT/)
  })
})
