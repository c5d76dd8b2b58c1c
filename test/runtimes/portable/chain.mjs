import { authenticateRequest, fetchRequest } from '@kube-authn/core/adapter'
import { authenticatorChain, explain, rejected, unavailable, userInfo } from '@kube-authn/core'
import { passwordFile } from '@kube-authn/core/password-file'
import { tokenFile } from '@kube-authn/core/token-file'
import { fakeTokenAuthenticator, fakeUser, fails, recordEvents } from '@kube-authn/testing'
import { checksOf } from './check.mjs'
import { expectEqual, expectText, thrownBy } from './expect.mjs'
import { base64, basicAuth, bearer, requestWith, whoIs } from './requests.mjs'

const JANE = { username: 'jane', uid: '1', groups: ['developers', 'system:authenticated'], extra: {} }
const makeChain = (options = {}) =>
  authenticatorChain({
    tokens: [tokenFile('t0ken,jane,1,developers\n')],
    passwords: [passwordFile('p:ä€,joe,2\n')],
    ...options,
  })

const bearerCheck = checksOf('bearer')

bearerCheck('knows a token, in any case of the scheme', async () => {
  expectEqual(await whoIs(makeChain(), bearer('t0ken')), JANE)
  expectEqual(await whoIs(makeChain(), { authorization: 'bEARER t0ken' }), JANE)
})

bearerCheck('rejects an unknown token', async () => {
  for (const token of ['T0ken', 't0ke', 't0kenn', 'jane']) {
    expectEqual(await whoIs(makeChain(), bearer(token)), 'rejected')
  }
})

bearerCheck('finds no token in another scheme, nor in two headers', async () => {
  expectEqual(await whoIs(makeChain(), { authorization: 't0ken' }), 'nobody')
  const twice = new Headers([
    ['authorization', 'Bearer t0ken'],
    ['authorization', 'Bearer t0ken'],
  ])
  expectEqual(twice.get('authorization'), 'Bearer t0ken, Bearer t0ken')
  expectEqual(typeof (await whoIs(makeChain(), twice)), 'string')
})

const basicCheck = checksOf('basic')

basicCheck('knows a password with a colon, beyond ASCII', async () => {
  const joe = await whoIs(makeChain(), basicAuth('joe', 'p:ä€'))
  expectEqual(joe, { username: 'joe', uid: '2', groups: ['system:authenticated'], extra: {} })
})

basicCheck('rejects a wrong password, and an unknown user', async () => {
  expectEqual(await whoIs(makeChain(), basicAuth('joe', 'p:a€')), 'rejected')
  expectEqual(await whoIs(makeChain(), basicAuth('nobody', 'p:ä€')), 'rejected')
})

basicCheck('does not treat a wrong password as anonymous', async () => {
  expectEqual(await whoIs(makeChain({ anonymous: true }), basicAuth('joe', 'wrong')), 'rejected')
})

const protocolCheck = checksOf('web socket protocol')
const socketHeaders = (token) => ({
  connection: 'Upgrade',
  upgrade: 'websocket',
  'sec-websocket-protocol': `base64url.bearer.authorization.k8s.io.${base64(token).replaceAll('=', '')}, v1.app`,
})

protocolCheck('knows a token, and takes it out of the protocols', async () => {
  const request = fetchRequest(requestWith(socketHeaders('t0ken')))
  const outcome = await authenticateRequest(makeChain())(request)
  expectEqual(outcome.authentication?.user, JANE)
  expectEqual(outcome.headerChanges.replace, [['sec-websocket-protocol', 'v1.app']])
})

protocolCheck('rejects an unknown token', async () => {
  expectEqual(await whoIs(makeChain(), socketHeaders('t0ke')), 'rejected')
})

const anonymousCheck = checksOf('anonymous')

anonymousCheck('is refused unless asked for', async () => {
  expectEqual(await whoIs(makeChain()), 'nobody')
})

anonymousCheck('is for those without a credential, on the paths it is for', async () => {
  const everywhere = makeChain({ anonymous: true })
  expectEqual((await whoIs(everywhere)).username, 'system:anonymous')
  expectEqual(await whoIs(everywhere, bearer('wrong')), 'rejected')
  const health = makeChain({ anonymous: { enabled: true, conditions: [{ path: '/healthz' }] } })
  expectEqual((await whoIs(health, {}, '/healthz')).groups, ['system:unauthenticated'])
  expectEqual(await whoIs(health, {}, '/healthz/x'), 'nobody')
})

const outcomeCheck = checksOf('outcomes')

outcomeCheck('keep rejected and unavailable apart, and tell a client neither', async () => {
  for (const error of [rejected('hidden'), unavailable('hidden'), new TypeError('hidden')]) {
    const chain = authenticatorChain({ tokens: [fakeTokenAuthenticator(fails(error))] })
    const outcome = await authenticateRequest(chain)(fetchRequest(requestWith(bearer('x'))))
    expectEqual(outcome.failure?.cause?.code, error.code ?? 'unavailable')
    const response = outcome.failure.getResponse()
    expectEqual(response.status, 401)
    expectText(response.headers.get('www-authenticate'), 'Bearer realm="kubernetes-master"')
    const body = await response.json()
    expectEqual([body.kind, body.code, body.message], ['Status', 401, 'Unauthorized'])
  }
})

outcomeCheck('are told to an observer, and explained', async () => {
  const { observer, ofType } = recordEvents()
  await authenticateRequest(makeChain(), { observer })(fetchRequest(requestWith(bearer('t0ken'))))
  expectEqual(
    ofType('request').map(({ result }) => result),
    ['success'],
  )
  const explained = await explain(makeChain(), fetchRequest(requestWith(bearer('wrong'))))
  expectText(JSON.stringify(explained), 'tokenFile')
  expectText(JSON.stringify(explained), 'noOpinion')
})

outcomeCheck('name a user frozen, with any key in extra', async () => {
  const user = userInfo({ username: 'jane', extra: { ['__proto__']: ['a'], constructor: ['b'] } })
  expectEqual(Object.keys(user.extra).toSorted(), ['__proto__', 'constructor'])
  expectEqual(Object.getPrototypeOf(user.extra), null)
  expectEqual((await thrownBy(() => user.groups.push('system:masters'))) instanceof TypeError, true)
  expectEqual(fakeUser({ username: 'x' }).username, 'x')
})
