import {
  type AuthenticateRequestOptions,
  type Authenticator,
  type Awaitable,
  bearerToken,
  rejected,
  type UserInfo,
  userInfo,
} from '@kube-authn/core'
import type { Authorizer } from '@kube-authn/core/authorization'
import { allow, deny } from '@kube-authn/core/authorization'
import { fakeAuthenticator } from '../../fake-authenticators.ts'
import type {
  ContractAdapter,
  ContractAnswer,
  ContractMiddleware,
  ContractProtocol,
  ContractRequest,
} from './contract.ts'
import { type RunningApp, type SentHeaders, type Tls, withApp } from './running-app.ts'

/** A rule, and where it holds. */
export interface Rule {
  readonly name: string
  /** Default: all that the adapter has. */
  readonly protocols?: readonly ContractProtocol[]
  /** What an adapter must have for it, besides authentication. */
  readonly kinds?: readonly ContractMiddleware['kind'][]
  /** Whether it is about what the adapter itself answers. */
  readonly isAboutAnswers?: boolean
  readonly test: (bench: Bench) => Promise<void>
}

/** An adapter under test, with one protocol. */
export interface Bench {
  readonly protocol: ContractProtocol
  readonly leavesAnswers: boolean
  /** Makes an app, and runs a test of it. */
  readonly with: (plan: Plan, test: (running: Running) => Awaitable<void>) => Promise<void>
  /** Makes an app alone. */
  readonly make: (plan: Plan) => Promise<void>
}

/** What an app is made of. */
export interface Plan {
  readonly middlewares: readonly ContractMiddleware[]
  /** Default: an answer with the name of the user. */
  readonly handle?: (request: ContractRequest) => Awaitable<ContractAnswer>
  readonly tls?: Tls
}

/** A running app, and what its last handler saw. */
export interface Running extends RunningApp {
  readonly reached: readonly ContractRequest[]
}

/** Makes the bench of an adapter. */
export function benchOf(adapter: ContractAdapter, protocol: ContractProtocol): Bench {
  const makeApp = (plan: Plan, reached: ContractRequest[]) =>
    adapter.makeApp({
      protocol,
      middlewares: plan.middlewares,
      handle: (request) => {
        reached.push(request)
        return (plan.handle ?? nameOfUser)(request)
      },
    })
  return {
    protocol,
    leavesAnswers: adapter.leavesAnswers ?? false,
    async make(plan) {
      await makeApp(plan, [])
    },
    async with(plan, test) {
      const reached: ContractRequest[] = []
      const app = await makeApp(plan, reached)
      await withApp(app, protocol, plan.tls, (running) => test({ ...running, reached }))
    },
  }
}

function nameOfUser({ user }: ContractRequest): ContractAnswer {
  return { body: user?.username ?? '', isRaw: false }
}

export const jane: UserInfo = userInfo({ username: 'jane', uid: '1', groups: ['developers'] })

/** The bearer token `good` is jane's, any other is refused. */
export const tokens: Authenticator = bearerToken({
  name: 'tokens',
  authenticateToken: (token, context) => {
    if (token.startsWith('warned-')) context.warn?.('renew "it"')
    if (token.endsWith('good')) return { user: jane }
    throw rejected('the token is bad')
  },
})

/** Every request is this user's, whatever it carries. */
export const alwaysUser = (user: UserInfo): Authenticator => fakeAuthenticator(() => ({ user }))

export const bearer = (token: string): SentHeaders => [['Authorization', `Bearer ${token}`]]

/** The middleware that authenticates. */
export function authentication(
  authenticator: Authenticator = tokens,
  options: AuthenticateRequestOptions = {},
  passesFailures = false,
): ContractMiddleware {
  return { kind: 'authentication', authenticator, options, passesFailures }
}

/** The middleware that impersonates: all but `root` may be impersonated. */
export function impersonation(passesFailures = false): ContractMiddleware {
  return { kind: 'impersonation', authorizer: impersonators, passesFailures }
}

const impersonators: Authorizer = {
  name: 'impersonators',
  authorize: ({ name }) => (name === 'root' ? deny('not that one') : allow()),
}

/** The middleware that authorizes: this user may do everything, and others nothing. */
export function authorization(username: string): ContractMiddleware {
  return {
    kind: 'authorization',
    authorizer: {
      name: 'one',
      authorize: ({ user }) => (user.username === username ? allow() : deny('another')),
    },
  }
}

/** The same authenticator, that takes its time. */
export function slowly(authenticator: Authenticator): Authenticator {
  return {
    ...authenticator,
    authenticate: async (request, context) => {
      await new Promise((resolve) => setImmediate(resolve))
      return authenticator.authenticate(request, context)
    },
  }
}
