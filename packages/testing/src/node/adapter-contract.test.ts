import { authenticateRequest, fetchRequest } from '@kube-authn/core/adapter'
import { type UserInfo, userInfo } from '@kube-authn/core'
import { describe, expect, it } from 'vitest'
import { adapterContract, type ContractSetup } from './index.ts'
import type { ContractAdapter, ContractCase } from './adapter-contract/contract.ts'

const jane = userInfo({ username: 'jane' })

/** Responds with the handler's result, and with the headers as received. */
async function answered(
  { handle }: ContractSetup,
  request: Request,
  user: UserInfo | undefined,
): Promise<Response> {
  const { body } = await handle({ user, requester: undefined, headers: [...request.headers] })
  return new Response(body)
}

/** The names of the cases that an adapter fails, without its protocol. */
async function failuresOf(adapter: ContractAdapter): Promise<readonly string[]> {
  const failures: string[] = []
  for (const { name, run } of adapterContract(adapter)) {
    try {
      await run()
    } catch {
      failures.push(name.replace(/^.*?: /, ''))
    }
  }
  return failures
}

const names = (cases: readonly ContractCase[]): readonly string[] => cases.map(({ name }) => name)

// Rules that fail because nothing happens wait for it, so they wait side by side.
describe.concurrent('adapterContract', () => {
  it('has no case that an adapter without any check passes, but those about what it must leave alone', async () => {
    const failures = await failuresOf({
      protocols: ['fetch'],
      makeApp: (setup) => ({ fetch: (request) => answered(setup, request, jane) }),
    })
    const all = adapterContract({ protocols: ['fetch'], makeApp: () => ({ fetch: () => new Response() }) })
    expect(names(all).filter((name) => !failures.includes(name.replace('Fetch: ', '')))).toEqual([
      'Fetch: other headers stay as they were sent',
      'Fetch: a request that asks to impersonate a user is its caller’s, with the headers, if the app opts in',
      'Fetch: an answer has no id where there is no audit log',
    ])
  })

  it('finds what an adapter that only authenticates omits', async () => {
    const failures = await failuresOf({
      protocols: ['fetch'],
      kinds: ['authentication'],
      makeApp(setup) {
        const [given] = setup.middlewares
        if (given?.kind !== 'authentication') throw new Error('there is only one')
        const authenticate = authenticateRequest(given.authenticator, given.options)
        return {
          async fetch(request) {
            const outcome = await authenticate(fetchRequest(request))
            if ('failure' in outcome) return outcome.failure.getResponse()
            return answered(setup, request, outcome.authentication.user)
          },
        }
      },
    })
    expect(failures).toEqual([
      'an authenticator that needs the certificates of peers is an error on a runtime that does not provide them',
      'a token that is bound to a key passes with a proof of its request, once, and no header of it reaches the app',
      'after a success the app sees no credential, no header of a front proxy and none that the authenticator consumed',
      'after a refusal that is passed on there is no user, and no header of a front proxy',
      'a warning is on the answer of a handler, however that makes it',
      'a warning is on the answer when the handler throws',
      'names with _ in the place of - never reach the app',
      'an observer gets the status of every response once, with the request of its earlier event',
      'every answer has the id of its request in the audit log, also one that is refused or made of an error',
      'the id of a request in the audit log is that in its header Audit-ID, unless that cannot be one',
    ])
  })

  it('omits rules of middlewares that an adapter does not have', () => {
    const makeApp = () => ({ fetch: () => new Response() })
    const all = names(adapterContract({ protocols: ['http1', 'http2', 'fetch'], makeApp }))
    expect(new Set(all).size).toBe(all.length)
    expect(
      all.filter((name) => /^Fetch: .*(?:HTTP\/2|certificates that the peer|disconnects)/.test(name)),
    ).toEqual([])
    const few = names(
      adapterContract({ protocols: ['fetch'], kinds: ['authentication'], leavesAnswers: true, makeApp }),
    )
    expect(few.filter((name) => /authorization|may impersonate|Status in JSON/.test(name))).toEqual([])
    expect(few.length).toBeGreaterThan(10)
  })
})
