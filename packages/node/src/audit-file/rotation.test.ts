import {
  chmodSync,
  existsSync,
  mkdtempSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import type { AuditActivityEvent } from '@kube-authn/core/internal'
import type { AuditEvent } from '@kube-authn/audit'
import { fixedClock } from '@kube-authn/testing'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { auditFile } from '../audit.ts'
import type { AuditFileOptions } from './audit-file.ts'
import { backupNamesOf } from './rotation.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'audit-rotation-'))
})
afterEach(async () => {
  // A backup that is being compressed may get a file meanwhile: then all is removed again.
  await vi.waitFor(() => rmSync(folder, { recursive: true, force: true }))
})

const event = (auditID: string): AuditEvent => ({
  kind: 'Event',
  apiVersion: 'audit.k8s.io/v1',
  level: 'Metadata',
  auditID,
  stage: 'ResponseComplete',
  requestURI: '/',
  verb: 'get',
  user: { username: 'jane' },
  requestReceivedTimestamp: '2026-01-02T03:04:05.000000Z',
  stageTimestamp: '2026-01-02T03:04:05.000000Z',
})
/** Two events of this size do not fit into one file. */
const LINE_MEGABYTES = (JSON.stringify(event('a')).length + 1) / 1_048_576
const start = Date.parse('2030-01-02T03:04:05.006Z')

function started(path: string, options: AuditFileOptions = {}) {
  const clock = fixedClock(start)
  const errors: unknown[] = []
  const onError = (error: unknown): void => void errors.push(error)
  const file = auditFile(path, {
    mode: 'blocking',
    maxSizeMegabytes: LINE_MEGABYTES * 1.5,
    clock,
    onError,
    ...options,
  })
  return { ...file, clock, errors }
}

const idsIn = (path: string): readonly string[] => idsOf(readFileSync(path, 'utf8'))
const idsOf = (text: string): readonly string[] =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => (JSON.parse(line) as AuditEvent).auditID)

describe('backupNamesOf', () => {
  it.each([
    ['/var/log/audit.log', '/var/log/audit-2030-01-02T03-04-05.006.log'],
    ['audit', 'audit-2030-01-02T03-04-05.006'],
    ['a.b.jsonl', 'a.b-2030-01-02T03-04-05.006.jsonl'],
    ['.audit', '-2030-01-02T03-04-05.006.audit'],
  ])('calls a backup of %s %s, and knows it again', (path, backup) => {
    const names = backupNamesOf(path)
    expect(names.pathAt(start)).toBe(backup)
    const name = backup.slice(backup.lastIndexOf('/') + 1)
    expect([names.timeOf(name), names.timeOf(`${name}.gz`)]).toEqual([start, start])
  })

  it.each([
    'audit.log',
    'audit-2030-01-02T03-04-05.006.txt',
    'audit-2030-01-02T03-04-05.log',
    'audit-2030-13-02T03-04-05.006.log',
    'audit-2030-01-02T03-04-05.006.log.gz.gz',
    'audit-x2030-01-02T03-04-05.006.log',
    'audit2-2030-01-02T03-04-05.006.log',
    'audit-2030-01-02T03-04-05.006.log.1',
  ])('takes %s for no backup', (name) => {
    expect(backupNamesOf('/var/log/audit.log').timeOf(name)).toBeUndefined()
  })
})

