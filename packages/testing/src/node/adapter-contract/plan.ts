import type { AuthenticateRequestOptions } from '@kube-authn/core/internal'
import {
  type Authenticator,
  type Awaitable,
  bearerToken,
  rejected,
  type UserInfo,
  userInfo,
} from '@kube-authn/core'
import { allow, type Authorizer, deny } from '@kube-authn/core/authorization'
import { fakeAuthenticator } from '../../fake-authenticators.ts'
import type {
  ContractAdapter,
  ContractAnswer,
  ContractMiddleware,
  ContractProtocol,
  ContractRequest,
} from './contract.ts'
import { type RunningApp, type SentHeaders, type Tls, withApp } from './running-app.ts'

export interface Rule {
  readonly name: string
  /** Default: all of the adapter. */
  readonly protocols?: readonly ContractProtocol[]
  /** The middlewares that the rule needs besides authentication. */
  readonly kinds?: readonly ContractMiddleware['kind'][]
  /** Whether it is about the adapter's own responses. */
  readonly isAboutAnswers?: boolean
  readonly test: (bench: Bench) => Promise<void>
}

/** The test bench of an adapter with one protocol. */
export interface Bench {
  readonly protocol: ContractProtocol
  readonly leavesAnswers: boolean
  readonly with: (plan: Plan, test: (running: Running) => Awaitable<void>) => Promise<void>
  /** Only creates an app. */
  readonly make: (plan: Plan) => Promise<void>
}

/** The parts of an app. */
export interface Plan {
  readonly middlewares: readonly ContractMiddleware[]
  /** Default: responds with the name of the user. */
  readonly handle?: (request: ContractRequest) => Awaitable<ContractAnswer>
  readonly tls?: Tls
}

/** A running app, and the requests that its last handler saw. */
export interface Running extends RunningApp {
  readonly reached: readonly ContractRequest[]
}

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

/** Accepts the bearer token `good` as jane, and rejects all others. */
export const tokens: Authenticator = bearerToken({
  name: 'tokens',
  authenticateToken: (token, context) => {
    if (token.startsWith('warned-')) context.warn?.('renew "it"')
    if (token.endsWith('good')) return { user: jane }
    throw rejected('the token is bad')
  },
})

/** Authenticates every request as this user. */
export const alwaysUser = (user: UserInfo): Authenticator => fakeAuthenticator(() => ({ user }))

export const bearer = (token: string): SentHeaders => [['Authorization', `Bearer ${token}`]]

export function authentication(
  authenticator: Authenticator = tokens,
  options: AuthenticateRequestOptions = {},
  passesFailures = false,
): ContractMiddleware {
  return { kind: 'authentication', authenticator, options, passesFailures }
}

/** The impersonation middleware: all users but `root` may be impersonated. */
export function impersonation(passesFailures = false): ContractMiddleware {
  return { kind: 'impersonation', authorizer: impersonators, passesFailures }
}

const impersonators: Authorizer = {
  name: 'impersonators',
  authorize: ({ name }) => (name === 'root' ? deny('not that one') : allow()),
}

/** The authorization middleware: this user may do everything, others nothing. */
export function authorization(username: string): ContractMiddleware {
  return {
    kind: 'authorization',
    authorizer: {
      name: 'one',
      authorize: ({ user }) => (user.username === username ? allow() : deny('another')),
    },
  }
}

export function slowly(authenticator: Authenticator): Authenticator {
  return {
    ...authenticator,
    authenticate: async (request, context) => {
      await new Promise((resolve) => setImmediate(resolve))
      return authenticator.authenticate(request, context)
    },
  }
}
