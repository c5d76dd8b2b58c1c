import { expect, it } from 'vitest'
import { filledBody, filledPath } from './placeholders.ts'

const answers: Readonly<Record<string, unknown>> = {
  'gen:1/2/3': {
    metadata: { uid: 'u/1', managedFields: [{ manager: 'm' }] },
    spec: { volumes: [{ name: 'v' }] },
  },
}
const earlier = (id: string): unknown => answers[id]

it.each([
  ['/x?uid=<<gen:1/2/3:metadata.uid>>', '/x?uid=u%2F1'],
  ['/x?uid=<<gen:1/2/3:metadata.none>>&a', '/x?uid=&a'],
  ['/x?uid=<<gen:9/9/9:metadata.uid>>', '/x?uid='],
])('a path has the text: %s', (path, filled) => {
  expect(filledPath(path, earlier)).toBe(filled)
})

it.each([
  ['{"a":"<<gen:1/2/3:metadata.managedFields>>"}', '{"a":[{"manager":"m"}]}'],
  ['{"a":"<<gen:1/2/3:metadata.none>>"}', '{"a":null}'],
  ['{"a":"<<gen:9/9/9:metadata.uid>>"}', '{"a":null}'],
  ['{"a":"x <<gen:1/2/3:spec.volumes.0.name>>"}', '{"a":"x v"}'],
])('a body has the value: %s', (body, filled) => {
  expect(filledBody(body, earlier)).toBe(filled)
})
