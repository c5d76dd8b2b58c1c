import type { KeyObject } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { signed } from '../../../test/attack-tokens.ts'
import { fixedClock, recorder, thrownBy } from '../../../test/fakes.ts'
import { ecPair } from '../../../test/key-pairs.ts'
import type { Authentication } from '../../authenticator/authenticator.ts'
import type { Context } from '../../authenticator/context.ts'
import { ConfigurationError } from '../../authenticator/errors.ts'
import { verificationKeyFromDer } from '../jwt/pem-keys.ts'
import type { VerificationKey } from '../jwt/verification-key.ts'
import type { LegacyTokenObjects } from './legacy-claims.ts'
import { type InitialObjects, type ServiceAccountObjects, serviceAccountObjects } from './objects.ts'
import { legacyServiceAccountToken, serviceAccountToken } from './service-account.ts'

const NOW_MS = Date.UTC(2030, 0, 1)
const NOW = NOW_MS / 1000
const ISSUER = 'https://issuer.example.com'
const clock = fixedClock(NOW_MS)
interface Key {
  readonly verificationKey: VerificationKey
  readonly privateKey: KeyObject
}

async function newKey(): Promise<Key> {
  const { publicKey, privateKey } = ecPair()
  const spki = publicKey.export({ type: 'spki', format: 'der' })
  return { verificationKey: await verificationKeyFromDer(spki), privateKey }
}

function signToken({ verificationKey, privateKey }: Key, claims: object): string {
  return signed({ alg: 'ES256', kid: verificationKey.kid }, claims, privateKey)
}

const key = await newKey()
const keys = [key.verificationKey]

const account = { namespace: 'ns', name: 'sa', uid: '1' }
const there: InitialObjects = {
  serviceAccounts: [account],
  secrets: [{ namespace: 'ns', name: 's', uid: '2', data: {} }],
  pods: [{ namespace: 'ns', name: 'p', uid: '3' }],
  nodes: [{ name: 'n', uid: '4' }],
}

const CLAIMS = {
  sub: 'system:serviceaccount:ns:sa',
  aud: [ISSUER],
  iat: NOW,
  nbf: NOW,
  exp: NOW + 600,
  jti: 'id',
  'kubernetes.io': { namespace: 'ns', serviceaccount: { name: 'sa', uid: '1' } },
}
const bound = (more: object = {}, kubernetes: object = {}) =>
  signToken(key, {
    iss: ISSUER,
    ...CLAIMS,
    ...more,
    'kubernetes.io': { ...CLAIMS['kubernetes.io'], ...kubernetes },
  })

async function askBound(
  token: string,
  objects: ServiceAccountObjects = serviceAccountObjects(there),
  context: Context = {},
): Promise<Authentication | undefined> {
  return serviceAccountToken({ issuers: [ISSUER], keys, objects, clock }).authenticateToken(token, context)
}

