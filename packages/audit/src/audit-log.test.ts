import { describe, expect, it, vi } from 'vitest'
import { cpuSecondsUntil } from '../../../test/cpu-seconds.ts'
import {
  allow,
  alwaysAllow,
  alwaysDeny,
  AuthorizationError,
  type Authorizer,
  authorizeRequest,
  noOpinion,
} from '@kube-authn/core/authorization'
import {
  type AuthenticationRequest,
  type Authenticator,
  type Observer,
  rejected,
  unavailable,
  userInfo,
  type UserInfo,
} from '@kube-authn/core'
import { exactHeaders } from '@kube-authn/core/internal'
import { authenticateRequest, impersonateRequest } from '@kube-authn/core/adapter'
import { auditLog } from './audit-log.ts'
import type { AuditEvent } from './event.ts'

const clark = userInfo({ username: 'clark', uid: '1', groups: ['g'], extra: { k: ['v'] } })

interface Steps {
  readonly authenticator?: Authenticator
  readonly impersonation?: Authorizer
  readonly authorization?: Authorizer
  readonly mode?: 'legacy' | 'constrained'
  readonly isLongRunning?: () => boolean
}

/** Takes a request through all three steps, as an adapter would. */
async function audited(request: AuthenticationRequest, steps: Steps = {}): Promise<readonly AuditEvent[]> {
  const events: AuditEvent[] = []
  const clock = { now: () => Date.parse('2026-01-02T03:04:05.006Z'), after: () => () => undefined }
  const observer = auditLog({
    write: (event) => events.push(event),
    newId: () => 'id',
    clock,
    sourceIPs: () => ['192.0.2.1'],
    ...(steps.isLongRunning !== undefined && { isLongRunning: steps.isLongRunning }),
  })
  const authenticator = steps.authenticator ?? { name: 'known', authenticate: () => ({ user: clark }) }
  const finish = (status: number): readonly AuditEvent[] => {
    observer({ type: 'response', request, status })
    observer({ type: 'response', request, status })
    return events
  }
  const who = await authenticateRequest(authenticator, { observer })(request, { impersonates: true })
  if ('failure' in who) return finish(who.failure.status)
  const { user } = who.authentication
  const as = await impersonateRequest(steps.impersonation ?? alwaysAllow(), {
    observer,
    mode: steps.mode ?? 'legacy',
  })(request, user)
  if ('failure' in as) return finish(as.failure.status)
  const may = await authorizeRequest(steps.authorization ?? alwaysAllow(), { observer })(request, as.user)
  return finish('failure' in may ? may.failure.status : 200)
}

function get(path: string, query = '', raw: readonly string[] = []): AuthenticationRequest {
  return { method: 'GET', path, query, headers: exactHeaders(raw) }
}

const bob = ['Impersonate-User', 'bob']

