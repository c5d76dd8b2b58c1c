import { describe, expect, it } from 'vitest'
import { auditLog, auditPolicy, type AuditEvent } from '../index.ts'
import {
  alwaysAllow,
  authorizeRequest,
  type RequestAttributes,
  requestInfo,
} from '@kube-authn/core/authorization'
import { type AuditActivityEvent, exactHeaders } from '@kube-authn/core/internal'
import { authenticateRequest } from '@kube-authn/core/adapter'
import {
  type AuthenticationRequest,
  ConfigurationError,
  type Observer,
  userInfo,
  type UserInfo,
} from '@kube-authn/core'

const jane = userInfo({ username: 'jane', groups: ['developers', 'system:authenticated'] })

const policyOf = (rules: readonly object[], more: object = {}): object => ({
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  rules,
  ...more,
})

function levelOf(rules: readonly object[], request: string, user?: UserInfo): string {
  const [method = '', url = ''] = request.split(' ')
  const [path = '', query = ''] = url.split('?')
  return auditPolicy(policyOf(rules)).rulingOn(user, () => requestInfo({ method, path, query })).level
}

describe('a rule', () => {
  const pods = 'GET /api/v1/namespaces/shop/pods/web'
  const all = { level: 'Metadata' }

  it.each<[object, string, boolean]>([
    [{}, pods, true],
    [{ users: ['jane'] }, pods, true],
    [{ users: ['joe'] }, pods, false],
    [{ users: ['Jane'] }, pods, false],
    [{ userGroups: ['x', 'developers'] }, pods, true],
    [{ userGroups: ['x'] }, pods, false],
    [{ users: ['jane'], userGroups: ['x'] }, pods, false],
    [{ verbs: ['get'] }, pods, true],
    [{ verbs: ['list', 'watch'] }, pods, false],
    [{ verbs: ['list'] }, 'GET /api/v1/pods', true],
    [{ verbs: ['*'] }, pods, false],
    [{ namespaces: ['shop'] }, pods, true],
    [{ namespaces: ['other'] }, pods, false],
    [{ namespaces: [''] }, 'GET /api/v1/nodes/n', true],
    [{ namespaces: [''] }, pods, false],
    [{ namespaces: ['shop'] }, 'GET /healthz', false],
    [{ resources: [{ group: '' }] }, pods, true],
    [{ resources: [{ group: 'apps' }] }, pods, false],
    [{ resources: [{ group: '*' }] }, pods, true],
    [{ resources: [{ group: '*', resources: ['pods'] }] }, 'GET /apis/x.io/v1/pods', true],
    [{ resources: [{ group: '*' }] }, 'GET /healthz', false],
    [{ resources: [{ resources: ['pods'] }] }, pods, true],
    [{ resources: [{ resources: ['pods'] }] }, `${pods}/log`, false],
    [{ resources: [{ resources: ['pods/log'] }] }, `${pods}/log`, true],
    [{ resources: [{ resources: ['pods/log'] }] }, pods, false],
    [{ resources: [{ resources: ['pods/*'] }] }, `${pods}/status`, true],
    [{ resources: [{ resources: ['pods/*'] }] }, pods, true],
    [{ resources: [{ resources: ['pods/*'] }] }, 'GET /api/v1/nodes/n/status', false],
    [{ resources: [{ resources: ['*/status'] }] }, `${pods}/status`, true],
    [{ resources: [{ resources: ['*/status'] }] }, `${pods}/log`, false],
    [{ resources: [{ resources: ['*/status'] }] }, pods, false],
    [{ resources: [{ resources: ['*'] }] }, `${pods}/log`, true],
    [{ resources: [{ resources: ['*/*'] }] }, `${pods}/log`, false],
    [{ resources: [{ resources: ['pods'], resourceNames: ['web'] }] }, pods, true],
    [{ resources: [{ resources: ['pods'], resourceNames: ['db'] }] }, pods, false],
    [
      { resources: [{ resources: ['pods'], resourceNames: ['web'] }] },
      'GET /api/v1/namespaces/shop/pods',
      false,
    ],
    [{ resources: [{ group: 'apps' }, { group: '' }] }, pods, true],
    [{ resources: [{ group: '' }], namespaces: ['other'] }, pods, false],
    [{ nonResourceURLs: ['/healthz*'] }, 'GET /healthz/etcd', true],
    [{ nonResourceURLs: ['/healthz*'] }, 'GET /healthz', true],
    [{ nonResourceURLs: ['/healthz'] }, 'GET /healthz/etcd', false],
    [{ nonResourceURLs: ['/version', '*'] }, 'GET /x', true],
    [{ nonResourceURLs: ['*'] }, pods, false],
    [{ nonResourceURLs: ['/healthz'], verbs: ['post'] }, 'GET /healthz', false],
  ])('%j matches %s: %s', (rule, request, matches) => {
    expect(levelOf([{ ...all, ...rule }], request, jane)).toBe(matches ? 'Metadata' : 'None')
  })

  it.each<[object, boolean]>([
    [{}, true],
    [{ users: [''] }, false],
    [{ userGroups: ['system:unauthenticated'] }, false],
  ])('%j matches an unauthenticated request: %s', (rule, matches) => {
    const policy = auditPolicy(policyOf([{ ...all, ...rule }]))
    expect(policy.rulingOn(undefined, () => requestInfo({ method: 'GET', path: '/', query: '' })).level).toBe(
      matches ? 'Metadata' : 'None',
    )
  })

  it('is followed if it is the first that matches', () => {
    const rules = [{ level: 'None', users: ['jane'] }, { level: 'Metadata' }]
    expect(levelOf(rules, pods, jane)).toBe('None')
    expect(levelOf(rules.toReversed(), pods, jane)).toBe('Metadata')
    expect(levelOf(rules, pods)).toBe('Metadata')
  })

  it('does not ask what a request is about where it makes no difference', () => {
    const { rulingOn } = auditPolicy(policyOf([{ level: 'None', users: ['joe'], verbs: ['get'] }, all]))
    const target = (): never => {
      throw new Error('it was asked')
    }
    expect(rulingOn(jane, target).level).toBe('Metadata')
  })
})