describe('auditFile', () => {
  it('moves a file that would be too large, and goes on in a new one for its owner only', async () => {
    const path = join(folder, 'audit.log')
    const { write, close, clock, errors } = started(path)
    for (const id of ['a', 'b', 'c']) {
      write(event(id))
      clock.advance(1000)
    }
    await close()
    expect(readdirSync(folder).toSorted()).toEqual([
      'audit-2030-01-02T03-04-06.006.log',
      'audit-2030-01-02T03-04-07.006.log',
      'audit.log',
    ])
    expect(idsIn(join(folder, 'audit-2030-01-02T03-04-06.006.log'))).toEqual(['a'])
    expect(idsIn(path)).toEqual(['c'])
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(errors).toEqual([])
  })

  it('moves no file that is just large enough, or that never is', async () => {
    for (const maxSizeMegabytes of [LINE_MEGABYTES * 2, 0]) {
      const path = join(folder, `${maxSizeMegabytes}.log`)
      const { write, close } = started(path, { maxSizeMegabytes })
      write(event('a'))
      write(event('b'))
      expect(idsIn(path)).toEqual(['a', 'b'])
      await close()
    }
    expect(readdirSync(folder)).toHaveLength(2)
  })

  it('writes a line that is larger than a file may be, to a file of its own', async () => {
    const path = join(folder, 'audit.log')
    const { write, close } = started(path, { maxSizeMegabytes: LINE_MEGABYTES / 2 })
    write(event('a'))
    expect(readdirSync(folder)).toEqual(['audit.log'])
    write(event('b'))
    expect(idsIn(path)).toEqual(['b'])
    await close()
  })

  it('moves one that is too large at the start, and never over another backup', async () => {
    const path = join(folder, 'audit.log')
    const { write, close } = started(path, { maxSizeMegabytes: LINE_MEGABYTES })
    for (const id of ['a', 'b', 'c']) write(event(id))
    await close()
    started(path, { maxSizeMegabytes: LINE_MEGABYTES }).write(event('d'))
    const backups = readdirSync(folder).filter((name) => name !== 'audit.log')
    expect(backups).toHaveLength(3)
    expect(backups.toSorted().map((name) => idsIn(join(folder, name))[0])).toEqual(['a', 'b', 'c'])
  })

  it('moves the file that a symbolic link leads to', async () => {
    const disk = join(folder, 'disk')
    mkdirSync(disk)
    const link = join(folder, 'link.log')
    writeFileSync(join(disk, 'audit.log'), '')
    symlinkSync(join(disk, 'audit.log'), link)
    const { write, close } = started(link)
    write(event('a'))
    write(event('b'))
    await close()
    expect(readdirSync(disk)).toEqual(['audit-2030-01-02T03-04-05.006.log', 'audit.log'])
    expect(idsIn(link)).toEqual(['b'])
  })

  it('removes backups that are too many or too old, and nothing else', async () => {
    const path = join(folder, 'audit.log')
    const old = backupNamesOf(path).pathAt(start - 8 * 86_400_000)
    const recent = [1, 2, 3].map((days) => backupNamesOf(path).pathAt(start - days * 86_400_000))
    const others = ['audit.log.1', 'audit-old.log', 'other-2020-01-01T00-00-00.000.log']
    for (const backup of [old, `${recent[1]}.gz`, ...recent.toSpliced(1, 1)]) writeFileSync(backup, '')
    for (const other of others) writeFileSync(join(folder, other), '')
    mkdirSync(join(folder, 'audit-2020-01-01T00-00-00.000.log'))
    const { write, close, errors } = started(path, { maxBackups: 3, maxAgeDays: 7 })
    await vi.waitFor(() => expect(existsSync(old)).toBe(false))
    write(event('a'))
    write(event('b'))
    await vi.waitFor(() => expect(existsSync(recent[2] ?? '')).toBe(false))
    await close()
    expect(readdirSync(folder).toSorted()).toEqual(
      [
        ...others,
        'audit-2020-01-01T00-00-00.000.log',
        'audit-2029-12-31T03-04-05.006.log.gz',
        'audit-2030-01-01T03-04-05.006.log',
        'audit-2030-01-02T03-04-05.006.log',
        'audit.log',
      ].toSorted(),
    )
    expect(errors).toEqual([])
  })

  it('compresses backups, with the mode that they had', async () => {
    const path = join(folder, 'audit.log')
    const { write, close, errors } = started(path, { compress: true })
    write(event('a'))
    chmodSync(path, 0o640)
    write(event('b'))
    await close()
    const backup = join(folder, 'audit-2030-01-02T03-04-05.006.log')
    await vi.waitFor(() => expect(existsSync(backup)).toBe(false))
    expect(idsOf(gunzipSync(readFileSync(`${backup}.gz`)).toString())).toEqual(['a'])
    expect(statSync(`${backup}.gz`).mode & 0o777).toBe(0o640)
    expect(errors).toEqual([])
  })

  it('tells of a backup that cannot be compressed, keeps it, and goes on', async () => {
    const path = join(folder, 'audit.log')
    const { write, close, errors } = started(path, { compress: true })
    mkdirSync(join(folder, 'audit-2030-01-02T03-04-06.006.log.gz'))
    write(event('a'))
    // The folder blocks the compressed backup.
    writeFileSync(join(folder, 'audit-2030-01-02T03-04-06.006.log'), '')
    write(event('b'))
    await vi.waitFor(() => expect(errors.length).toBeGreaterThan(0))
    await close()
    expect(existsSync(join(folder, 'audit-2030-01-02T03-04-06.006.log'))).toBe(true)
    expect(idsIn(path)).toEqual(['b'])
  })

  it('writes the lines of before where it is told to', async () => {
    const path = join(folder, 'audit.log')
    const { write, close } = started(path, { format: 'legacy' })
    write(event('a'))
    await close()
    expect(readFileSync(path, 'utf8')).toMatch(/^2026-01-02T03:04:05Z AUDIT: id="a" stage=.*\n$/)
  })
})

