import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ConfigurationError, isConfigurationError } from '../../authenticator/errors.ts'
import { configuredWebhookOptions } from './chain.ts'
import type { WebhookConfiguration } from './config.ts'
import { decodeAuthorizationConfiguration } from './decode.ts'
import { parseAuthorizationConfiguration, validateAuthorizationConfiguration } from './validate.ts'

const GROUP = 'apiserver.config.k8s.io'
const KIND = 'AuthorizationConfiguration'
const header = `apiVersion: ${GROUP}/v1\nkind: ${KIND}\n`

/** A valid webhook with some fields replaced, or removed if `undefined`. */
const webhook = (changes: object = {}): object => ({
  timeout: '3s',
  subjectAccessReviewVersion: 'v1',
  matchConditionSubjectAccessReviewVersion: 'v1',
  failurePolicy: 'NoOpinion',
  connectionInfo: { type: 'InClusterConfig' },
  ...changes,
})
const hook = (changes: object = {}, more: object = {}): object => ({
  type: 'Webhook',
  name: 'hook',
  webhook: webhook(changes),
  ...more,
})
const rbac = { type: 'RBAC', name: 'rbac' }

const textOf = (...authorizers: readonly unknown[]): string =>
  JSON.stringify({ apiVersion: `${GROUP}/v1`, kind: KIND, authorizers })

function errorsOf(...authorizers: readonly unknown[]): readonly string[] {
  const { errors } = validateAuthorizationConfiguration(
    decodeAuthorizationConfiguration(textOf(...authorizers)),
  )
  return errors.map(({ path, message }) => `${path}: ${message}`)
}

function problemsOf(text: string): readonly string[] {
  try {
    decodeAuthorizationConfiguration(text, 'f')
    return []
  } catch (error) {
    if (!isConfigurationError(error)) throw error
    return error.problems.map(({ path, message }) => `${path}: ${message}`)
  }
}

