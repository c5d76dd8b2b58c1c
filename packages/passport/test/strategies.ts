import { type Authenticator, emptyContext } from '@kube-authn/core'
import { fakeRequest } from '@kube-authn/testing'
import type { PassportStrategy } from '../src/strategy-result.ts'

/** What strategies here call a user. */
export interface Account {
  readonly id: string
  readonly teams?: readonly string[]
}

export const user = ({ id, teams = [] }: Account) => ({ username: id, groups: teams })

/** What a strategy sees of Passport. */
export interface Actions {
  success(user?: unknown, info?: unknown): void
  fail(challenge?: unknown, status?: unknown): void
  pass(): void
  redirect(url: string): void
  error(error: unknown): void
}

/** What of Express' request these look at. */
export interface Request {
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly query: Readonly<Record<string, unknown>>
  readonly body?: Readonly<Record<string, unknown>>
  get(name: string): unknown
}

/** A strategy that does this. */
export function strategy(
  authenticate: (this: Actions, req: Request) => unknown,
  name?: string,
): PassportStrategy {
  return { name, authenticate }
}

export const authorized = (value: string) => fakeRequest({ headers: [['Authorization', value]] })
export const asBasic = (name: string, secret: string) =>
  authorized(`Basic ${Buffer.from(`${name}:${secret}`).toString('base64')}`)

/** How an authenticator comes out: the name, `no opinion`, or the code and message of the error. */
export async function outcome(
  authenticator: Authenticator,
  request = authorized('Bearer t'),
): Promise<string> {
  try {
    const answer = await authenticator.authenticate(request, emptyContext)
    return answer?.user.username ?? 'no opinion'
  } catch (error) {
    const { code = 'fault', message } = error as { readonly code?: string; readonly message: string }
    return `${code}: ${message}`
  }
}