describe('auditPolicy', () => {
  it('reads YAML, and takes bodies for left out where it is told to', () => {
    const text = `
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived, Panic]
omitManagedFields: true
rules:
  - level: RequestResponse
    omitStages: [ResponseStarted]
    omitManagedFields: false
    users:
`
    const ruling = auditPolicy(text, { bodies: 'leftOut' }).rulingOn(jane, () => {
      throw new Error('it was asked')
    })
    expect(ruling.level).toBe('Metadata')
    expect([...ruling.omitStages]).toEqual(['RequestReceived', 'ResponseStarted'])
  })

  it.each<[string, unknown, readonly string[]]>([
    ['nothing', '', ['audit policy: Invalid value: must be an object, but is null']],
    ['a list', [], ['audit policy: Invalid value: must be an object, but is a list']],
    [
      'no kind',
      { rules: [] },
      ['audit policy: unknown group version field , Kind= in policy: must be a Policy of audit.k8s.io/v1'],
    ],
    [
      'an old version',
      { ...policyOf([]), apiVersion: 'audit.k8s.io/v1beta1' },
      [
        'audit policy: unknown group version field audit.k8s.io/v1beta1, Kind=Policy in policy: must be a Policy of audit.k8s.io/v1',
      ],
    ],
    ['no rules', policyOf([]), ['audit policy: loaded illegal policy with 0 rules']],
    ['no level', policyOf([{}]), ['audit policy: rules[0].level: Required value']],
    [
      'a level that there is not',
      policyOf([{ level: 'metadata' }]),
      [
        'audit policy: rules[0].level: Unsupported value: "metadata": supported values: "None", "Metadata", "Request", "RequestResponse"',
      ],
    ],
    [
      'bodies',
      policyOf([{ level: 'None' }, { level: 'Request' }, { level: 'RequestResponse' }]),
      [
        `audit policy: rules[1].level: Invalid value: "Request": bodies are not logged here: use Metadata, or set the option bodies to 'leftOut'`,
        `audit policy: rules[2].level: Invalid value: "RequestResponse": bodies are not logged here: use Metadata, or set the option bodies to 'leftOut'`,
      ],
    ],
    [
      'stages that there are not',
      policyOf([{ level: 'None', omitStages: ['x'] }], { omitStages: ['Panic', 'y'] }),
      [
        'audit policy: omitStages[1]: Invalid value: "y": allowed stages are RequestReceived,ResponseStarted,ResponseComplete,Panic',
        'audit policy: rules[0].omitStages[0]: Invalid value: "x": allowed stages are RequestReceived,ResponseStarted,ResponseComplete,Panic',
      ],
    ],
    [
      'paths that are none',
      policyOf([{ level: 'None', nonResourceURLs: ['*', '', 'x', '/a*b', '/a*'] }]),
      [
        'audit policy: rules[0].nonResourceURLs[1]: Invalid value: "": non-resource URL rules must begin with a \'/\' character',
        'audit policy: rules[0].nonResourceURLs[2]: Invalid value: "x": non-resource URL rules must begin with a \'/\' character',
        'audit policy: rules[0].nonResourceURLs[3]: Invalid value: "/a*b": non-resource URL wildcards \'*\' must be the final character of the rule',
      ],
    ],
    [
      'resources and paths',
      policyOf([{ level: 'None', nonResourceURLs: ['/x'], namespaces: ['n'] }]),
      [
        'audit policy: rules[0].nonResourceURLs: Invalid value: ["/x"]: rules cannot apply to both regular resources and non-resource URLs',
      ],
    ],
    [
      'names without resources',
      policyOf([{ level: 'None', resources: [{ group: '', resourceNames: ['a'] }] }]),
      [
        'audit policy: rules[0].resources.resourceNames: Invalid value: ["a"]: using resourceNames requires at least one resource',
      ],
    ],
    [
      'a misspelt restriction',
      policyOf([{ level: 'None', usres: ['a'] }]),
      ['audit policy: rules[0].usres: Unknown field'],
    ],
    [
      'a restriction of another type',
      policyOf([{ level: 'None', users: 'a' }]),
      ['audit policy: rules[0].users: Invalid value: must be a list of strings, but is a string'],
    ],
  ])('refuses %s', (_, policy, messages) => {
    let thrown: unknown
    try {
      auditPolicy(policy as object)
    } catch (error) {
      thrown = error
    }
    expect(thrown).toBeInstanceOf(ConfigurationError)
    expect((thrown as ConfigurationError).problems.map(({ path, message }) => `${path}: ${message}`)).toEqual(
      messages,
    )
  })

  it.each([
    ['rbac.authorization.k8s.io/v1', 'lower case alphanumeric'],
    ['Apps', 'lower case alphanumeric'],
  ])('refuses the group %s', (group, message) => {
    const policy = policyOf([{ level: 'None', resources: [{ group }] }])
    expect(() => auditPolicy(policy)).toThrow(message)
    expect(() => auditPolicy(policy)).toThrow('rules[0].resources.group: Invalid value')
  })
})