describe('a long-running request', () => {
  const POD = '/api/v1/namespaces/n/pods/p'

  it.each([
    ['/api/v1/namespaces/n/secrets', 'watch=1'],
    ['/api/v1/watch/namespaces/n/secrets', ''],
    [`${POD}/log`, 'follow=true'],
    [`${POD}/exec`, 'command=sh'],
    [`${POD}/attach`, ''],
    [`${POD}/portforward`, ''],
    [`${POD}/proxy/x`, ''],
    ['/api/v1/namespaces/n/services/s/proxy', ''],
  ])('is in the log before its end: %s?%s', async (path, query) => {
    const events = await audited(get(path, query))
    expect(events.map(({ stage }) => stage)).toEqual([
      'RequestReceived',
      'ResponseStarted',
      'ResponseComplete',
    ])
    const [, started, complete] = events
    expect(started?.annotations).toEqual(complete?.annotations)
    // The app has not answered yet.
    expect([started?.responseStatus, complete?.responseStatus?.code]).toEqual([undefined, 200])
  })

  it.each([
    [POD],
    ['/api/v1/namespaces/n/pods'],
    ['/watch'],
    ['/x/log'],
    ['/apis/a/v1/namespaces/n/pods/p/logs'],
  ])('is none of these: %s', async (path) => {
    const events = await audited(get(path))
    expect(events.map(({ stage }) => stage)).toEqual(['RequestReceived', 'ResponseComplete'])
  })

  it('is one below the prefix only', async () => {
    const stagesOf = async (path: string): Promise<readonly string[]> => {
      const stages: string[] = []
      const observer = auditLog({ prefix: '/cluster', write: ({ stage }) => void stages.push(stage) })
      await authorizeRequest(alwaysAllow(), { observer, prefix: '/cluster' })(get(path), clark)
      return stages
    }
    expect(await stagesOf(`/cluster${POD}/log`)).toEqual(['ResponseStarted'])
    expect(await stagesOf(`${POD}/log`)).toEqual([])
  })

  it.each<[string, Steps, readonly string[]]>([
    ['is forbidden', { authorization: alwaysDeny() }, []],
    ['may not impersonate', { impersonation: alwaysDeny() }, bob],
  ])('that %s has the status at once', async (_, steps, raw) => {
    const events = await audited(get(`${POD}/log`, '', raw), steps)
    expect(events.map(({ stage, responseStatus }) => [stage, responseStatus?.code])).toEqual([
      ['RequestReceived', undefined],
      ['ResponseStarted', 403],
      ['ResponseComplete', 403],
    ])
  })

  it.each<[string, () => boolean, string, boolean]>([
    ['as the app says', () => true, '/events', true],
    ['not as the app says', () => false, `${POD}/log`, false],
    [
      'if the app cannot say',
      () => {
        throw new Error('no')
      },
      '/events',
      true,
    ],
  ])('is one %s', async (_, isLongRunning, path, isStarted) => {
    const events = await audited(get(path), { isLongRunning })
    expect(events.some(({ stage }) => stage === 'ResponseStarted')).toBe(isStarted)
    expect(events.at(-1)?.stage).toBe('ResponseComplete')
  })

  it('has one such event, whatever is decided later', async () => {
    const request = get(`${POD}/log`)
    const stages: string[] = []
    const observer = auditLog({ write: ({ stage }) => void stages.push(stage) })
    for (const authorizer of [alwaysAllow(), alwaysDeny()])
      await authorizeRequest(authorizer, { observer })(request, clark)
    observer({ type: 'response', request, status: 403 })
    await authorizeRequest(alwaysAllow(), { observer })(request, clark)
    expect(stages).toEqual(['ResponseStarted', 'ResponseComplete', 'ResponseComplete'])
  })
})

describe('a name in a selector', () => {
  const asked = get('/api/v1/namespaces/n/pods', 'fieldSelector=metadata.name=web')
  const refused: Authenticator = {
    name: 'refusing',
    authenticate() {
      throw rejected('bad')
    },
  }

  it.each<[string, Steps, readonly (string | undefined)[]]>([
    ['is known of a request that is allowed', {}, ['web', 'web']],
    ['is known of a request that may not impersonate', { impersonation: alwaysDeny() }, ['web', 'web']],
    ['is known of a request that is forbidden', { authorization: alwaysDeny() }, ['web', 'web']],
    ['is not read for an unauthenticated request', { authenticator: refused }, [undefined]],
  ])('%s', async (_, steps, names) => {
    const request = { ...asked, headers: exactHeaders(steps.impersonation === undefined ? [] : bob) }
    const events = await audited(request, steps)
    expect(events.map(({ objectRef }) => objectRef?.name)).toEqual(names)
    expect(events.every(({ verb, objectRef }) => verb === 'list' && objectRef?.resource === 'pods')).toBe(
      true,
    )
  })

  it('costs nothing for an unauthenticated request, however long the selector is', async () => {
    const cpuOf = (query: string): Promise<number> =>
      cpuSecondsUntil(async () => {
        for (let round = 0; round < 50; round++) {
          await audited(get('/api/v1/pods', query), { authenticator: refused })
        }
      })
    await cpuOf('x=a')
    const plain = await cpuOf(`x=${'a,'.repeat(8000)}a`)
    const selecting = await cpuOf(
      `labelSelector=${'a,'.repeat(8000)}a&fieldSelector=${'a=b,'.repeat(4000)}a=b`,
    )
    expect(selecting).toBeLessThan(5 * plain + 0.1)
  })
})

