import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { filesBelow } from '../files.ts'

const folder = fileURLToPath(new URL('../interop/', import.meta.url))
const sources = filesBelow(folder).filter(
  (name) => name.endsWith('.ts') && name !== 'components.ts' && !name.startsWith('node_modules'),
)
const table = readFileSync(`${folder}components.ts`, 'utf8')
const names = [...table.matchAll(/^ {2}(\w+): \{/gm)].map(([, name = '']) => name)

describe('the suites against real programs', () => {
  it.each(sources)('name every program of Debian by the table of components: %s', (name) => {
    const text = readFileSync(`${folder}${name}`, 'utf8')
    expect(text.match(/['"`]\/usr\/[^'"`]*/g) ?? []).toEqual([])
  })

  it('check for every component in some suite, so that it is skipped with a reason where it is missing', () => {
    const checked = sources
      .map((name) => readFileSync(`${folder}${name}`, 'utf8'))
      .flatMap((text) => [...text.matchAll(/\bhas\(((?:'\w+'(?:, )?)+)\)/g)])
      .flatMap(([, list = '']) => list.replaceAll("'", '').split(', '))
    expect([...new Set(checked)].toSorted()).toEqual(names.toSorted())
  })

  it.each([
    ['kdc.ts', 'kerberos.interop.ts'],
    ['slapd.ts', 'ldap.interop.ts'],
    ['glewlwyd.ts', 'identity-providers.interop.ts'],
    ['glewlwyd.ts', 'authentication-config.interop.ts'],
    ['nginx.ts', 'nginx.interop.ts'],
    ['haproxy.ts', 'haproxy.interop.ts'],
    ['kubectl.ts', 'reviews.interop.ts'],
    ['etcd.ts', 'etcd-store.interop.ts'],
    ['etcd.ts', 'etcd-faults.interop.ts'],
    ['etcd.ts', 'etcd-members.interop.ts'],
    ['postgres.ts', 'postgres-deadlines.interop.ts'],
  ])('check for all that %s starts: %s', (helper, suite) => {
    const started = readFileSync(`${folder}${helper}`, 'utf8').matchAll(/COMPONENTS\.(\w+)\.command/g)
    const checks = readFileSync(`${folder}${suite}`, 'utf8')
    for (const [, name = ''] of started) expect(checks).toMatch(new RegExp(`has\\([^)]*'${name}'`))
  })
})
