import assert from 'node:assert/strict'
import { type Authenticator, authenticatorChain, rejected } from '@kube-authn/core'
import { dpop } from '@kube-authn/core/dpop'
import { createDpopClient, type DpopClient } from '../../dpop-client.ts'
import { authentication, type Bench, jane, type Rule } from './plan.ts'
import type { Answer, RunningApp } from './running-app.ts'

const BASE = 'https://api.example.com'
const TOKEN = 'bound-to-a-key'
const PATH = '/path?query'

/** Proofs of possession of the key that a token is bound to. */
export const dpopRules: readonly Rule[] = [
  {
    name: 'a token that is bound to a key passes with a proof of its request, once, and no header of it reaches the app',
    async test(bench) {
      await withClient(bench, async ({ send, reached, client }) => {
        const headers = await client.headers({ url: BASE + PATH, token: TOKEN })
        assert.equal((await send({ headers })).status, 200)
        const names = new Set(
          reached.flatMap((request) => request.headers.map(([name]) => name.toLowerCase())),
        )
        assert.deepEqual([names.has('authorization'), names.has('dpop')], [false, false])
        await refused(send({ headers }), 'invalid_dpop_proof')
        const post = await client.headers({ method: 'POST', url: BASE + PATH, token: TOKEN })
        assert.equal(
          (await send({ method: 'POST', headers: [...post, ['Content-Length', '0']] })).status,
          200,
        )
      })
    },
  },
  {
    name: 'a proof of another request, or of another host that the request names, is a 401 that says so',
    async test(bench) {
      await withClient(bench, async ({ send, reached, client, origin }) => {
        const { host } = new URL(origin)
        const others = [
          { url: `${BASE}/other` },
          { url: `${BASE}/` },
          { url: `https://evil.example${PATH}` },
          { url: `http://api.example.com${PATH}` },
          { url: origin + PATH },
          { url: `https://${host}${PATH}` },
          { url: BASE + PATH, method: 'POST' },
          { url: BASE + PATH, token: 'another' },
          { url: BASE + PATH, claims: { iat: 1 } },
        ]
        for (const other of others) {
          const proof = await client.prove({ token: TOKEN, ...other })
          const forwarded = [
            ['X-Forwarded-Host', 'evil.example'],
            ['X-Forwarded-Proto', 'https'],
            ['Forwarded', 'host=evil.example;proto=https'],
          ] as const
          const headers = [['Authorization', `DPoP ${TOKEN}`], ['DPoP', proof], ...forwarded] as const
          await refused(send({ headers }), 'invalid_dpop_proof')
        }
        const bearer = await send({ headers: [['Authorization', `Bearer ${TOKEN}`]] })
        assert.equal(bearer.status, 401)
        const twice = await Promise.all([1, 2].map(() => client.prove({ url: BASE + PATH, token: TOKEN })))
        const both = twice.map((proof) => ['DPoP', proof] as const)
        await refused(send({ headers: [['Authorization', `DPoP ${TOKEN}`], ...both] }), 'invalid_dpop_proof')
        assert.equal(reached.length, 0)
      })
    },
  },
  {
    name: 'a proof is for the path as it was sent, in any spelling of its percent-encoding',
    async test(bench) {
      await withClient(bench, async ({ send, client }) => {
        for (const [path, stated = path] of [
          ['/caf%C3%A9/x'],
          ['/caf%c3%a9/x', '/caf%C3%A9/x'],
          ['/a%20b?c=%2F'],
          ['/%7Ejane', '/~jane'],
          ['/a%2Fb'],
          ['/a;v=1,2/b'],
        ]) {
          const headers = await client.headers({ url: BASE + (stated ?? ''), token: TOKEN })
          assert.equal((await send({ path: path ?? '', headers })).status, 200, path)
        }
        for (const [path, stated] of [
          ['/a%2Fb', '/a/b'],
          ['/a/b', '/a%2Fb'],
          ['/A', '/a'],
        ]) {
          const headers = await client.headers({ url: BASE + (stated ?? ''), token: TOKEN })
          await refused(send({ path: path ?? '', headers }), 'invalid_dpop_proof')
        }
      })
    },
  },
  {
    name: 'a server with nonces sends one with the refusal, and accepts a proof that has it',
    async test(bench) {
      await withClient(
        bench,
        async ({ send, client }) => {
          const answer = await send({ headers: await client.headers({ url: BASE + PATH, token: TOKEN }) })
          await refused(Promise.resolve(answer), 'use_dpop_nonce')
          const [nonce = ''] = answer.header('dpop-nonce')
          const headers = await client.headers({ url: BASE + PATH, token: TOKEN, nonce })
          assert.equal((await send({ headers })).status, 200)
        },
        { nonceTtlSeconds: 600 },
      )
    },
  },
]

async function withClient(
  bench: Bench,
  test: (
    running: RunningApp & {
      readonly client: DpopClient
      readonly reached: readonly { readonly headers: readonly (readonly [string, string])[] }[]
    },
  ) => Promise<void>,
  options: { readonly nonceTtlSeconds?: number } = {},
): Promise<void> {
  const client = await createDpopClient()
  const chain: Authenticator = authenticatorChain({
    tokens: [
      {
        name: 'tokens',
        async authenticateToken(token, context) {
          if (token !== TOKEN) return undefined
          if ((await context.provesKey?.(client.thumbprint)) !== true) throw rejected('it is bound')
          return { user: jane }
        },
      },
    ],
    dpop: dpop({ baseUrls: [BASE], ...options }),
  })
  await bench.with({ middlewares: [authentication(chain)] }, (running) => test({ ...running, client }))
}

async function refused(answer: Promise<Answer>, error: string): Promise<void> {
  const { status, header } = await answer
  const challenges = header('www-authenticate').join(', ')
  assert.equal(status, 401)
  assert.match(challenges, /Bearer realm=/)
  assert.match(challenges, new RegExp(`DPoP realm="[^"]*", algs="[^"]*ES256[^"]*", error="${error}"`))
}