describe('a bound token', () => {
  it('is its service account, for what it is for, until it expires', async () => {
    const answer = await askBound(bound())
    expect(answer).toMatchObject({
      user: { username: 'system:serviceaccount:ns:sa', uid: '1' },
      audiences: [ISSUER],
      expiresAtMs: NOW_MS + 660_000,
    })
    expect({ ...answer?.user.extra }).toEqual({ 'authentication.kubernetes.io/credential-id': ['JTI=id'] })
  })

  it.each([
    ['an expiry up to a minute ago', { exp: NOW - 60 }, {}],
    ['no expiry', { exp: undefined }, {}],
    ['a start up to a minute ahead', { nbf: NOW + 60 }, {}],
    ['a part of a second', { exp: NOW - 60 + 0.9 }, {}],
    ['another subject', { sub: 'x' }, {}],
    ['one audience as a text', { aud: ISSUER }, {}],
    ['audiences of others too', { aud: ['vault', ISSUER] }, {}],
    ['a secret', {}, { secret: { name: 's', uid: '2' } }],
    ['a pod on a node that is not looked at', {}, { pod: { name: 'p', uid: '3' }, node: { name: 'x' } }],
    ['a node', {}, { node: { name: 'n', uid: '4' } }],
  ])('is known with %s', async (_, more, kubernetes) => {
    expect(await askBound(bound(more, kubernetes))).toBeDefined()
  })

  it.each([
    ['it expired', { exp: NOW - 61 }, {}, 'service account token has expired'],
    ['it starts later', { nbf: NOW + 61 }, {}, 'service account token is not valid yet'],
    ['it was issued later', { iat: NOW + 61 }, {}, 'service account token is issued in the future'],
    ['its expiry is a text', { exp: '9999999999' }, {}, 'the exp claim has the wrong type'],
    ['its audience is a number', { aud: [1] }, {}, 'the aud claim has the wrong type'],
    ['its id is a number', { jti: 1 }, {}, 'the jti claim has the wrong type'],
    ['a secret is a string', {}, { secret: 's' }, 'the secret claim has the wrong type'],
    [
      'it is for others',
      { aud: ['vault', 'b'] },
      {},
      `token audiences ["vault" "b"] is invalid for the target audiences ["${ISSUER}"]`,
    ],
    ['it names no account', {}, { serviceaccount: null }, 'serviceaccounts "" not found'],
    ['it is of another namespace', {}, { namespace: 'x' }, 'serviceaccounts "sa" not found'],
    [
      'the account was there before',
      {},
      { serviceaccount: { name: 'sa', uid: '0' } },
      'service account UID (1) does not match claim (0)',
    ],
    [
      'the secret is gone',
      {},
      { secret: { name: 'x', uid: '2' } },
      'service account token has been invalidated',
    ],
    ['the pod is gone', {}, { pod: { name: 'x', uid: '3' } }, 'service account token has been invalidated'],
    ['the node is gone', {}, { node: { name: 'x', uid: '4' } }, 'service account token has been invalidated'],
    [
      'the secret is another',
      {},
      { secret: { name: 's', uid: '0' } },
      'secret UID (2) does not match service account secret ref claim (0)',
    ],
    [
      'the pod is another',
      {},
      { pod: { name: 'p', uid: '0' } },
      'pod UID (3) does not match service account pod ref claim (0)',
    ],
    [
      'the node is another',
      {},
      { node: { name: 'n', uid: '0' } },
      'node UID (4) does not match service account node ref claim (0)',
    ],
  ])('is refused when %s', async (_, more, kubernetes, message) => {
    const token = bound(more, kubernetes)
    expect(await thrownBy(() => askBound(token))).toMatchObject({ code: 'rejected', message })
  })

  it.each([
    ['a minute ago', -60_000, true],
    ['in a while', 60_000, true],
    ['more than a minute ago', -60_001, false],
  ])('counts or not when its account was deleted %s', async (_, sinceMs, isKnown) => {
    const deletionTimestampMs = NOW_MS + sinceMs
    const objects = serviceAccountObjects({ serviceAccounts: [{ ...account, deletionTimestampMs }] })
    const token = bound()
    if (isKnown) expect(await askBound(token, objects)).toBeDefined()
    else {
      expect(await thrownBy(() => askBound(token, objects))).toMatchObject({
        message: 'service account ns/sa has been deleted',
      })
    }
  })

  it.each([
    ['secret', { secrets: [{ namespace: 'ns', name: 's', uid: '2', data: {}, deletionTimestampMs: 1 }] }],
    ['pod', { pods: [{ namespace: 'ns', name: 's', uid: '2', deletionTimestampMs: 1 }] }],
    ['node', { nodes: [{ name: 's', uid: '2', deletionTimestampMs: 1 }] }],
  ])('is of another %s before it is of one that was deleted', async (kind, more) => {
    const objects = serviceAccountObjects({ ...there, ...more })
    const tokenOf = (uid: string) => bound({}, { [kind]: { name: 's', uid } })
    const [before, same] = [tokenOf('0'), tokenOf('2')]
    expect(await thrownBy(() => askBound(before, objects))).toMatchObject({
      message: `${kind} UID (2) does not match service account ${kind} ref claim (0)`,
    })
    expect(await thrownBy(() => askBound(same, objects))).toMatchObject({
      message: 'service account token has been invalidated',
    })
  })

  it('is noted when it does not say what it is for', async () => {
    const { observer, events } = recorder()
    const annotations: Record<string, string> = {}
    const annotate = (name: string, value: string): void => void (annotations[name] = value)
    await askBound(bound({ aud: undefined }), undefined, { observer, annotate })
    expect(events).toEqual([{ type: 'serviceAccountToken', status: 'legacy' }])
    expect(annotations).toEqual({ 'authentication.k8s.io/legacy-token': 'system:serviceaccount:ns:sa' })
  })

  it('is ignored when it has another issuer or is not a JWT', async () => {
    for (const token of [bound({ iss: `${ISSUER}/` }), bound({ iss: undefined }), 'x', '']) {
      expect(await askBound(token)).toBeUndefined()
    }
  })

  it('is refused when another key signed it, before anything is read', async () => {
    const token = signToken(await newKey(), { iss: ISSUER, ...CLAIMS })
    const unread = new Proxy(serviceAccountObjects(), {
      // What is asked whether it is a promise is not read yet.
      get: (_, name) =>
        name === 'then'
          ? undefined
          : () => {
              throw new Error('it was read')
            },
    })
    expect(await thrownBy(() => askBound(token, unread))).toMatchObject({
      message: 'invalid signature, no keys found',
    })
  })

  it('cannot be checked while an object cannot be read, which is no fault of its own', async () => {
    const objects = { ...serviceAccountObjects(there), getPod: () => Promise.reject(new Error('down')) }
    const token = bound({}, { pod: { name: 'p', uid: '3' } })
    const error = await thrownBy(() => askBound(token, objects))
    expect(error).toMatchObject({ code: 'unavailable' })
    expect(String(error)).not.toContain(token.slice(0, 20))
  })

  it('is for what a request asks, and for nothing when it asks for nothing', async () => {
    const token = bound({ aud: ['vault'] })
    const asked = await askBound(token, undefined, { audiences: ['x', 'vault'] })
    expect(asked?.audiences).toEqual(['vault'])
    expect(await thrownBy(() => askBound(token, undefined, { audiences: [] }))).toMatchObject({
      code: 'rejected',
    })
  })

  it.each([
    [
      'stale',
      NOW - 5,
      {
        'authentication.k8s.io/stale-token':
          'subject: system:serviceaccount:ns:sa, seconds after warning threshold: 5',
      },
    ],
    ['valid', NOW, {}],
  ])('is told of as %s', async (status, warnafter, expected) => {
    const { observer, events } = recorder()
    const annotations: Record<string, string> = {}
    const annotate = (name: string, value: string): void => {
      annotations[name] = value
    }
    await askBound(bound({}, { warnafter }), undefined, { observer, annotate })
    expect(events).toEqual([{ type: 'serviceAccountToken', status }])
    expect(annotations).toEqual(expected)
  })

  it('takes keys as they are at the moment', async () => {
    let current = keys
    const tokens = serviceAccountToken({
      issuers: [ISSUER],
      keys: () => current,
      objects: serviceAccountObjects(there),
      clock,
    })
    const token = bound()
    expect(await tokens.authenticateToken(token, {})).toBeDefined()
    current = []
    expect(await thrownBy(() => tokens.authenticateToken(token, {}))).toMatchObject({ code: 'rejected' })
  })

  it('cannot be checked while there are no keys to be had, which is no fault of its own', async () => {
    const tokens = serviceAccountToken({
      issuers: [ISSUER],
      keys: () => {
        throw new Error('the file is gone')
      },
      objects: serviceAccountObjects(there),
      clock,
    })
    const token = bound()
    expect(await thrownBy(() => tokens.authenticateToken(token, {}))).toMatchObject({
      code: 'unavailable',
      message: 'the keys of service account tokens could not be read',
      cause: new Error('the file is gone'),
    })
  })

  it.each([
    ['no issuer', { issuers: [] }, 'issuers: must not be empty'],
    ['an empty issuer', { issuers: [''] }, 'issuers[0]: must not be empty'],
    ['an issuer twice', { issuers: ['a', 'a'] }, 'issuers[1]: must not be repeated'],
    ['an issuer that is half a URL', { issuers: ['://x'] }, 'issuers[0]: must be a URL'],
    ['an issuer without a port', { issuers: ['http://[::1]:namedport'] }, 'issuers[0]: must be a URL'],
    ['an issuer behind a space', { issuers: [' https://x'] }, 'issuers[0]: must be a URL'],
    ['an issuer in front of a line end', { issuers: ['https://x\n'] }, 'issuers[0]: must be a URL'],
    ['no audience', { issuers: ['a'], audiences: [] }, 'audiences: must not be empty'],
    ['an empty audience', { issuers: ['a'], audiences: [''] }, 'audiences[0]: must not be empty'],
  ])('is never known with %s', (_, options, message) => {
    const make = () => serviceAccountToken({ keys, objects: serviceAccountObjects(), ...options })
    expect(make).toThrow(ConfigurationError)
    expect(make).toThrow(message)
  })
})

