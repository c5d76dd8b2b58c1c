import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'

const { brokenLinks } = (await import(new URL('../../.ci/site-links.mjs', import.meta.url).href)) as {
  readonly brokenLinks: (folder: string, base: string) => readonly string[]
}
let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'site-links-'))
  mkdirSync(join(folder, 'packages'))
  writeFileSync(join(folder, 'index.html'), '<h2 id="start">Start</h2>')
  writeFileSync(join(folder, 'llms.txt'), 'text')
})
afterEach(() => rmSync(folder, { recursive: true }))

it.each([
  ['/base/', undefined],
  ['/base/index.html#start', undefined],
  ['../index.html', undefined],
  ['#here', undefined],
  ['../llms.txt', undefined],
  ['https://example.com/x', undefined],
  ['/base/other.html', 'there is no such page'],
  ['../index.html#end', 'there is no such anchor'],
  ['#there', 'there is no such anchor'],
  ['/index.html', 'outside the site'],
])('of a page of the site, the link %s has the problem %s', (href, problem) => {
  writeFileSync(join(folder, 'packages/koa.html'), `<h2 id="here"><a class="x" href="${href}">x</a></h2>`)
  expect(brokenLinks(folder, '/base/')).toEqual(
    problem === undefined ? [] : [`/packages/koa.html: ${href}: ${problem}`],
  )
})
