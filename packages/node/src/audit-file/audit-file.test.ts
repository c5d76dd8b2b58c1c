import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { authenticateRequest } from '@kube-authn/core/adapter'
import { always, fakeAuthenticator, fakeRequest, fakeUser } from '@kube-authn/testing'
import { afterAll, describe, expect, it, vi } from 'vitest'
import { auditFile } from '../audit.ts'

const folder = mkdtempSync(join(tmpdir(), 'audit-file-'))
afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
})

const linesOf = (path: string): readonly string[] => readFileSync(path, 'utf8').trimEnd().split('\n')

describe('auditFile', () => {
  it('appends a line of JSON for each event, to a file for its owner only', async () => {
    const path = join(folder, 'audit.jsonl')
    const audit = auditFile(path, { mode: 'blocking' })
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
    await audit.close()
    await audit.close()
    await authenticate(fakeRequest())
    expect(readFileSync(path, 'utf8')).toBe(text)
  })

  // It never accepts data.
  it.skipIf(!existsSync('/dev/full'))(
    'tells of every line that cannot be written, and lets requests pass',
    async () => {
      const errors: unknown[] = []
      const { observer, close } = auditFile('/dev/full', {
        mode: 'blocking',
        onError: (error) => errors.push(error),
      })
      const authenticate = authenticateRequest(fakeAuthenticator(always(fakeUser({ username: 'jane' }))), {
        observer,
      })
      for (let count = 0; count < 2; count++)
        expect(await authenticate(fakeRequest())).toHaveProperty('authentication')
      expect(errors.map(String)).toEqual([
        expect.stringContaining('ENOSPC'),
        expect.stringContaining('ENOSPC'),
      ])
      await close()
    },
  )

  it.skipIf(!existsSync('/dev/full'))('warns once where nothing else is told', async () => {
    const emitWarning = vi.spyOn(process, 'emitWarning').mockImplementation(() => {})
    const { observer, close } = auditFile('/dev/full', { mode: 'blocking' })
    const authenticate = authenticateRequest(fakeAuthenticator(always(fakeUser({ username: 'jane' }))), {
      observer,
    })
    await authenticate(fakeRequest({ headers: [['Authorization', 'Bearer secret']] }))
    await authenticate(fakeRequest())
    // Issuers of other tests in this process may warn too.
    const warnings = emitWarning.mock.calls.filter(
      (call) => !JSON.stringify(call).includes('KUBE_AUTHN_ISSUER'),
    )
    expect(warnings).toEqual([
      [
        expect.stringMatching(/^\/dev\/full: an audit event cannot be written: .*ENOSPC/),
        { code: 'KUBE_AUTHN_AUDIT' },
      ],
    ])
    await close()
  })

  const rotations: readonly [string, (path: string) => void][] = [
    ['renamed', (path) => renameSync(path, `${path}.1`)],
    ['removed', (path) => rmSync(path)],
    [
      'renamed, with a new one in its place',
      (path) => {
        renameSync(path, `${path}.1`)
        writeFileSync(path, '', { mode: 0o640 })
      },
    ],
    [
      'replaced by another',
      (path) => {
        writeFileSync(`${path}.new`, '')
        renameSync(`${path}.new`, path)
      },
    ],
  ]
  it.each(rotations)('writes to the file at the path when the one before was %s', async (name, rotate) => {
    const path = join(folder, `${name}.jsonl`)
    const { observer, close } = auditFile(path, {
      mode: 'blocking',
      onError: (error) => expect.unreachable(String(error)),
    })
    const authenticate = authenticateRequest(fakeAuthenticator(always(fakeUser({ username: 'jane' }))), {
      observer,
    })
    await authenticate(fakeRequest())
    for (let count = 0; count < 2; count++) {
      rotate(path)
      await authenticate(fakeRequest())
      await authenticate(fakeRequest())
      expect(linesOf(path)).toHaveLength(2)
    }
    if (existsSync(`${path}.1`)) expect(linesOf(`${path}.1`)).toHaveLength(2)
    if (name === 'renamed') expect(statSync(path).mode & 0o777).toBe(0o600)
    await close()
  })

  it('goes on in a file that is cut to nothing', async () => {
    const path = join(folder, 'truncated.jsonl')
    const { observer, close } = auditFile(path, {
      mode: 'blocking',
      onError: (error) => expect.unreachable(String(error)),
    })
    const authenticate = authenticateRequest(fakeAuthenticator(always(fakeUser({ username: 'jane' }))), {
      observer,
    })
    await authenticate(fakeRequest())
    truncateSync(path)
    await authenticate(fakeRequest())
    expect(linesOf(path)).toHaveLength(1)
    await close()
  })

  it('goes on in the file before, and tells of it, while there can be none at the path', async () => {
    const logs = join(folder, 'logs')
    mkdirSync(logs)
    const errors: unknown[] = []
    const { observer, close } = auditFile(join(logs, 'audit.jsonl'), {
      mode: 'blocking',
      onError: (error) => errors.push(error),
    })
    const authenticate = authenticateRequest(fakeAuthenticator(always(fakeUser({ username: 'jane' }))), {
      observer,
    })
    renameSync(logs, `${logs}.old`)
    await authenticate(fakeRequest())
    await authenticate(fakeRequest())
    expect(linesOf(join(`${logs}.old`, 'audit.jsonl'))).toHaveLength(2)
    expect(errors.map(String)).toEqual([expect.stringContaining('ENOENT'), expect.stringContaining('ENOENT')])
    mkdirSync(logs)
    await authenticate(fakeRequest())
    expect(linesOf(join(logs, 'audit.jsonl'))).toHaveLength(1)
    expect(errors).toHaveLength(2)
    await close()
  })

  it('leaves the mode of a file that is there already', async () => {
    const path = join(folder, 'shared.jsonl')
    writeFileSync(path, '', { mode: 0o640 })
    await auditFile(path).close()
    expect(statSync(path).mode & 0o777).toBe(0o640)
  })

  it('does not write while a request waits, unless it is told to, and writes the rest when it is closed', async () => {
    for (const [options, atOnce] of [
      [{}, 0],
      [{ mode: 'batch' }, 0],
      [{ mode: 'blocking' }, 1],
    ] as const) {
      const path = join(folder, `${JSON.stringify(options).replaceAll(/\W/g, '')}.jsonl`)
      const { observer, close } = auditFile(path, options)
      const authenticate = authenticateRequest(fakeAuthenticator(always(fakeUser({ username: 'jane' }))), {
        observer,
      })
      await authenticate(fakeRequest())
      expect(readFileSync(path, 'utf8').split('\n')).toHaveLength(atOnce + 1)
      await close()
      await vi.waitFor(() => expect(readFileSync(path, 'utf8').split('\n')).toHaveLength(2))
    }
  })

  it('throws when the file cannot be opened', () => {
    expect(() => auditFile(join(folder, 'missing', 'audit.jsonl'))).toThrow(/ENOENT/)
  })
})