describe('a token in a secret', () => {
  const CLAIMS_IN_SECRET = {
    iss: 'kubernetes/serviceaccount',
    sub: 'system:serviceaccount:ns:sa',
    'kubernetes.io/serviceaccount/namespace': 'ns',
    'kubernetes.io/serviceaccount/service-account.name': 'sa',
    'kubernetes.io/serviceaccount/service-account.uid': '1',
    'kubernetes.io/serviceaccount/secret.name': 's',
  }
  const inSecret = (more: object = {}) => signToken(key, { ...CLAIMS_IN_SECRET, ...more })

  interface Kept {
    readonly secret?: object
    readonly account?: object
    readonly labelSecret?: LegacyTokenObjects['labelSecret']
  }
  const objectsWith = (token: string, kept: Kept = {}): LegacyTokenObjects => ({
    ...serviceAccountObjects({
      serviceAccounts: [{ ...account, ...kept.account }],
      secrets: [{ namespace: 'ns', name: 's', data: { token }, ...kept.secret }],
    }),
    ...(kept.labelSecret && { labelSecret: kept.labelSecret }),
  })
  const ask = async (token: string, objects: LegacyTokenObjects | false, context: Context = {}) =>
    legacyServiceAccountToken({ keys, audiences: ['api'], objects, clock }).authenticateToken(token, context)

  it('is its service account, for the API, for ever', async () => {
    const token = inSecret({ exp: 1, nbf: NOW * 2 })
    const answer = await ask(token, objectsWith(token))
    expect(answer).toMatchObject({ user: { username: 'system:serviceaccount:ns:sa', uid: '1', extra: {} } })
    expect(answer?.audiences).toEqual(['api'])
    expect(answer).not.toHaveProperty('expiresAtMs')
  })

  it.each([
    ['no subject', { sub: undefined }, 'sub claim is missing'],
    ['no namespace', { 'kubernetes.io/serviceaccount/namespace': '' }, 'namespace claim is missing'],
    ['no secret', { 'kubernetes.io/serviceaccount/secret.name': null }, 'secretName claim is missing'],
    [
      'no name',
      { 'kubernetes.io/serviceaccount/service-account.name': '' },
      'serviceAccountName claim is missing',
    ],
    [
      'no uid',
      { 'kubernetes.io/serviceaccount/service-account.uid': '' },
      'serviceAccountUID claim is missing',
    ],
    ['the subject of another', { sub: 'system:serviceaccount:ns:other' }, 'sub claim is invalid'],
    ['the subject of another namespace', { sub: 'system:serviceaccount:x:sa' }, 'sub claim is invalid'],
    ['a subject of no service account', { sub: 'sa' }, 'sub claim is invalid'],
    ['an expiry that is a text', { exp: 'never' }, 'the exp claim has the wrong type'],
    ['a start that is a text', { nbf: 'now' }, 'the nbf claim has the wrong type'],
    ['a time of issue that is a list', { iat: [1] }, 'the iat claim has the wrong type'],
    ['an id that is a number', { jti: 1 }, 'the jti claim has the wrong type'],
    ['an audience that is null', { aud: null }, 'the aud claim has the wrong type'],
    ['a subject that is a list', { sub: ['x'] }, 'the sub claim has the wrong type'],
  ])('is refused with %s, even when nothing is looked up', async (_, more, message) => {
    const token = inSecret(more)
    expect(await thrownBy(() => ask(token, false))).toMatchObject({ code: 'rejected', message })
  })

  it.each<[string, Kept, string]>([
    ['the secret is gone', { secret: { name: 'x' } }, 'Token has been invalidated'],
    ['the secret is going', { secret: { deletionTimestampMs: NOW_MS + 1 } }, 'Token has been invalidated'],
    ['the secret has no token', { secret: { data: {} } }, "Token does not match server's copy"],
    ['the secret has another', { secret: { data: { token: 'x' } } }, "Token does not match server's copy"],
    ['the account is gone', { account: { name: 'x' } }, 'serviceaccounts "sa" not found'],
    [
      'the account is going',
      { account: { deletionTimestampMs: NOW_MS + 1 } },
      'ServiceAccount ns/sa has been deleted',
    ],
    ['the account is another', { account: { uid: '0' } }, 'ServiceAccount UID (0) does not match claim (1)'],
  ])('is refused when %s', async (_, kept, message) => {
    const token = inSecret()
    expect(await thrownBy(() => ask(token, objectsWith(token, kept)))).toMatchObject({
      code: 'rejected',
      message,
    })
    expect(await ask(token, false)).toBeDefined()
  })

  it.each([
    ['nothing', undefined, ['2030-01-01']],
    ['an earlier day', '2029-12-31', ['2030-01-01']],
    ['what is no day', 'x', ['2030-01-01']],
    ['today', '2030-01-01', []],
    ['tomorrow', '2030-01-02', []],
  ])('is noted as used unless the secret says so: %s', async (_, label, expected) => {
    const written: string[] = []
    const token = inSecret()
    const labels = label === undefined ? {} : { 'kubernetes.io/legacy-token-last-used': label }
    await ask(
      token,
      objectsWith(token, {
        secret: { labels },
        labelSecret: (_ns, _name, _label, day) => void written.push(day),
      }),
    )
    expect(written).toEqual(expected)
  })

  it('is noted as used on the secret that was read, and on no other of its name', async () => {
    const written: unknown[] = []
    const token = inSecret()
    const labelSecret: LegacyTokenObjects['labelSecret'] = (...given) => void written.push(given)
    await ask(token, objectsWith(token, { secret: { uid: '2' }, labelSecret }))
    expect(written).toEqual([['ns', 's', 'kubernetes.io/legacy-token-last-used', '2030-01-01', { uid: '2' }]])
  })

  it.each([
    ['autogenerated', { account: { secrets: ['x', 's'] } }],
    ['manual', { account: { secrets: ['x'] } }],
    ['invalidated', { secret: { labels: { 'kubernetes.io/legacy-token-invalid-since': 'x' } } }],
  ])('is told of as %s', async (status, kept) => {
    const { observer, events } = recorder()
    const token = inSecret()
    await ask(token, objectsWith(token, kept), { observer }).catch(() => undefined)
    expect(events).toEqual([
      { type: 'serviceAccountToken', status: 'legacy' },
      { type: 'serviceAccountToken', status },
    ])
  })

  it('is noted as used, and refused, when it was marked invalid', async () => {
    const written: string[] = []
    const token = inSecret()
    const error = await thrownBy(() =>
      ask(
        token,
        objectsWith(token, {
          secret: { labels: { 'kubernetes.io/legacy-token-invalid-since': '2029-01-01' } },
          labelSecret: (_namespace, _name, label) => void written.push(label),
        }),
      ),
    )
    expect(error).toMatchObject({
      code: 'rejected',
      message:
        'the token in secret ns/s for service account ns/sa has been marked invalid. Use tokens from the TokenRequest API ' +
        'or manually created secret-based tokens, or remove the ' +
        "'kubernetes.io/legacy-token-invalid-since' label from the secret to temporarily allow use of this token",
    })
    expect(String(error)).not.toContain(token.slice(0, 20))
    expect(written).toEqual(['kubernetes.io/legacy-token-last-used'])
  })

  /** A token that was accepted, and what it depends on. */
  async function accepted() {
    const token = inSecret()
    const secret = { namespace: 'ns', name: 's', data: { token } }
    const present = { serviceAccounts: [account], secrets: [secret] }
    const watching: string[] = []
    const answer = await ask(token, {
      getServiceAccount: (...given) => serviceAccountObjects(present).getServiceAccount(...given),
      getSecret: (...given) => serviceAccountObjects(present).getSecret(...given),
      watchObject({ kind, namespace, name }) {
        watching.push(`${kind} ${namespace}/${name}`)
        return () => undefined
      },
    })
    return { revocation: answer?.revocation, secret, present, watching }
  }

  it.each<[string, (secret: object) => object]>([
    ['its secret is gone', () => ({ secrets: [] })],
    ['its secret is being deleted', (secret) => ({ secrets: [{ ...secret, deletionTimestampMs: NOW_MS }] })],
    ['its secret has another token', (secret) => ({ secrets: [{ ...secret, data: { token: 'x' } }] })],
    [
      'it was marked invalid',
      (secret) => ({
        secrets: [{ ...secret, labels: { 'kubernetes.io/legacy-token-invalid-since': '2029-01-01' } }],
      }),
    ],
    ['its account is gone', () => ({ serviceAccounts: [] })],
    ['its account is another', () => ({ serviceAccounts: [{ ...account, uid: '0' }] })],
  ])('is revoked when %s', async (_, changed) => {
    const { revocation, secret, present } = await accepted()
    expect(revocation?.isRevoked()).toBe(false)
    Object.assign(present, changed(secret))
    expect(revocation?.isRevoked()).toBe(true)
  })

  it('is looked at again when its account or its secret changes, and is good if it is there still', async () => {
    const { revocation, secret, present, watching } = await accepted()
    revocation?.watch(() => undefined)
    expect(watching).toEqual(['ServiceAccount ns/sa', 'Secret ns/s'])
    present.secrets = [{ ...secret }]
    expect(revocation?.isRevoked()).toBe(false)
  })

  it('is known although that cannot be noted', async () => {
    const errors: unknown[] = []
    const token = inSecret()
    const objects = objectsWith(token, { labelSecret: () => Promise.reject(new Error('forbidden')) })
    const tokens = legacyServiceAccountToken({
      keys,
      audiences: ['api'],
      objects,
      clock,
      onError: (error) => errors.push(error),
    })
    expect(await tokens.authenticateToken(token, {})).toBeDefined()
    expect(errors).toEqual([new Error('forbidden')])
  })

  it('is accepted although its use cannot be recorded and the error handler throws', async () => {
    const token = inSecret()
    const tokens = legacyServiceAccountToken({
      keys,
      audiences: ['api'],
      objects: objectsWith(token, { labelSecret: () => Promise.reject(new Error('forbidden')) }),
      clock,
      onError() {
        throw new Error('the log is full')
      },
    })
    expect(await tokens.authenticateToken(token, {})).toBeDefined()
  })
})

