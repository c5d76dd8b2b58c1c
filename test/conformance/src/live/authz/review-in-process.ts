import { fetchRequest } from '@kube-authn/core/adapter'
import { handleReviews } from '@kube-authn/api'
import type { UserInfo } from '@kube-authn/core'
import type { Authorizer } from '@kube-authn/core/authorization'

/** A response as JSON. */
export interface JsonAnswer {
  readonly status: number
  readonly body: Readonly<Record<string, unknown>>
}

/** Creates a review without a server. */
export async function reviewInProcess(
  authorizer: Authorizer,
  path: string,
  spec: unknown,
  user: UserInfo,
): Promise<JsonAnswer> {
  const request = fetchRequest({
    method: 'POST',
    url: `http://server.example${path}`,
    headers: new Headers({ 'content-type': 'application/json' }),
  })
  const body = new TextEncoder().encode(JSON.stringify({ spec }))
  const answer = await handleReviews(authorizer)(request, () => Promise.resolve(body), { user })
  if (answer === undefined) throw new Error(`${path} is no path of reviews`)
  return { status: answer.status, body: JSON.parse(answer.content) as JsonAnswer['body'] }
}
