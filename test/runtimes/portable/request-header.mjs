import { authenticatorChain } from '@kube-authn/core'
import { authenticateRequest, fetchRequest, withHeaderChanges } from '@kube-authn/core/adapter'
import { requestHeader } from '@kube-authn/core/client-certificate'
import { tokenFile } from '@kube-authn/core/token-file'
import { checksOf } from './check.mjs'
import { expectEqual, expectText, thrownBy } from './expect.mjs'
import { bearer, requestWith, whoIs } from './requests.mjs'

const check = checksOf('request header')
const NAMES = {
  usernameHeaders: ['X-Remote-User'],
  groupHeaders: ['X-Remote-Group'],
  extraHeaderPrefixes: ['X-Remote-Extra-'],
}
const proxyOf = (options = {}) =>
  authenticatorChain({ requestHeader: requestHeader({ ...NAMES, trusts: () => true, ...options }) })
const repeated = new Headers([
  ['X-Remote-User', 'jane'],
  ['X-Remote-Group', 'a'],
  ['X-Remote-Group', 'b'],
])

check('believes the proxy: user, group, and extra with an escaped key', async () => {
  const { username, groups, extra } = await whoIs(proxyOf(), {
    'x-remote-user': 'jane',
    'x-remote-group': 'ops',
    'x-remote-extra-acme.com%2fproject': 'p1',
  })
  expectEqual([username, groups], ['jane', ['ops', 'system:authenticated']])
  expectEqual({ ...extra }, { 'acme.com/project': ['p1'] })
})

check('reads UTF-8 in values', async () => {
  const onTheWire = String.fromCodePoint(...new TextEncoder().encode('jäne€'))
  expectEqual((await whoIs(proxyOf(), { 'x-remote-user': onTheWire })).username, 'jäne€')
})

check('rejects joined headers, since nothing tells how many there were', async () => {
  expectEqual(repeated.get('x-remote-group'), 'a, b')
  expectEqual(await whoIs(proxyOf(), repeated), 'rejected')
  expectEqual(await whoIs(proxyOf(), { 'x-remote-user': 'jane', 'x-remote-group': 'a,b' }), 'rejected')
  expectEqual(await whoIs(proxyOf(), { 'x-remote-user': 'jane, root' }), 'rejected')
  const extra = { 'x-remote-user': 'jane', 'x-remote-extra-scopes': 'a, b' }
  expectEqual(await whoIs(proxyOf(), extra), 'rejected')
})

check('reads joined headers in the way that it is told', async () => {
  expectEqual((await whoIs(proxyOf({ joinedHeaders: 'split' }), repeated)).groups.slice(0, 2), ['a', 'b'])
  expectEqual((await whoIs(proxyOf({ joinedHeaders: 'whole' }), repeated)).groups[0], 'a, b')
})

check('has no opinion on requests of other senders, and removes their headers', async () => {
  const chain = authenticatorChain({
    requestHeader: requestHeader({ ...NAMES, trusts: () => false }),
    tokens: [tokenFile('t,joe,1')],
  })
  const headers = {
    ...bearer('t'),
    'x-remote-user': 'root',
    'x-remote-extra-a': 'b',
    x_remote_user: 'root',
    other: 'x',
  }
  const request = requestWith(headers)
  const outcome = await authenticateRequest(chain)(fetchRequest(request))
  expectEqual(outcome.authentication?.user.username, 'joe')
  const seen = withHeaderChanges(request, outcome.headerChanges)
  expectEqual([...seen.headers.keys()], ['other'])
})

check('throws on creation when no proxy is trusted, or the format is unknown', async () => {
  expectText((await thrownBy(() => requestHeader(NAMES))).message, 'trusts')
  const options = { ...NAMES, trusts: () => true, joinedHeaders: 'first' }
  expectText((await thrownBy(() => requestHeader(options))).message, 'joinedHeaders')
})
