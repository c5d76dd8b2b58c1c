import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'

const folder = fileURLToPath(new URL('.', import.meta.url))

const askServer = (listener: string): string => `
    import { createServer } from 'node:http'
    const ask = async (app, init) => {
      const server = createServer(${listener})
      await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
      const { status } = await fetch('http://127.0.0.1:' + server.address().port + '/', init)
      server.close().closeAllConnections()
      return status
    }`

const start: Readonly<Record<string, string>> = {
  express: `
    import express from 'express'
    const newApp = () => express()
    const userSetBefore = (req, res, next) => { req.user = { id: 1 }; next() }
    const answer = (req, res) => res.end('answered')
    ${askServer('app')}`,
  koa: `
    import Koa from 'koa'
    const newApp = () => new Koa({ silent: true })
    const userSetBefore = (ctx, next) => { ctx.state.user = { id: 1 }; return next() }
    const answer = (ctx) => { ctx.body = 'answered' }
    ${askServer('app.callback()')}`,
  hono: `
    import { Hono } from 'hono'
    const newApp = () => new Hono()
    const userSetBefore = (c, next) => { c.set('user', { id: 1 }); return next() }
    const answer = (c) => c.text('answered')
    const ask = async (app, init) => (await app.request('http://app/', init)).status`,
}

/** An app, and what it is asked. */
interface Asked {
  readonly setup: string
  readonly asking?: string
}