describe('reading an AuthorizationConfiguration', () => {
  it.each(['v1', 'v1beta1', 'v1alpha1'])(
    'takes %s in YAML and JSON, and fills in the defaults',
    (version) => {
      const yaml = `apiVersion: ${GROUP}/${version}\nkind: ${KIND}\nauthorizers:\n- {type: Webhook, name: default, webhook: {}}\n`
      const json = JSON.stringify({
        apiVersion: `${GROUP}/${version}`,
        kind: KIND,
        authorizers: [{ type: 'Webhook', name: 'default', webhook: {} }],
      })
      for (const text of [yaml, json]) {
        expect(decodeAuthorizationConfiguration(text)).toEqual({
          authorizers: [
            {
              type: 'Webhook',
              name: 'default',
              webhook: {
                authorizedTtlSeconds: 300,
                cacheAuthorizedRequests: true,
                unauthorizedTtlSeconds: 30,
                cacheUnauthorizedRequests: true,
                timeoutSeconds: 0,
                subjectAccessReviewVersion: '',
                matchConditionSubjectAccessReviewVersion: '',
                failurePolicy: '',
                connectionInfo: { type: '' },
                matchConditions: [],
              },
            },
          ],
        })
      }
    },
  )

  it('takes what is said for the defaults, and a time of zero for none', () => {
    const text = textOf(
      hook({
        authorizedTTL: '1h30m',
        cacheAuthorizedRequests: false,
        unauthorizedTTL: '0s',
        cacheUnauthorizedRequests: null,
        connectionInfo: { type: 'KubeConfigFile', kubeConfigFile: '' },
      }),
    )
    expect(decodeAuthorizationConfiguration(text).authorizers[0]?.webhook).toMatchObject({
      authorizedTtlSeconds: 5400,
      cacheAuthorizedRequests: false,
      unauthorizedTtlSeconds: 30,
      cacheUnauthorizedRequests: true,
      connectionInfo: { kubeConfigFile: '' },
    })
  })

  it('finds no authorizer in an empty file', () => {
    expect(() => parseAuthorizationConfiguration('')).toThrow(
      'authorizers: Required value: at least one authorization mode must be defined',
    )
  })

  it.each([
    ['# nothing', ["f: Object 'Kind' is missing"]],
    ['[]', ['f: must be an object']],
    [`{"kind":"${KIND}"}`, ["f: Object 'apiVersion' is missing"]],
    [`{"apiVersion":"${GROUP}/v1"}`, ["f: Object 'Kind' is missing"]],
    [
      `{"apiVersion":"apps/v1","kind":"${KIND}"}`,
      [expect.stringContaining(`no kind "${KIND}" is registered for version "apps/v1"`)],
    ],
    [`{"apiVersion":"${GROUP}/v99","kind":"${KIND}"}`, [expect.stringContaining(`"${GROUP}/v99"`)]],
    [
      `{"apiVersion":"${GROUP}/v1","kind":"AuthenticationConfiguration"}`,
      [expect.stringContaining('must be an AuthorizationConfiguration of')],
    ],
    [`${header}authorzers: []`, ['f: authorzers: strict decoding error: unknown field "authorzers"']],
    [
      `${header}authorizers: [{type: RBAC, nam: rbac}]`,
      ['f: authorizers[0].nam: strict decoding error: unknown field "authorizers[0].nam"'],
    ],
    [
      `${header}authorizers: [{__proto__: {type: RBAC}}]`,
      [expect.stringContaining('unknown field "authorizers[0].__proto__"')],
    ],
    [`${header}authorizers: {type: RBAC}`, ['f: authorizers: Invalid value: must be a list of objects']],
    [`${header}authorizers: [RBAC]`, ['f: authorizers[0]: Invalid value: must be an object']],
    [`${header}authorizers: []\nauthorizers: []`, [expect.stringContaining('strict decoding error')]],
    [`${header}---\n${header}`, [expect.stringContaining('f')]],
  ])('refuses %s', (text, expected) => {
    expect(problemsOf(text)).toEqual(expected)
  })

  it.each<[object, string]>([
    [{ timeout: 3 }, 'timeout: Invalid value: must be a duration, as in 30s or 5m0s'],
    [{ timeout: null }, 'timeout: Invalid value: time: invalid duration ""'],
    [{ timeout: '' }, 'timeout: Invalid value: time: invalid duration ""'],
    [{ timeout: '3' }, 'timeout: Invalid value: time: missing unit in duration "3"'],
    [{ authorizedTTL: '5d' }, 'authorizedTTL: Invalid value: time: unknown unit "d" in duration "5d"'],
    [{ unauthorizedTTL: '1'.repeat(100) }, 'unauthorizedTTL: Invalid value: time: invalid duration'],
    [{ cacheAuthorizedRequests: 'true' }, 'cacheAuthorizedRequests: Invalid value: must be true or false'],
    [{ failurePolicy: ['Deny'] }, 'failurePolicy: Invalid value: must be a string'],
    [{ matchConditions: ['true'] }, 'matchConditions[0]: Invalid value: must be an object'],
    [
      { matchConditions: [{ expression: 'true', name: 'x' }] },
      'matchConditions[0].name: strict decoding error: unknown field "authorizers[0].webhook.matchConditions[0].name"',
    ],
    [
      { connectionInfo: { type: 'x', kubeconfigFile: '/x' } },
      'connectionInfo.kubeconfigFile: strict decoding error: unknown field "authorizers[0].webhook.connectionInfo.kubeconfigFile"',
    ],
    [{ ttl: '3s' }, 'ttl: strict decoding error: unknown field "authorizers[0].webhook.ttl"'],
  ])('refuses a webhook with %j', (changes, expected) => {
    expect(problemsOf(textOf(hook(changes)))).toEqual([`f: authorizers[0].webhook.${expected}`])
  })
})

