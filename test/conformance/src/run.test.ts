import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import type { Vector } from './vector.ts'

const scratch = mkdtempSync(join(tmpdir(), 'vectors-'))
afterAll(() => {
  rmSync(scratch, { recursive: true, force: true })
})

/** Runs the vectors and recordings of a folder. */
function run(folder: string): { readonly status: number | null; readonly lines: readonly string[] } {
  const { status, stdout } = spawnSync(
    process.execPath,
    [fileURLToPath(new URL('../dist/run.js', import.meta.url))],
    {
      env: {
        ...process.env,
        KUBE_AUTHN_VECTORS: folder,
        KUBE_AUTHN_LIVE: folder,
      },
      encoding: 'utf8',
      maxBuffer: 64 * 1024 * 1024,
    },
  )
  return { status, lines: stdout.trim().split('\n') }
}

/** The number of cases that were compared. */
function total(lines: readonly string[]): number {
  return lines.reduce((sum, line) => sum + Number(/^\S+ \d+\/(\d+)$/.exec(line)?.[1] ?? 0), 0)
}

// Each starts a process that runs every vector, possibly on a busy machine.
describe('the vector runner', () => {
  it('notices every wrong expectation', () => {
    const folder = fileURLToPath(new URL('../vectors', import.meta.url))
    const vectors = JSON.parse(readFileSync(join(folder, 'authenticators.json'), 'utf8')) as Vector[]
    const spoilt = vectors
      // A case that names a deviation asserts our result, not Kubernetes'.
      .filter(({ given, area }) => area === 'fixtures' || given.deviation === undefined)
      .map((vector) => (vector.area === 'fixtures' ? vector : { ...vector, expect: spoil(vector.expect) }))
    writeFileSync(join(scratch, 'authenticators.json'), JSON.stringify(spoilt))
    const { status, lines } = run(scratch)
    expect(lines.at(-1)).toBe(`0 passed, ${total(lines)} failed`)
    expect(total(lines)).toBeGreaterThan(180)
    expect(status).toBe(1)
  })

  it('counts apart what it cannot say', () => {
    const own = JSON.parse(
      readFileSync(fileURLToPath(new URL('../vectors/authenticators.json', import.meta.url)), 'utf8'),
    ) as Vector[]
    const union = own.find(({ given }) => given.unit === 'union')
    const cases = [
      union,
      { ...union, id: 'another-field', given: { ...union?.given, mood: 'good' } },
      {
        ...union,
        id: 'within',
        given: { ...union?.given, elements: [{ returns: 'no-opinion', mood: 'good' }] },
      },
      { ...union, id: 'expected', expect: { mood: 'good' } },
      { ...union, id: 'beside', input: {} },
      { ...union, id: 'another-unit', given: { unit: 'onion' } },
    ]
    const folder = join(scratch, 'not-understood')
    mkdirSync(folder)
    writeFileSync(join(folder, 'authenticators.json'), JSON.stringify(cases))
    const { status, lines } = run(folder)
    expect(lines.filter((line) => line.includes('not understood'))).toEqual([
      'A (authenticators.json): not understood: given.mood: another-field',
      'A (authenticators.json): not understood: given.elements.mood: within',
      'A (authenticators.json): not understood: expect.mood: expected',
      'A (authenticators.json): not understood: input: beside',
      'A (authenticators.json): not understood: given.unit onion: another-unit',
      '5 not understood',
    ])
    expect(lines.at(-1)).toBe('1 passed, 0 failed')
    expect(status).toBe(0)
  })

  it('notices an answer of a kube-apiserver that differs', () => {
    const recorded = join(scratch, 'live', 'authz', 'recorded')
    mkdirSync(recorded, { recursive: true })
    const rules = [{ verbs: [], apiGroups: [''], resources: ['pods'] }]
    const object = {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRole',
      metadata: { name: 'a' },
      rules,
    }
    const cause = {
      field: 'rules[0].verbs',
      message: 'Required value: verbs must contain at least one value',
    }
    const lines = [cause, { ...cause, field: 'rules' }].map((each) =>
      JSON.stringify({ object, causes: [each] }),
    )
    writeFileSync(join(recorded, 'manifests.ndjson'), lines.join('\n'))
    const { status, lines: told } = run(join(scratch, 'live'))
    expect(told).toContain('live-manifests 1/2')
    expect(told.at(-1)).toBe('1 passed, 1 failed')
    expect(status).toBe(1)
  })
})

/** Every field has another value. */
function spoil(expected: Vector['expect']): Record<string, unknown> {
  return Object.fromEntries<unknown>(
    Object.entries(expected).map(([field, value]) => {
      if (field === 'outcome') return [field, value === 'error' ? 'authenticated' : 'error']
      if (field === 'error' || field === 'text_contains')
        return [field, field === 'error' ? { text: 'another' } : 'another']
      if (typeof value === 'boolean') return [field, !value]
      if (typeof value === 'number') return [field, value + 1]
      return [field, 'another']
    }),
  )
}
