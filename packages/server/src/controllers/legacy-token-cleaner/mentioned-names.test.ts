import { expect, it } from 'vitest'
import { mentionedNames } from './legacy-token-cleaner.ts'

it.each<[string, unknown, readonly string[]]>([
  ['nothing', undefined, []],
  ['null', null, []],
  ['numbers', { replicas: 1, on: true }, []],
  ['a volume', { volumes: [{ secret: { secretName: 's' } }] }, ['s']],
  ['a projected volume', { volumes: [{ projected: { sources: [{ secret: { name: 's' } }] } }] }, ['s']],
  [
    'an environment variable',
    { containers: [{ env: [{ valueFrom: { secretKeyRef: { name: 's', key: 'k' } } }] }] },
    ['s', 'k'],
  ],
  ['all variables of a container', { initContainers: [{ envFrom: [{ secretRef: { name: 's' } }] }] }, ['s']],
  ['an image pull secret', { imagePullSecrets: [{ name: 's' }, null, 'odd'] }, ['s', 'odd']],
  ['a volume of a kind to come', JSON.parse('{"__proto__":{"vault":{"ref":"s"}}}'), ['s']],
])('what a pod with %s mentions', (_, spec, names) => {
  expect(new Set(mentionedNames(spec))).toEqual(new Set(names))
})

it('does not fail over a pod of any depth', () => {
  let spec: unknown = 's'
  for (let depth = 0; depth < 100_000; depth++) spec = [spec]
  expect(mentionedNames(spec)).toEqual(['s'])
})
