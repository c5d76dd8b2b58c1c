import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { PassThrough } from 'node:stream'
import { authenticatorChain, type TokenAuthenticator, userInfo } from '@kube-authn/core'
import { closeAtExpiry } from '@kube-authn/core/connections'
import { fixedClock } from '@kube-authn/testing'
import Koa from 'koa'
import { expect, it, onTestFinished } from 'vitest'
import { authentication, getAuthentication } from './index.ts'

const NOW = 1_700_000_000_000

const tokens: TokenAuthenticator = {
  name: 'tokens',
  authenticateToken: (token) =>
    token === 'good' ? { user: userInfo({ username: 'jane' }), expiresAtMs: NOW + 60_000 } : undefined,
}

it('server-sent events end with the credential', async () => {
  const clock = fixedClock(NOW)
  const app = new Koa().use(authentication(authenticatorChain({ tokens: [tokens] }))).use((ctx) => {
    const events = new PassThrough()
    ctx.type = 'text/event-stream'
    ctx.body = events
    events.write(`data: ${ctx.state.user.username}\n\n`)
    closeAtExpiry(events, getAuthentication(ctx), { clock })
  })
  const server = app.listen(0, '127.0.0.1')
  onTestFinished(() => void server.close())
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const response = await fetch(`http://127.0.0.1:${port}`, { headers: { authorization: 'Bearer good' } })
  const reader = response.body?.getReader()
  expect(new TextDecoder().decode((await reader?.read())?.value)).toBe('data: jane\n\n')
  clock.advance(60_000)
  expect((await reader?.read())?.done).toBe(true)
})
