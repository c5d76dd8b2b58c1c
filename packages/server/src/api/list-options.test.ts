import { isStatusError } from '@kube-authn/core/internal'
import { expect, it } from 'vitest'
import { listOptions, readQueryOptions } from './query-options.ts'

const NEEDS_MATCH = 'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan'
const NEEDS_EVENTS = 'resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided'
const NEEDS_VERSION = 'resourceVersionMatch is forbidden unless resourceVersion is provided'
const NO_CONTINUE = 'resourceVersionMatch is forbidden when continue is provided'
const ONLY_FOR_WATCH = 'sendInitialEvents: Forbidden: sendInitialEvents is forbidden for list'
const unsupported = (value: string, supported: string): string =>
  `resourceVersionMatch: Unsupported value: ${JSON.stringify(value)}: supported values: ${supported}`
const match = (detail: string): string => `resourceVersionMatch: Forbidden: ${detail}`

/** What a query is refused with; `undefined` if it is not. */
function refusalOf(query: string): object | undefined {
  try {
    listOptions(readQueryOptions(query))
    return undefined
  } catch (thrown) {
    if (!isStatusError(thrown)) throw thrown
    return thrown.body
  }
}

it.each<[string, readonly string[]]>([
  ['watch=1&sendInitialEvents=true', [match(NEEDS_MATCH)]],
  ['watch=1&sendInitialEvents=false', [match(NEEDS_MATCH)]],
  ['watch=1&sendInitialEvents=', [match(NEEDS_MATCH)]],
  ['watch=1&sendInitialEvents=1&resourceVersionMatch=', [match(NEEDS_MATCH)]],
  [
    'watch=1&sendInitialEvents=true&resourceVersionMatch=Exact',
    [match(NEEDS_MATCH), unsupported('Exact', '"NotOlderThan"')],
  ],
  [
    'watch=1&sendInitialEvents=true&resourceVersionMatch=notOlderThan',
    [match(NEEDS_MATCH), unsupported('notOlderThan', '"NotOlderThan"')],
  ],
  ['watch=1&resourceVersionMatch=NotOlderThan', [match(NEEDS_EVENTS)]],
  ['watch=1&resourceVersion=5&resourceVersionMatch=NotOlderThan', [match(NEEDS_EVENTS)]],
  [
    'watch=1&resourceVersionMatch=__proto__',
    [match(NEEDS_EVENTS), unsupported('__proto__', '"NotOlderThan"')],
  ],
  ['watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&continue=x', [match(NO_CONTINUE)]],
  ['watch=1&continue=x', [match(NO_CONTINUE)]],
  ['watch=1&resourceVersionMatch=NotOlderThan&continue=x', [match(NEEDS_EVENTS), match(NO_CONTINUE)]],
  ['sendInitialEvents=true', [ONLY_FOR_WATCH]],
  ['sendInitialEvents=false', [ONLY_FOR_WATCH]],
  ['watch=0&sendInitialEvents=', [ONLY_FOR_WATCH]],
  ['sendInitialEvents=true&resourceVersion=5&resourceVersionMatch=NotOlderThan', [ONLY_FOR_WATCH]],
  ['resourceVersionMatch=Exact', [match(NEEDS_VERSION)]],
  ['resourceVersionMatch=NotOlderThan&resourceVersion=', [match(NEEDS_VERSION)]],
  [
    'resourceVersion=0&resourceVersionMatch=Exact',
    [match('resourceVersionMatch "exact" is forbidden for resourceVersion "0"')],
  ],
  ['resourceVersion=5&resourceVersionMatch=exact', [unsupported('exact', '"Exact", "NotOlderThan", ""')]],
  [
    'resourceVersionMatch=x&continue=y&sendInitialEvents=1',
    [
      match(NEEDS_VERSION),
      match(NO_CONTINUE),
      unsupported('x', '"Exact", "NotOlderThan", ""'),
      ONLY_FOR_WATCH,
    ],
  ],
])('%s is a 422 that names every field', (query, causes) => {
  const printed = causes.length > 1 ? `[${causes.join(', ')}]` : causes[0]
  expect(refusalOf(query)).toEqual({
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: `ListOptions.meta.k8s.io "" is invalid: ${printed}`,
    reason: 'Invalid',
    details: {
      group: 'meta.k8s.io',
      kind: 'ListOptions',
      causes: causes.map((cause) => {
        const [field = '', ...message] = cause.split(': ')
        const reason = message[0] === 'Forbidden' ? 'FieldValueForbidden' : 'FieldValueNotSupported'
        return { reason, message: message.join(': '), field }
      }),
    },
    code: 422,
  })
})

it('a value that is not supported is not repeated in full', () => {
  const text = JSON.stringify(refusalOf(`resourceVersion=1&resourceVersionMatch=${'x'.repeat(50_000)}`))
  expect(text).toContain('FieldValueNotSupported')
  expect(text.length).toBeLessThan(2000)
})

it.each([
  ['resourceVersion=5&continue=x', 400],
  ['resourceVersion=0&continue=x', undefined],
  ['watch=1&resourceVersion=5&continue=x', undefined],
  ['watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&limit=5', undefined],
  ['resourceVersion=5&resourceVersionMatch=Exact', undefined],
  ['resourceVersion=0&resourceVersionMatch=NotOlderThan&limit=5', undefined],
])('a version and a page go together as in Kubernetes: %s', (query, code) => {
  const refusal = refusalOf(query)
  expect(refusal === undefined || !('code' in refusal) ? undefined : refusal.code).toBe(code)
})

it.each([
  ['', false],
  ['watch=1', true],
  ['watch=1&resourceVersion=', true],
  ['watch=1&resourceVersion=0', true],
  ['watch=1&resourceVersion=5', false],
  ['watch=0', false],
  ['watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan', true],
  ['watch=1&sendInitialEvents=&resourceVersionMatch=NotOlderThan', true],
  ['watch=1&sendInitialEvents=maybe&resourceVersionMatch=NotOlderThan&resourceVersion=5', true],
  ['watch=1&sendInitialEvents=true&sendInitialEvents=false&resourceVersionMatch=NotOlderThan', true],
  ['watch=1&sendInitialEvents=false&resourceVersionMatch=NotOlderThan', false],
  ['watch=1&sendInitialEvents=0&resourceVersionMatch=NotOlderThan&resourceVersion=0', false],
  ['watch=1&sendInitialEvents=False&resourceVersionMatch=NotOlderThan&resourceVersion=5', false],
])('whether initial events are sent: %s', (query, sendInitialEvents) => {
  expect(listOptions(readQueryOptions(query)).sendInitialEvents).toBe(sendInitialEvents)
})