describe('auditLog', () => {
  it('writes an event when a request was authenticated, and one with all that was decided when it was answered', async () => {
    const [received, complete, ...more] = await audited(
      get('/api/v1/namespaces/n/pods/p', 'x=1', ['User-Agent', 'curl']),
    )
    expect(more).toEqual([])
    expect(received).toMatchObject({ stage: 'RequestReceived', auditID: 'id', verb: 'get' })
    expect(received).not.toHaveProperty('responseStatus')
    expect(received).not.toHaveProperty('annotations')
    expect(complete).toEqual({
      kind: 'Event',
      apiVersion: 'audit.k8s.io/v1',
      level: 'Metadata',
      auditID: 'id',
      stage: 'ResponseComplete',
      requestURI: '/api/v1/namespaces/n/pods/p?x=1',
      verb: 'get',
      user: { username: 'clark', uid: '1', groups: ['g'], extra: { k: ['v'] } },
      sourceIPs: ['192.0.2.1'],
      userAgent: 'curl',
      objectRef: { resource: 'pods', namespace: 'n', name: 'p', apiVersion: 'v1' },
      responseStatus: { metadata: {}, code: 200 },
      requestReceivedTimestamp: expect.stringMatching(/^2026-01-02T03:0\d:\d\d\.\d{3}000Z$/),
      stageTimestamp: '2026-01-02T03:04:05.006000Z',
      annotations: { 'authorization.k8s.io/decision': 'allow', 'authorization.k8s.io/reason': '' },
    })
  })

  it('has both users, and the mode of constrained impersonation', async () => {
    const [received, ...later] = await audited(get('/x', '', bob), { mode: 'constrained' })
    expect(received).not.toHaveProperty('impersonatedUser')
    expect(later).toMatchObject([
      {
        stage: 'ResponseComplete',
        user: { username: 'clark' },
        impersonatedUser: { username: 'bob', groups: ['system:authenticated'] },
        authenticationMetadata: { impersonationConstraint: 'impersonate:user-info' },
        annotations: { 'authorization.k8s.io/decision': 'allow' },
      },
    ])
    const [, legacy] = await audited(get('/x', '', bob))
    expect(legacy).not.toHaveProperty('authenticationMetadata')
  })

  it('has the reason for a refused impersonation, but no impersonated user', async () => {
    const [, complete] = await audited(get('/x', '', bob), { impersonation: alwaysDeny() })
    expect(complete).toMatchObject({
      user: { username: 'clark' },
      responseStatus: {
        code: 403,
        reason: 'Forbidden',
        message: expect.stringContaining('cannot impersonate'),
        details: {},
      },
    })
    expect(complete).not.toHaveProperty('impersonatedUser')
    expect(complete).not.toHaveProperty('annotations')
  })

  it('says what object was refused', async () => {
    const path = '/apis/apps/v1/namespaces/shop/deployments/web'
    const [, refused] = await audited(get(path), { authorization: alwaysDeny() })
    expect(refused?.responseStatus?.details).toEqual({ name: 'web', group: 'apps', kind: 'deployments' })
  })

  it('says what was forbidden, and of an error no more than that there was one', async () => {
    const [, refused] = await audited(get('/x'), { authorization: alwaysDeny() })
    expect(refused?.annotations).toEqual({
      'authorization.k8s.io/decision': 'forbid',
      'authorization.k8s.io/reason': 'Everything is forbidden.',
    })
    const broken: Authorizer = {
      name: 'broken',
      authorize: () => noOpinion('', new AuthorizationError('down')),
    }
    const [, failed] = await audited(get('/x'), { authorization: broken })
    expect(failed?.annotations).toEqual({ 'authorization.k8s.io/reason': 'internal error' })
  })

  it('writes one event of a request that was not authenticated, with no word of the credential', async () => {
    const authenticator: Authenticator = {
      name: 'none',
      authenticate() {
        throw rejected('bad token')
      },
    }
    const events = await audited(get('/x', 'access_token=s3cret', ['Authorization', 'Bearer s3cret']), {
      authenticator,
    })
    expect(events).toHaveLength(1)
    expect(events[0]).toMatchObject({
      stage: 'ResponseStarted',
      user: { username: '' },
      responseStatus: { code: 401, message: 'Authentication failed, attempted: bearer, access_token' },
    })
    expect(JSON.stringify(events)).not.toContain('s3cret')
  })

  it.each([
    ['access_token=s3cret&a=1', 'access_token=REDACTED&a=1'],
    ['a=1&ACCESS%5Ftoken=s3cret', 'a=1&ACCESS%5Ftoken=REDACTED'],
    ['code=s3cret&code=s3cret', 'code=REDACTED&code=REDACTED'],
    ['access_token[]=s3cret&access_token[0]=s3cret', 'access_token[]=REDACTED&access_token[0]=REDACTED'],
    ['access_token%5B%5D=s3cret', 'access_token%5B%5D=REDACTED'],
    ['auth[Token]=s3cret&a[b][password]=s3cret', 'auth[Token]=REDACTED&a[b][password]=REDACTED'],
    ['auth.token=s3cret&%zz[token]=s3cret', 'auth.token=REDACTED&%zz[token]=REDACTED'],
    ['tokens[]=1&my_token=1&[]=1', 'tokens[]=1&my_token=1&[]=1'],
    ['token', 'token'],
  ])('leaves credentials out of the query %s', async (query, expected) => {
    const [received] = await audited(get('/x', query))
    expect(received?.requestURI).toBe(`/x?${expected}`)
  })

  it('cuts a user agent of any length', async () => {
    const [received] = await audited(get('/x', '', ['User-Agent', 'x'.repeat(5000)]))
    expect(received?.userAgent).toBe(`${'x'.repeat(1024)}...TRUNCATED`)
  })

  it('logs what was sent when an app answers in its own way', () => {
    const events: AuditEvent[] = []
    const observer = auditLog({ write: (event) => events.push(event) })
    const request = get('/x')
    void authorizeRequest(alwaysDeny(), { observer })(request, clark)
    observer({ type: 'response', request, status: 404 })
    expect(events).toMatchObject([
      { stage: 'ResponseComplete', user: { username: 'clark' }, responseStatus: { metadata: {}, code: 404 } },
    ])
  })

  it('writes what was decided after the client went away', async () => {
    const events: AuditEvent[] = []
    const observer = auditLog({ write: (event) => events.push(event) })
    const request = get('/x', '', ['Impersonate-User', 'superman'])
    void authenticateRequest({ name: 'known', authenticate: () => ({ user: clark }) }, { observer })(request)
    const impersonating = impersonateRequest({ name: 'later', authorize: async () => allow() }, { observer })(
      request,
      clark,
    )
    observer({ type: 'response', request, status: 499 })
    await impersonating
    expect(events).toMatchObject([
      { stage: 'RequestReceived' },
      { stage: 'ResponseComplete', responseStatus: { code: 499 } },
      { stage: 'ResponseComplete', user: { username: 'clark' }, impersonatedUser: { username: 'superman' } },
    ])
    expect(new Set(events.map(({ auditID }) => auditID)).size).toBe(1)
  })

  it.each<{ what: string; late: Authenticator['authenticate']; expected: object[] }>([
    {
      what: 'another user',
      late: () => ({ user: userInfo({ username: 'root' }) }),
      expected: [{ stage: 'ResponseComplete', user: { username: 'root' } }],
    },
    { what: 'the same user again', late: () => ({ user: clark }), expected: [] },
    {
      what: 'no user',
      late: () => undefined,
      expected: [{ stage: 'ResponseStarted', responseStatus: { code: 401 } }],
    },
  ])(
    'writes no second beginning of a request that is over, of which is known late: $what',
    ({ late, expected }) => {
      const events: AuditEvent[] = []
      const observer = auditLog({ write: (event) => events.push(event) })
      const request = get('/x')
      const decide = (authenticate: Authenticator['authenticate']): void =>
        void authenticateRequest({ name: 'a', authenticate }, { observer })(request)
      decide(() => ({ user: clark }))
      observer({ type: 'response', request, status: 499 })
      decide(late)
      expect(events.slice(0, 2)).toMatchObject([{ stage: 'RequestReceived' }, { stage: 'ResponseComplete' }])
      expect(events.slice(2)).toMatchObject(expected)
      expect(events).toHaveLength(2 + expected.length)
    },
  )

  describe('of a request that several authenticators are asked about', () => {
    const guest = userInfo({ username: 'system:anonymous' })
    const root = userInfo({ username: 'root', groups: ['system:masters'] })
    const EARLIER = 'kube-authn/earlier-users'

    /** What is written when authenticators are asked one after the other, and the app answers in the end. */
    function told(
      steps: readonly (
        | Authenticator['authenticate']
        | ((observer: Observer, request: AuthenticationRequest) => void)
      )[],
      status = 200,
    ): readonly AuditEvent[] {
      const events: AuditEvent[] = []
      const observer = auditLog({ write: (event) => events.push(event) })
      const request = get('/admin', '', bob)
      for (const step of steps) {
        if (step.length === 2)
          (step as (observer: Observer, request: AuthenticationRequest) => void)(observer, request)
        else
          void authenticateRequest({ name: 'a', authenticate: step as () => undefined }, { observer })(
            request,
            { impersonates: true },
          )
      }
      observer({ type: 'response', request, status })
      return events
    }
    const outline = ({ stage, user, responseStatus }: AuditEvent): string =>
      [stage, user.username, responseStatus?.code].filter((part) => part !== undefined).join(' ')
    const knows = (user: UserInfo) => () => ({ user })
    const unknown = (): undefined => undefined
    const fails = (error: Error) => (): never => {
      throw error
    }

    it.each<{ what: string; steps: Parameters<typeof told>[0]; status?: number; expected: string[] }>([
      {
        what: 'anonymous, then a user',
        steps: [knows(guest), knows(root)],
        expected: ['RequestReceived system:anonymous', 'ResponseComplete root 200'],
      },
      {
        what: 'unknown, then a user',
        steps: [unknown, knows(root)],
        expected: ['ResponseStarted  401', 'RequestReceived root', 'ResponseComplete root 200'],
      },
      {
        what: 'bad, then a user who is forbidden',
        steps: [fails(rejected('bad')), knows(root)],
        status: 403,
        expected: ['ResponseStarted  401', 'RequestReceived root', 'ResponseComplete root 403'],
      },
      {
        what: 'the same user twice',
        steps: [knows(root), knows(root)],
        expected: ['RequestReceived root', 'ResponseComplete root 200'],
      },
      {
        what: 'unknown, and let pass all the same',
        steps: [unknown],
        expected: ['ResponseStarted  401', 'ResponseComplete  200'],
      },
      {
        what: 'unknown, and gone while the app was at work',
        steps: [unknown],
        status: 499,
        expected: ['ResponseStarted  401', 'ResponseComplete  499'],
      },
      {
        what: 'unknown twice',
        steps: [unknown, unknown],
        status: 401,
        expected: ['ResponseStarted  401', 'ResponseStarted  401'],
      },
      {
        what: 'not checked, and answered so',
        steps: [fails(unavailable('down'))],
        status: 503,
        expected: ['ResponseStarted '],
      },
      {
        what: 'a user, then bad',
        steps: [knows(root), fails(rejected('bad'))],
        status: 401,
        expected: ['RequestReceived root', 'ResponseStarted root 401', 'ResponseComplete root 401'],
      },
      {
        what: 'a user, then unknown, and let pass all the same',
        steps: [knows(root), unknown],
        expected: ['RequestReceived root', 'ResponseStarted root 401', 'ResponseComplete root 200'],
      },
    ])('names the last user that counted, and has an end: $what', ({ steps, status, expected }) => {
      const events = told(steps, status)
      expect(events.map(outline)).toEqual(expected)
      expect(new Set(events.map(({ auditID }) => auditID)).size).toBe(1)
    })

    it('keeps the names of earlier users, as a list that no name can forge', () => {
      const odd = userInfo({ username: 'a","root' })
      const events = told([knows(guest), knows(odd), knows(root)])
      expect(events[0]).not.toHaveProperty('annotations')
      expect(events.at(-1)?.annotations).toEqual({ [EARLIER]: '["system:anonymous","a\\",\\"root"]' })
    })

    it('discards the user that an earlier user impersonated', () => {
      const impersonates = (observer: Observer, request: AuthenticationRequest): void =>
        void impersonateRequest(alwaysAllow(), { observer })(request, root)
      const actedAs = (...steps: Parameters<typeof told>[0]) =>
        told(steps).map(({ impersonatedUser }) => impersonatedUser?.username)
      expect(actedAs(knows(root), impersonates)).toEqual([undefined, 'bob'])
      expect(actedAs(knows(root), impersonates, knows(root))).toEqual([undefined, undefined])
    })

    it('names the user that the app itself passed to authorization', () => {
      const authorizes = (observer: Observer, request: AuthenticationRequest): void =>
        void authorizeRequest(alwaysAllow(), { observer })(request, root)
      expect(told([unknown, authorizes]).map(outline)).toEqual([
        'ResponseStarted  401',
        'ResponseComplete root 200',
      ])
    })
  })

  it('has the annotations of the app, also of a key that objects inherit', async () => {
    const events: AuditEvent[] = []
    const observer = auditLog({ write: (event) => events.push(event) })
    const request = get('/api/v1/pods')
    await authenticateRequest({ name: 'known', authenticate: () => ({ user: clark }) }, { observer })(request)
    observer({ type: 'annotation', request, key: 'example.com/issued', value: '1' })
    observer({ type: 'annotation', request, key: '__proto__', value: '2' })
    observer({ type: 'response', request, status: 201 })
    expect(Object.entries(events.at(-1)?.annotations ?? {})).toEqual([
      ['example.com/issued', '1'],
      ['__proto__', '2'],
    ])
    observer({ type: 'annotation', request, key: 'example.com/late', value: '3' })
    expect(events.map(({ stage, annotations }) => [stage, annotations?.['example.com/late']])).toEqual([
      ['RequestReceived', undefined],
      ['ResponseComplete', undefined],
      ['ResponseComplete', '3'],
    ])
  })

  it.each<[string, () => unknown]>([
    [
      'throws',
      () => {
        throw new Error('full')
      },
    ],
    [
      'rejects',
      async () => {
        throw new Error('full')
      },
    ],
  ])('goes on, and does not end the process, when write %s', async (_, write) => {
    const rejections = vi.fn()
    process.on('unhandledRejection', rejections)
    const observer = auditLog({ write: () => write() })
    const request = get('/x')
    const refused = { name: 'no', authenticate: () => undefined }
    void authenticateRequest(refused, { observer })(request)
    observer({ type: 'response', request, status: 401 })
    await new Promise((resolve) => setTimeout(resolve, 5))
    process.off('unhandledRejection', rejections)
    expect(rejections).not.toHaveBeenCalled()
  })
})
