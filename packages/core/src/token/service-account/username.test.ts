import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { AuthenticationError } from '../../authenticator/errors.ts'
import { serviceAccountUser } from './user-info.ts'
import { serviceAccountUsername } from '../../authenticator/service-account-name.ts'
import { isServiceAccountToken, splitServiceAccountUsername } from './username.ts'

describe('the user name of a service account', () => {
  it.each([
    ['ns', 'name'],
    ['a', 'b'],
    ['0', '1.2-3.x'],
    ['a'.repeat(63), 'b'.repeat(253)],
  ])('is taken apart into %s and %s', (namespace, name) => {
    expect(splitServiceAccountUsername(serviceAccountUsername(namespace, name))).toEqual({ namespace, name })
  })

  it.each([
    '',
    'jane',
    'system:serviceaccount',
    'system:serviceaccount:',
    'system:serviceaccount::',
    'system:serviceaccount:ns',
    'system:serviceaccount:ns:',
    'system:serviceaccount::name',
    'system:serviceaccount:ns:name:more',
    'system:serviceaccount:n.s:name',
    'system:serviceaccount:NS:name',
    'system:serviceaccount:ns:Name',
    'system:serviceaccount:ns:-name',
    'system:serviceaccount:ns:name-',
    'system:serviceaccount:ns:a..b',
    'system:serviceaccount:ns:name\n',
    'system:serviceaccounts:ns:name',
    ' system:serviceaccount:ns:name',
    `system:serviceaccount:${'a'.repeat(64)}:name`,
    `system:serviceaccount:ns:${'a'.repeat(254)}`,
  ])('is not %j', (username) => {
    expect(() => splitServiceAccountUsername(username)).toThrow(AuthenticationError)
    expect(() => splitServiceAccountUsername(username)).toThrow(
      'Username must be in the form system:serviceaccount:namespace:name',
    )
  })

  it('is put together again as it was, or it was none', () => {
    const piece = fc.constantFrom('system:serviceaccount:', 'ns', ':', 'a', '-', '.', 'A')
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        const username = pieces.join('')
        try {
          const { namespace, name } = splitServiceAccountUsername(username)
          expect(serviceAccountUsername(namespace, name)).toBe(username)
        } catch (error) {
          expect(error).toBeInstanceOf(AuthenticationError)
        }
      }),
    )
  })
})

describe('what is known of a service account', () => {
  const account = { namespace: 'ns', name: 'sa' }
  it.each([
    ['a pod without a uid', { pod: { name: 'p', uid: '' } }, {}],
    ['a pod without a name', { pod: { name: '', uid: 'u' } }, {}],
    ['a node without a name', { node: { name: '', uid: 'u' } }, {}],
    ['an empty credential id', { credentialId: '' }, {}],
    ['no attestation', { admissionReviewApiGroups: [] }, {}],
    [
      'a node without a uid',
      { node: { name: 'n', uid: '' } },
      { 'authentication.kubernetes.io/node-name': ['n'] },
    ],
    ['a credential id', { credentialId: 'x' }, { 'authentication.kubernetes.io/credential-id': ['x'] }],
  ])('with %s', (_, more, extra) => {
    const user = serviceAccountUser({ ...account, ...more })
    expect({ ...user.extra }).toEqual(extra)
    expect(user.groups).toEqual(['system:serviceaccounts', 'system:serviceaccounts:ns'])
  })
})

describe('the secret of a service account', () => {
  const secret = (name: string, uid: string, rest = {}) => ({
    namespace: 'ns',
    name: 's',
    type: 'kubernetes.io/service-account-token',
    data: {},
    annotations: { 'kubernetes.io/service-account.name': name, 'kubernetes.io/service-account.uid': uid },
    ...rest,
  })
  const account = { namespace: 'ns', name: 'sa', uid: '1' }

  it.each([
    ['names it', secret('sa', '1'), true],
    ['names it without a uid', secret('sa', ''), true],
    ['names another', secret('sb', '1'), false],
    ['names one that was there before', secret('sa', '2'), false],
    ['is of another type', secret('sa', '1', { type: 'Opaque' }), false],
    ['is in another namespace', secret('sa', '1', { namespace: 'other' }), false],
    ['has no annotations', { namespace: 'ns', name: 's', data: {} }, false],
  ])('%s', (_, each, expected) => {
    expect(isServiceAccountToken(each, account)).toBe(expected)
  })
})