describe('objects that are watched', () => {
  /** Objects that may go, with those who watch them. */
  function watched() {
    const present = { ...there }
    const watching: string[] = []
    const objects = (): ServiceAccountObjects => serviceAccountObjects(present)
    return {
      present,
      watching,
      objects: {
        getServiceAccount: (...given) => objects().getServiceAccount(...given),
        getSecret: (...given) => objects().getSecret(...given),
        getPod: (...given) => objects().getPod(...given),
        getNode: (...given) => objects().getNode(...given),
        watchObject({ kind, namespace, name }) {
          const what = `${kind} ${namespace}/${name}`
          watching.push(what)
          return () => watching.splice(watching.indexOf(what), 1)
        },
      } satisfies ServiceAccountObjects,
    }
  }

  it.each([
    ['the account alone', {}, []],
    ['a secret', { secret: { name: 's', uid: '2' } }, ['Secret ns/s']],
    ['a pod, and not its node', { pod: { name: 'p', uid: '3' }, node: { name: 'n' } }, ['Pod ns/p']],
    ['a node', { node: { name: 'n', uid: '4' } }, ['Node /n']],
  ])('are those that the token depends on: %s', async (_, kubernetes, more) => {
    const { objects, watching } = watched()
    const answer = await askBound(bound({}, kubernetes), objects)
    const stop = answer?.revocation?.watch(() => undefined)
    expect(watching).toEqual(['ServiceAccount ns/sa', ...more])
    stop?.()
    expect(watching).toEqual([])
  })

  it('revoke a token when they are gone, or another one', async () => {
    const { objects, present } = watched()
    const answer = await askBound(bound({}, { pod: { name: 'p', uid: '3' } }), objects)
    expect(answer?.revocation?.isRevoked()).toBe(false)
    Object.assign(present, { pods: [{ namespace: 'ns', name: 'p', uid: 'other' }] })
    expect(answer?.revocation?.isRevoked()).toBe(true)
    Object.assign(present, { pods: there.pods, serviceAccounts: [] })
    expect(answer?.revocation?.isRevoked()).toBe(true)
  })

  it('that are being deleted count for a minute more, as at first', async () => {
    const own = fixedClock(NOW_MS)
    const deleted = { ...account, deletionTimestampMs: NOW_MS }
    const { objects, present } = watched()
    Object.assign(present, { serviceAccounts: [deleted] })
    const tokens = serviceAccountToken({ issuers: [ISSUER], keys, objects, clock: own })
    const answer = await tokens.authenticateToken(bound(), {})
    own.advance(60_000)
    expect(answer?.revocation?.isRevoked()).toBe(false)
    own.advance(1)
    expect(answer?.revocation?.isRevoked()).toBe(true)
  })

  it('are not there without watchObject', async () => {
    expect(await askBound(bound())).not.toHaveProperty('revocation')
  })
})