describe('whatever is written', () => {
  /** A webhook with an arbitrary JSON value in any field. */
  const fields = Object.keys(webhook({ authorizedTTL: '', unauthorizedTTL: '', matchConditions: [] }))
  const changes = fc.dictionary(fc.constantFrom(...fields, '__proto__', 'other'), fc.jsonValue(), {
    noNullPrototype: true,
  })
  const authorizer = fc.oneof(
    fc.jsonValue(),
    changes.map((each) => hook(each)),
    fc.record({
      type: fc.constantFrom('RBAC', 'Webhook', 'Node', ''),
      name: fc.string(),
      webhook: fc.jsonValue(),
    }),
  )

  it('is read, or refused with its problems', () => {
    fc.assert(
      fc.property(fc.array(authorizer, { maxLength: 3 }), (authorizers) => {
        try {
          parseAuthorizationConfiguration(textOf(...authorizers))
        } catch (error) {
          expect(error).toSatisfy(isConfigurationError)
        }
      }),
    )
  })
})

describe('validating an AuthorizationConfiguration', () => {
  it.each([
    [
      'one of each type',
      [
        { type: 'AlwaysDeny', name: 'alwaysdeny' },
        rbac,
        hook(),
        { type: 'AlwaysAllow', name: 'alwaysallow' },
      ],
    ],
    ['two webhooks', [hook(), hook({}, { name: 'second.example.com' })]],
    ['the longest timeout', [hook({ timeout: '30s' })]],
    ['an old version of reviews', [hook({ subjectAccessReviewVersion: 'v1beta1' })]],
    [
      'no version of conditions, of which there are none',
      [hook({ matchConditionSubjectAccessReviewVersion: '' })],
    ],
    ['an absolute path', [hook({ connectionInfo: { type: 'KubeConfigFile', kubeConfigFile: '/a' } })]],
    [
      'conditions',
      [
        hook({
          matchConditions: [
            {
              expression:
                "has(request.resourceAttributes) && request.resourceAttributes.namespace == 'kube-system'",
            },
            { expression: "request.user == 'admin'" },
          ],
        }),
      ],
    ],
  ])('takes %s', (_, authorizers) => {
    expect(errorsOf(...authorizers)).toEqual([])
  })

  it.each<[string, readonly unknown[], readonly string[]]>([
    ['no authorizer', [], ['authorizers: Required value: at least one authorization mode must be defined']],
    ['no type, whatever else', [{ name: '' }], ['authorizers[0].type: Required value']],
    [
      'a type that is unknown',
      [{ type: 'Foo' }],
      [
        'authorizers[0].type: Unsupported value: "Foo": supported values: "AlwaysAllow", "AlwaysDeny", "RBAC", "Webhook"',
      ],
    ],
    ['a type in another case', [{ type: 'rbac', name: 'rbac' }], [expect.stringContaining('"rbac"')]],
    ['a type of the prototype', [{ type: 'constructor' }], [expect.stringContaining('Unsupported value')]],
    [
      'what a kube-apiserver has and this has not',
      [
        { type: 'Node', name: 'node' },
        { type: 'ABAC', name: 'abac' },
      ],
      [
        expect.stringMatching(/^authorizers\[0\]\.type: Forbidden: the Node authorizer needs a graph/),
        expect.stringMatching(/^authorizers\[1\]\.type: Forbidden: ABAC policy files are not supported/),
      ],
    ],
    [
      'a type twice',
      [rbac, { type: 'RBAC', name: 'other' }],
      ['authorizers[1].type: Duplicate value: "RBAC"'],
    ],
    ['no name', [{ type: 'RBAC' }], ['authorizers[0].name: Required value']],
    ['a name twice', [hook(), hook()], ['authorizers[1].name: Duplicate value: "hook"']],
    [
      'a name twice, of different types',
      [
        { type: 'AlwaysAllow', name: 'x' },
        { type: 'AlwaysDeny', name: 'x' },
      ],
      ['authorizers[1].name: Duplicate value: "x"'],
    ],
    [
      'a name that is no subdomain',
      [hook({}, { name: 'FOO.example' })],
      [
        expect.stringMatching(
          /^authorizers\[0\]\.name: Invalid value: "FOO\.example": authorizer name is invalid: a lowercase RFC 1123 subdomain/,
        ),
      ],
    ],
    [
      'a name that is too long',
      [hook({}, { name: 'a'.repeat(254) })],
      [expect.stringContaining('authorizer name is invalid: must be no more than 253')],
    ],
    [
      'another name than its type has',
      [{ type: 'RBAC', name: 'roles' }],
      ['authorizers[0].name: expected name rbac for authorizer RBAC instead of roles'],
    ],
    [
      'a webhook without what it is',
      [{ type: 'Webhook', name: 'hook' }],
      ['authorizers[0].webhook: Required value: required when type=Webhook'],
    ],
    [
      'what a webhook is where there is none',
      [{ ...rbac, webhook: webhook() }],
      ['authorizers[0].webhook: Invalid value: "non-null": may only be specified when type=Webhook'],
    ],
  ])('refuses %s', (_, authorizers, expected) => {
    expect(errorsOf(...authorizers)).toEqual(expected)
  })

  it.each<[object, string]>([
    [{ timeout: undefined }, 'timeout: Required value'],
    [{ timeout: '0s' }, 'timeout: Required value'],
    [{ timeout: '-30s' }, 'timeout: Invalid value: "-30s": must be > 0s and <= 30s'],
    [{ timeout: '60s' }, 'timeout: Invalid value: "1m0s": must be > 0s and <= 30s'],
    [{ timeout: '30.001s' }, 'timeout: Invalid value: "30.001s": must be > 0s and <= 30s'],
    [{ authorizedTTL: '-30s' }, 'authorizedTTL: Invalid value: "-30s": must be > 0s'],
    [{ unauthorizedTTL: '-5m' }, 'unauthorizedTTL: Invalid value: "-5m0s": must be > 0s'],
    [{ subjectAccessReviewVersion: '' }, 'subjectAccessReviewVersion: Required value'],
    [
      { subjectAccessReviewVersion: 'v2beta1' },
      'subjectAccessReviewVersion: Unsupported value: "v2beta1": supported values: "v1", "v1beta1"',
    ],
    [
      { matchConditionSubjectAccessReviewVersion: '', matchConditions: [{ expression: 'true' }] },
      'matchConditionSubjectAccessReviewVersion: Required value: required if match conditions are specified',
    ],
    [
      { matchConditionSubjectAccessReviewVersion: 'v1beta1' },
      'matchConditionSubjectAccessReviewVersion: Unsupported value: "v1beta1": supported values: "v1"',
    ],
    [{ failurePolicy: undefined }, 'failurePolicy: Required value'],
    [
      { failurePolicy: 'AlwaysAllow' },
      'failurePolicy: Unsupported value: "AlwaysAllow": supported values: "NoOpinion", "Deny"',
    ],
    [{ connectionInfo: undefined }, 'connectionInfo.type: Required value'],
    [
      { connectionInfo: { type: 'ExternalClusterConfig' } },
      'connectionInfo.type: Unsupported value: "ExternalClusterConfig": supported values: "InClusterConfig", "KubeConfigFile"',
    ],
    [
      { connectionInfo: { type: 'InClusterConfig', kubeConfigFile: '' } },
      'connectionInfo.kubeConfigFile: Invalid value: "": can only be set when type=KubeConfigFile',
    ],
    [{ connectionInfo: { type: 'KubeConfigFile' } }, 'connectionInfo.kubeConfigFile: Required value'],
    [
      { connectionInfo: { type: 'KubeConfigFile', kubeConfigFile: '' } },
      'connectionInfo.kubeConfigFile: Required value',
    ],
    [
      { connectionInfo: { type: 'KubeConfigFile', kubeConfigFile: '../kubeconfig' } },
      'connectionInfo.kubeConfigFile: Invalid value: "../kubeconfig": must be an absolute path',
    ],
    [
      { matchConditions: Array.from({ length: 65 }, (_, index) => ({ expression: `${index} == 0` })) },
      'matchConditions: Too many: 65: must have at most 64 items',
    ],
    [{ matchConditions: [{ expression: ' \n ' }] }, 'matchConditions[0].expression: Required value'],
    [{ matchConditions: [{}] }, 'matchConditions[0].expression: Required value'],
    [
      { matchConditions: [{ expression: 'request.user == "a"' }, { expression: 'request.user == "a"' }] },
      String.raw`matchConditions[1].expression: Duplicate value: "request.user == \"a\""`,
    ],
    [
      { matchConditions: [{ expression: 'true' }, { expression: 'test' }] },
      `matchConditions[1].expression: Invalid value: "test": compilation failed: ERROR: <input>:1:1: undeclared reference to 'test' (in container '')\n | test\n | ^`,
    ],
    [
      { matchConditions: [{ expression: 'request.user' }] },
      'matchConditions[0].expression: Invalid value: "request.user": must evaluate to bool but got string',
    ],
    [
      { matchConditions: [{ expression: "request.time == 'now'" }] },
      `matchConditions[0].expression: Invalid value: "request.time == 'now'": compilation failed: ERROR: <input>:1:8: undefined field 'time'\n | request.time == 'now'\n | .......^`,
    ],
  ])('refuses a webhook with %j', (changes, expected) => {
    expect(errorsOf(hook(changes))).toEqual([`authorizers[0].${expected}`])
  })

  it('names everything that is wrong, and unexpected names when nothing else is', () => {
    const wrong = [{ type: 'RBAC', name: 'roles' }, hook({ timeout: '', failurePolicy: 'x' }, { name: 'A' })]
    expect(errorsOf({ type: 'RBAC', name: 'roles' }, hook({ timeout: '0s', failurePolicy: 'x' }))).toEqual([
      'authorizers[1].timeout: Required value',
      'authorizers[1].failurePolicy: Unsupported value: "x": supported values: "NoOpinion", "Deny"',
    ])
    expect(() => parseAuthorizationConfiguration(textOf(...wrong))).toThrow(ConfigurationError)
  })

  it('asks about the path of a kubeconfig', () => {
    const configuration = decodeAuthorizationConfiguration(
      textOf(hook({ connectionInfo: { type: 'KubeConfigFile', kubeConfigFile: '/a' } })),
    )
    const kubeConfigFileProblem = (path: string): string => `${path} must be a regular file`
    expect(validateAuthorizationConfiguration(configuration, { kubeConfigFileProblem }).errors).toMatchObject(
      [{ message: 'Invalid value: "/a": /a must be a regular file' }],
    )
  })
})

it.each<[object, object]>([
  [{}, { allowedTtlSeconds: 300, deniedTtlSeconds: 30, version: 'v1', failurePolicy: 'noOpinion' }],
  [
    { cacheAuthorizedRequests: false, authorizedTTL: '1m', failurePolicy: 'Deny' },
    { allowedTtlSeconds: 0, deniedTtlSeconds: 30, failurePolicy: 'deny' },
  ],
  [
    { cacheUnauthorizedRequests: false, authorizedTTL: '1m', subjectAccessReviewVersion: 'v1beta1' },
    { allowedTtlSeconds: 60, deniedTtlSeconds: 0, version: 'v1beta1', timeoutSeconds: 3 },
  ],
])('a webhook with %j is asked with %j', (changes, expected) => {
  const [configured] = decodeAuthorizationConfiguration(textOf(hook(changes))).authorizers
  expect(configuredWebhookOptions(configured?.webhook as WebhookConfiguration)).toMatchObject(expected)
})
