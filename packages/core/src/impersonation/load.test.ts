import { expect, it, vi } from 'vitest'
import { jane, request } from '../../test/fakes.ts'
import { alwaysAllow } from '../authorization/always.ts'
import { authorizeRequest } from '../authorization/authorize-request.ts'
import { impersonateRequest } from './impersonate-request.ts'

// As if the files were missing from an installation.
vi.mock('./attempts.ts', () => {
  throw new Error('no such file')
})
vi.mock('../authorization/request-attributes.ts', () => {
  throw new Error('no such file')
})

const impersonation = { headers: [['Impersonate-User', 'bob']] } as const

it.each(['legacy', 'constrained'] as const)(
  'an impersonation that cannot be loaded is refused: mode %s',
  async (mode) => {
    const impersonate = impersonateRequest(alwaysAllow(), { mode, log: false })
    const outcome = await impersonate(request(impersonation), jane)
    expect(outcome).toMatchObject({ failure: { status: 500 } })
    expect(outcome).not.toHaveProperty('user')
  },
)

it('a request without impersonation needs nothing of it', () => {
  expect(impersonateRequest(alwaysAllow())(request(), jane)).toMatchObject({ user: jane })
})

it('a request whose path cannot be read is refused, also by an authorizer that allows everything', async () => {
  const authorize = authorizeRequest(alwaysAllow(), { log: false })
  expect(await authorize(request({ url: '/api/v1/pods' }), jane)).toMatchObject({ failure: { status: 500 } })
})

it('attributes that are told need no path', () => {
  const authorize = authorizeRequest(alwaysAllow(), { attributes: () => ({ verb: 'get', path: '/' }) })
  expect(authorize(request(), jane)).toMatchObject({ attributes: { verb: 'get', path: '/' } })
})