describe('an audit log with a policy', () => {
  interface Told {
    readonly events: readonly AuditEvent[]
    readonly activity: readonly AuditActivityEvent[]
  }

  async function logged(
    rules: readonly object[],
    { path, user, attributes }: { path: string; user?: UserInfo; attributes?: RequestAttributes },
    more?: object,
  ): Promise<Told> {
    const events: AuditEvent[] = []
    const activity: AuditActivityEvent[] = []
    const observer: Observer = auditLog({
      write: (event) => events.push(event),
      policy: auditPolicy(policyOf(rules, more)),
      observer: (event) => event.type === 'audit' && activity.push(event),
    })
    const request: AuthenticationRequest = { method: 'GET', path, query: '', headers: exactHeaders([]) }
    const authenticator = { name: 'a', authenticate: () => user && { user } }
    await authenticateRequest(authenticator, { observer })(request)
    if (user !== undefined) {
      const context = attributes === undefined ? {} : { attributes: () => attributes }
      await authorizeRequest(alwaysAllow(), { observer })(request, user, context)
    }
    observer({ type: 'response', request, status: user === undefined ? 401 : 200 })
    return { events, activity }
  }
  const stages = ({ events }: Told): readonly string[] => events.map(({ stage }) => stage)

  it('logs nothing at level None, and counts that', async () => {
    const { events, activity } = await logged([{ level: 'None' }], { path: '/x', user: jane })
    expect(events).toEqual([])
    expect(activity).toEqual([{ type: 'audit', what: 'level', level: 'None', count: 1 }])
  })

  it('counts every event, and the level once', async () => {
    const { activity } = await logged([{ level: 'Metadata' }], { path: '/x', user: jane })
    expect(activity).toEqual([
      { type: 'audit', what: 'level', level: 'Metadata', count: 1 },
      { type: 'audit', what: 'event', level: 'Metadata', stage: 'RequestReceived', count: 1 },
      { type: 'audit', what: 'event', level: 'Metadata', stage: 'ResponseComplete', count: 1 },
    ])
  })

  it.each([
    [{ omitStages: ['RequestReceived'] }, {}, jane, ['ResponseComplete']],
    [{}, { omitStages: ['RequestReceived'] }, jane, ['ResponseComplete']],
    [{ omitStages: ['ResponseComplete'] }, { omitStages: ['RequestReceived'] }, jane, []],
    [{}, {}, undefined, ['ResponseStarted']],
    [{ omitStages: ['ResponseStarted'] }, {}, undefined, []],
    [{ users: ['jane'] }, {}, undefined, []],
  ])('logs by a rule with %j and a policy with %j', async (rule, more, user, expected) => {
    const told = await logged([{ level: 'Metadata', ...rule }], { path: '/x', ...(user && { user }) }, more)
    expect(stages(told)).toEqual(expected)
  })

  it('goes by what the authorizer was asked, as soon as that is known', async () => {
    const invoices = { level: 'Metadata', resources: [{ group: 'billing', resources: ['invoices'] }] }
    const attributes = { verb: 'get', resource: 'invoices', apiGroup: 'billing' }
    const told = await logged([invoices], { path: '/invoices/1', user: jane, attributes })
    expect(stages(told)).toEqual(['ResponseComplete'])
    expect(told.activity[0]).toMatchObject({ what: 'level', level: 'None' })
  })
})

it.each(['1.35', '1.36', '1.37'] as const)('%s: a rule for all groups is of 1.36', (kubernetesVersion) => {
  const rules = [{ level: 'Metadata', resources: [{ group: '*' }] }]
  const make = (): unknown => auditPolicy(policyOf(rules), { kubernetesVersion })
  if (kubernetesVersion === '1.35') expect(make).toThrow(/rules\[0\].resources.group: Invalid value: "\*"/)
  else expect(make).not.toThrow()
})
