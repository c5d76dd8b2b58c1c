import { keystonePassword, keystoneToken } from '@kube-authn/keystone'
import { fixedClock } from '@kube-authn/testing'
import { checksOf } from './check.mjs'
import { expectEqual } from './expect.mjs'
import { whosePassword, whoseToken } from './requests.mjs'

const check = checksOf('keystone')
const FERNET = `gAAAAABrBlOA${'x'.repeat(150)}`
const tokenOf = (expiresAtMs) => ({
  methods: ['password'],
  user: { domain: { id: 'default', name: 'Default' }, id: '742b', name: 'jane' },
  audit_ids: ['RIwxORIRRFCgvd28t9JQhw'],
  expires_at: new Date(expiresAtMs).toISOString().replace('Z', '000Z'),
  issued_at: new Date(expiresAtMs - 3_600_000).toISOString().replace('Z', '000Z'),
  project: { domain: { id: 'default', name: 'Default' }, id: 'a94d', name: 'app' },
  roles: [{ id: 'f9bf', name: 'reader' }],
})

/** The used part of Identity v3; jane's password is `pw`. */
export function keystone({ expiresAtMs }) {
  const token = tokenOf(expiresAtMs)
  const calls = []
  return {
    calls,
    async fetch(url, { method, headers, body }) {
      const { pathname } = new URL(url)
      calls.push(`${method} ${pathname}`)
      if (pathname.endsWith('/groups')) {
        return Response.json({
          groups: [{ id: 'g', name: 'ops', domain_id: 'default' }],
          links: { next: null },
        })
      }
      if (method === 'GET') {
        if (headers['x-subject-token'] !== FERNET) return Response.json({}, { status: 404 })
        return Response.json({ token }, { headers: { 'x-subject-token': FERNET } })
      }
      const { user } = JSON.parse(body).auth.identity.password
      if (user.name !== 'jane' || user.password !== 'pw') return Response.json({}, { status: 401 })
      return Response.json({ token }, { status: 201, headers: { 'x-subject-token': FERNET } })
    },
  }
}

const worldOf = (options = {}) => {
  const { calls, fetch } = keystone({ expiresAtMs: Date.UTC(2030, 0, 1, 1) })
  const clock = fixedClock(Date.UTC(2030, 0, 1))
  const { successTtlSeconds, ...more } = options
  const common = { url: 'https://keystone.example.com:5000', fetch, clock, ...more }
  const passwords = keystonePassword({ ...common, successTtlSeconds })
  return { calls, clock, passwords, tokens: keystoneToken(common) }
}

check('knows a user by a password, with groups and roles', async () => {
  const { username, uid, groups, extra } = await whosePassword(worldOf().passwords, 'jane', 'pw')
  expectEqual([username, uid, groups.includes('ops')], ['jane', '742b', true])
  expectEqual(extra['alpha.kubernetes.io/identity/roles'], ['reader'])
})

check('rejects a wrong password', async () => {
  expectEqual(await whosePassword(worldOf().passwords, 'jane', 'wrong'), 'rejected')
  expectEqual(await whosePassword(worldOf().passwords, 'jane', ''), 'rejected')
})

check('knows a user by a token of its own, and no other', async () => {
  expectEqual((await whoseToken(worldOf().tokens, FERNET)).username, 'jane')
  const other = await whoseToken(worldOf().tokens, FERNET.replaceAll('x', 'y'))
  expectEqual(other === 'rejected' || other === undefined, true)
})

check('cannot tell while it is down', async () => {
  const fetch = async () => {
    throw new TypeError('connection refused')
  }
  const { passwords, tokens } = worldOf({ fetch })
  expectEqual(await whosePassword(passwords, 'jane', 'pw'), 'unavailable')
  expectEqual(await whoseToken(tokens, FERNET), 'unavailable')
})

check('is asked again when a password was remembered long enough', async () => {
  const { calls, clock, passwords } = worldOf({ successTtlSeconds: 5 })
  await whosePassword(passwords, 'jane', 'pw')
  const once = calls.length
  clock.advance(4999)
  await whosePassword(passwords, 'jane', 'pw')
  expectEqual(calls.length, once)
  clock.advance(1)
  await whosePassword(passwords, 'jane', 'pw')
  expectEqual(calls.length, 2 * once)
})
