import { parse } from '@babel/parser'
import type { Ignorer } from '@stryker-mutator/api/ignore'
import { expect, it } from 'vitest'

const { messages }: { readonly messages: Ignorer } = await import(
  new URL('messages.mjs', import.meta.url).href
)

interface Path {
  readonly node: { readonly type: string; readonly start: number; readonly end: number }
  readonly parentPath: Path | undefined
}

function* pathsIn(value: unknown, parentPath?: Path): Generator<Path> {
  if (typeof value !== 'object' || value === null) return
  const isNode = 'type' in value && 'start' in value
  const path = isNode ? { node: value as Path['node'], parentPath } : parentPath
  if (isNode && path !== undefined) yield path
  for (const each of Object.values(value)) yield* pathsIn(each, path)
}

const ignoredIn = (code: string): readonly string[] =>
  [...pathsIn(parse(code).program)]
    .filter((path) => messages.shouldIgnore(path) !== undefined)
    .map(({ node }) => code.slice(node.start, node.end))

it.each([
  ["rejected('it is bad')", ["'it is bad'"]],
  ["new StoreError('closed', 'it is closed')", ["'it is closed'"]],
  ['new TypeError(`${name} is bad`)', ['`${name} is bad`']],
  ["errors.invalid(path, 'must be ' + kind)", ["'must be '"]],
  ["rejected(isOld ? 'it is old' : 'it is bad')", ["'it is old'", "'it is bad'"]],
  ["rejected(text === 'it is old' ? one : other)", []],
  ["rejected(name === 'a b')", []],
  ["rejected('bad', { cause: 'it is bad' })", []],
  ["rejected(messageOf('a key'))", []],
  ["rejected(`${found.get('a key')}`)", []],
  ["headers.set('vary', 'accept, cookie')", []],
  ["new Map('a b')", []],
  ["callers[0]('it is bad')", []],
  ["message = 'it is bad'", []],
])('of %s, the text of messages stays as it is: %j', (code, ignored) => {
  expect(ignoredIn(code)).toEqual(ignored)
})