/** The statuses of apps in one process that get every request twice, a line for each app, and then the warnings: each is printed once. */
async function printedBy(framework: string, ...apps: readonly Asked[]): Promise<string> {
  const program = `
    import { authenticatorChain } from '@kube-authn/core'
    import { alwaysAllow } from '@kube-authn/core/authorization'
    import { tokenFile } from '@kube-authn/core/token-file'
    import { authentication, authorization, impersonation } from '@kube-authn/${framework}'
    ${start[framework]}
    const everyone = { name: 'everyone', authenticate: () => ({ user: { username: 'everyone', uid: '', groups: [], extra: {} } }) }
    const chain = authenticatorChain({ tokens: [tokenFile('t,jane,1')] })
    ${apps.map(({ setup, asking = '{}' }) => `{ const app = newApp(); ${setup}; console.log(await ask(app, ${asking}), await ask(app, ${asking})) }`).join('\n')}`
  const run = promisify(execFile)
  const { stdout, stderr } = await run(process.execPath, ['--input-type=module', '--eval', program], {
    cwd: folder,
  })
  return `${stdout}${stderr.replaceAll(/\(node:\d+\) |\(Use `node --trace-warnings.*\n/g, '')}`
}

const asJane = `{ headers: { authorization: 'Bearer t' } }`
const preflight = `{ method: 'OPTIONS', headers: { 'access-control-request-method': 'GET', origin: 'https://elsewhere' } }`

const NO_USER =
  '[KUBE_AUTHN_NO_USER] KubeAuthnWarning: impersonation(...), authorization(...) or reviews(...) received a request ' +
  'without a user: put authentication(...) before them, or set their option user\n'

const PREFLIGHT =
  '[KUBE_AUTHN_PREFLIGHT] KubeAuthnWarning: authentication(...) answered a CORS preflight with 401, since browsers send ' +
  'no credentials with it: to allow other origins, put the CORS middleware before authentication(...)\n'

const replaced = (where: string): string =>
  `[KUBE_AUTHN_USER_REPLACED] KubeAuthnWarning: authentication(...) replaced the ${where} that an earlier ` +
  'middleware, such as passport.session(), had set: use one of them per route, or add fromPassport(...) to the chain to use both\n'

describe.each([
  ['express', 'req.user'],
  ['koa', 'ctx.state.user'],
  ['hono', 'c.var.user'],
])('what an app of %s is told of its middlewares, once', (framework, where) => {
  it('authorization comes first, authentication refuses the preflight of a browser and replaces the user of a session', async () => {
    const printed = await printedBy(
      framework,
      {
        setup: 'app.use(authorization(alwaysAllow())); app.use(authentication(chain)); app.use(answer)',
        asking: asJane,
      },
      { setup: 'app.use(authentication(chain)); app.use(answer)', asking: preflight },
      { setup: 'app.use(userSetBefore); app.use(authentication(chain)); app.use(answer)', asking: asJane },
    )
    expect(printed).toBe(`500 500\n401 401\n200 200\n${NO_USER}${PREFLIGHT}${replaced(where)}`)
  })

  it('impersonation comes first, and no user is impersonated', async () => {
    const printed = await printedBy(framework, {
      setup: 'app.use(impersonation(alwaysAllow())); app.use(authentication(chain)); app.use(answer)',
      asking: asJane,
    })
    expect(printed).toBe(`200 200\n${NO_USER}`)
  })

  it('nothing of the usual order, of authentication twice, of a user of its own, and of OPTIONS that is no preflight', async () => {
    const usual =
      'app.use(authentication(chain)); app.use(impersonation(alwaysAllow())); app.use(authorization(alwaysAllow()))'
    const twice = 'app.use(authentication(chain)); app.use(authentication(everyone))'
    const own =
      'app.use(impersonation(alwaysAllow(), { user: () => undefined })); app.use(authentication(chain))'
    const asSuperman = `{ headers: { authorization: 'Bearer t', 'impersonate-user': 'superman' } }`
    const printed = await printedBy(
      framework,
      { setup: `${usual}; app.use(answer)`, asking: asJane },
      { setup: `${usual}; app.use(answer)`, asking: asSuperman },
      { setup: `${twice}; app.use(answer)`, asking: asJane },
      { setup: `${own}; app.use(answer)`, asking: asJane },
      { setup: 'app.use(authentication(chain))', asking: `{ method: 'OPTIONS' }` },
    )
    expect(printed).toBe('200 200\n200 200\n200 200\n200 200\n401 401\n')
  })
})

describe('what is noticed in files, where there is no observer', () => {
  const warning = (text: string): string => `[KUBE_AUTHN_NOTICE] KubeAuthnWarning: ${text}\n`

  it('is told once for each file and kind', async () => {
    const setup = `
      tokenFile('t,jane,1,dev,ops\\nu,joe,2,dev,ops', { source: 'a.csv' })
      tokenFile('t,jane,1,dev,ops', { source: 'a.csv' })
      tokenFile('t,jane,1,dev,ops', { source: 'b.csv' })
      tokenFile('', { source: 'b.csv' })`
    const columns =
      'record 1 has 5 columns, and those after the fourth are ignored: put several groups in quotes, as in "dev,ops"'
    expect(await printedBy('hono', { setup })).toBe(
      `404 404\n${warning(`a.csv: ${columns}`)}${warning(`b.csv: ${columns}`)}${warning(
        'b.csv: the file has no records, so it has no users; each line of a token file is token,user name,uid,"group,group"',
      )}`,
    )
  })

  it('is told to an observer instead', async () => {
    const setup = `tokenFile('', { observer: (event) => console.error(event.notice.code) })`
    expect(await printedBy('hono', { setup })).toBe('404 404\nemptyFile\n')
  })

  it.each(['express', 'koa'])(
    'is told of a server of %s that shows no client certificate',
    async (framework) => {
      const setup = `
      const { createPki } = await import('@kube-authn/testing')
      const { clientCertificate } = await import('@kube-authn/core/client-certificate')
      app.use(authentication(clientCertificate({ ca: (await createPki()).caPem })))`
      expect(await printedBy(framework, { setup })).toContain(
        'no client certificate can be seen on a connection without TLS',
      )
    },
  )
})

describe('where the runtime has no process.emitWarning', () => {
  it('console.warn tells it', async () => {
    const printed = await printedBy('hono', {
      setup: 'process.emitWarning = undefined; app.use(authorization(alwaysAllow()))',
    })
    expect(printed).toContain('500 500\n[KUBE_AUTHN_NO_USER] impersonation(...), authorization(...)')
  })
})
