import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { authenticatorChain } from '@kube-authn/core'
import { tokenFile } from '@kube-authn/core/token-file'
import { impersonatingProxy } from '@kube-authn/proxy'
import { describe, expect, it, onTestFinished } from 'vitest'
import { declaredOptions } from './option-types.ts'
import { filesBelow } from '../files.ts'

/** How the names of options and flags begin that name what is refused, removed or left out. */
const REFUSES =
  /^(?:blocked|blocks?|denied|deny|disallow|drop|except|exclude|forbid|forbidden|refuse|refused|reject|rejected|remove|removed|skip|without)(?=[A-Z]|-|$)/

type Given = Partial<Parameters<typeof impersonatingProxy>[0]>

const chain = authenticatorChain({
  tokens: [tokenFile('root-t,root,1,system:masters\njane-t,jane,2,devs\n')],
})

async function listening(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

/** What a proxy with an option answers, and what its upstream received. */
async function askWith(
  options: Given,
  token: string,
): Promise<{ readonly status: number; readonly received: IncomingMessage | undefined }> {
  let received: IncomingMessage | undefined
  const upstream = createServer((message, response) => {
    received = message
    response.end()
  })
  const proxy = impersonatingProxy({
    authenticator: chain,
    upstream: { server: `http://127.0.0.1:${await listening(upstream)}` },
    allowInsecureHttp: true,
    log: false,
    ...options,
  })
  onTestFinished(proxy.close)
  const port = await listening(createServer(proxy.express()))
  const headers = { authorization: `Bearer ${token}`, cookie: 'session=1', 'x-forwarded-user': 'root' }
  const { status } = await fetch(`http://127.0.0.1:${port}/api`, { headers })
  return { status, received }
}

describe('an option that names refusals', () => {
  /** What is refused by default stays so: for every list of this kind, whatever it names. */
  const LISTS: Readonly<Record<string, (named: readonly string[]) => Promise<void>>> = {
    async refusedGroups(refusedGroups) {
      expect((await askWith({ refusedGroups }, 'root-t')).status).toBe(403)
      expect((await askWith({ refusedGroups }, 'jane-t')).status).toBe(
        refusedGroups.includes('devs') ? 403 : 200,
      )
    },
    async removeHeaders(removeHeaders) {
      const { received } = await askWith({ removeHeaders }, 'jane-t')
      expect(received?.headers).not.toHaveProperty('authorization')
      expect(received?.headers).not.toHaveProperty('cookie')
      expect(received?.headers).not.toHaveProperty('x-forwarded-user')
    },
  }

  it('is in this table if it is a list', () => {
    const lists = declaredOptions().filter(({ name, type }) => REFUSES.test(name) && type.endsWith('[]'))
    expect([...new Set(lists.map(({ name }) => name))].toSorted()).toEqual(Object.keys(LISTS).toSorted())
  })

  it.each(
    Object.keys(LISTS).flatMap((name) => [[], ['other'], ['devs']].map((named) => [name, named] as const)),
  )('%s: %j adds to what is refused by default', async (name, named) => {
    expect.hasAssertions()
    await LISTS[name]?.(named)
  })

  it('is no flag with a default, which its value would replace', () => {
    const packages = fileURLToPath(new URL('../../packages', import.meta.url))
    const sources = filesBelow(packages).filter((file) => /^[\w-]+\/src\/.*flags\.ts$/.test(file))
    expect(sources.length).toBeGreaterThan(5)
    const flags = sources.flatMap((file) =>
      [
        ...readFileSync(`${packages}/${file}`, 'utf8').matchAll(
          /^ {2}'?([a-z][a-z\d-]*)'?: (?:\{ kind: '\w+', default: (.+) \}|([a-z]\w*)(?:\(.*\))?),$/gm,
        ),
      ].map(([, name = '', value, shared]) => ({ name, value: value ?? shared })),
    )
    expect(flags.map(({ name }) => name)).toContain('refused-groups')
    expect(flags.filter(({ name }) => REFUSES.test(name))).toEqual([
      { name: 'refused-groups', value: 'list' },
    ])
  })
})