describe('auditFile in mode batch', () => {
  it('writes behind the requests, in order, and what is left when it is closed', async () => {
    const path = join(folder, 'audit.log')
    const { write, close, errors } = started(path, { mode: 'batch', maxSizeMegabytes: 1 })
    const ids = Array.from({ length: 3000 }, (_, index) => `id-${index}`)
    for (const id of ids) write(event(id))
    expect(readFileSync(path, 'utf8')).toBe('')
    await vi.waitFor(() => expect(idsIn(path)).toHaveLength(3000))
    write(event('last'))
    await close()
    write(event('never'))
    await vi.waitFor(() => expect(idsIn(path)).toEqual([...ids, 'last']))
    expect(errors).toEqual([])
  })

  it('rotates', async () => {
    const path = join(folder, 'audit.log')
    const { write, close } = started(path, { mode: 'batch' })
    for (const id of ['a', 'b']) {
      write(event(id))
      await vi.waitFor(() => expect(idsIn(path)).toEqual([id]))
    }
    await close()
    expect(readdirSync(folder)).toHaveLength(2)
  })

  it('loses what its buffer has no room for, and tells how much', async () => {
    const path = join(folder, 'audit.log')
    const activity: AuditActivityEvent[] = []
    const { write, close, errors } = started(path, {
      mode: 'batch',
      bufferSize: 2,
      maxSizeMegabytes: 1,
      observer: (told) => told.type === 'audit' && activity.push(told),
    })
    for (const id of ['a', 'b', 'c', 'd', 'e']) write(event(id))
    await vi.waitFor(() => expect(idsIn(path)).toEqual(['a', 'b']))
    await close()
    expect(errors.map(String)).toEqual(['Error: 3 audit events were lost because the buffer of 2 was full'])
    expect(activity).toEqual([
      { type: 'audit', what: 'error', level: 'Metadata', plugin: 'buffered', count: 3 },
    ])
  })

  // It never accepts data.
  it.skipIf(!existsSync('/dev/full'))('tells of every batch that cannot be written', async () => {
    const activity: AuditActivityEvent[] = []
    const { write, close, errors } = started('/dev/full', {
      mode: 'batch',
      observer: (told) => told.type === 'audit' && activity.push(told),
    })
    write(event('a'))
    write(event('b'))
    await vi.waitFor(() => expect(errors.map(String)).toEqual([expect.stringContaining('ENOSPC')]))
    expect(activity).toEqual([{ type: 'audit', what: 'error', level: 'Metadata', plugin: 'log', count: 2 }])
    await close()
  })
})
