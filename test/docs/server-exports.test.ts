import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')

it('the README of the server lists every function and class that it exports', () => {
  const [named = ''] = read('.ci/api/server.txt').split('\n== (without a public name)')
  const exported = [...named.matchAll(/^(\w+): declare (?:function|class)/gm)].map(([, name]) => name)
  const table = read('packages/server/README.md')
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .join('\n')
  expect(exported.length).toBeGreaterThan(10)
  expect(exported.filter((name) => !new RegExp(`\`${name}\\b`).test(table))).toEqual([])
})
